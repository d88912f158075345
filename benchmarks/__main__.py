"""gatehook beside its peers, on one machine in one run.

`python -m benchmarks [--quick] [dispatch] [import] [memory] [guard]`
"""

import argparse
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import dispatch, imports, memory, peer
from benchmarks.report import Section

RESULTS = Path(__file__).parent / "results"


def guard_section(quick: bool) -> Section:
    from benchmarks import guard  # noqa: PLC0415  # needs the MCP SDK and fastmcp; the other sections do not

    return guard.measure(rounds=15, calls=20) if quick else guard.measure(rounds=200, calls=20)


SECTIONS: dict[str, Callable[[bool], Section]] = {
    "dispatch": lambda quick: dispatch.measure(3, 0.05) if quick else dispatch.measure(9, 0.25),
    "import": lambda quick: imports.measure(3 if quick else 15),
    "memory": lambda quick: memory.measure(1 if quick else 5),
    "guard": guard_section,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; default all")
    parser.add_argument("--quick", action="store_true", help="a minute instead of five, and rougher")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder for the results (%(default)s)")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")

    sections: dict[str, Section] = {}
    try:
        for name in options.sections or SECTIONS:
            sections[name] = SECTIONS[name](options.quick)
            print(f"{sections[name].table}\n", flush=True)
    finally:  # what was measured before something broke
        if sections:
            write(options.output, sections, options.quick)


def write(folder: Path, sections: dict[str, Section], quick: bool) -> None:
    started = datetime.now(UTC)
    machine = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        **{name: installed(name) for name in ("gatehook", "mcp", "fastmcp", "pluggy", "pydantic")},
        "cpex": peer.VERSION,
    }
    head = f"# Benchmarks, {started:%Y-%m-%d %H:%M} UTC{', quick' if quick else ''}"
    facts = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    tables = "\n\n".join(str(section.table) for section in sections.values())
    samples = {name: section.samples for name, section in sections.items()}
    report = {"time": started.isoformat(), "quick": quick, "machine": machine, "samples": samples}

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{started:%Y%m%dT%H%M%SZ}"
    path.with_suffix(".md").write_text(f"{head}\n\n{facts}\n\n{tables}\n", encoding="utf-8")
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


if __name__ == "__main__":
    main()
