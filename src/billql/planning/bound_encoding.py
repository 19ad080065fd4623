"""Encoding the ends of intervals: what an API takes for a bound, and what a row shows for it.

An interval counts moments in whole seconds, days or months (see `intervals.Span`); an API may
compare instants that lie within them.
"""

from __future__ import annotations

import datetime
from typing import Any

from billql.definitions.decoding import EPOCH, INTEGER_RANGE, show_instant
from billql.definitions.types import MOMENTS, ColumnType, Format, Operator, SQLValue
from billql.planning.floors import GREATEST, LEAST
from billql.util.exact_json import loads


def write(kind: ColumnType, format: Format | None, value: Any) -> Any:
    """Give what the API takes for one end of a span.

    Raises ValueError where the value lies outside of what the type can say.
    """
    if format == "json":
        return loads(value)
    if kind in MOMENTS:
        if format in ("epoch", "epoch_ms"):
            seconds = _seconds(kind, value)
            return seconds if format == "epoch" else seconds * 1000
        return show_instant("timestamp" if format == "instant" else kind, _moment(kind, value))
    assert isinstance(value, str | int | float)
    if type(value) is int and value not in INTEGER_RANGE:
        raise ValueError("the number has more than 64 bits")
    return value


def write_bound(
    kind: ColumnType, format: Format | None, operator: Operator, edge: Any, whole: bool = False
) -> Any:
    """Give what an API takes that filters with an operator, for an end of a span.

    An end is a second, day or month and belongs to the span; what lies inside of it does too,
    unless moments are `whole`. So `<=` takes the beginning of the next one, which may be too much
    by a moment, and `>` what comes before: see `is_precise`.
    """
    if operator == "<" or (operator == "<=" and not _is_whole(kind, format, whole)):
        return write(kind, format, edge + 1)
    if operator == ">":
        first = write(kind, format, edge)
        return first - 1 if isinstance(first, int) else write(kind, format, edge - 1)
    return write(kind, format, edge)


def is_precise(
    kind: ColumnType, format: Format | None, operator: Operator, whole: bool = False
) -> bool:
    """Tell whether `write_bound` says just what is meant, or possibly more."""
    return operator not in ("<=", ">") or _is_whole(kind, format, whole)


def _is_whole(kind: ColumnType, format: Format | None, whole: bool) -> bool:
    """Tell whether an API compares the very values that rows show, and no moments within them."""
    return whole or kind not in MOMENTS or (format is None and kind != "timestamp")


def _seconds(kind: ColumnType, count: int) -> int:
    """Find the seconds from 1970 to the beginning of a second, day or month that spans count.

    The end of the calendar can be said as well.
    """
    if not LEAST[kind] <= count <= GREATEST[kind] + 1:
        raise ValueError("the time is out of range")
    if kind == "timestamp":
        return count
    days = count
    if kind == "month" and count <= GREATEST[kind]:
        days = datetime.date(count // 12, count % 12 + 1, 1).toordinal()
    elif kind == "month":
        days = GREATEST["date"] + 1
    return (days - EPOCH.toordinal()) * 86400


def _moment(kind: ColumnType, count: int) -> datetime.datetime:
    """Find the beginning of a second, day or month that spans count."""
    try:
        return EPOCH + datetime.timedelta(seconds=_seconds(kind, count))
    except OverflowError:
        raise ValueError("the time is out of range") from None


def sql_value(kind: ColumnType, value: Any) -> SQLValue:
    """Give the SQL value of one value of a span: what a row would show for it."""
    if kind in ("date", "month", "timestamp"):
        return str(write(kind, None, value))
    if kind == "boolean":
        return int(value)
    if kind in ("real", "decimal"):
        return float(value)
    assert isinstance(value, str | int | float)
    return value
