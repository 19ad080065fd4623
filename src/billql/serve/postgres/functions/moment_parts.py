"""EXTRACT: a part of a date, a time or an interval.

https://www.postgresql.org/docs/15/functions-datetime.html#FUNCTIONS-DATETIME-EXTRACT
"""

from __future__ import annotations

import datetime
from decimal import Decimal

from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.registry import Context
from billql.serve.postgres.values import intervals, moments, numerics
from billql.serve.postgres.values.intervals import DAY, SECOND, Interval


def part(context: Context, unit: str, stored: str, kind: str) -> str:
    """Return a part of a moment or an interval, such as its hour, as a numeric.

    Raise PostgresError for a unit that its kind does not have.
    """
    number, digits = _number_of(context, unit, stored, kind)
    return numerics.write(Decimal(number).scaleb(-6 if digits == 6 else -digits))


def _number_of(context: Context, unit: str, stored: str, kind: str) -> tuple[int, int]:
    name = moments.unit_of(unit)
    if kind == "interval":
        return _part_of_interval(name, intervals.of_stored(stored), unit)
    if kind == "timestamptz":
        if name == "epoch":
            return moments.micros_of(stored), 6
        local = moments.local(stored, context.zone)
        if name in ("timezone", "timezone_hour", "timezone_minute"):
            offset = local.replace(tzinfo=context.zone).utcoffset() or datetime.timedelta()
            seconds = int(offset.total_seconds())
            return {"timezone": seconds, "timezone_hour": int(seconds / 3600)}.get(
                name, int(seconds / 60) % 60
            ), 0
    else:
        local = moments.load(f"1970-01-01T{stored}" if kind == "time" else stored)
    if kind == "date" and name in ("hour", "minute", "second", "milliseconds", "microseconds"):
        raise PostgresError(
            "0A000", f'unit "{unit}" not supported for type date', hint="Cast it to timestamp."
        )
    found = moments.part(local, unit)
    if found is None:
        raise moments.unknown_unit(unit)
    number, digits = found
    if name == "epoch" and kind == "date":
        return number // SECOND, 0
    return number, digits


def _part_of_interval(name: str, found: Interval, unit: str) -> tuple[int, int]:
    years = int(found.months / 12)
    months = found.months - years * 12
    seconds = _remainder(found.micros, 60 * SECOND)
    parts = {
        "year": years,
        "month": months,
        "quarter": int(months / 3) + 1,
        "day": found.days,
        "hour": int(found.micros / (3600 * SECOND)),
        "minute": int(_remainder(found.micros, 3600 * SECOND) / (60 * SECOND)),
        "decade": int(years / 10),
        "century": int(years / 100),
        "microseconds": seconds,
    }
    if name == "epoch":
        days = years * 1461 * DAY // 4 + (months * 30 + found.days) * DAY
        return days + found.micros, 6
    if name in ("second", "milliseconds"):
        return seconds, 6 if name == "second" else 3
    if name not in parts:
        raise moments.unknown_unit(unit)
    return parts[name], 0


def _remainder(number: int, by: int) -> int:
    return number - int(number / by) * by
