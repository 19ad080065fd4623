"""Responses of a mock: rows put where the paths of a definition lead, in one JSON document."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

from billql.definitions.methods import Rows
from billql.definitions.model import Column
from billql.messages import get_path, position_of
from billql.sandbox.api import Response
from billql.sandbox.mock.forms import encode
from billql.sandbox.mock.layout import Layout, Segment, plain_path, segments
from billql.sandbox.mock.rows import Row
from billql.sandbox.mock.tables import Tables
from billql.sandbox.mock.untidy import UntidyForms
from billql.sandbox.rng import Rng

_WHOLE = ""
"""The name of the member that stands for a response which is a list or a map itself."""

_LATER: Final = {"date": 1, "month": 2, "json": 3}
"""The types that are written after others, because these are more: a time in full comes before its
day, and what lies in an object, with columns of its own, before the object as a whole."""


class Many:
    """A list or a map of a response; an item is known by the row that it shows."""

    def __init__(self, *, is_map: bool) -> None:
        self.is_map = is_map
        self.items: dict[int, Any] = {}
        self.keys: dict[int, str] = {}


class Document:
    """One response under construction."""

    def __init__(self, tables: Tables, untidy: UntidyForms) -> None:
        self._tables = tables
        self._untidy = untidy
        self._body: dict[str, Any] = {}
        self._filled: set[tuple[int, Sequence[Segment]]] = set()
        self.headers: dict[str, str] = {}
        self.content: bytes | None = None

    def add(
        self, layout: Layout, source: Rows, rows: Iterable[Row], hidden: frozenset[str]
    ) -> None:
        """Put rows where a source of a method has them."""
        path = segments(source.at)
        self._many(path)
        for row in rows:
            stack = self._descend(path, row, layout)
            self._fill(layout, row, path, stack, hidden)

    def _many(self, path: Sequence[Segment]) -> None:
        """Make the first list or map on a path, which is there without rows too."""
        holder = self._body
        for segment in path:
            if segment.kind:
                if not isinstance(holder.get(segment.name or _WHOLE), Many):
                    holder[segment.name or _WHOLE] = Many(is_map=segment.kind == "{}")
                return
            holder = _inner(holder, segment.name)

    def put(self, path: str, value: Any) -> None:
        """Set a member of the response."""
        _put(self._body, path, value)

    def data(self) -> Any:
        """Return the response as JSON has it."""
        whole = self._body.get(_WHOLE)
        if isinstance(whole, Many):
            return self._plain(whole)
        return self._plain(self._body)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, Many):
            plain = {id_: self._plain(item) for id_, item in value.items.items()}
            tidy = {
                id_: self._untidy.item(one) if isinstance(one, dict) else one
                for id_, one in plain.items()
            }
            if value.is_map:
                return {value.keys.get(id_, str(id_)): one for id_, one in tidy.items()}
            return self._untidy.empty(list(tidy.values()))
        if isinstance(value, dict):
            present = self._untidy.present(value)
            return {name: self._plain(one) for name, one in present.items()}
        return value

    def _descend(self, path: Sequence[Segment], row: Row, layout: Layout) -> list[dict[str, Any]]:
        """Return what holds a row, from the response to its own item."""
        owners = self._owners(path, row, layout)
        stack = [self._body]
        for segment, owner in zip(path, owners, strict=True):
            holder = stack[-1]
            if not segment.kind:
                stack.append(_inner(holder, segment.name))
                continue
            found = holder.get(segment.name or _WHOLE)
            if not isinstance(found, Many):
                found = holder[segment.name or _WHOLE] = Many(is_map=segment.kind == "{}")
            stack.append(found.items.setdefault(id(owner), {}))
            found.keys.setdefault(id(owner), self._key(owner))
        return stack

    def owner(self, path: Sequence[Segment], row: Row, layout: Layout) -> Row:
        """Return the row that the first list or map on a path has for a row."""
        place = next(place for place, one in enumerate(path) if one.kind)
        return self._owners(path, row, layout)[place]

    def _owners(self, path: Sequence[Segment], row: Row, layout: Layout) -> list[Row]:
        """Return the row that each step of a path leads to."""
        owners = [row] * len(path)
        current, here, steps = row, layout, 0
        for place in reversed(range(len(path))):
            owners[place] = current
            steps += 1
            if here.holder is not None:
                if steps == here.holder.depth:
                    current = current.holder or current
                    here, steps = self._tables.layouts[here.holder.table], 0
            elif path[place].kind:
                current = current.holder or current
        return owners

    @staticmethod
    def _key(row: Row) -> str:
        return f"member_{Rng(row.key).hex(8)}"

    def _fill(
        self,
        layout: Layout,
        row: Row,
        path: Sequence[Segment],
        stack: list[dict[str, Any]],
        hidden: frozenset[str],
    ) -> None:
        """Put the columns of a row into its item, and those of what holds it into theirs."""
        mark = id(row), path
        if mark in self._filled:
            return
        self._filled.add(mark)
        columns = layout.resource.columns
        story = self._tables.story(layout.name).columns
        constants = dict(row.kind)
        for name in sorted(columns, key=lambda one: _LATER.get(columns[one].type, 0)):
            column = columns[name]
            if name in hidden or name in constants or column.value is not None:
                continue
            sent_as = story[name].sent_as if name in story else None
            raw = encode(column, row.cells.get(name), sent_as)
            if column.type == "text":
                raw = self._untidy.text(raw)
            elif column.type == "timestamp" and column.format is None and not column.whole:
                raw = self._untidy.instant(raw, f"{layout.name}.{name}", row.key)
            self._place(column.path or name, column, raw, path, stack)
        _expect(layout, row, stack[-1])
        if layout.holder is not None and row.holder is not None:
            above = self._tables.layouts[layout.holder.table]
            depth = len(path) - layout.holder.depth
            self._fill(above, row.holder, path[:depth], stack[: depth + 1], frozenset())

    def _place(
        self,
        path: str,
        column: Column,
        raw: Any,
        steps: Sequence[Segment],
        stack: list[dict[str, Any]],
    ) -> None:
        root, _, rest = path.partition(".")
        if root == "$parent":
            depth = 2
            while rest.startswith("$parent."):
                rest, depth = rest.removeprefix("$parent."), depth + 1
            if depth <= len(stack) and get_path(stack[-depth], rest) is None:
                _put(stack[-depth], rest, raw)
        elif root == "$root":
            if get_path(self._body, rest) is None:
                _put(self._body, rest, raw)
        elif root == "$header":
            if raw is not None:
                self.headers[rest] = str(raw)
        elif root == "$key" or (root == "$value" and column.type != "json"):
            self._rename(root, raw, steps, stack)
        elif root == "$body":
            self.content = raw
        elif not root.startswith("$"):
            _set_member(stack[-1], path, column, raw)

    def _rename(
        self, root: str, raw: Any, steps: Sequence[Segment], stack: list[dict[str, Any]]
    ) -> None:
        """Set the key of a member of a map, or the value that an item is."""
        many = stack[-2].get(steps[-1].name or _WHOLE) if steps else None
        if not isinstance(many, Many):
            return
        place = next(id_ for id_, item in many.items.items() if item is stack[-1])
        if root == "$key":
            many.keys[place] = str(raw)
        else:
            many.items[place] = raw


def lines(layout: Layout, rows: Iterable[Row]) -> bytes:
    """Return rows as CSV with a header."""
    shown = {
        path: name
        for name, column in layout.resource.columns.items()
        if (path := plain_path(name, column)) is not None
    }
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(shown)
    for row in rows:
        values = (
            encode(layout.resource.columns[name], row.cells.get(name)) for name in shown.values()
        )
        writer.writerow(["" if value is None else value for value in values])
    return text.getvalue().encode()


def file(layout: Layout, row: Row) -> Response:
    """Return the bytes of a row, with the headers that its other columns are read from."""
    body, headers = b"", {}
    for name, column in layout.resource.columns.items():
        value = encode(column, row.cells.get(name))
        root, _, rest = (column.path or "").partition(".")
        if root == "$body" and value is not None:
            body = value
        elif root == "$header" and value is not None:
            headers[rest] = str(value)
    kind = headers.pop("content-type", "application/octet-stream")
    return Response(body, content_type=kind, headers=headers)


def _expect(layout: Layout, row: Row, item: dict[str, Any]) -> None:
    """Set in every other row what a column needs to have a value, where no column shows it."""
    paths = {plain_path(name, column) for name, column in layout.resource.columns.items()}
    for column in layout.resource.columns.values():
        for path, expected in column.conditions():
            if path not in paths and get_path(item, path) is None:
                is_met = Rng(row.key, path).below(2) == 0
                _put(item, path, expected[0] if is_met else None)


def _set_member(item: dict[str, Any], path: str, column: Column, raw: Any) -> None:
    array, is_array, inner = path.partition("[]")
    if is_array:
        if get_path(item, array) is None:
            element = raw if not inner else _nested(inner.removeprefix("."), raw)
            _put(item, array, [] if raw is None else [element])
        return
    found = get_path(item, path)
    if column.format == "reference" and column.type == "json":
        if not isinstance(found, dict | Many):
            _put(item, path, None if found is None else {"id": found})
    elif column.format == "reference" and isinstance(found, dict):
        found.setdefault("id", raw)
    elif column.format == "money" and isinstance(found, dict):
        found.update(raw or {})
    elif found is None and (raw is not None or "." not in path):
        _put(item, path, raw)


def _nested(path: str, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    _put(made, path, value)
    return made


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        data = _inner(data, name)
    if (found := position_of(last)) is None:
        data[last] = value
        return
    name, place = found
    items = data.setdefault(name, [])
    items += [None] * (place + 1 - len(items))
    items[place] = value


def _inner(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object at a member; an id that is there becomes the object's."""
    found = data.get(name)
    if isinstance(found, Many):
        return {}  # a list of its own; what else lies at its place is not shown
    if not isinstance(found, dict):
        found = data[name] = {} if found is None else {"id": found}
    return found
