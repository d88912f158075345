"""Rego evaluated in this process, by regopy.

A policy that regopy cannot compile may end the process, so each is tried in another one first; and one that it would
evaluate otherwise than OPA is refused: see :mod:`gatehook_external_http.subset`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from gatehook import ConfigError, Problem
from gatehook.text import encodable
from gatehook_external import ServiceError
from gatehook_external.strict_json import decode

from gatehook_external_http import compiling
from gatehook_external_http.subset import outside

_INT64: Final = range(-(2**63), 2**63)
_LARGEST: Final = 1e308
_DIFFERS: Final = "regopy evaluates otherwise than OPA; ask an OPA server"
_TRIAL_SECONDS: Final = 30
_PACKAGE: Final = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)


class Policies:
    """Policies in files, and what one document of theirs is for an input.

    Raises:
        ConfigError: there is no regopy.
    """

    def __init__(self, policies: Sequence[Path], data: Sequence[Path], decision: str) -> None:
        if find_spec("regopy") is None:
            raise _fault("need regopy; pip install 'gatehook-external-http[rego]'", "policies")
        self._files, self._data, self._document = policies, data, f"data.{decision.replace('/', '.')}"
        self._thread: ThreadPoolExecutor | None = None
        self._compiled: Compiled | None = None

    async def open(self) -> None:
        """
        Raises:
            ConfigError: a file cannot be read or compiled, or has nothing of the decision's name.
        """
        policies = [(str(path), self._read(path, "policies", number)) for number, path in enumerate(self._files)]
        data = [self._read_json(path, number) for number, path in enumerate(self._data)]
        if not data and not any(_may_define(text, self._document) for _, text in policies):
            raise _fault(f"nothing in `policies` is called {self._document}", "decision")
        await _try(policies, data, self._document)
        self._thread = ThreadPoolExecutor(1, "rego")  # its interpreter is for one thread at a time
        loop = asyncio.get_running_loop()
        self._compiled = await loop.run_in_executor(self._thread, Compiled, policies, data, self._document)
        self._refuse_what_differs(policies, self._compiled.is_builtin)

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

    def _read_json(self, path: Path, number: int) -> str:
        try:
            data = json.dumps(decode(self._read(path, "data", number)), ensure_ascii=False)
        except ValueError as error:
            raise _fault(f"{path} is not JSON: {error}", "data", number) from None
        if "\\" in data:
            raise _fault(f"{path} has texts with quotes, backslashes or line breaks, which {_DIFFERS}", "data", number)
        return data

    def _refuse_what_differs(self, policies: Sequence[tuple[str, str]], is_builtin: Callable[[str], bool]) -> None:
        problems = [
            Problem(f"{name}, line {line}: {what} is what {_DIFFERS}", ("config", "policies", number))
            for number, (name, text) in enumerate(policies)
            for line, what in outside(text, is_builtin)
        ]
        if problems:
            raise ConfigError(problems)


class Compiled:
    """
    Raises:
        regopy.RegoError: the policies cannot be compiled.
    """

    def __init__(self, policies: Sequence[tuple[str, str]], data: Sequence[str], document: str) -> None:
        regopy = import_module("regopy")
        self._interpreter, self._bundle = compiling.compiled(policies, data, document)
        self._interpreter.log_level = regopy.LogLevel.NONE  # or it would print inputs
        self._query = regopy.rego_shared.rego_bundle_query
        self._output, self._error = regopy.Output, regopy.RegoError
        self.is_builtin: Callable[[str], bool] = self._interpreter.is_builtin

    def evaluate(self, value: Any) -> dict[str, Any]:
        try:
            self._interpreter.set_input(_plain(value))
            # The constructor of Output reads regopy's JSON, in which texts are not escaped.
            output = object.__new__(self._output)
            output._impl = self._query(self._interpreter._impl, self._bundle._impl)
            if not output.ok():
                raise ServiceError("the policy fails", "exception")
            return {} if str(output) == "undefined" else {"result": _value(output.binding("decision"))}
        except (self._error, LookupError, TypeError, ValueError) as error:
            raise ServiceError("the policy fails, or its result cannot be read", "exception") from error


def _value(node: Any) -> Any:
    """A node of regopy's as JSON data; sets are lists, as OPA has them."""
    match node.kind.name:
        case "Term" | "Scalar":
            return _value(node.at(0))
        case "Array":
            return [_value(node.at(index)) for index in range(len(node))]
        case "Set":
            return [_value(item) for item in node._children.values()]
        case "Object":
            return {key[1:-1]: _value(item) for key, item in node._children.items()}
        case _:
            return node.value


def _plain(value: Any) -> Any:
    """The value without what would get lost on the way in: texts end at U+0000 there, and integers at 64 bits."""
    if isinstance(value, str):
        return encodable(value).replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, int) and value not in _INT64:
        return max(-_LARGEST, min(value, _LARGEST)) * 1.0
    return value


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


def _may_define(policy: str, document: str) -> bool:
    """Whether a policy is of the document's package, and has its name in it; or is no policy."""
    if not (found := _PACKAGE.search(policy)):
        return True
    package, document = f"data.{found[1]}.", f"{document}."
    if package.startswith(document):
        return True
    rule = document.removeprefix(package).partition(".")[0]
    return document.startswith(package) and re.search(rf"\b{rule}\b", policy) is not None


def _fault(message: str, *path: str | int) -> ConfigError:
    return ConfigError([Problem(message, ("config", *path))])
