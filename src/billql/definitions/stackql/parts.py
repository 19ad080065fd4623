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

_BLANK = re.compile(rb"(?:[ ]*(?:#[^\n]*)?\n)*([ ]*)")
"""Lines without content, and how far the next one is indented."""

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
        blank = _BLANK.match(self._text, start, end)
        assert blank is not None
        column = len(blank[1])
        if not around < column <= level * _WIDEST:
            return None
        lines = list(re.compile(_LINE % column).finditer(self._text, blank.start(1) - 1, end))
        keys = [line for line in lines if not line[5]]
        if not keys or not all(line.lastindex for line in keys):
            return None
        starts = [start, *(line.start() + 1 for line in keys[1:]), end]
        found = Parts(self, level)
        for line, here, there in zip(keys, starts, starts[1:], strict=False):
            value: Any = None
            if line[4] and level + 1 < _LEVELS:
                value = self._object(line.end(4), there, column, level + 1)
                self.check(self._text[here : line.end(4)], level)
            if value is None:
                value = self._text[here:there]
                if self._has_anchors and _ANCHOR_OR_ALIAS.search(value):
                    value = self.value(value, level)
            name = _decoded(line[1] or line[2] or line[3] or b"")
            if name in found:  # such as YAML does not allow
                raise NotInParts
            found[name] = value
        return found


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
