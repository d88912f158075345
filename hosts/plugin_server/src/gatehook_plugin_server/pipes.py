"""Pipes that the event loop can wait for, in place of files and terminals, for which it cannot."""

from __future__ import annotations

import os
import stat
import threading
from typing import Final

CHUNK: Final = 32_768


def is_pipe(fd: int) -> bool:
    """Whether the loop can wait for it and may make it non-blocking, as a file or a terminal would not bear."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def copied_from(fd: int) -> int:
    """A pipe with what can be read from ``fd``."""
    reading, writing = os.pipe()
    threading.Thread(target=_copy, args=(fd, writing), name="gatehook stdin", daemon=True).start()
    return reading


def copied_to(fd: int) -> int:
    """A pipe whose content is written to ``fd``."""
    reading, writing = os.pipe()
    threading.Thread(target=_copy, args=(reading, fd), name="gatehook stdout").start()
    return writing


def _copy(source: int, target: int) -> None:
    try:
        while data := os.read(source, CHUNK):
            while data:
                data = data[os.write(target, data) :]
    except OSError:
        pass  # either end has gone
    finally:
        os.close(source)
        os.close(target)
