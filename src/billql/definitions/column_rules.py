"""What must hold of a column: its type, its format and its values fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from billql.definitions.decoding import decoder_for
from billql.definitions.model import Column
from billql.definitions.types import CALENDAR_PARTS, FORMATTED, MOMENTS, ColumnType, Format
from billql.util.struct_errors import DocumentPath

Problem = tuple[DocumentPath, str]
"""A mistake: the path to it, and what is wrong."""

LISTED: Mapping[ColumnType, type] = {"text": str, "integer": int, "boolean": bool}
"""What `values` may be, by the type of their column."""

_OF_PARAMETERS = frozenset[Format | None](("json", "uuid")) | CALENDAR_PARTS
"""Formats that describe how a parameter is encoded, and not how rows are."""


def unknown_columns(
    place: DocumentPath, names: Iterable[str], columns: Mapping[str, Column]
) -> Iterator[Problem]:
    """Yield each name that no column has."""
    for name in names:
        if name not in columns:
            yield place, f"there is no column {name}"


def column_problems(name: str, column: Column, columns: Mapping[str, Column]) -> Iterator[Problem]:
    """Yield what contradicts in a column, or refers to no other one."""
    if column.currency is not None:
        yield from unknown_columns(("currency",), (column.currency,), columns)
    source = column.path or name
    if source.count("[]") != (column.aggregate is not None) or (
        column.aggregate and source[0] == "$"
    ):
        yield (
            ("aggregate",),
            "`aggregate` and one [] in the path, like items[].price, need each other",
        )
    yield from format_problems(("format",), column.format, column.type)
    if column.after is not None and column.type != "text":
        yield ("after",), "needs a column of type text"
    if column.divide is not None and column.type not in ("real", "decimal"):
        yield ("divide",), "needs a column of type decimal or real"
    if column.format in _OF_PARAMETERS:
        yield ("format",), f"{column.format} is for parameters"
    if column.whole and column.type not in MOMENTS:
        yield ("whole",), f"needs a column of type {' or '.join(sorted(MOMENTS))}"
    yield from values_problems(column.values, column.type)
    if column.value is not None:
        yield from constant_problems(("value",), column.value, column.type)
        if column.values and column.value not in column.values:
            yield ("value",), f"{column.value!r} is none of the column's `values`"


def format_problems(
    place: DocumentPath, format: Format | None, kind: ColumnType
) -> Iterator[Problem]:
    """Yield why a format does not fit a type."""
    if format is not None and kind not in FORMATTED[format]:
        expected = " or ".join(sorted(FORMATTED[format]))
        yield place, f"{format} needs a column of type {expected}"


def values_problems(values: tuple[Any, ...], kind: ColumnType) -> Iterator[Problem]:
    """Yield why `values` are none of a type."""
    if values and kind not in LISTED:
        yield ("values",), f"needs a column of type {' or '.join(LISTED)}"
        return
    for one in values:
        if type(one) is not LISTED[kind]:
            yield ("values",), f"{one!r} is no value of a column of type {kind}"
    if len(set(values)) < len(values):
        yield ("values",), "a value stands twice"


def constant_problems(place: DocumentPath, value: Any, kind: ColumnType) -> Iterator[Problem]:
    """Yield why a constant is no value of a type."""
    try:
        decoder_for(kind)([value])
    except ValueError as error:
        yield place, f"{error}, and the column is of type {kind}"
