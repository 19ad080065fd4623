"""Months and timestamps as plain integers, in UTC.

A month counts from the year 0, so months add and compare as numbers; a timestamp is Unix time in
whole seconds.
"""

from __future__ import annotations

import time
from calendar import timegm
from datetime import date

HOUR = 3600
DAY = 86400


def month_of(day: date) -> int:
    """Return the month of a day."""
    return day.year * 12 + day.month - 1


def month_at(timestamp: int) -> int:
    """Return the month of a timestamp."""
    year, month = time.gmtime(timestamp)[:2]
    return year * 12 + month - 1


def month_start(month: int) -> int:
    """Return the first timestamp of a month."""
    return timegm((month // 12, month % 12 + 1, 1, 0, 0, 0))


def month_label(month: int) -> str:
    """Return a month as YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def day_start(day: date) -> int:
    """Return the first timestamp of a day."""
    return timegm(day.timetuple())


def end_of_data(until: date) -> int:
    """Return the last timestamp of data up to a day: six hours after it began."""
    return day_start(until) + 6 * HOUR


def format_timestamp(timestamp: int, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """Return a timestamp as text, by default in RFC 3339."""
    return time.strftime(form, time.gmtime(timestamp))


def hours_between(start: int, end: int) -> int:
    """Return the hours from one timestamp to another, rounded up."""
    return -((start - end) // HOUR)
