"""Instants as texts: any spelling, and the order of time among them (the collation `time`).

A time that names no second is the moment in which it begins: `2026-03` is `2026-03-01`, and that
is `2026-03-01T00:00:00Z`. A time without an offset is in UTC. So all times have one order, in which
two spellings are equal if they name the same instant. What is no time has a place in it too,
because SQLite sorts any text: that of the text itself among times as columns show them.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator

_TIME = re.compile(
    r"(?!0000)(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01])"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?(?: (?=[-+U]))?)?"
    r"(Z|(?<= )UTC|[-+](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)?)?)?",
    re.ASCII,
)


SPELLINGS = "Write a time as 2026-01-31T12:00:00Z, 2026-01-31 12:00, 2026-01-31, 2026-01 or 2026."
"""A hint for a text that is no time."""


@functools.lru_cache(maxsize=4096)
def instant(text: str) -> str | None:
    """Return the instant that a text names, `YYYY-MM-DDTHH:MM:SSZ`; None if it names none.

    A fraction of a second follows it (`…Z.25`), so instants sort as these texts do. A time is a
    year, a month, a day, or a day and a clock time: after `T` or a space, with or without seconds,
    a fraction, `Z` or an offset.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if day is not None and day > "28" and not _is_day(text[:10]):
        return None
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
    whole: str | None = f"{year}-{month or '01'}-{day or '01'}T{clock}Z"
    if zone is not None and zone[0] in "+-":
        whole = _in_utc(f"{year}-{month}-{day}T{clock}{zone}")
    digits = (fraction or "").rstrip("0")
    return f"{whole}.{digits}" if digits and whole is not None else whole


def _is_day(text: str) -> bool:
    """Return whether the calendar has a day."""
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _in_utc(text: str) -> str | None:
    """Return an instant with an offset in UTC; None if it lies beyond the calendar."""
    try:
        moment = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except OverflowError:
        return None
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%SZ}"


def look_alikes(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts that are written as timestamps and name no time, as in `2026-02-30T…Z`."""
    for text in texts:
        if len(text) == 20 and text[10] == "T" and instant(text) is None:
            yield text


def collation(
    notice: Callable[[str], object], suspects: Collection[str] = ()
) -> Callable[[str, str], int]:
    """Return the function that compares two texts in the order of time: -1, 0 or 1.

    `notice` is called with a text that is no time, unless it looks like a timestamp and is not
    among `suspects`. SQLite calls the function for every comparison, so timestamps as columns show
    them take a short way.
    """

    def place(text: str) -> str:
        found = instant(text)
        if found is None:
            notice(text)
            return text
        return found

    def collate(one: str, other: str) -> int:
        if suspects:
            for text in {one, other}.intersection(suspects):
                notice(text)
        # Of 20 characters with a T, only what timestamps look like is a time: its own place.
        if len(one) == 20 and one[10] == "T":
            if len(other) == 20 and other[10] == "T":
                return -1 if one < other else one > other
            first, second = one, place(other)
        elif len(other) == 20 and other[10] == "T":
            first, second = place(one), other
        else:
            first, second = place(one), place(other)
        return -1 if first < second else first > second

    return collate
