"""Encoding the ends of spans: as an API takes them for a bound, and as a row shows them.

A span counts whole seconds, days or months (see `floors`); an API may compare instants within them.
"""

from __future__ import annotations

import datetime
from typing import Any

from billql.definitions.decoding import EPOCH, INTEGER_RANGE, calendar_part, show_instant
from billql.definitions.types import CALENDAR_PARTS, MOMENTS, ColumnType, Format, Operator, SQLValue
from billql.planning.floors import GREATEST, LEAST
from billql.util.exact_json import loads

_SHOWN: dict[Format | None, ColumnType] = {"instant": "timestamp", "day": "date"}
"""The type whose form an API takes for a day or month, if it is not the column's own."""


def encode_value(kind: ColumnType, format: Format | None, value: Any) -> Any:
    """Return one end of a span in the API's format.

    Raises ValueError for a time or an integer beyond the range of its type.
    """
    if format == "json":
        return loads(value)
    if kind in MOMENTS:
        if format in ("epoch", "epoch_ms"):
            seconds = _seconds(kind, value)
            return seconds if format == "epoch" else seconds * 1000
        if format in CALENDAR_PARTS:
            return calendar_part(format, _moment(kind, value))
        shown = show_instant(_SHOWN.get(format, kind), _moment(kind, value))
        return shown.removesuffix("Z") if format == "no_zone" else shown
    assert isinstance(value, str | int | float)
    if type(value) is int and value not in INTEGER_RANGE:
        raise ValueError("the number has more than 64 bits")
    return value


def encode_bound(
    kind: ColumnType, format: Format | None, operator: Operator, edge: Any, whole: bool = False
) -> Any:
    """Return the bound by which an API that filters with an operator returns a span's rows.

    An end is a second, day or month of the span, with all instants within it, unless the API
    stores `whole` ones only. So the bound of `<=` is the beginning of the next, which may let one
    instant too many in, and that of `>` lies before the end: see `is_precise`. Raises ValueError
    for a bound beyond the range of its type.
    """
    if format == "day" and operator in ("<=", ">"):
        after = _moment(kind, edge + 1 if operator == "<=" else edge)
        return show_instant("date", after - datetime.timedelta(days=1))
    if operator == "<" or (operator == "<=" and not _is_whole(kind, format, whole)):
        return encode_value(kind, format, edge + 1)
    if operator == ">":
        first = encode_value(kind, format, edge)
        return first - 1 if isinstance(first, int) else encode_value(kind, format, edge - 1)
    return encode_value(kind, format, edge)


def is_precise(
    kind: ColumnType, format: Format | None, operator: Operator, whole: bool = False
) -> bool:
    """Return whether a bound that `encode_bound` makes lets in just the rows of the span."""
    return operator not in ("<=", ">") or _is_whole(kind, format, whole)


def _is_whole(kind: ColumnType, format: Format | None, whole: bool) -> bool:
    """Return whether an API compares the values that rows show, and no instants within them."""
    is_shown = format in (None, "day")
    return whole or kind not in MOMENTS or (is_shown and kind != "timestamp")


def _seconds(kind: ColumnType, count: int) -> int:
    """Return the seconds from 1970 to the beginning of a second, day or month, by its count.

    The count after the last one stands for the end of the calendar. Raises ValueError for others.
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
    """Return the beginning of a second, day or month, by its count; raise ValueError if none is."""
    try:
        return EPOCH + datetime.timedelta(seconds=_seconds(kind, count))
    except OverflowError:
        raise ValueError("the time is out of range") from None


def sql_value(kind: ColumnType, value: Any) -> SQLValue:
    """Return one value of a span as a row shows it."""
    if kind in MOMENTS:
        return str(encode_value(kind, None, value))
    if kind == "boolean":
        return int(value)
    if kind in ("real", "decimal"):
        return float(value)
    assert isinstance(value, str | int | float)
    return value
