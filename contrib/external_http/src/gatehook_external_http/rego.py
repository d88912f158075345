"""Rego evaluated in this process, by regopy.

regopy 1.5 keeps texts as they are written in JSON, with their escapes. Given an input as JSON, it compares them rightly
but counts ``\\n`` as two characters, and its regular expressions do not see through; given plain text it is the other
way round. So a policy is asked in both ways wherever there is anything to escape, and has decided if it decides alike.
A policy that it cannot compile may end the process, so each is tried in another one first.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from gatehook import ConfigError, Problem
from gatehook.text import encodable
from gatehook_external import ServiceError

from gatehook_external_http import compiling, strict_json

_INT64: Final = range(-(2**63), 2**63)
_TRIAL_SECONDS: Final = 30
# Texts, raw texts and comments; of an escape such as \u00e9 in a text, regopy makes nothing.
_TOKEN: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*')
_UNREAD: Final = re.compile(r"(?<!\\)(?:\\\\)*(\\[u/])")
_LARGEST: Final = 1e308


class Policies:
    """Policies in files, and what one document of theirs is for an input."""

    def __init__(self, policies: Sequence[Path], data: Sequence[Path], decision: str) -> None:
        self._files, self._data, self._document = policies, data, f"data.{decision.replace('/', '.')}"
        self._thread: ThreadPoolExecutor | None = None
        self._compiled: Compiled | None = None

    async def open(self) -> None:
        """
        Raises:
            ConfigError: a file cannot be read or compiled, or there is no regopy.
        """
        policies = [(str(path), self._read(path, "policies", number)) for number, path in enumerate(self._files)]
        data = [self._read(path, "data", number) for number, path in enumerate(self._data)]
        for number, (name, text) in enumerate(policies):
            _check_escapes(name, text, number)
        await _try(policies, data, self._document)
        self._thread = ThreadPoolExecutor(1, "rego")  # its interpreter is for one thread at a time
        loop = asyncio.get_running_loop()
        self._compiled = await loop.run_in_executor(self._thread, Compiled, policies, data, self._document)

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def evaluate(self, value: Any) -> dict[str, Any]:
        """As OPA's data API answers: ``{"result": …}``, or ``{}`` if the document is undefined.

        Raises:
            ServiceError: the policy fails, or it cannot be known what it decides.
        """
        if self._thread is None or self._compiled is None:
            raise ServiceError("it is not open")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._compiled.evaluate, value)

    def _read(self, path: Path, key: str, number: int) -> str:
        try:
            return path.read_text("utf-8-sig")
        except OSError as error:
            raise _fault(f"cannot read {path}: {error.strerror}", key, number) from None
        except UnicodeDecodeError:
            raise _fault(f"{path} is not UTF-8", key, number) from None


class Compiled:
    """
    Raises:
        regopy.RegoError: the policies cannot be compiled.
    """

    def __init__(self, policies: Sequence[tuple[str, str]], data: Sequence[str], document: str) -> None:
        from regopy import LogLevel, RegoError  # type: ignore[import-untyped]  # noqa: PLC0415  # an extra

        self._interpreter, self._bundle = compiling.compiled(policies, data, document)
        self._interpreter.log_level = LogLevel.NONE  # or it would print inputs
        self._error: type[Exception] = RegoError

    def evaluate(self, value: Any) -> dict[str, Any]:
        term = encodable(json.dumps(value, ensure_ascii=False, allow_nan=False))
        self._interpreter.set_input_term(term)
        result = self._result()
        if "\\" in term:
            self._interpreter.set_input(_plain(value))
            if json.dumps(self._result(), sort_keys=True) != json.dumps(result, sort_keys=True):
                reason = (
                    "regopy cannot say what the policy makes of quotes, line breaks or backslashes; ask an OPA server"
                )
                raise ServiceError(reason, "payload")
        return result

    def _result(self) -> dict[str, Any]:
        try:
            output = self._interpreter.query_bundle(self._bundle)
            if not output.ok():
                raise ServiceError("the policy fails", "exception")
            text = str(output)
            return {} if text == "undefined" else {"result": strict_json.loads(text)["bindings"]["decision"]}
        except (self._error, ValueError) as error:  # what regopy answers is not always JSON
            raise ServiceError("the policy's result cannot be read", "payload") from error


def _plain(value: Any) -> Any:
    """The value in the form of regopy's other way in, which ends texts at U+0000 and integers at 64 bits."""
    if isinstance(value, str):
        return encodable(value).replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and value not in _INT64:
        return max(-_LARGEST, min(value, _LARGEST)) * 1.0
    return value


def _check_escapes(name: str, text: str, number: int) -> None:
    for token in _TOKEN.finditer(text):
        if token[0][0] == '"' and (escape := _UNREAD.search(token[0])):
            line = text.count("\n", 0, token.start()) + 1
            message = f"{name}, line {line}: regopy does not read {escape[1]}; write the character itself"
            raise _fault(message, "policies", number)


async def _try(policies: Sequence[tuple[str, str]], data: Sequence[str], query: str) -> None:
    """
    Raises:
        ConfigError: a process of its own did not get as far as a result.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, compiling.__file__,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_TRIAL_SECONDS):
            said, _ = await process.communicate(json.dumps([policies, data, query]).encode())
    except TimeoutError:
        raise _fault(f"they were not compiled within {_TRIAL_SECONDS} s", "policies") from None
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise _fault(f"regopy cannot take them: {said.decode(errors='replace').strip()[:1000]}", "policies")


def _fault(message: str, *path: str | int) -> ConfigError:
    return ConfigError([Problem(message, ("config", *path))])
