"""The times for which a comparison of an expression of them is true.

The expression never goes down as the time goes up (see `sql.monotone_calls`), so the times lie
together, and their ends are found by halving: each step asks SQLite itself for one time. An API may
be asked for these, and for more of them: SQLite compares again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from billql.definitions.types import ColumnType, Operator, SQLValue
from billql.planning.bound_encoding import sql_value
from billql.planning.floors import GREATEST, LEAST
from billql.planning.intervals import NOTHING, Span
from billql.planning.plan import Computed

_MARGINS: dict[ColumnType, int] = {"date": 800, "month": 27, "timestamp": 800 * 86_400}
"""How near to the ends of the calendar nothing is looked for: there a moved time is none."""


@functools.lru_cache(maxsize=1024)
def preimage(kind: ColumnType, computed: Computed, operator: Operator, value: SQLValue) -> Span:
    """Return a span with all times of a type for which `computed operator value` is true.

    It has no end where the times reach to the end of the calendar.
    """
    if value is None:
        return NOTHING
    least, greatest = LEAST[kind] + _MARGINS[kind], GREATEST[kind] - _MARGINS[kind]

    def first(bound: Operator) -> int:
        """Return the first time above a bound; one more than the last time if there is none."""
        return _first(
            least, greatest, lambda count: computed.holds(sql_value(kind, count), bound, value)
        )

    low = high = None
    if operator in ("=", ">", ">="):
        found = first(">" if operator == ">" else ">=")
        low = None if found == least else min(found, greatest)
    if operator in ("=", "<", "<="):
        found = first(">=" if operator == "<" else ">")
        high = None if found > greatest else max(found - 1, least)
    return Span(low, high)


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Return the first number for which something holds, as it does for all behind it."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
