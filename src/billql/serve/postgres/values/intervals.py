"""Intervals: months, days and microseconds, each with a sign of its own."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from billql.serve.postgres.errors import PostgresError

SECOND = 1_000_000
DAY = 86_400 * SECOND
_MONTH_DAYS = 30


class Interval(NamedTuple):
    """A length of time; a month has no fixed number of days, nor a day of hours."""

    months: int = 0
    days: int = 0
    micros: int = 0

    @property
    def total(self) -> int:
        """Return the microseconds that it counts as in comparisons: a month has 30 days."""
        return (self.months * _MONTH_DAYS + self.days) * DAY + self.micros

    def stored(self) -> str:
        """Return it as SQLite holds it."""
        return f"{self.months} {self.days} {self.micros}"

    def __neg__(self) -> Interval:
        return Interval(-self.months, -self.days, -self.micros)

    def plus(self, other: Interval) -> Interval:
        """Return the sum of two intervals."""
        return Interval(*(a + b for a, b in zip(self, other, strict=True)))

    def times(self, factor: float) -> Interval:
        """Return a multiple; fractions of a month become days, those of a day microseconds."""
        months, days = self.months * factor, self.days * factor
        whole_months, whole_days = int(months), int(days)
        more_days = round((months - whole_months) * _MONTH_DAYS, 6)
        extra_days = int(more_days)
        left = (days - whole_days) + (more_days - extra_days)
        rest = round(left * 86_400, 6)
        if abs(rest) >= 86_400:
            extra_days, rest = extra_days + int(rest / 86_400), rest % 86_400
        return Interval(
            whole_months, whole_days + extra_days, round(self.micros * factor + rest * SECOND)
        )


def of_stored(text: str) -> Interval:
    """Return an interval from SQLite's form."""
    months, days, micros = text.split()
    return Interval(int(months), int(days), int(micros))


_UNITS: dict[str, tuple[int, int, int]] = {}
for _names, _size in {
    "year years yr yrs y": (12, 0, 0),
    "month months mon mons": (1, 0, 0),
    "decade decades": (120, 0, 0),
    "century centuries": (1200, 0, 0),
    "week weeks w": (0, 7, 0),
    "day days d": (0, 1, 0),
    "hour hours hr hrs h": (0, 0, 3600 * SECOND),
    "minute minutes min mins m": (0, 0, 60 * SECOND),
    "second seconds sec secs s": (0, 0, SECOND),
    "millisecond milliseconds msec msecs ms": (0, 0, 1000),
    "microsecond microseconds usec usecs us": (0, 0, 1),
}.items():
    _UNITS |= dict.fromkeys(_names.split(), _size)

_PIECE = re.compile(
    r"\s*(?:(?P<clock>[-+]?\d+:\d+(?::\d+(?:\.\d*)?)?)|(?P<years>[-+]?\d+)-(?P<months>\d+)(?!\d)"
    r"|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+))\s*(?P<unit>[a-z]+)?)",
    re.ASCII,
)
_ISO = re.compile(
    r"P(?:(?P<y>-?[\d.]+)Y)?(?:(?P<mo>-?[\d.]+)M)?(?:(?P<w>-?[\d.]+)W)?(?:(?P<d>-?[\d.]+)D)?"
    r"(?:T(?:(?P<h>-?[\d.]+)H)?(?:(?P<m>-?[\d.]+)M)?(?:(?P<s>-?[\d.]+)S)?)?",
    re.ASCII,
)


def parse(text: str, unit: str | None = None) -> Interval:
    """Return the interval that a text writes; a number without a unit has `unit`, or seconds."""
    lowered = text.strip().lower()
    if lowered[:1] == "p":
        return _of_iso(text)
    backwards = lowered.endswith(" ago")
    rest = lowered.removeprefix("@").removesuffix(" ago").strip()
    found, at = Interval(), 0
    while at < len(rest):
        piece = _PIECE.match(rest, at)
        if piece is None:
            raise _invalid(text)
        at = piece.end()
        found = found.plus(_of_piece(piece, unit, text))
        while at < len(rest) and rest[at].isspace():
            at += 1
    if not rest:
        raise _invalid(text)
    return -found if backwards else found


def _invalid(text: str) -> PostgresError:
    return PostgresError(
        "22007",
        f'invalid input syntax for type interval: "{text}"',
        hint="Write it as 1 day 02:00:00.",
    )


def _of_piece(piece: re.Match[str], unit: str | None, text: str) -> Interval:
    if clock := piece["clock"]:
        sign = -1 if clock.startswith("-") else 1
        parts = clock.lstrip("+-").split(":")
        seconds = Decimal(parts[2]) if len(parts) > 2 else Decimal(0)
        whole = int(parts[0]) * 3600 + int(parts[1]) * 60
        return Interval(0, 0, sign * (whole * SECOND + round(seconds * SECOND)))
    if piece["years"]:
        sign = -1 if piece["years"].startswith("-") else 1
        return Interval(sign * (abs(int(piece["years"])) * 12 + int(piece["months"])))
    size = _UNITS.get(piece["unit"] or unit or "second")
    if size is None:
        raise _invalid(text)
    return _scaled(Decimal(piece["number"]), size)


def _scaled(number: Decimal, size: tuple[int, int, int]) -> Interval:
    """Return so many of a unit; a fraction goes over to the next smaller unit."""
    months, days, micros = (number * part for part in size)
    whole_months = int(months)
    days += (months - whole_months) * _MONTH_DAYS
    whole_days = int(days)
    micros += (days - whole_days) * DAY
    return Interval(whole_months, whole_days, round(micros))


def _of_iso(text: str) -> Interval:
    found = _ISO.fullmatch(text.strip().upper())
    if found is None or len(text.strip()) < 3:
        raise _invalid(text)
    total = Interval()
    units = {"y": "y", "mo": "mon", "w": "w", "d": "d", "h": "h", "m": "m", "s": "s"}
    for group, unit in units.items():
        if found[group]:
            total = total.plus(_scaled(Decimal(found[group]), _UNITS[unit]))
    return total


def write(value: Interval) -> str:
    """Return an interval in PostgreSQL's own style: `1 year 2 mons -3 days 04:05:06.7`."""
    years, months = int(value.months / 12), value.months - int(value.months / 12) * 12
    parts: list[str] = []
    before = False
    for number, name in ((years, "year"), (months, "mon"), (value.days, "day")):
        if number:
            sign = "+" if before and number > 0 else ""
            parts.append(f"{sign}{number} {name}{'' if number == 1 else 's'}")
            before = number < 0
    if value.micros or not parts:
        sign = "-" if value.micros < 0 else "+" if before else ""
        parts.append(sign + clock(abs(value.micros)))
    return " ".join(parts)


def clock(micros: int) -> str:
    """Return microseconds as hours, minutes and seconds."""
    seconds, fraction = divmod(micros, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:06}".rstrip("0") if fraction else text


def out_of_range() -> PostgresError:
    """Return the error for an interval beyond what PostgreSQL holds."""
    return PostgresError("22008", "interval out of range", hint="Use a shorter interval.")
