"""What the dispatch section measures: the same cases for every side."""

from dataclasses import dataclass
from typing import Any, Literal

Shape = Literal["request", "run_alone", "records_read", "pre_and_post", "concurrent"]

TOOL = "lookup"
RESULT = {"content": [{"type": "text", "text": "Bob Example, Berlin"}], "isError": False}
CONCURRENT = 10


@dataclass(frozen=True)
class Case:
    name: str
    title: str
    shape: Shape = "request"
    plugins: int = 5
    behaviour: Literal["noop", "looker", "reader", "writer"] = "noop"
    records: int = 0  # 0: the arguments are one record
    configured: int = 0  # 0: no conditions; else so many plugins, each for one tool
    peer_isolates: bool = False

    @property
    def tools(self) -> list[str | None]:
        """The tool that each configured plugin is for; None is any."""
        if not self.configured:
            return [None] * self.plugins
        spacing = self.configured // self.plugins
        return [f"tool_{number}" if number % spacing else TOOL for number in range(self.configured)]

    @property
    def arguments(self) -> dict[str, Any]:
        if not self.records:
            return _record(0)
        return {"revision": 0, "records": [_record(number) for number in range(self.records)]}


def _record(number: int) -> dict[str, Any]:
    """200 bytes of JSON."""
    return {
        "revision": 0,
        "number": 1000 + number,
        "name": "Bob Example",
        "email": "bob@example.org",
        "phone": "+49 30 5550123",
        "active": True,
        "city": "Berlin",
        "note": "Likes to be called in the morning, no letters",
    }


CASES = (
    Case("requests_0", "0 plugins", plugins=0),
    Case("run_0", "0 plugins, the run alone", "run_alone", plugins=0),
    Case("requests_1", "1 plugin", plugins=1),
    Case("requests_5", "5 plugins"),
    Case("requests_20", "20 plugins", plugins=20),
    Case("records_read", "5 plugins, and their records read", "records_read"),
    Case("isolated", "5 plugins, peer isolates too", peer_isolates=True),
    Case("large", "5 plugins, 100 kB", records=500),
    Case("lookers", "5 that look at an argument", behaviour="looker"),
    Case("large_lookers", "5 that look at an argument, 100 kB", behaviour="looker", records=500),
    Case("readers", "5 readers", behaviour="reader"),
    Case("large_readers", "5 readers, 100 kB", behaviour="reader", records=500),
    Case("writers", "5 writers", behaviour="writer"),
    Case("large_writers", "5 writers, 100 kB", behaviour="writer", records=500),
    Case("isolated_writers", "5 writers, 100 kB, peer isolates too", "request", 5, "writer", 500, peer_isolates=True),
    Case("selected", "5 that apply of 1,000 configured", configured=1000),
    Case("pre_and_post", "5 plugins, pre and post hook", "pre_and_post"),
    Case("concurrent", f"5 plugins, each of {CONCURRENT} requests at once", "concurrent"),
)
