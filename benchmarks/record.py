"""What a run leaves behind: its tables as Markdown, its samples as JSON, and the machine that it ran on."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.peer import CPEX, PII_FILTER
from benchmarks.report import Table

RESULTS = Path(__file__).parent / "results"


def write(folder: Path, title: str, tables: list[Table], samples: Any, quick: bool) -> None:
    started = datetime.now(UTC)
    machine = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        **{name: installed(name) for name in ("gatehook", "mcp", "fastmcp", "pluggy", "pydantic")},
        CPEX.distribution: CPEX.version,
        PII_FILTER.distribution: PII_FILTER.version,
    }
    head = f"# {title}, {started:%Y-%m-%d %H:%M} UTC{', quick' if quick else ''}"
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    printed = "\n\n".join(map(str, tables))
    report = {"time": started.isoformat(), "quick": quick, "machine": machine, "samples": samples}

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{started:%Y%m%dT%H%M%SZ}-{title.lower().replace(' ', '-')}"
    path.with_suffix(".md").write_text(f"{head}\n\n{facts}\n\n{printed}\n", encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"Written to {path}.md and .json")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def installed(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"
