"""An observer: it hears what every run of a hook came to, and writes it down, one line of JSON each."""

import json
from pathlib import Path
from typing import Any

from gatehook import Outcome, Plugin


class Records(Plugin):
    def hook_finished(self, outcome: Outcome[Any]) -> None:
        with Path(self.config.config["file"]).open("a") as file:
            file.write(json.dumps([record._asdict() for record in outcome.records]) + "\n")
