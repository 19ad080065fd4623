"""Which predicates the methods of a resource need and which they take, for the catalog."""

from __future__ import annotations

from typing import Literal

from billql.definitions.catalog import Table
from billql.definitions.methods import Method, Parameter
from billql.definitions.types import Operator
from billql.messages import constant_text, to_text
from billql.planning.plan import Constraint
from billql.planning.pushdown import (
    matching_parameters,
    missing_parameters,
    selects_connections,
)

_OPERATORS: tuple[Operator | Literal["in", "is null"], ...] = (
    "=",
    "in",
    "<",
    "<=",
    ">",
    ">=",
    "is null",
)


def required_columns(table: Table, method: Method) -> list[str]:
    """Return the columns that a statement must constrain to use a method.

    A column that shows what was requested is not among them for that alone, because a statement
    may leave it unread.
    """
    return list(dict.fromkeys(column for column, _ in missing_parameters(method, ())))


def optional_columns(table: Table, method: Method) -> list[str]:
    """Return the other columns that a method can filter on."""
    needed = required_columns(table, method)
    return list(dict.fromkeys(column for column, _ in method.filters() if column not in needed))


def query_keys(table: Table) -> frozenset[str]:
    """Return the columns that a statement cannot do without: required, or one of several required.

    They are those of the methods that need the least. Where a method lists everything of a
    customer and another returns one item of it, only the customer is required.
    """
    methods = table.resource.methods.values()
    needs = [frozenset(required_columns(table, method)) for method in methods]
    least = (one for one in needs if not any(other < one for other in needs))
    return frozenset().union(*least)


def pushed_operators(table: Table, column: str) -> list[str]:
    """Return the operators on a column that some method pushes down to the API."""
    methods = table.resource.methods.values()
    predicates = {one: Constraint(column, one, usable=True) for one in _OPERATORS}
    return [
        operator
        for operator, predicate in predicates.items()
        if selects_connections(predicate)
        or any(matching_parameters(method, predicate) for method in methods)
    ]


def describe_parameter(table: Table, key: str, parameter: Parameter) -> str:
    """Return in a sentence what a parameter carries; `key` is its name in the definition."""
    if parameter.value is not None:
        read = ", ".join(parameter.when_read)
        when = f", if the statement reads {read}" if read else ""
        return f"Always {constant_text(parameter.value)}{when}."
    about = table.columns[parameter.column or key].description.strip()
    if parameter.default is None:
        return about
    several = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
    return f"{about} Without a constraint, it is {' and '.join(map(to_text, several))}."
