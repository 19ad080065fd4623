"""A document in parts, of which only those become data that somebody asks for.

A service's document describes far more than its tables need, and making data of YAML takes six
times as long as parsing it. So what lies on the first three levels (a schema, an
operation, a resource) becomes data when it is first asked for, and is just parsed if it never is.
A document is cut between lines, and means the same as in one piece, because

- every line that is indented as far as the keys of an object are is a `key:`, a comment, or an
  entry of the list that a key has. A text of several lines may have such a line only where it is
  in quotes or in brackets, as any other is indented further;
- each part is parsed by itself, which fails where it ends inside quotes or brackets. So none
  does, and the next part means what it means by itself;
- parts with anchors or aliases become data at once, in their order.

A document that is written in another way, or is wrong, has to be read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from billql.definitions import yaml_events
from billql.definitions.stackql import values
from billql.definitions.stackql.values import Builder
from billql.errors import DefinitionError

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

_LEVELS = 3
"""How many levels are cut."""

_WIDEST = 16
"""How far each level may be indented."""

_OTHER_BREAKS = ("\u0085".encode(), "\u2028".encode(), "\u2029".encode())
"""What ends a line in YAML 1.1, beside line feeds and carriage returns."""

_MOST_LINES = 100_000
"""How many lines may be looked at; the largest documents in use have a twentieth."""

_CONTENT = re.compile(rb"\n([ ]*)(?=[^ \n#])")
"""The start of a line that has content, and how far it is indented."""

_LINE = rb"""(?x: \n[ ]{%d} (?=[^ \n\#])
    (?: (?: ([\w/$.]\S*?) | '([^'\n]*)' | "([^"\\\n]*)" ) : (?=[ \n]|\Z) (?=([ ]*\n)?)
      | (-) (?=[ \n])
    )?
)"""
"""A line that is indented so far: a key in one of three ways, and whether its line ends there; or
an entry of a list; or something else."""

_NAME = rb"(?<=[\s\[{,:?-].)[\w-]+(?:[\s?:,\]}%@`]|\Z)"
_ANCHOR = re.compile(rb"&" + _NAME)
_ANCHOR_OR_ALIAS = re.compile(rb"[&*]" + _NAME)
"""All of these; a text may look like one."""


class NotInParts(Exception):  # noqa: N818 - the name of a condition
    """A document that has to be read as a whole."""


class Parts(dict[str, Any]):
    """An object whose values become data when they are asked for; until then they are bytes.

    It has what readers of a `dict` use, and is never changed by others.
    """

    def __init__(self, document: _Document, level: int) -> None:
        super().__init__()
        self._document = document
        self._level = level

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if value.__class__ is bytes:
            value = self[key] = self._document.value(value, self._level)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys; with the method of `dict`, `{**parts}` would copy bytes."""
        return super().__iter__()

    def items(self) -> dict_items[str, Any]:
        """Return the keys and all values."""
        self._read()
        return super().items()

    def values(self) -> dict_values[str, Any]:
        """Return all values."""
        self._read()
        return super().values()

    def _read(self) -> None:
        for key in self:
            self.get(key)

    def check(self) -> None:
        """Parse what nobody has asked for; raises NotInParts."""
        for value in super().values():
            if value.__class__ is bytes:
                self._document.check(value, self._level)
            elif value.__class__ is Parts:
                value.check()


@contextmanager
def in_parts(path: Path, content: bytes) -> Iterator[Parts]:
    """Return a document in a block that reads it; raises NotInParts, at last when the block ends,
    and then nothing that was read is certain.
    """
    found = _Document(path, content).root()
    yield found
    found.check()


class _Document:
    def __init__(self, path: Path, content: bytes) -> None:
        if _has_other_breaks(content):
            raise NotInParts
        self._text = b"\n" + content
        self._has_anchors = _ANCHOR.search(content) is not None
        self._builder = Builder(path)
        self._lines_left = _MOST_LINES
        self._unread = 0
        """How many events there are in what has only been parsed."""

    def root(self) -> Parts:
        """Return the object that the document is; raises NotInParts."""
        found = self._object(1, len(self._text), -1, 0)
        if found is None:
            raise NotInParts
        return found

    def value(self, part: bytes, level: int) -> Any:
        """Return the value of the one key that a part has; raises NotInParts."""
        try:
            data = self._builder.build(iter(yaml_events.LOADER(part).get_event, None), level)
        except (yaml.YAMLError, DefinitionError):
            raise NotInParts from None
        (value,) = data.values()
        return value

    def check(self, part: bytes, level: int) -> None:
        """Parse a part; raises NotInParts for what is wrong or too much."""
        try:
            events = yaml_events.count(part)
        except yaml.YAMLError:
            raise NotInParts from None
        if events >= 2 * (values.MAX_DEPTH - _LEVELS):  # each level starts and ends
            self.value(part, level)
        self._unread += events
        if self._unread + self._builder.nodes > values.MAX_NODES:
            raise NotInParts

    def _object(self, start: int, end: int, around: int, level: int) -> Parts | None:
        """Return the object between two places, whose holder is indented so far; None if there is
        none, or one that cannot be cut.
        """
        content = _CONTENT.search(self._text, start - 1, end)
        column = 0 if content is None else len(content[1])
        if content is None or not around < column <= level * _WIDEST:
            return None
        found = re.compile(_LINE % column).finditer(self._text, content.start(), end)
        lines = list(islice(found, self._lines_left + 1))
        self._lines_left -= len(lines)
        if self._lines_left < 0:
            raise NotInParts
        keys = [line for line in lines if not line[5]]
        if not keys or not all(line.lastindex for line in keys):
            return None
        starts = [start, *(line.start() + 1 for line in keys[1:]), end]
        parts = Parts(self, level)
        for line, here, there in zip(keys, starts, starts[1:], strict=False):
            name = _decoded(line[1] or line[2] or line[3] or b"")
            if name in parts:  # such as YAML does not allow
                raise NotInParts
            parts[name] = self._part(line, here, there, column, level)
        return parts

    def _part(self, line: re.Match[bytes], start: int, end: int, column: int, level: int) -> Any:
        """Return what lies between two places, and starts with the line of a key: an object in
        parts, or bytes, or at once what an alias may stand for.
        """
        if line[4] and level + 1 < _LEVELS:
            found = self._object(line.end(4), end, column, level + 1)
            if found is not None:
                self.check(self._text[start : line.end(4)], level)
                return found
        text = self._text[start:end]
        return self.value(text, level) if self._may_refer(text) else text

    def _may_refer(self, part: bytes) -> bool:
        return self._has_anchors and _ANCHOR_OR_ALIAS.search(part) is not None


def _has_other_breaks(content: bytes) -> bool:
    """Return whether anything but a line feed ends a line."""
    if b"\r" in content:
        return True
    return not content.isascii() and any(one in content for one in _OTHER_BREAKS)


def _decoded(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise NotInParts from None
