"""What must hold of a definition beside its grammar: names refer to something, nothing contradicts.

A definition that keeps to these rules can be declared to SQLite, planned and turned into requests;
what an API makes of them is another matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billql.definitions.column_rules import (
    Problem,
    column_problems,
    constant_problems,
    unknown_columns,
)
from billql.definitions.methods import Method, WindowLimit, placeholders
from billql.definitions.model import CONNECTION, Column, Provider, Resource
from billql.definitions.pagination.unknown import UNKNOWN
from billql.definitions.parameter_rules import parameter_problems
from billql.definitions.settling_rules import settling_problems

_TRACKED = 63
"""How many columns SQLite can report as read by a statement
(https://sqlite.org/vtab.html#colused)."""

_MOST_COLUMNS = 1999
"""How many columns SQLite allows (https://sqlite.org/limits.html#max_column), but for one that
every resource has."""


def problems(resource: Resource, provider: Provider) -> Iterator[Problem]:
    """Yield the problems that the structs cannot see: names that refer to nothing,
    contradictions.
    """
    columns = resource.columns
    if CONNECTION in columns:
        yield ("columns", CONNECTION), "every resource has this column already"
    if len(columns) > _MOST_COLUMNS:
        yield ("columns",), f"a table of SQLite has {_MOST_COLUMNS} columns at most"
    yield from unknown_columns(("unique",), resource.unique, columns)
    for name, column in columns.items():
        for place, message in column_problems(name, column, columns):
            yield ("columns", name, *place), message
    if resource.settles is not None:
        for place, message in settling_problems(resource.settles, columns):
            yield ("settles", *place), message
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


def _read_for(resource: Resource) -> set[str]:
    """Return the columns on whose reading it depends what is sent."""
    return {
        column
        for method in resource.methods.values()
        for parameter in method.parameters.values()
        for column in parameter.when_read
    }


# Methods ----------------------------------------------------------------------------------------


def _method_problems(
    method: Method, columns: Mapping[str, Column], provider: Provider
) -> Iterator[Problem]:
    yield from _path_problems(method, provider)
    for name, parameter in method.parameters.items():
        for place, message in parameter_problems(name, parameter, columns, provider):
            yield ("parameters", name, *place), message
    yield from _paging_problems(method, provider)
    if not method.sources():
        yield ("rows",), "there is no place for rows"
    if method.response == "jsonl" and any(one.at[:2] != "[]" for one in method.sources()):
        yield ("rows",), "must begin with [], because each line of JSONL is a row"
    for source in method.sources():
        yield from unknown_columns(("rows",), source.values, columns)
        for name, value in source.values.items():
            if name in columns:
                yield from constant_problems(("rows",), value, columns[name].type)
    yield from unknown_columns(
        ("order",), (term.removeprefix("-") for term in method.order), columns
    )
    if method.freshness is not None:
        yield from unknown_columns(("freshness", "unless"), method.freshness.unless, columns)
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
    if paginator is not None:
        yield from ((("paging",), problem) for problem in paginator.problems(sent))
    in_body = sorted(path for location, path in {*sent, *set_by_paging} if location == "body")
    for outer in in_body:
        if any(inner.startswith((f"{outer}.", f"{outer}[")) for inner in in_body):
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
        if parameter.by is not None and (
            limit is None
            or (limit.column, getattr(limit, f"{parameter.by}s")) != (parameter.filters(name), 1)
        ):
            yield (
                ("parameters", name, "by"),
                f"needs `window_limit: {{column: {parameter.filters(name)}, {parameter.by}s: 1}}`",
            )
    if method.window_limit is not None:
        yield from _window_limit_problems(method.window_limit, columns)


def _window_limit_problems(limit: WindowLimit, columns: Mapping[str, Column]) -> Iterator[Problem]:
    if (limit.days is None) == (limit.months is None):
        yield ("window_limit",), "needs either `days` or `months`"
        return
    unit, kinds = ("days", ("date", "timestamp"))
    if limit.days is None:
        unit, kinds = ("months", ("month", "date"))
    if limit.column not in columns:
        yield ("window_limit", "column"), f"there is no column {limit.column}"
    elif columns[limit.column].type not in kinds:
        yield ("window_limit", "column"), f"{unit} need a column of type {' or '.join(kinds)}"
