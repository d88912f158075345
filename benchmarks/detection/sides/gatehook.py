"""pii_filter with every detector on, in a runner."""

import asyncio
import json
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points, version
from typing import Any

from gatehook import Runner, ToolPostInvokePayload, ViolationError

from benchmarks.detection.sides import MARK


def switches() -> Iterator[str]:
    """The ``detect_*`` settings, whichever there are."""
    (entry,) = entry_points(group="gatehook.plugins", name="pii_filter")
    for name, field in entry.load().settings_model.model_fields.items():
        if name.startswith("detect_") and field.annotation is bool:
            yield name


async def main() -> None:
    config = {**dict.fromkeys(switches(), True), "redaction_text": MARK, "audit_detections": True}
    kinds = [switch.removeprefix("detect_") for switch in switches()]
    print(json.dumps({"version": version("gatehook-pii-filter"), "kinds": kinds}))
    entry = {"name": "pii_filter", "mode": "enforce", "config": config}
    async with Runner.from_config({"plugins": [entry], "plugin_settings": {"plugin_timeout": 60}}) as runner:

        async def mask(result: Any) -> tuple[Any, dict[str, int]]:
            async with runner.request(user="alice") as request:
                outcome = await request.run(ToolPostInvokePayload("lookup", result))
            outcome.raise_for_violation()
            return outcome.payload.result, dict(outcome.metadata.get("pii_filter", {}).get("detections", {}))

        for line in sys.stdin:
            try:
                masked, found = await mask(json.loads(line))
                again, _ = await mask(masked)
            except ViolationError as error:  # it is told to mask, so it blocks only what it cannot
                print(json.dumps({"refused": str(error)}))
            else:
                print(json.dumps({"result": masked, "kinds": found, "stable": again == masked}))


if __name__ == "__main__":
    asyncio.run(main())
