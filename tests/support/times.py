"""What a text says of time, by Python's datetime: what billql's collation is compared with."""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime

_BEGINNINGS = {4: "-01-01", 7: "-01", 10: ""}
"""What makes a day of a year, a month and a day, by the length of their texts."""
_DAY = re.compile(r"[0-9-]+")
_CLOCK = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9:]{2,5})?"
)


@functools.cache
def instant(text: str) -> datetime | None:
    """Return the instant that a text names; None if it names none."""
    try:
        if len(text) in _BEGINNINGS and _DAY.fullmatch(text):
            return datetime.strptime(text + _BEGINNINGS[len(text)], "%Y-%m-%d").replace(tzinfo=UTC)
        if not _CLOCK.fullmatch(text):
            return None
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def shown(text: str) -> tuple[str, int]:
    """Return a text as timestamps are shown, and its microseconds; what is no time as it is."""
    found = instant(text)
    if found is None:
        return text, 0
    return f"{found.year:04}-{found:%m-%dT%H:%M:%SZ}", found.microsecond


def collate(one: str, other: str) -> int:
    """Compare two texts as the collation `time` does."""
    first, second = shown(one), shown(other)
    return (first > second) - (first < second)
