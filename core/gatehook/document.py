"""YAML as people write it, strictly: every value's line is known, nothing is read twice or dropped in silence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from gatehook.errors import ConfigError, Problem
from gatehook.faults import shown
from gatehook.sources import ConfigFile, Source
from gatehook.values import MAX_DEPTH, Path

MASK: Final = "********"
SHORTEST_SECRET: Final = 4
MAX_VALUES: Final = 100_000
"""Values that a document may have once its anchors are expanded."""
_VARIABLE: Final = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|\{)")
_PLAIN_TAGS: Final = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_MERGE: Final = "tag:yaml.org,2002:merge"
_KINDS: Final = {"bool": "true or false", "float": "a number", "int": "a whole number", "timestamp": "a date"}
"""What YAML takes a value for, by its tag."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Document:
    """A YAML document: its data, the line of every path in it, and which strings came from variables.

    ``secrets`` are the paths of those strings, ``variables`` what the environment put into them.
    """

    data: Any = None
    file: str | None = None
    lines: dict[Path, int] = field(default_factory=dict)
    secrets: set[Path] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def problem(self, message: str, path: Path = ()) -> Problem:
        """A problem at ``path``, with the line of the nearest value that has one."""
        line = next((self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), None)
        return Problem(message, path, self.file, line)

    def is_secret(self, path: Path) -> bool:
        return any(path[: len(secret)] == secret or secret[: len(path)] == path for secret in self.secrets)

    def secrecy(self, place: Path) -> Callable[[Path], bool]:
        """:meth:`is_secret` for paths that begin at ``place``."""
        return lambda path: self.is_secret((*place, *path))

    def redacted(self, text: str) -> str:
        """``text``, which others wrote, with a mask for every variable's value. Short values are words, not secrets."""
        for value in sorted(self.variables, key=len, reverse=True):
            if len(value) >= SHORTEST_SECRET:
                text = text.replace(value, MASK)
        return text

    def report(self, message: str, path: Path = ()) -> None:
        self.problems.append(self.problem(message, path))


def read_document(source: Source, environ: Mapping[str, str]) -> Document:
    """Read a file, or take a mapping as if it had been read from one. Faults are collected in ``problems``.

    Raises:
        ConfigError: the file is missing, unreadable, or not YAML at all.
    """
    if isinstance(source, Mapping):
        document = Document()
        document.data = _Plain(document, environ).value(source, ())
        return document
    file = source if isinstance(source, ConfigFile) else ConfigFile.read(source)
    return parse_document(file.text, file.path, environ)


def parse_document(text: str, file: str | None, environ: Mapping[str, str] | None) -> Document:
    """Parse YAML. With ``environ=None``, ``${…}`` is ordinary text.

    Raises:
        ConfigError: the text is not YAML.
    """
    document = Document(file=file)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                document.data = _Nodes(document, environ, loader).value(node, ())
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, (error.context, error.problem)))
        if mark and re.match(r"\s*\t", "".join(text.splitlines()[mark.line : mark.line + 1])):
            message = "the line begins with a tab; YAML indents with spaces"
        raise ConfigError([Problem(f"not YAML: {message}", file=file, line=mark.line + 1 if mark else None)]) from None
    except yaml.reader.ReaderError as error:
        message = f"not YAML: the character {error.character:#x} cannot stand in it"
        raise ConfigError([Problem(message, file=file)]) from None
    except RecursionError:
        raise ConfigError([Problem(f"nested deeper than {MAX_DEPTH} levels", file=file)]) from None
    return document


class _Plain:
    """Builds the data of a document from plain values: copies, counts, and resolves variables."""

    def __init__(self, document: Document, environ: Mapping[str, str] | None) -> None:
        self.document, self.environ = document, environ
        self.count = 0

    def value(self, value: Any, path: Path) -> Any:
        self.counted(path)
        if isinstance(value, Mapping):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        return self.resolved(value, path) if isinstance(value, str) else value

    def counted(self, path: Path) -> None:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            limit = f"more than {MAX_VALUES:,} values" if self.count > MAX_VALUES else f"more than {MAX_DEPTH} levels"
            raise ConfigError(
                [*self.document.problems, self.document.problem(f"{limit} (do anchors refer to each other?)", path[:3])]
            )

    def resolved(self, text: str, path: Path) -> str:
        if self.environ is None or "$" not in text:
            return text

        def replace(match: re.Match[str]) -> str:
            name, default = match["name"], match["default"]
            if match[0] == "$$":
                return "$"
            if name is None:
                self.document.report("'${' does not begin a variable; write $${ for the text itself", path)
                return match[0]
            self.document.secrets.add(path)
            found = (self.environ or {}).get(name)
            if found is not None:
                self.document.variables.add(found)
            value = default if found is None else found
            if value is None:
                self.document.report(
                    f"the environment has no variable {name}; set it, or write ${{{name}:-default}}", path
                )
                return ""
            return value

        return _VARIABLE.sub(replace, text)


class _Nodes(_Plain):
    """The same from YAML's nodes, which know their lines."""

    def __init__(self, document: Document, environ: Mapping[str, str] | None, loader: Any) -> None:
        super().__init__(document, environ)
        self.loader = loader
        self.inside: set[int] = set()
        self.merging: set[int] = set()
        self.flat: dict[int, dict[str, tuple[Any, Any]]] = {}

    def value(self, node: Any, path: Path) -> Any:
        self.counted(path)
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self.inside:
            raise ConfigError([self.document.problem("an anchor that contains itself", path)])
        self.inside.add(id(node))
        try:
            if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
                self.document.report(f"the tag {node.tag} means nothing here", path)
            if isinstance(node, yaml.MappingNode):
                return dict(self.pairs(node, path))
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
            value = self.scalar(node, path)
            return self.resolved(value, path) if isinstance(value, str) else value
        finally:
            self.inside.discard(id(node))

    def scalar(self, node: Any, path: Path) -> Any:
        """The value of one node. Of what only looks like a date or a number, its text, after reporting it."""
        try:
            value = self.loader.construct_object(node)
            if type(value) is int:
                str(value)  # refuses what is too long, also where it is written in hexadecimal
        except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError):
            self.loader.recursive_objects.pop(node, None)
            kind = node.tag.rpartition(":")[2]
            self.document.report(
                f"YAML cannot read {shown(node.value)} as {_KINDS.get(kind, kind)}; put text into quotes", path
            )
            return node.value
        return value

    def pairs(self, node: Any, path: Path) -> Iterator[tuple[Any, Any]]:
        self.check_keys(node, path)
        for key, (key_node, value_node) in self.merged(node, path).items():
            self.document.lines[*path, key] = key_node.start_mark.line + 1
            yield key, self.value(value_node, (*path, key))

    def check_keys(self, node: Any, path: Path) -> None:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.document.problems.append(Problem("a key must be plain text", path, self.document.file, line))
            elif key in first and key_node.tag != _MERGE:
                message = f"the key {key!r} stands here a second time; first in line {first[key]}"
                self.document.problems.append(Problem(message, path, self.document.file, line))
            else:
                first[key] = line

    def merged(self, node: Any, path: Path) -> dict[str, tuple[Any, Any]]:
        """The pairs of a mapping over those that it merges (``<<: *anchor``), by key.

        Each mapping is worked out once, and each key taken once, so that merging merges cannot grow.
        """
        if id(node) in self.merging:
            raise ConfigError([self.document.problem("an anchor that contains itself", path)])
        if id(node) in self.flat:
            return self.flat[id(node)]
        self.merging.add(id(node))
        found: dict[str, tuple[Any, Any]] = {}
        own = {
            key.value: (key, value)
            for key, value in node.value
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE
        }
        for merging in [value for key, value in node.value if key.tag == _MERGE]:
            for source in merging.value if isinstance(merging, yaml.SequenceNode) else [merging]:
                if isinstance(source, yaml.MappingNode):
                    for key, pair in self.merged(source, path).items():
                        found.setdefault(key, pair)
                else:
                    self.document.report("`<<` merges a mapping, or a list of mappings", path)
        self.merging.discard(id(node))
        self.flat[id(node)] = found | own
        return self.flat[id(node)]
