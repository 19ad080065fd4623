"""YAML's events as plain data, within bounds.

The documents are large and come from strangers. So they are read event by event, which needs no
recursion; tags mean nothing; aliases are copied, and counted, because a few lines of them can stand
for billions of nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from billql.errors import DefinitionError

MAX_BYTES = 64 * 1024 * 1024
"""The size of the largest documents in use is about a quarter of that."""

MAX_NODES = 3_000_000
"""How many values a document may have, aliases included; their texts may have `MAX_BYTES`."""

MAX_DEPTH = 200
"""How deep it may nest."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
_NUMERIC = frozenset("-0123456789")
_PLAIN_SCALARS = {"": None, "~": None, "null": None, "true": True, "false": False}


class Builder:
    """Makes plain data of the events of a document, or of its parts one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._event: Any = None
        self.nodes = 0
        """How many values there are, aliases included."""
        self._copied = 0
        """How many characters aliases stand for."""
        self._anchors: dict[str, Any] = {}

    def build(self, events: Iterable[Any], level: int = 0) -> Any:
        """Return the data of a document, or of a part that lies so deep in it; raise
        DefinitionError.

        A large one has a million events, so the loop does nothing that is not needed for most of
        them.
        """
        import yaml

        scalar, mapping, sequence, alias = (
            yaml.ScalarEvent,
            yaml.MappingStartEvent,
            yaml.SequenceStartEvent,
            yaml.AliasEvent,
        )
        root: list[Any] = []
        holder: list[Any] | dict[str, Any] = root
        is_list = True
        key: str | None = None
        """In an object, the key whose value comes next."""
        around: list[tuple[list[Any] | dict[str, Any], bool, str | None]] = []
        nodes, most, deepest = self.nodes, MAX_NODES, MAX_DEPTH - level
        """How many values there are, and how many there may be here; none where it is too deep."""
        for event in events:
            kind = event.__class__
            value: Any
            if kind is scalar:
                value = event.value
                if not (is_list or key is not None):
                    pass  # a key is its text
                elif not event.style and event.implicit[0]:
                    value = _plain(value)
            elif kind is mapping:
                value = {}
            elif kind is sequence:
                value = []
            elif kind is alias:
                self._event, self.nodes = event, nodes
                value = self._copy(self._anchors.get(event.anchor), level + len(around) + 1)
                nodes = self.nodes
            else:
                if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    holder, is_list, key = around.pop()
                    most = MAX_NODES
                continue
            nodes += 1
            if nodes > most:
                self._event, self.nodes = event, nodes
                self._count(level + len(around) + 1, 0)
            if kind is not alias and event.anchor is not None:
                self._anchors[event.anchor] = value
            if is_list:
                holder.append(value)  # type: ignore[union-attr]
            elif key is None:
                # A key that is no text means nothing in OpenAPI.
                key = value if kind is scalar else ""
            else:
                holder.setdefault(key, value)  # type: ignore[union-attr]
                key = None
            if kind is mapping or kind is sequence:
                around.append((holder, is_list, key))
                holder, is_list, key = value, kind is sequence, None
                if len(around) >= deepest:
                    most = 0
        self.nodes = nodes
        return root[0] if root else {}

    def _copy(self, value: Any, depth: int) -> Any:
        """Copy what an alias stands for, as far as it has been read."""
        self._count(depth, 1)
        if isinstance(value, dict):
            self._copied += sum(map(len, value))
            return {key: self._copy(part, depth + 1) for key, part in list(value.items())}
        if isinstance(value, list):
            return [self._copy(part, depth + 1) for part in list(value)]
        if isinstance(value, str):
            self._copied += len(value)
        return value

    def _count(self, depth: int, more: int) -> None:
        """Refuse what is too much, with so many more values."""
        self.nodes += more
        if self.nodes > MAX_NODES:
            self._fail(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels")
        if self._copied > MAX_BYTES:
            self._fail(f"aliases that stand for more than {MAX_BYTES} characters")

    def _fail(self, message: str) -> NoReturn:
        raise DefinitionError(f"{self._path}:{self._event.start_mark.line + 1}: {message}")


def _plain(written: str) -> str | int | float | bool | None:
    """Return the value of a scalar without quotes; what is not plainly a number, true, false or
    null is text.
    """
    if written in _PLAIN_SCALARS:
        return _PLAIN_SCALARS[written]
    if len(written) < 24 and written[0] in _NUMERIC:
        if _INTEGER.fullmatch(written):
            return int(written)
        if _DECIMAL.fullmatch(written):
            return float(written)
    return written
