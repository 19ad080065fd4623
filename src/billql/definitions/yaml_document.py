"""One YAML document becomes a strict struct, with errors that point at the line.

Definitions are data, and may come from strangers. So YAML's clever parts are refused: tags,
anchors and aliases, duplicate keys, several documents. A date or a `no` stays the text that was
written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec
import yaml

from billql.definitions import yaml_events
from billql.definitions.column_rules import Problem
from billql.errors import DefinitionError
from billql.util.struct_errors import MSGSPEC_LOCK, DocumentPath, explain_mismatch

MAX_DEPTH = 40
"""So is one that nests deeper."""

MAX_VALUES = 100_000
"""So is one with more keys and values; each costs a thousand times the bytes that it was."""

MAX_TEXT = 20_000
"""So is one with a longer text: no description, no query and no path takes as many characters."""

T = TypeVar("T", bound=msgspec.Struct)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")


class YamlDocument:
    """A YAML document of `most` bytes at most, with the line of each of its parts."""

    def __init__(self, path: Path, text: bytes, most: int) -> None:
        self._path = path
        self._lines: dict[DocumentPath, int] = {(): 1}
        if len(text) > most:
            self._fail((), f"larger than {most} bytes")
        try:
            self._refuse_cleverness(text)
            node = yaml.compose(text, Loader=yaml_events.LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fail((), f"not YAML: {error.problem}", mark.line if mark else 0)
        except yaml.reader.ReaderError as error:
            self._fail((), f"not YAML: {error.reason}", text.count(b"\n", 0, error.position))
        if node is None:
            self._fail((), "empty")
        self._value = self._build(node, ())

    def _refuse_cleverness(self, text: bytes) -> None:
        """Refuse what definitions do not use, before anything is made of it.

        A few lines of aliases can stand for billions of nodes, and composing goes down one C
        frame for each level.
        """
        depth = documents = values = 0
        for event in yaml_events.events(text):
            line = event.start_mark.line if event.start_mark else 0
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                self._fail((), f"nested deeper than {MAX_DEPTH} levels", line)
            values += isinstance(event, yaml.NodeEvent)
            if values > MAX_VALUES:
                self._fail((), f"more than {MAX_VALUES} keys and values", line)
            if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_TEXT:
                self._fail((), f"a text longer than {MAX_TEXT} characters", line)
            if documents > 1:
                self._fail((), "a second document; one file holds one definition", line)
            if getattr(event, "anchor", None) is not None:
                self._fail((), "anchors and aliases are not used here", line)
            if (tag := getattr(event, "tag", None)) is not None:
                self._fail((), f"the tag {tag} is not used here", line)

    def _fail(self, place: DocumentPath, message: str, line: int | None = None) -> NoReturn:
        shown = self._line(place) if line is None else line + 1
        where = "".join(f".{part}" for part in place).removeprefix(".")
        raise DefinitionError(
            f"{self._path}:{shown}: {where + ': ' if where else ''}{message}",
            hint="docs/definitions.md describes the format; its JSON Schema is in docs/.",
        )

    def _line(self, place: DocumentPath) -> int:
        while place not in self._lines:
            place = place[:-1]
        return self._lines[place]

    def _build(self, node: yaml.Node, place: DocumentPath) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._build(item, (*place, i)) for i, item in enumerate(node.value)]
        return self._build_scalar(node)

    def _build_mapping(self, node: yaml.MappingNode, place: DocumentPath) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line
            if not isinstance(key, yaml.ScalarNode):
                self._fail(place, "a key must be a plain text", line)
            if key.value in built:
                self._fail((*place, key.value), "this key stands here twice", line)
            self._lines[(*place, key.value)] = line + 1
            built[key.value] = self._build(value, (*place, key.value))
        return built

    def _build_scalar(self, node: yaml.Node) -> str | int | float | bool | None:
        """Return a scalar's value; what is not plainly a number, true, false or null is text."""
        text: str = node.value
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind == "null":
            return None
        if kind == "bool" and text in ("true", "false"):
            return text == "true"
        if len(text) < 20:
            if kind == "int" and _INTEGER.fullmatch(text):
                return int(text)
            if kind == "float" and _DECIMAL.fullmatch(text):
                return float(text)
        return text

    def convert(
        self,
        kind: type[T],
        check: Callable[[T], Iterable[Problem]],
    ) -> T:
        """Return the struct of a kind, checked; raises DefinitionError, which names the line."""
        try:
            with MSGSPEC_LOCK:
                value = msgspec.convert(self._value, kind)
        except msgspec.ValidationError:
            place, message = explain_mismatch(self._value, kind)
            self._fail(place, message)
        for place, message in check(value):
            self._fail(place, message)
        return value
