"""What must hold of a parameter: it has a column and a place, and its filter loses no rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from billql.definitions.accepted_values import accepts
from billql.definitions.column_rules import (
    LISTED,
    Problem,
    format_problems,
    unknown_columns,
    values_problems,
)
from billql.definitions.methods import Parameter
from billql.definitions.model import Column, Provider
from billql.definitions.patterns import pattern_problems
from billql.definitions.types import CALENDAR_PARTS, DISCRETE, MOMENTS, ColumnType

_DEFAULTS: Mapping[ColumnType, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "real": (int, float),
    "decimal": (int, float),
}
"""What a default may be, by the type of its column; that of a date is `today`."""

_LABELS = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
"""What stands between two dots of a server's name, or several of these."""

_POSITIONS = re.compile(r"[^.\[\]]+(\[\d{1,3}\])?(\.[^.\[\]]+(\[\d{1,3}\])?)*", re.ASCII)
"""The path to a member of a body in which lists have numbers: `a.b[0].c`."""


def parameter_problems(
    name: str, parameter: Parameter, columns: Mapping[str, Column], provider: Provider
) -> Iterator[Problem]:
    """Yield what contradicts in a parameter, and what would make its filter lose rows."""
    sent_as = parameter.name or name
    if (
        parameter.location in ("path", "host")
        and not parameter.required
        and parameter.default is None
        and (parameter.value is None or parameter.when_read)
    ):
        yield (), f"must be `required`, because nothing else fills {{{sent_as}}}"
    yield from _place_problems(sent_as, parameter)
    if parameter.lists is not None and parameter.location not in ("query", "body", "filter"):
        yield ("lists",), "only a query, a body or a filter takes several values"
    if parameter.location == "filter":
        yield from _in_filter(parameter, provider)
    if parameter.by is not None and (parameter.operator != "=" or not parameter.required):
        yield ("by",), "needs `required: true` and the operator `=`"
    if parameter.format == "json" and parameter.location != "body":
        yield ("format",), "json needs a parameter with `in: body`"
    yield from unknown_columns(("when_read",), parameter.when_read, columns)
    column = parameter.filters(name)
    if column is None:
        for key in ("values", "pattern", "ignores_case"):
            if getattr(parameter, key):
                yield (key,), "a parameter with `value` has no other values"
        return
    if column not in columns:
        yield (), f"there is no column {column}"
        return
    kind = columns[column].type
    yield from format_problems(("format",), parameter.format, kind)
    yield from _default_problems(parameter, kind)
    yield from _taken_problems(parameter, kind)
    if parameter.operator != "=" and kind not in DISCRETE:
        yield ("operator",), f"ranges need a column of type {', '.join(sorted(DISCRETE))}"
    yield from _filter_problems(parameter, columns[column])
    yield from _calendar_problems(parameter, columns[column])


def _place_problems(sent_as: str, parameter: Parameter) -> Iterator[Problem]:
    """Find constants that cannot go where they should, and names that lead nowhere in a body."""
    if isinstance(parameter.value, tuple) and parameter.location != "body":
        yield ("value",), "only a body takes a list as a constant"
    host = parameter.value if parameter.location == "host" else None
    if isinstance(host, str) and not _LABELS.fullmatch(host):
        # The credential goes to that server.
        yield ("value",), f"{host!r} is no part of a server's name"
    if "[" in sent_as and parameter.location == "body" and not _POSITIONS.fullmatch(sent_as):
        yield ("name",), "the items of a list are named like items[0] or items[0].name"


def _calendar_problems(parameter: Parameter, column: Column) -> Iterator[Problem]:
    """Find what would request other days or months than a statement wants."""
    kind = column.type
    if parameter.format in CALENDAR_PARTS and parameter.by is None:
        yield ("by",), f"{parameter.format} needs `by: month` or `by: day`"
    if parameter.by == "day" and kind != "date":
        yield ("by",), "days need a column of type date"
    if parameter.by == "month" and kind not in ("date", "month"):
        yield ("by",), "months need a column of type month or date"
    if parameter.by == "month" and kind == "date":
        if parameter.format not in ("year", "month_of_year"):
            yield ("by",), "of a day, a month is sent as `format: year` and `month_of_year`"
        if parameter.match == "exact":
            yield ("match",), "must be `superset`, because a month has other days as well"
        if column.path == "$parameter":
            yield ("by",), "a request for a month does not show which day was meant"


def _in_filter(parameter: Parameter, provider: Provider) -> Iterator[Problem]:
    """Find what the provider's filter header cannot carry."""
    if provider.filter is None:
        yield ("in",), "the provider has no `filter` that could carry it"
    elif parameter.operator != "=" and parameter.operator not in provider.filter.operators:
        yield ("operator",), f"the provider's `filter` has no name for {parameter.operator}"
    if parameter.lists not in (None, "repeat"):
        yield ("lists",), "a filter takes several values as `repeat` alone"


def _filter_problems(parameter: Parameter, column: Column) -> Iterator[Problem]:
    """Find what would make a filter lose rows: rows show something else than the API compares."""
    kind, format = column.type, parameter.format
    if kind in ("json", "blob"):
        yield (), f"no API compares with a column of type {kind}"
    if format in ("dollars", "filename", "money", "reference", "rfc2822"):
        yield ("format",), f"{format} is for columns"
    if column.path == "$parameter":
        if parameter.ignores_case:
            yield (
                ("ignores_case",),
                "a column with `path: $parameter` shows the statement's spelling",
            )
        return
    if format == "json":
        yield ("format",), "json needs a column with `path: $parameter`"
    if column.value is not None:
        yield (), "every row has the column's `value`, so there is nothing to filter"
    if column.format == "filename":
        yield (), "the column's name is cut out of a header, by which no API filters"
    if column.null_unless and parameter.match == "exact":
        yield (
            ("match",),
            "must be `superset`, because `null_unless` makes some of the rows' values NULL",
        )
    if column.null_unless and parameter.null is not None:
        yield (
            ("null",),
            "`null_unless` makes values NULL that are none for the API, and would be missed",
        )
    if parameter.operator == "=":
        yield from _equality_problems(parameter, column)


def _equality_problems(parameter: Parameter, column: Column) -> Iterator[Problem]:
    """Find what would make a filter by one value lose rows."""
    kind, format = column.type, parameter.format
    if _hides_rows(parameter, column):
        yield (
            ("default",),
            f"{parameter.default!r} may be the value of a row, so that rows with other values "
            "would be lost; declare several defaults, or `values` of the column without it",
        )
    if column.divide is not None:
        yield ("operator",), "the column shows what is divided, so `=` would miss rows"
    if column.format in ("dollars", "money"):
        yield ("operator",), "the API writes amounts in another form, so `=` would miss rows"
    if format == column.format == "epoch" and kind == "timestamp":
        return  # seconds that are counted have no fractions on either side
    if format in CALENDAR_PARTS:
        return  # a whole day or month
    if kind in MOMENTS and not column.whole and (format is not None or kind == "timestamp"):
        shown = {"date": "days", "month": "months", "timestamp": "seconds"}[kind]
        yield (
            ("operator",),
            f"an instant is shown in whole {shown}, so `=` would miss its fractions, unless the "
            "column is `whole: true`",
        )


def _hides_rows(parameter: Parameter, column: Column) -> bool:
    """Return whether a parameter's default may be what some rows have and others do not.

    It is sent without a condition on the column, and beside one that the API cannot be asked for:
    a `<>`, or an IN with too many values. Several defaults are for all the rows together, and a
    value outside of the column's closed list, such as `all`, selects no row by its own value.
    """
    default = parameter.default
    if default is None or isinstance(default, tuple):
        return False
    return not column.values or default in column.values


def _taken_problems(parameter: Parameter, kind: ColumnType) -> Iterator[Problem]:
    """Yield problems of the keys that declare which values a filter accepts."""
    keys = [key for key in ("values", "pattern", "ignores_case") if getattr(parameter, key)]
    if parameter.operator != "=":
        for key in keys:
            yield (key,), "is for parameters with `=`; a bound accepts every value"
    if parameter.pattern is not None and kind not in ("text", "integer"):
        yield ("pattern",), "needs a column of type text or integer"
    if parameter.ignores_case and kind != "text":
        yield ("ignores_case",), "needs a column of type text"
    if parameter.format is not None:
        for key in keys:
            yield (
                (key,),
                f"contradicts `format: {parameter.format}`, which restricts the values",
            )
    if parameter.values and parameter.pattern is not None:
        yield ("pattern",), "is redundant beside `values`"
    yield from values_problems(parameter.values, kind)
    if parameter.pattern is not None:
        broken = [(("pattern",), problem) for problem in pattern_problems(parameter.pattern)]
        yield from broken
        if broken:
            return
    default = parameter.default
    for one in default if isinstance(default, tuple) else (default,):
        if one is None or type(one) is not LISTED.get(kind):
            continue
        if not accepts(parameter, one):
            yield ("default",), f"the parameter does not take {one!r}"


def _default_problems(parameter: Parameter, kind: ColumnType) -> Iterator[Problem]:
    default = parameter.default
    if default is None:
        return
    several = isinstance(default, tuple)
    if several and parameter.operator != "=":
        yield ("default",), "a bound has one default"
    for one in default if isinstance(default, tuple) else (default,):
        is_today = one == "today" and not several
        fits = kind == "date" if is_today else type(one) in _DEFAULTS.get(kind, ())
        if not fits:
            yield ("default",), f"{one!r} is no default for a column of type {kind}"
