"""Dates, timestamps and times of day: their texts, their parts and their arithmetic."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.values.intervals import DAY, SECOND, Interval, clock

UTC = datetime.UTC
_EPOCH = datetime.datetime(1970, 1, 1)
_SPELLING = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[ tT]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d*))?)?)?"
    r"\s*(?P<zone>[zZ]|[-+]\d{1,2}(?::?\d{2}){0,2}|[A-Za-z][A-Za-z_/+\-0-9]*)?",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d*))?)?", re.ASCII)


@lru_cache(maxsize=64)
def zone_of(name: str) -> datetime.tzinfo:
    """Return a time zone by its name, or by its offset; raise PostgresError if there is none."""
    text = name.strip().strip("'")
    if text.upper() in ("UTC", "GMT", "Z", "ZULU", "ETC/UTC", "UCT"):
        return UTC
    if offset := re.fullmatch(r"(?:UTC|GMT)?([-+])(\d{1,2})(?::?(\d{2}))?", text.upper()):
        sign = 1 if offset[1] == "+" else -1
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return datetime.timezone(sign * datetime.timedelta(minutes=minutes))
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PostgresError(
            "22023", f'time zone "{name}" not recognized', hint="Use UTC or Europe/Berlin."
        ) from None


def invalid(kind: str, text: str) -> PostgresError:
    """Return the error for a text that is no time."""
    return PostgresError(
        "22007",
        f'invalid input syntax for type {kind}: "{text}"',
        hint="Write 2026-01-31 or 2026-01-31 12:00:00+00.",
    )


def out_of_range(kind: str) -> PostgresError:
    """Return the error for a time that the calendar does not have."""
    return PostgresError(
        "22008", f"{kind} out of range", hint="billql has the years 1 to 9999 alone."
    )


def _special(text: str, now: datetime.datetime) -> datetime.datetime | None:
    """Return the moment of a keyword such as `today`; None for any other text."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = datetime.timedelta(days=1)
    keywords = {
        "now": now,
        "today": midnight,
        "yesterday": midnight - day,
        "tomorrow": midnight + day,
    }
    if text == "epoch":
        return datetime.datetime(1970, 1, 1, tzinfo=UTC).astimezone(now.tzinfo)
    return keywords.get(text)


def _read(text: str, kind: str, now: datetime.datetime) -> tuple[datetime.datetime, str | None]:
    """Return the clock time that a text writes, and the zone that it names."""
    stripped = text.strip()
    if stripped.lower() in ("infinity", "-infinity"):
        raise unsupported(f"{kind} {stripped}", "Leave the bound out.")
    special = _special(stripped.lower(), now)
    if special is not None:
        return special.replace(tzinfo=None), "session"
    compact = _COMPACT.fullmatch(stripped)
    if compact is not None:
        stripped = "-".join(compact.groups())
    found = _SPELLING.fullmatch(stripped)
    if found is None:
        raise invalid(kind, text)
    fraction = f".{found['fraction']}" if found["fraction"] else ""
    micros = round(float(f"0{fraction}") * SECOND)
    hour, second = int(found["hour"] or 0), int(found["second"] or 0)
    extra = datetime.timedelta(microseconds=micros)
    if second == 60:
        second, extra = 0, extra + datetime.timedelta(minutes=1)
    if hour == 24:
        hour, extra = 0, extra + datetime.timedelta(days=1)
    try:
        made = datetime.datetime(
            int(found["year"]),
            int(found["month"]),
            int(found["day"]),
            hour,
            int(found["minute"] or 0),
            second,
        )
        return made + extra, found["zone"]
    except (ValueError, OverflowError):
        raise PostgresError(
            "22008", f'date/time field value out of range: "{text}"', hint="Use a real day."
        ) from None


def parse_timestamptz(text: str, now: datetime.datetime) -> str:
    """Return the instant that a text writes; `now` has the session's zone."""
    moment, zone = _read(text, "timestamp with time zone", now)
    where = now.tzinfo if zone in (None, "session") else zone_of(str(zone))
    return in_utc(moment.replace(tzinfo=where))


def parse_timestamp(text: str, now: datetime.datetime) -> str:
    """Return the timestamp that a text writes; PostgreSQL passes over a zone."""
    return _read(text, "timestamp", now)[0].isoformat()


def parse_date(text: str, now: datetime.datetime) -> str:
    """Return the day that a text writes."""
    return _read(text, "date", now)[0].date().isoformat()


def parse_time(text: str) -> str:
    """Return the time of day that a text writes."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise invalid("time", text)
    hour, minute, second, fraction = found.groups()
    micros = round(float(f"0.{fraction or 0}") * SECOND)
    try:
        return datetime.time(int(hour), int(minute), int(second or 0), micros).isoformat()
    except ValueError:
        raise PostgresError(
            "22008", f'date/time field value out of range: "{text}"', hint="Use 00:00 to 23:59."
        ) from None


def in_utc(moment: datetime.datetime) -> str:
    """Return an instant as SQLite holds it."""
    try:
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    except OverflowError:
        raise out_of_range("timestamp") from None


def load(stored: str) -> datetime.datetime:
    """Return the clock time of a stored date, timestamp or instant (in UTC)."""
    try:
        return datetime.datetime.fromisoformat(stored.removesuffix("Z"))
    except ValueError:
        raise invalid("timestamp", stored) from None


def local(stored: str, zone: datetime.tzinfo | None) -> datetime.datetime:
    """Return the clock time of an instant in a zone."""
    moment = load(stored)
    return (
        moment if zone is UTC else moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    )


def of_local(moment: datetime.datetime, zone: datetime.tzinfo | None) -> str:
    """Return the instant of a clock time in a zone."""
    return in_utc(moment.replace(tzinfo=zone))


def write_timestamp(stored: str) -> str:
    """Return a timestamp's text, with a fraction as long as it needs to be."""
    text = stored.replace("T", " ")
    if len(text) == 10:
        text += " 00:00:00"
    return text.rstrip("0") if "." in text else text


def write_timestamptz(stored: str, zone: datetime.tzinfo) -> str:
    """Return an instant's text in a zone: `2026-01-31 12:00:00+00`."""
    if zone is UTC:
        return f"{write_timestamp(stored.removesuffix('Z'))}+00"
    moment = load(stored).replace(tzinfo=UTC).astimezone(zone)
    offset = moment.utcoffset() or datetime.timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    text = write_timestamp(moment.replace(tzinfo=None).isoformat())
    return f"{text}{sign}{hours:02}" + (f":{rest:02}" if rest else "")


def micros_of(stored: str) -> int:
    """Return the microseconds since 1970 of a stored date, timestamp or instant."""
    return (load(stored) - _EPOCH) // datetime.timedelta(microseconds=1)


def of_micros(micros: int) -> datetime.datetime:
    """Return the clock time of microseconds since 1970."""
    try:
        return _EPOCH + datetime.timedelta(microseconds=micros)
    except OverflowError:
        raise out_of_range("timestamp") from None


def moved(moment: datetime.datetime, by: Interval) -> datetime.datetime:
    """Return a clock time some months, days and microseconds later."""
    try:
        if by.months:
            months = moment.year * 12 + moment.month - 1 + by.months
            year, month = divmod(months, 12)
            day = min(moment.day, _days_of(year, month + 1))
            moment = moment.replace(year=year, month=month + 1, day=day)
        return moment + datetime.timedelta(days=by.days, microseconds=by.micros)
    except (ValueError, OverflowError):
        raise out_of_range("timestamp") from None


def moved_instant(stored: str, by: Interval, zone: datetime.tzinfo) -> str:
    """Return an instant some months and days of a zone's calendar and microseconds later."""
    start = stored
    if by.months or by.days:
        start = of_local(moved(local(stored, zone), by._replace(micros=0)), zone)
    return f"{moved(load(start), Interval(micros=by.micros)).isoformat()}Z"


def _days_of(year: int, month: int) -> int:
    following = (
        datetime.date(year + month // 12, month % 12 + 1, 1) if year < 9999 or month < 12 else None
    )
    return 31 if following is None else (following - datetime.timedelta(days=1)).day


def difference(left: str, right: str) -> Interval:
    """Return the days and the clock time between two timestamps, as subtracting them does."""
    micros = micros_of(left) - micros_of(right)
    days = (
        int(micros / DAY)
        if abs(micros) < 2**52
        else (abs(micros) // DAY) * (1 if micros > 0 else -1)
    )
    return Interval(0, days, micros - days * DAY)


def age(later: datetime.datetime, earlier: datetime.datetime) -> Interval:
    """Return the years, months, days and clock time between two timestamps, as `age()` does."""
    if later < earlier:
        return -age(earlier, later)
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    days = later.day - earlier.day
    micros = _clock_micros(later) - _clock_micros(earlier)
    if micros < 0:
        micros, days = micros + DAY, days - 1
    if days < 0:
        days, months = days + _days_of(earlier.year, earlier.month), months - 1
    return Interval(months, days, micros)


def _clock_micros(moment: datetime.datetime) -> int:
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return seconds * SECOND + moment.microsecond


def clock_micros(stored: str) -> int:
    """Return the microseconds since midnight of a stored time of day."""
    return _clock_micros(datetime.datetime.fromisoformat(f"1970-01-01T{stored}"))


def of_clock_micros(micros: int) -> str:
    """Return a time of day from microseconds since midnight; it goes on after midnight."""
    return clock(micros % DAY)


_MICROSECOND = datetime.timedelta(microseconds=1)


def _quarter(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(month=(moment.month - 1) // 3 * 3 + 1)


def _week(moment: datetime.datetime) -> datetime.datetime:
    return moment - datetime.timedelta(days=moment.weekday())


def _period(years: int, first: int) -> Callable[[datetime.datetime], datetime.datetime]:
    def begin(moment: datetime.datetime) -> datetime.datetime:
        year = (moment.year - first) // years * years + first
        if year < 1:
            raise out_of_range("timestamp")
        return moment.replace(year=year)

    return begin


def _same(moment: datetime.datetime) -> datetime.datetime:
    return moment


_TO_DAY = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}
_TRUNCATIONS: dict[str, tuple[dict[str, int], Callable[[datetime.datetime], datetime.datetime]]] = {
    "microseconds": ({}, _same),
    "second": ({"microsecond": 0}, _same),
    "minute": ({"second": 0, "microsecond": 0}, _same),
    "hour": ({"minute": 0, "second": 0, "microsecond": 0}, _same),
    "day": (_TO_DAY, _same),
    "week": (_TO_DAY, _week),
    "month": (_TO_DAY | {"day": 1}, _same),
    "quarter": (_TO_DAY | {"day": 1}, _quarter),
    "year": (_TO_DAY | {"day": 1, "month": 1}, _same),
    "decade": (_TO_DAY | {"day": 1, "month": 1}, _period(10, 0)),
    "century": (_TO_DAY | {"day": 1, "month": 1}, _period(100, 1)),
    "millennium": (_TO_DAY | {"day": 1, "month": 1}, _period(1000, 1)),
}
_UNIT_NAMES = {
    "seconds": "second", "sec": "second", "secs": "second", "s": "second",
    "minutes": "minute", "min": "minute", "mins": "minute", "m": "minute",
    "hours": "hour", "hr": "hour", "hrs": "hour", "h": "hour",
    "days": "day", "d": "day", "weeks": "week", "w": "week",
    "months": "month", "mon": "month", "mons": "month", "quarters": "quarter", "qtr": "quarter",
    "years": "year", "yr": "year", "yrs": "year", "y": "year",
    "decades": "decade", "centuries": "century", "millenniums": "millennium",
    "microsecond": "microseconds", "us": "microseconds", "usec": "microseconds",
    "millisecond": "milliseconds", "ms": "milliseconds", "msec": "milliseconds",
}  # fmt: skip


def unit_of(name: str) -> str:
    """Return the usual name of a unit of time."""
    lowered = name.strip().lower()
    return _UNIT_NAMES.get(lowered, lowered)


def truncated(moment: datetime.datetime, unit: str) -> datetime.datetime:
    """Return the moment in which a clock time's year, month, … begins."""
    name = unit_of(unit)
    if name == "milliseconds":
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    found = _TRUNCATIONS.get(name)
    if found is None:
        raise unknown_unit(unit)
    fields, begin = found
    return begin(moment.replace(**fields))  # type: ignore[arg-type]


def unknown_unit(unit: str) -> PostgresError:
    """Return the error for a unit of time that there is not."""
    return PostgresError(
        "22023", f'unit "{unit}" not recognized', hint="Use day, week, month, quarter or year."
    )


_PARTS: dict[str, Callable[[datetime.datetime], int]] = {
    "year": lambda moment: moment.year,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "week": lambda moment: moment.isocalendar().week,
    "isoyear": lambda moment: moment.isocalendar().year,
    "dow": lambda moment: moment.isoweekday() % 7,
    "isodow": lambda moment: moment.isoweekday(),
    "doy": lambda moment: moment.timetuple().tm_yday,
    "decade": lambda moment: moment.year // 10,
    "century": lambda moment: (moment.year + 99) // 100,
    "millennium": lambda moment: (moment.year + 999) // 1000,
    "julian": lambda moment: moment.toordinal() + 1_721_425,
}


def part(moment: datetime.datetime, unit: str) -> tuple[int, int] | None:
    """Return a part of a clock time as a number and its digits after the point; None if none."""
    name = unit_of(unit)
    seconds = moment.second * SECOND + moment.microsecond
    if name == "epoch":
        return (moment - _EPOCH) // _MICROSECOND, 6
    if name == "second":
        return seconds, 6
    if name == "milliseconds":
        return seconds, 3
    if name == "microseconds":
        return seconds, 0
    found = _PARTS.get(name)
    return None if found is None else (found(moment), 0)
