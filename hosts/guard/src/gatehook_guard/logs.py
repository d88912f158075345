"""How log records look on stderr."""

from __future__ import annotations

import json
import logging
from typing import Final

_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Formatter(logging.Formatter):
    """The message, and behind it the record's ``extra``, in which plugins put what varies."""

    def __init__(self) -> None:
        super().__init__("gatehook: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name that logging gives it
        more = {key: value for key, value in vars(record).items() if key not in _OF_EVERY_RECORD}
        told = [f"{key} {_written(value)}" for key, value in more.items()]
        return super().formatMessage(record) + (f": {', '.join(told)}" if told else "")


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
