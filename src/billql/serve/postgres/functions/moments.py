"""Functions and operators on dates, timestamps and intervals.

https://www.postgresql.org/docs/15/functions-datetime.html
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.moment_parts import part
from billql.serve.postgres.functions.registry import Context, function
from billql.serve.postgres.values import intervals, moments, numerics, patterns
from billql.serve.postgres.values.intervals import DAY, SECOND, Interval


def _now(context: Context) -> str:
    return moments.in_utc(context.now)


def _to_instant(context: Context, stored: str) -> str:
    return moments.of_local(moments.load(stored), context.zone)


def _to_local(context: Context, stored: str) -> str:
    return moments.local(stored, context.zone).isoformat()


def _truncated_instant(context: Context, unit: str, stored: str) -> str:
    return moments.of_local(
        moments.truncated(moments.local(stored, context.zone), unit), context.zone
    )


def _truncated_in(unit: str, stored: str, zone: str) -> str:
    where = moments.zone_of(zone)
    return moments.of_local(moments.truncated(moments.local(stored, where), unit), where)


def _truncated_interval(unit: str, stored: str) -> str:
    found, name = intervals.of_stored(stored), moments.unit_of(unit)
    steps = {"year": 12, "quarter": 3, "month": 1, "decade": 120, "century": 1200}
    if name in steps:
        return Interval(int(found.months / steps[name]) * steps[name]).stored()
    if name == "day":
        return found._replace(micros=0).stored()
    sizes = {"hour": 3600 * SECOND, "minute": 60 * SECOND, "second": SECOND, "microseconds": 1}
    if name not in sizes:
        raise moments.unknown_unit(unit)
    return found._replace(micros=int(found.micros / sizes[name]) * sizes[name]).stored()


def _real_part(context: Context, unit: str, stored: str, kind: str) -> float:
    return float(part(context, unit, stored, kind))


def _instant_moved(sign: int) -> Callable[[Context, str, str], str]:
    def moved(context: Context, stored: str, by: str) -> str:
        found = intervals.of_stored(by)
        return moments.moved_instant(stored, found if sign > 0 else -found, context.zone)

    return moved


def _moved(sign: int) -> Callable[[str, str], str]:
    def moved(stored: str, by: str) -> str:
        found = intervals.of_stored(by)
        return moments.moved(moments.load(stored), found if sign > 0 else -found).isoformat()

    return moved


def _day_plus(stored: str, days: int) -> str:
    return moments.moved(moments.load(stored), Interval(days=days)).date().isoformat()


def _days_between(left: str, right: str) -> int:
    return (moments.load(left) - moments.load(right)).days


def _interval(operation: Callable[[Interval, Interval], Interval]) -> Callable[[str, str], str]:
    return lambda left, right: operation(
        intervals.of_stored(left), intervals.of_stored(right)
    ).stored()


def _times(stored: str, factor: float | str) -> str:
    return intervals.of_stored(stored).times(float(factor)).stored()


def _over(stored: str, divisor: float | str) -> str:
    if not float(divisor):
        raise numerics.division_by_zero()
    return intervals.of_stored(stored).times(1 / float(divisor)).stored()


def _age(later: str, earlier: str) -> str:
    return moments.age(moments.load(later), moments.load(earlier)).stored()


def _age_instants(context: Context, later: str, earlier: str) -> str:
    zone = context.zone
    return moments.age(moments.local(later, zone), moments.local(earlier, zone)).stored()


def _age_of(context: Context, stored: str, *, is_instant: bool) -> str:
    today = context.now.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    moment = moments.local(stored, context.zone) if is_instant else moments.load(stored)
    return moments.age(today, moment).stored()


def _written(context: Context, stored: str, pattern: str) -> str:
    return patterns.write_moment(moments.load(stored), pattern, "", "")


def _instant_written(context: Context, stored: str, pattern: str) -> str:
    local = moments.local(stored, context.zone).replace(tzinfo=context.zone)
    offset = moments.write_timestamptz(stored, context.zone)[19:].lstrip("0123456789.")
    return patterns.write_moment(local.replace(tzinfo=None), pattern, local.tzname() or "", offset)


def _interval_written(context: Context, stored: str, pattern: str) -> str:
    found = intervals.of_stored(stored)
    base = datetime.datetime(2000, 1, 1) + datetime.timedelta(microseconds=found.micros % DAY)
    if found.months or found.days or found.micros >= DAY or found.micros < 0:
        raise PostgresError(
            "0A000",
            "to_char of an interval of days is not supported by billql",
            hint="Use extract(epoch from x).",
        )
    return patterns.write_moment(base, pattern, "", "")


def _read_instant(context: Context, text: str, pattern: str) -> str:
    return moments.of_local(patterns.read_moment(text, pattern), context.zone)


def _of_epoch(seconds: float) -> str:
    return f"{moments.of_micros(round(seconds * SECOND)).isoformat()}Z"


def _made_date(year: int, month: int, day: int) -> str:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        raise PostgresError(
            "22008", f"date field value out of range: {year}-{month}-{day}", hint="Use a real day."
        ) from None


def _made_timestamp(year: int, month: int, day: int, hour: int, minute: int, second: float) -> str:
    whole = int(second)
    try:
        found = datetime.datetime(
            year, month, day, hour, minute, whole, round((second - whole) * SECOND)
        )
    except ValueError:
        raise PostgresError(
            "22008", "date/time field value out of range", hint="Use a real time."
        ) from None
    return found.isoformat()


def _made_interval(*parts: float) -> str:
    whole = [*parts, *[0.0] * (7 - len(parts))]
    years, months, weeks, days, hours, minutes, seconds = whole
    micros = int(hours) * 3600 * SECOND + int(minutes) * 60 * SECOND + round(seconds * SECOND)
    return Interval(int(years) * 12 + int(months), int(weeks) * 7 + int(days), micros).stored()


def _binned(step: str, stored: str, origin: str) -> str:
    found = intervals.of_stored(step)
    if found.months or found.total <= 0:
        raise PostgresError(
            "0A000", "date_bin needs a stride of days or less", hint="Use date_trunc for months."
        )
    start = moments.micros_of(origin)
    micros = start + (moments.micros_of(stored) - start) // found.total * found.total
    return moments.of_micros(micros).isoformat() + ("Z" if stored.endswith("Z") else "")


def _justified_hours(stored: str) -> str:
    found = intervals.of_stored(stored)
    days = int(found.micros / DAY)
    return Interval(found.months, found.days + days, found.micros - days * DAY).stored()


def _justified_days(stored: str) -> str:
    found = intervals.of_stored(stored)
    months = int(found.days / 30)
    return Interval(found.months + months, found.days - months * 30, found.micros).stored()


def _in_zone(stored: str, zone: str) -> str:
    return moments.local(stored, moments.zone_of(zone)).isoformat()


def _of_zone(stored: str, zone: str) -> str:
    return moments.of_local(moments.load(stored), moments.zone_of(zone))


def _clock_moved(sign: int) -> Callable[[str, str], str]:
    return lambda stored, by: moments.of_clock_micros(
        moments.clock_micros(stored) + sign * intervals.of_stored(by).micros
    )


def _rounded_time(stored: str, digits: int) -> str:
    is_clock = len(stored) < 16 and stored[2] == ":"
    body = f"1970-01-01T{stored}" if is_clock else stored.removesuffix("Z")
    step = 10 ** (6 - digits)
    micros = (moments.micros_of(body) + step // 2) // step * step
    found = moments.of_micros(micros).isoformat()
    return found[11:] if is_clock else found + ("Z" if stored.endswith("Z") else "")


_PARTS = ("date", "timestamp", "timestamptz", "time", "interval")
FUNCTIONS = [
    *(
        function(name, "", "timestamptz", sql="pg_now()")
        for name in ("now", "transaction_timestamp", "statement_timestamp", "clock_timestamp")
    ),
    function(
        "date_trunc",
        "text timestamp",
        "timestamp",
        lambda unit, stored: moments.truncated(moments.load(stored), unit).isoformat(),
    ),
    function("date_trunc", "text timestamptz", "timestamptz", _truncated_instant, context=True),
    function("date_trunc", "text timestamptz text", "timestamptz", _truncated_in),
    function("date_trunc", "text interval", "interval", _truncated_interval),
    *(
        function(
            "date_part",
            f"text {kind}",
            "float8",
            lambda c, unit, stored, kind=kind: _real_part(c, unit, stored, kind),
            context=True,
        )
        for kind in _PARTS
    ),
    function("age", "timestamp timestamp", "interval", _age),
    function("age", "timestamptz timestamptz", "interval", _age_instants, context=True),
    function(
        "age",
        "timestamp",
        "interval",
        lambda c, stored: _age_of(c, stored, is_instant=False),
        context=True,
    ),
    function(
        "age",
        "timestamptz",
        "interval",
        lambda c, stored: _age_of(c, stored, is_instant=True),
        context=True,
    ),
    function("to_char", "timestamp text", "text", _written, context=True),
    function("to_char", "timestamptz text", "text", _instant_written, context=True),
    function("to_char", "interval text", "text", _interval_written, context=True),
    function(
        "to_char",
        "int8 text",
        "text",
        lambda value, pattern: patterns.write_number(numerics.exact(value), pattern),
    ),
    function(
        "to_char",
        "numeric text",
        "text",
        lambda value, pattern: patterns.write_number(numerics.exact(value), pattern),
    ),
    function(
        "to_char",
        "float8 text",
        "text",
        lambda value, pattern: patterns.write_number(numerics.exact(value), pattern),
    ),
    function("to_timestamp", "text text", "timestamptz", _read_instant, context=True),
    function("to_timestamp", "float8", "timestamptz", _of_epoch),
    function(
        "to_date",
        "text text",
        "date",
        lambda text, pattern: patterns.read_moment(text, pattern).date().isoformat(),
    ),
    function("make_date", "int4 int4 int4", "date", _made_date),
    function("make_timestamp", "int4 int4 int4 int4 int4 float8", "timestamp", _made_timestamp),
    function(
        "make_interval",
        "int4 int4 int4 int4 int4 int4 float8",
        "interval",
        _made_interval,
        optional=7,
    ),
    function("date_bin", "interval timestamp timestamp", "timestamp", _binned),
    function("date_bin", "interval timestamptz timestamptz", "timestamptz", _binned),
    function("justify_hours", "interval", "interval", _justified_hours),
    function("justify_days", "interval", "interval", _justified_days),
    function(
        "justify_interval",
        "interval",
        "interval",
        lambda stored: _justified_days(_justified_hours(stored)),
    ),
    function(
        "timezone", "text timestamptz", "timestamp", lambda zone, stored: _in_zone(stored, zone)
    ),
    function(
        "timezone", "text timestamp", "timestamptz", lambda zone, stored: _of_zone(stored, zone)
    ),
    *(function(name, "timestamp", "bool", sql="({0} IS NOT NULL)") for name in ("isfinite",)),
]

OPERATORS: dict[str, Callable[..., Any]] = {
    "pg_between": lambda left, right: moments.difference(left, right).stored(),
    "pg_day_plus": _day_plus,
    "pg_days_between": _days_between,
    "pg_timestamp_plus": _moved(1),
    "pg_timestamp_minus": _moved(-1),
    "pg_interval_plus": _interval(lambda left, right: left.plus(right)),
    "pg_interval_minus": _interval(lambda left, right: left.plus(-right)),
    "pg_interval_times": _times,
    "pg_interval_over": _over,
    "pg_clock_plus": _clock_moved(1),
    "pg_clock_minus": _clock_moved(-1),
    "pg_clock_between": lambda left, right: Interval(
        micros=moments.clock_micros(left) - moments.clock_micros(right)
    ).stored(),
    "pg_time_to_interval": lambda stored: Interval(micros=moments.clock_micros(stored)).stored(),
    "pg_interval_to_time": lambda stored: moments.of_clock_micros(
        intervals.of_stored(stored).micros
    ),
    "pg_to_local_of": _in_zone,
    "pg_to_instant_of": _of_zone,
    "pg_rounded_time": _rounded_time,
}
"""What operators become; all are strict."""

WITH_CONTEXT: dict[str, Callable[..., Any]] = {
    "pg_now": _now,
    "pg_to_instant": _to_instant,
    "pg_to_local": _to_local,
    "pg_instant_plus": _instant_moved(1),
    "pg_instant_minus": _instant_moved(-1),
    "pg_part": part,
}
"""The same, of those that need to know the session."""
