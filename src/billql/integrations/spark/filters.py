"""The filters that Spark hands over, as conditions in SQL.

A condition may let more rows through than its filter, for Spark filters them again. What SQL would
mean otherwise is left to Spark: amounts, which are decimals there and REAL here, and parts of
seconds.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pyspark.sql.datasource import (
    EqualNullSafe,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNotNull,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from billql.sql.tokenizer import quote

_COMPARED = ("text", "month", "date", "timestamp", "integer", "boolean")
"""The types whose values are equal and ordered here as they are in Spark."""

_OPERATORS = {
    GreaterThan: ">=",  # of the second that the instant is in
    GreaterThanOrEqual: ">=",
    LessThan: "<=",
    LessThanOrEqual: "<=",
}


class Condition(NamedTuple):
    """A condition on one column, with the values of its parameters."""

    column: str
    operator: str
    values: tuple[Any, ...] = ()

    def sql(self) -> str:
        """Return it as SQL."""
        name = quote(self.column)
        if self.operator == "IN":
            return f"{name} IN ({', '.join('?' * len(self.values))})"
        return " ".join([name, self.operator, *("?" * len(self.values))])


def conditions(filters: Iterable[Filter], kinds: Mapping[str, str]) -> list[Condition]:
    """Return the conditions of filters; `kinds` has the types of the columns."""
    found = (_condition(each, kinds) for each in filters)
    return [condition for condition in found if condition is not None]


def _condition(found: Filter, kinds: Mapping[str, str]) -> Condition | None:
    """Return the condition of a filter; None if there is none."""
    path: tuple[str, ...] = getattr(found, "attribute", ())
    column = path[0] if len(path) == 1 else ""
    if column not in kinds:
        return None
    if isinstance(found, IsNull | IsNotNull):
        return Condition(column, "IS NULL" if isinstance(found, IsNull) else "IS NOT NULL")
    if kinds[column] not in _COMPARED:
        return None
    if isinstance(found, In):
        values = [sql_value(value) for value in found.value if value is not None]
        if not values or None in values:
            return None
        return Condition(column, "IN", tuple(dict.fromkeys(values)))
    value = sql_value(getattr(found, "value", None))
    if value is None:
        return None
    if isinstance(found, EqualTo | EqualNullSafe):
        return Condition(column, "=", (value,))
    if type(found) in _OPERATORS:
        return Condition(column, _OPERATORS[type(found)], (value,))
    return None


def sql_value(value: Any) -> Any:
    """Return a value of Spark's as billql writes it, without parts of a second; None if it cannot.

    Spark hands instants over with their zone.
    """
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return None
        return f"{value.astimezone(datetime.UTC):%FT%TZ}".rjust(20, "0")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value if type(value) in (str, int) else None
