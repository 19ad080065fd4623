"""What must hold of a definition beside its grammar: names refer to something, nothing contradicts.

A definition that keeps to these rules can be declared to SQLite, planned and turned into requests;
what an API makes of them is another matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from billql.definitions.accepted_values import accepts
from billql.definitions.decoding import decoder_for
from billql.definitions.model import (
    CONNECTION,
    Column,
    Method,
    Parameter,
    Provider,
    Resource,
    placeholders,
)
from billql.definitions.pagination.unknown import UNKNOWN
from billql.definitions.types import DISCRETE, FORMATTED, MOMENTS, ColumnType, Format
from billql.util.struct_errors import DocumentPath

Problem = tuple[DocumentPath, str]
"""A mistake: the path to it, and what is wrong."""

_TRACKED = 63
"""How many columns SQLite can report as read by a statement
(https://sqlite.org/vtab.html#colused)."""

_MOST_COLUMNS = 1999
"""How many columns SQLite allows (https://sqlite.org/limits.html#max_column), but for one that
every resource has."""

_DEFAULTS: Mapping[ColumnType, tuple[type, ...]] = {
    "text": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "real": (int, float),
    "decimal": (int, float),
}
"""What a default may be, by the type of its column; that of a date is `today`."""

_LISTED: Mapping[ColumnType, type] = {"text": str, "integer": int, "boolean": bool}
"""What `values` may be, by the type of their column."""

_OF_PARAMETERS: frozenset[Format | None] = frozenset(("json", "uuid"))
"""Formats that describe how a parameter is encoded, and not how rows are."""

_ONE_LANGUAGE = re.compile(
    r"\\[^\W1-9bBdDfnrsStvwW_]|\(\?(?!:|<?[=!])|[*+?}]\+|\{,|\[\^?\]", re.ASCII
)
"""What Python's regular expressions and ECMAScript's do not both have, or do not read alike."""

_PLAIN = re.compile(r"\\[\W_]|\[\^?(?!\])(?:\\.|[^\]\\])*\]", re.DOTALL)
"""What they read alike: a character that is escaped, and a set."""


def problems(resource: Resource, provider: Provider) -> Iterator[Problem]:
    """Yield the problems that the structs cannot see: names that refer to nothing,
    contradictions.
    """
    columns = resource.columns
    if CONNECTION in columns:
        yield ("columns", CONNECTION), "every resource has this column already"
    if len(columns) > _MOST_COLUMNS:
        yield ("columns",), f"a table of SQLite has {_MOST_COLUMNS} columns at most"
    yield from _unknown(("unique",), resource.unique, columns)
    for name, column in columns.items():
        for place, message in _column_problems(name, column, columns):
            yield ("columns", name, *place), message
    for name in list(columns)[_TRACKED:]:
        if columns[name].path == "$parameter" or name in _read_for(resource):
            yield (
                ("columns", name),
                f"must be among the first {_TRACKED} columns, because SQLite does not report "
                "which of the others a statement reads",
            )
    charged_in = ""
    for name, method in resource.methods.items():
        for place, message in _method_problems(method, columns, provider):
            yield ("methods", name, *place), message
        if method.price is not None:
            charged_in = charged_in or method.price.currency
            if method.price.currency != charged_in:
                yield ("methods", name, "price"), f"another method is charged for in {charged_in}"


def _unknown(
    place: DocumentPath, names: Iterable[str], columns: Mapping[str, Column]
) -> Iterator[Problem]:
    for name in names:
        if name not in columns:
            yield place, f"there is no column {name}"


def _read_for(resource: Resource) -> set[str]:
    """Return the columns on whose reading it depends what is sent."""
    return {
        column
        for method in resource.methods.values()
        for parameter in method.parameters.values()
        for column in parameter.when_read
    }


def _column_problems(name: str, column: Column, columns: Mapping[str, Column]) -> Iterator[Problem]:
    if column.currency is not None:
        yield from _unknown(("currency",), (column.currency,), columns)
    source = column.path or name
    if source.count("[]") != (column.aggregate is not None) or (
        column.aggregate and source[0] == "$"
    ):
        yield (
            ("aggregate",),
            "`aggregate` and one [] in the path, like items[].price, need each other",
        )
    yield from _format_problems(("format",), column.format, column.type)
    if column.divide is not None and column.type not in ("real", "decimal"):
        yield ("divide",), "needs a column of type decimal or real"
    if column.format in _OF_PARAMETERS:
        yield ("format",), f"{column.format} is for parameters"
    if column.whole and column.type not in MOMENTS:
        yield ("whole",), f"needs a column of type {' or '.join(sorted(MOMENTS))}"
    yield from _values_problems(column.values, column.type)
    if column.value is not None:
        yield from _constant_problems(("value",), column.value, column.type)
        if column.values and column.value not in column.values:
            yield ("value",), f"{column.value!r} is none of the column's `values`"


def _format_problems(
    place: DocumentPath, format: Format | None, kind: ColumnType
) -> Iterator[Problem]:
    if format is not None and kind not in FORMATTED[format]:
        expected = " or ".join(sorted(FORMATTED[format]))
        yield place, f"{format} needs a column of type {expected}"


def _values_problems(values: tuple[Any, ...], kind: ColumnType) -> Iterator[Problem]:
    if values and kind not in _LISTED:
        yield ("values",), f"needs a column of type {' or '.join(_LISTED)}"
        return
    for one in values:
        if type(one) is not _LISTED[kind]:
            yield ("values",), f"{one!r} is no value of a column of type {kind}"
    if len(set(values)) < len(values):
        yield ("values",), "a value stands twice"


def _constant_problems(place: DocumentPath, value: Any, kind: ColumnType) -> Iterator[Problem]:
    try:
        decoder_for(kind)([value])
    except ValueError as error:
        yield place, f"{error}, and the column is of type {kind}"


# Methods ----------------------------------------------------------------------------------------


def _method_problems(
    method: Method, columns: Mapping[str, Column], provider: Provider
) -> Iterator[Problem]:
    yield from _path_problems(method, provider)
    for name, parameter in method.parameters.items():
        for place, message in _parameter_problems(name, parameter, columns):
            yield ("parameters", name, *place), message
    yield from _paging_problems(method, provider)
    if not method.sources():
        yield ("rows",), "there is no place for rows"
    for source in method.sources():
        yield from _unknown(("rows",), source.values, columns)
        for name, value in source.values.items():
            if name in columns:
                yield from _constant_problems(("rows",), value, columns[name].type)
    yield from _unknown(("order",), (term.removeprefix("-") for term in method.order), columns)
    if method.freshness is not None:
        yield from _unknown(("freshness", "unless"), method.freshness.unless, columns)
    yield from _window_problems(method, columns)


def _path_problems(method: Method, provider: Provider) -> Iterator[Problem]:
    in_path, in_host = set(placeholders(method.path)), set(placeholders(provider.url))
    declared = {
        (parameter.location, parameter.name or name): name
        for name, parameter in method.parameters.items()
    }
    for name in sorted(in_path):
        if ("path", name) not in declared:
            yield ("request",), f"{{{name}}} has no parameter with `in: path`"
    for name in sorted(in_host):
        if ("host", name) not in declared:
            yield ("parameters",), f"{{{name}}} of the provider's url has none with `in: host`"
    for (location, name), parameter in sorted(declared.items()):
        if location == "path" and name not in in_path:
            yield ("parameters", parameter), f"the request has no {{{name}}}"
        if location == "host" and name not in in_host:
            yield ("parameters", parameter), f"the provider's url has no {{{name}}}"


def _parameter_problems(
    name: str, parameter: Parameter, columns: Mapping[str, Column]
) -> Iterator[Problem]:
    sent_as = parameter.name or name
    if (
        parameter.location in ("path", "host")
        and not parameter.required
        and parameter.default is None
        and (parameter.value is None or parameter.when_read)
    ):
        yield (), f"must be `required`, because nothing else fills {{{sent_as}}}"
    if parameter.lists is not None and parameter.location not in ("query", "body"):
        yield ("lists",), "only a query or a body takes several values"
    if parameter.by_day and (parameter.operator != "=" or not parameter.required):
        yield ("by_day",), "needs `required: true` and the operator `=`"
    if parameter.format == "json" and parameter.location != "body":
        yield ("format",), "json needs a parameter with `in: body`"
    yield from _unknown(("when_read",), parameter.when_read, columns)
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
    yield from _format_problems(("format",), parameter.format, kind)
    yield from _default_problems(parameter, kind)
    yield from _taken_problems(parameter, kind)
    if parameter.operator != "=" and kind not in DISCRETE:
        yield ("operator",), f"ranges need a column of type {', '.join(sorted(DISCRETE))}"
    yield from _filter_problems(parameter, columns[column])


def _filter_problems(parameter: Parameter, column: Column) -> Iterator[Problem]:
    """Find what would make a filter lose rows: rows show something else than the API compares."""
    kind, format = column.type, parameter.format
    if kind in ("json", "blob"):
        yield (), f"no API compares with a column of type {kind}"
    if format in ("dollars", "filename", "reference"):
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
    if column.format == "dollars":
        yield ("operator",), "the column reads amounts like $3.11, so `=` would miss rows"
    if format == column.format == "epoch" and kind == "timestamp":
        return  # seconds that are counted have no fractions on either side
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
    yield from _values_problems(parameter.values, kind)
    if parameter.pattern is not None:
        broken = list(_pattern_problems(parameter.pattern))
        yield from broken
        if broken:
            return
    default = parameter.default
    for one in default if isinstance(default, tuple) else (default,):
        if one is None or type(one) is not _LISTED.get(kind):
            continue
        if not accepts(parameter, one):
            yield ("default",), f"the parameter does not take {one!r}"


def _pattern_problems(pattern: str) -> Iterator[Problem]:
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        yield ("pattern",), f"is no regular expression: {error}"
        return
    if (found := _ONE_LANGUAGE.search(_PLAIN.sub("x", pattern))) is not None:
        yield (
            ("pattern",),
            f"{found[0]} does not mean the same in Python and in ECMAScript; leave it out",
        )


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


def _paging_problems(method: Method, provider: Provider) -> Iterator[Problem]:
    if method.paging == UNKNOWN:
        return
    if isinstance(method.paging, str) and method.paging not in provider.paging:
        yield ("paging",), f"the provider defines no paging called {method.paging}"
        return
    paginator = provider.paging[method.paging] if isinstance(method.paging, str) else method.paging
    set_by_paging = set[tuple[str, str]]() if paginator is None else set(paginator.parameters())
    sent = {
        (parameter.location, parameter.name or name): name
        for name, parameter in method.parameters.items()
    }
    for key in sorted(sent.keys() & set_by_paging):
        yield ("parameters", sent[key]), "the paging sets this parameter"
    if paginator is not None and paginator.size_by is not None:
        if ("query", paginator.size_by.parameter) not in sent:
            yield (
                ("paging",),
                f"its `size_by` needs the parameter {paginator.size_by.parameter} in the query",
            )
        if paginator.size is None or paginator.size_parameter is None:
            yield ("paging",), "its `size_by` needs a `size` and a `size_parameter`"
    in_body = sorted(path for location, path in {*sent, *set_by_paging} if location == "body")
    for outer in in_body:
        if any(inner.startswith(f"{outer}.") for inner in in_body):
            yield ("parameters",), f"{outer} in the body is a value and an object at once"


def _window_problems(method: Method, columns: Mapping[str, Column]) -> Iterator[Problem]:
    if method.split_by is not None:
        operators = {
            parameter.operator[0]
            for name, parameter in method.parameters.items()
            if parameter.filters(name) == method.split_by
        }
        if not operators >= {"<", ">"} or f"-{method.split_by}" != next(iter(method.order), None):
            yield (
                ("split_by",),
                f"needs `order: [-{method.split_by}]` and parameters for both bounds",
            )
    for name, parameter in method.parameters.items():
        limit = method.window_limit
        if parameter.by_day and (
            limit is None or (limit.column, limit.days) != (parameter.filters(name), 1)
        ):
            yield (
                ("parameters", name, "by_day"),
                f"needs `window_limit: {{column: {parameter.filters(name)}, days: 1}}`",
            )
    if method.window_limit is not None:
        found = columns.get(method.window_limit.column)
        if found is None:
            yield ("window_limit", "column"), f"there is no column {method.window_limit.column}"
        elif found.type not in ("date", "timestamp"):
            yield ("window_limit", "column"), "days need a column of type date or timestamp"
