"""The filters that Spark hands over, as conditions in SQL.

A condition may let more rows through than its filter, for Spark filters them again. What SQL would
mean otherwise is left to Spark: amounts, which are decimals there and REAL here, and parts of
seconds. Spark 4.0 has no filters to hand over, and nothing to import here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

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

from billql.integrations.spark.conditions import Condition, sql_value

_COMPARED = ("text", "month", "date", "timestamp", "integer", "boolean")
"""The types whose values are equal and ordered here as they are in Spark."""

_MONTH = re.compile("[0-9]{4}-(0[1-9]|1[0-2])")
"""The values that are months here too: Spark compares the column with any text."""

_OPERATORS = {
    GreaterThan: ">=",  # of the second that the instant is in
    GreaterThanOrEqual: ">=",
    LessThan: "<=",
    LessThanOrEqual: "<=",
}


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
    listed = found.value if isinstance(found, In) else (getattr(found, "value", None),)
    values = [sql_value(one) for one in listed if one is not None]
    if not values or not all(_is_comparable(one, kinds[column]) for one in values):
        return None
    if isinstance(found, In):
        return Condition(column, "IN", tuple(dict.fromkeys(values)))
    if isinstance(found, EqualTo | EqualNullSafe):
        return Condition(column, "=", tuple(values))
    if type(found) in _OPERATORS:
        return Condition(column, _OPERATORS[type(found)], tuple(values))
    return None


def _is_comparable(value: Any, kind: str) -> bool:
    """Return whether a value is compared with a column here as it is in Spark."""
    if value is None:
        return False
    return kind != "month" or _MONTH.fullmatch(value) is not None
