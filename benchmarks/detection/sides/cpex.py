"""cpex-pii-filter as it comes, which is with every detector on.

Its plugin reports kinds only where requests are traced; what the plugin calls reports them always and masks alike.
"""

import json
import sys
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import yaml
from cpex_pii_filter import PIIDetectorRust  # type: ignore[import-not-found]  # it is in an environment of its own

from benchmarks.detection.sides import MARK

detector = PIIDetectorRust({"redaction_text": MARK})


def mask(result: Any) -> tuple[Any, dict[str, int]]:
    _, masked, found = detector.process_nested(result, "")
    return masked, {kind: len(places) for kind, places in found.items()}


manifest = yaml.safe_load((files("cpex_pii_filter") / "plugin-manifest.yaml").read_text())
switches = [name for name, value in manifest["default_configs"].items() if name.startswith("detect_") and value is True]
print(
    json.dumps(
        {"version": version("cpex-pii-filter"), "kinds": [switch.removeprefix("detect_") for switch in switches]}
    )
)
for line in sys.stdin:
    try:
        masked, found = mask(json.loads(line))
        again, _ = mask(masked)
    except ValueError as error:  # too large, too deep
        print(json.dumps({"refused": str(error)}))
    else:
        print(json.dumps({"result": masked, "kinds": found, "stable": again == masked}))
