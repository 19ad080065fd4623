"""The fields of an operation's request, as parameters of a method.

A parameter filters the column of its name, or the one that its name plainly means; SQLite checks
the rows again. Any other one becomes a column of its own, which echoes the value of the statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from billql.authoring.openapi import naming
from billql.authoring.openapi.columns import Column, described, type_of
from billql.authoring.openapi.document import Shape
from billql.authoring.openapi.operations import Field
from billql.definitions.types import DISCRETE, MOMENTS, Operator

_BOUNDS: Mapping[str, Operator] = {
    "[gte]": ">=",
    "[gt]": ">",
    "[lte]": "<=",
    "[lt]": "<",
    "_gte": ">=",
    "_gt": ">",
    "_lte": "<=",
    "_lt": "<",
    "_after": ">",
    "_since": ">",
    "_from": ">",
    "_min": ">",
    "_before": "<",
    "_until": "<",
    "_to": "<",
    "_max": "<",
}
"""The ends of names of parameters that set a bound. Where a name leaves open whether the bound is
included, it is taken as excluded: then one step more is requested, which is never too little."""

_COMPARED = frozenset(("text", "integer", "boolean", "date", "month", "real", "decimal"))
"""The types that can be compared with `=`; an instant has fractions that are not shown."""


_NUMBERS = ("year", "month", "day")
"""The names of parameters that together are a month or a day."""


class Unsupported(Exception):  # noqa: N818 - a result, not a fault
    """An operation requires something that no statement can supply."""


@dataclass
class Parameters:
    """The parameters of a method, and the columns that they bring along."""

    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, Column] = field(default_factory=dict)
    examples: dict[str, Any] = field(default_factory=dict)
    """A plausible value for each required column."""
    left_out: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """Questions for the author."""
    window_limit: dict[str, Any] | None = None
    """The longest window that one request may cover, where that is one month."""


def parameters_of(
    fields: Iterable[Field], columns: Mapping[str, Column], keys: Mapping[str, str]
) -> Parameters:
    """Return the parameters of a method; raise Unsupported.

    `columns` are those of its rows; `keys` maps fields that identify one row to their columns.
    """
    taken = Parameters()
    fields = list(fields)
    calendar = _calendar(fields, columns)
    if calendar:
        _add_month(taken, calendar)
        fields = [one for one in fields if one.name not in calendar]
    for one in fields:
        if one.location == "header" and one.shape.kind == "object" and not one.required:
            taken.doubts.append(
                f"the header {one.name} has JSON; if it carries conditions, declare the provider's "
                "`filter`, and parameters with `in: filter`"
            )
        if not one.required and (one.location in ("header", "cookie") or one.shape.deprecated):
            continue
        if one.location == "cookie":
            raise Unsupported(f"it needs the cookie {one.name}")
        value = _value(one)
        if value is None or (one.lists and one.location == "path"):
            if one.required:
                raise Unsupported(f"it needs {one.name}, which has parts of its own")
            taken.left_out.append(one.name)
        else:
            _add(taken, one, value, columns, keys.get(one.name))
    return taken


def _calendar(fields: Iterable[Field], columns: Mapping[str, Column]) -> dict[str, Field]:
    """Return the fields that are the numbers of one month, or of a day in it.

    Without both numbers of a month there are none; a row that shows them is filtered by them.
    """
    if not columns.keys().isdisjoint(_NUMBERS):
        return {}
    numbers = {
        one.name: one
        for one in fields
        if one.location == "query" and one.shape.kind == "integer" and one.name in _NUMBERS
    }
    return numbers if {"year", "month"} <= numbers.keys() else {}


def _add_month(taken: Parameters, calendar: Mapping[str, Field]) -> None:
    """Add a column for the month that is requested, and the parameters that have its numbers."""
    name = "month"
    taken.columns[name] = Column("month", "The month.", path="$parameter")
    taken.examples[name] = "2025-01"
    for key, format_ in (("year", "year"), ("month", "month_of_year")):
        definition = {"column": name, "required": True, "by": "month", "format": format_}
        taken.parameters[key] = {
            one: value for one, value in definition.items() if (one, value) != ("column", key)
        }
    if "day" in calendar:
        taken.doubts.append("months are requested as a whole; the parameter day is left out")
    taken.window_limit = {"column": name, "months": 1}


def _value(one: Field) -> Shape | None:
    """Return the schema of a field's value, or of each of several; None if it has members."""
    shape = one.item if one.shape.kind == "array" else one.shape
    if shape is None or shape.properties or shape.kind in ("object", "array"):
        return None
    return shape


def _add(
    taken: Parameters, one: Field, value: Shape, columns: Mapping[str, Column], key: str | None
) -> None:
    definition: dict[str, Any] = {} if one.location == "query" else {"in": one.location}
    name = naming.column(one.name)
    bound = None if key else _bound(one, value, columns)
    if key is not None:
        column = key
    elif _filters(name, value, columns):
        column = name
        definition["match"] = "superset"
    elif bound is not None:
        column, definition["operator"] = bound
        definition["match"] = "superset"
        if columns[column].format is not None:
            definition["format"] = columns[column].format
    else:
        column = _echo(taken, one, value, name, columns)
        if (format_ := type_of(name, value)[1]) is not None:
            definition["format"] = format_
    if one.required:
        definition["required"] = True
        taken.examples[column] = example(value, one.example)
    if one.lists:
        definition["lists"] = one.lists
    known = naming.placeholder(one.name) if one.location == "path" else one.name
    if known in taken.parameters:
        definition["name"] = known
        known = f"{known}_in_{one.location}"
    if column != known:
        definition["column"] = column
    order = ("in", "name", "column", "operator", "match", "required", "lists", "format")
    taken.parameters[known] = {key_: definition[key_] for key_ in order if key_ in definition}


def _echo(
    taken: Parameters, one: Field, value: Shape, name: str, columns: Mapping[str, Column]
) -> str:
    """Add a column that echoes the statement's value, under a name that no row's column has."""
    while name in columns or name in taken.columns:
        name += "_asked"
    kind, _ = type_of(name, value)
    taken.columns[name] = Column(
        "text" if kind == "json" else kind,
        described(name, value, one.description),
        path="$parameter",
        hidden=not one.required,
    )
    if not one.required and value.choices and "default" in (one.description or "").lower():
        # An API that leaves rows out by default sends an incomplete list.
        taken.doubts.append(
            f"does {one.name} leave rows out by default? If so, declare a `default` of all its "
            "values"
        )
    return name


def _filters(name: str, value: Shape, columns: Mapping[str, Column]) -> bool:
    """Return whether a field selects rows whose column of that name has its value."""
    column = columns.get(name)
    return (
        column is not None
        and column.type in _COMPARED
        and (column.type not in MOMENTS or column.format is None)
        and _same(value, name, column)
    )


def _same(value: Shape, name: str, column: Column) -> bool:
    """Return whether a field has values of the same kind as a column."""
    kind, format_ = type_of(name, value)
    if column.format in ("epoch", "epoch_ms"):
        return kind == "integer" or format_ == column.format
    return kind == column.type or {kind, column.type} <= {"real", "decimal", "integer"}


def _bound(one: Field, value: Shape, columns: Mapping[str, Column]) -> tuple[str, Operator] | None:
    """Return the column that a field bounds, by its name, and the operator."""
    for end, operator in _BOUNDS.items():
        if not one.name.endswith(end) or one.lists:
            continue
        name = naming.identifier(one.name.removesuffix(end))
        for column in (name, f"{name}_at", f"{name}_date", f"{name}_time"):
            found = columns.get(column)
            if found is not None and found.type in DISCRETE and _same(value, column, found):
                return column, operator
    return None


def example(shape: Shape, documented: Any = None) -> Any:
    """Return a plausible value: one of the document, or one of the right form."""
    for value in (documented, shape.example, *shape.choices, shape.default):
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str | int | float) and value != "":
            return value
    formats: dict[str | None, Any] = {
        "uuid": "00000000-0000-4000-8000-000000000000",
        "date": "2025-01-01",
        "date-time": "2025-01-01T00:00:00Z",
    }
    if shape.kind in ("integer", "number"):
        return 1
    if shape.kind == "boolean":
        return True
    return formats.get(shape.format, "example")
