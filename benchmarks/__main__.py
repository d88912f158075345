"""gatehook beside its peers, on one machine in one run.

`python -m benchmarks [--quick] [SECTION ...]`
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks import dispatch, imports, memory
from benchmarks.record import RESULTS, write
from benchmarks.report import Section


def guard_section(quick: bool) -> Section:
    from benchmarks import guard  # noqa: PLC0415  # needs the MCP SDK and fastmcp; the other sections do not

    return guard.measure(rounds=15, calls=20) if quick else guard.measure(rounds=200, calls=20)


def throughput_section(quick: bool) -> Section:
    from benchmarks.throughput import compare  # noqa: PLC0415  # needs the plugins, and Faker to make its texts

    return compare.measure(2, 0.1) if quick else compare.measure(7, 0.3)


def deny_section(quick: bool) -> Section:
    from benchmarks.throughput import deny  # noqa: PLC0415  # as above

    return deny.measure(2, 0.1) if quick else deny.measure(7, 0.3)


def hostile_section(quick: bool) -> Section:
    from benchmarks.throughput import hostile  # noqa: PLC0415  # as above

    return hostile.measure(2 if quick else 5)


def external_section(quick: bool) -> Section:
    from benchmarks.external import compare  # noqa: PLC0415  # as above

    return compare.measure(3, 0.3) if quick else compare.measure(9, 0.5)


SECTIONS: dict[str, Callable[[bool], Section]] = {
    "dispatch": lambda quick: dispatch.measure(3, 0.05) if quick else dispatch.measure(9, 0.25),
    "import": lambda quick: imports.measure(3 if quick else 15),
    "memory": lambda quick: memory.measure(1 if quick else 5),
    "guard": guard_section,
    "throughput": throughput_section,
    "deny_list": deny_section,
    "hostile": hostile_section,
    "external": external_section,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; default all")
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten, and rougher")
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
            tables = [section.table for section in sections.values()]
            samples = {name: section.samples for name, section in sections.items()}
            write(options.output, "Benchmarks", tables, samples, options.quick)


if __name__ == "__main__":
    main()
