"""How log records look on stderr."""

from __future__ import annotations

import json
import logging
import sys
from typing import Final

_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def log_to_stderr(level: str) -> None:
    """Log gatehook at ``level`` and everything else from warnings on."""
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(_Formatter("gatehook: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[stderr])
    logging.getLogger("gatehook").setLevel(level.upper())


class _Formatter(logging.Formatter):
    """The message, and behind it the record's ``extra``, in which plugins put what varies."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name that logging gives it
        more = {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}
        told = [
            f"{key} {value if isinstance(value, str) else json.dumps(value, default=str)}"
            for key, value in more.items()
        ]
        return super().formatMessage(record) + (f": {', '.join(told)}" if told else "")
