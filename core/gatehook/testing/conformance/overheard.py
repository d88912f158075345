"""What reaches the log and the terminal while a plugin runs."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Final

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_FRAGMENT: Final = 4
"""So many characters of a text are a part of it; fewer may be chance."""


class Overheard(logging.Handler):
    """``records`` are those of all loggers, ``lines`` all the text that is in them, ``output`` what was printed."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.output = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def lines(self) -> list[str]:
        return [_text(record) for record in self.records]


def _text(record: logging.LogRecord) -> str:
    extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    raised = record.exc_info[1] if record.exc_info else None
    return " ".join([str(record.msg), *map(str, (record.args or "", extra or "", raised or ""))])


@contextmanager
def overheard() -> Iterator[Overheard]:
    """Hear everything, down to DEBUG, whatever the loggers are set to."""
    heard, printed = Overheard(), io.StringIO()
    known = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    ears = [logging.root, *(logger for logger in known if not logger.propagate)]
    levels = {logger: logger.level for logger in (logging.root, *known) if logger is logging.root or logger.level}
    for logger in ears:
        logger.addHandler(heard)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield heard
    finally:
        heard.output = printed.getvalue()
        for logger, level in levels.items():
            logger.setLevel(level)
        for logger in ears:
            logger.removeHandler(heard)


def fragment_in(text: str, secret: str) -> str:
    """A part of ``secret`` that ``text`` holds, whatever the case; empty if none."""
    text, secret = text.casefold(), secret.casefold()
    size = min(_FRAGMENT, len(secret))
    for start in range(len(secret) - size + 1):
        end = start + size
        if secret[start:end] in text and secret[start:end].strip():
            while end < len(secret) and secret[start : end + 1] in text:
                end += 1
            return secret[start:end]
    return ""
