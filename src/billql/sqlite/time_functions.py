"""Functions of time that people know from other databases; they take every spelling of a time.

SQLite's own take no month: `strftime('%Y', '2026-03')` is NULL.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable

from billql.definitions.types import SQLValue
from billql.errors import BadValue
from billql.util.instant import SPELLINGS, instant


def _begins(time: SQLValue, function: str) -> str | None:
    """Return the instant in which a time begins; None for NULL. Raises BadValue for no time."""
    if time is None:
        return None
    found = None if isinstance(time, bytes) else instant(str(time))
    if found is None:
        raise BadValue(f"{function}() takes a time, and {time!r:.80} is none", hint=SPELLINGS)
    return found


def _day(begins: str) -> datetime.date:
    return datetime.date.fromisoformat(begins[:10])


def _week(begins: str) -> str:
    day = _day(begins)
    return (day - datetime.timedelta(days=day.weekday())).isoformat()


_TRUNCATED: dict[str, Callable[[str], str]] = {
    "second": lambda begins: f"{begins[:19]}Z",
    "minute": lambda begins: f"{begins[:16]}:00Z",
    "hour": lambda begins: f"{begins[:13]}:00:00Z",
    "day": lambda begins: begins[:10],
    "week": _week,
    "month": lambda begins: begins[:7],
    "quarter": lambda begins: f"{begins[:5]}{(int(begins[5:7]) - 1) // 3 * 3 + 1:02}",
    "year": lambda begins: f"{begins[:4]}-01",
}


def date_trunc(unit: SQLValue, time: SQLValue) -> str | None:
    """`date_trunc(unit, time)`: the beginning of the second, day, month … in which a time lies.

    The unit is second, minute, hour, day, week, month, quarter or year. The result is written as
    columns show it: a moment for units of a clock, a day for day and week (its Monday), and a month
    for month, quarter and year, the first of it.

    ```sql
    SELECT date_trunc('month', '2026-03-15 10:30'), date_trunc('quarter', '2026-03')
    ```
    """
    begins = _begins(time, "date_trunc")
    if unit is None or begins is None:
        return None
    truncate = _TRUNCATED.get(unit.lower()) if isinstance(unit, str) else None
    if truncate is None:
        raise BadValue(
            f"date_trunc() knows no unit {unit!r:.80}", hint=f"Units: {', '.join(_TRUNCATED)}."
        )
    return truncate(begins)


def year(time: SQLValue) -> int | None:
    """`year(time)`: the year of a time, an integer.

    ```sql
    SELECT year('2026-03'), year('2026-03-15 10:30')
    ```
    """
    begins = _begins(time, "year")
    return None if begins is None else int(begins[:4])


def quarter(time: SQLValue) -> int | None:
    """`quarter(time)`: the quarter of its year in which a time lies, 1 to 4.

    ```sql
    SELECT quarter('2026-03'), quarter('2026-04-01')
    ```
    """
    begins = _begins(time, "quarter")
    return None if begins is None else (int(begins[5:7]) + 2) // 3


def month(time: SQLValue) -> int | None:
    """`month(time)`: the month of its year in which a time lies, 1 to 12.

    ```sql
    SELECT month('2026-03'), month('2026-03-31T23:30:00-01:00')
    ```
    """
    begins = _begins(time, "month")
    return None if begins is None else int(begins[5:7])


def day(time: SQLValue) -> int | None:
    """`day(time)`: the day of its month on which a time lies in UTC, 1 to 31.

    ```sql
    SELECT day('2026-03-15 10:30'), day('2026-03')
    ```
    """
    begins = _begins(time, "day")
    return None if begins is None else int(begins[8:10])


def last_day(time: SQLValue) -> str | None:
    """`last_day(time)`: the last day of the month in which a time lies.

    ```sql
    SELECT last_day('2026-02'), last_day('2026-03-15 10:30')
    ```
    """
    begins = _begins(time, "last_day")
    if begins is None:
        return None
    return f"{begins[:8]}{calendar.monthrange(int(begins[:4]), int(begins[5:7]))[1]:02}"


def age_days(time: SQLValue, *until: SQLValue) -> int | None:
    """`age_days(time, until)`: the days from the day of a time to the day of another, in UTC.

    Without `until` they are counted to today. Days that have begun count: from 23:00 to 01:00 of
    the next day it is 1. A time after `until` has a negative age.

    ```sql
    SELECT age_days('2026-03-01', '2026-03-31'), age_days('2026-03', '2026-02')
    ```
    """
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    begins, ends = _begins(time, "age_days"), _begins((*until, today)[0], "age_days")
    return None if begins is None or ends is None else (_day(ends) - _day(begins)).days
