"""Words in files: one in each line, in UTF-8; empty lines and lines that begin with ``#`` are no words."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final, NamedTuple

MAX_BYTES: Final = 16 * 1024 * 1024


class WordFile(NamedTuple):
    path: str
    words: dict[int, str]
    """The words by the numbers of their lines."""


def read_words(path: str, folder: Path) -> WordFile:
    """Read a file of words, whose path goes out from the folder.

    Raises:
        ValueError: the file cannot be read, is too large, is not UTF-8, or holds no word; it names file and line.
    """
    try:
        with (folder / path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot read {folder / path}: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES // 1024 // 1024} MiB; split it")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}, line {line}: not UTF-8; save the file in that encoding") from None
    lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    words = {number: line for number, line in lines if line and not line.startswith("#")}
    if not words:
        raise ValueError(f"{path} holds no word; one stands in each line")
    return WordFile(path, words)
