"""Windows of time that are no longer than one request may cover."""

from __future__ import annotations

import datetime
import itertools

from billql.definitions.methods import WindowLimit
from billql.definitions.types import ColumnType
from billql.errors import BadValue
from billql.planning.intervals import Span

_DAY = 86_400
"""The seconds of a day, which the spans of a timestamp count."""


def limited_windows(name: str, kind: ColumnType, limit: WindowLimit, span: Span) -> list[Span]:
    """Return the windows that make up a span with two ends, the earliest first.

    `name` is the table, for errors. Raises BadValue if there are more than the definition allows.
    """
    if kind == "date" and limit.months is not None:
        first, last = _month_of_day(span.low), _month_of_day(span.high)
        months = range(first, last + limit.months, limit.months)
        _ensure_few(name, limit, len(months) - (months[-1] > last))
        starts = [span.low, *(_first_day(month) for month in months[1:] if month <= last)]
    else:
        step = limit.months or (limit.days or 1) * (_DAY if kind == "timestamp" else 1)
        lows = range(span.low, span.high + 1, step)
        _ensure_few(name, limit, len(lows))
        starts = list(lows)
    edges = itertools.pairwise([*starts, span.high + 1])
    return [Span(low, following - 1) for low, following in edges]


def is_in_one_month(kind: ColumnType, span: Span) -> bool:
    """Return whether all days of a span of dates lie in one month of the calendar."""
    if kind != "date" or span.low is None or span.high is None:
        return False
    return _month_of_day(span.low) == _month_of_day(span.high)


def _ensure_few(name: str, limit: WindowLimit, count: int) -> None:
    if count > limit.most:
        raise BadValue(
            f"{name}: the window on {limit.column} takes {count} requests, "
            f"one for every {limit.length()}; {limit.most} is the limit",
            hint=f"Narrow it down: WHERE {limit.column} BETWEEN … AND …",
        )


def _month_of_day(day: int) -> int:
    """Return the month of a day, both as spans count them."""
    date = datetime.date.fromordinal(day)
    return date.year * 12 + date.month - 1


def _first_day(month: int) -> int:
    """Return the first day of a month, both as spans count them."""
    return datetime.date(month // 12, month % 12 + 1, 1).toordinal()
