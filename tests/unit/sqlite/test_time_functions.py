"""Functions of time: what they give for each spelling, compared with Python's datetime."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, date, datetime, timedelta, timezone

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.errors import BadValue
from billql.sqlite import time_functions
from billql.sqlite._functions import register
from billql.sqlite._statement_notes import StatementNotes

DATABASE = apsw.Connection("")
register(DATABASE, StatementNotes(pytest.fail))


def call(function: str, *arguments: object) -> object:
    marks = ", ".join("?" * len(arguments))
    ((found,),) = DATABASE.execute(f"SELECT {function}({marks})", arguments)
    return found


SPELLINGS = [
    "2026-03-15T10:30:45Z",
    "2026-03-15 10:30:45",
    "2026-03-15T10:30:45.999Z",
    "2026-03-15 16:00:45+05:30",
]


@pytest.mark.parametrize("time", SPELLINGS)
@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("second", "2026-03-15T10:30:45Z"),
        ("minute", "2026-03-15T10:30:00Z"),
        ("hour", "2026-03-15T10:00:00Z"),
        ("day", "2026-03-15"),
        ("week", "2026-03-09"),
        ("month", "2026-03"),
        ("quarter", "2026-01"),
        ("YEAR", "2026-01"),
    ],
)
def test_a_time_is_truncated_to_a_unit(time: str, unit: str, expected: str) -> None:
    assert call("date_trunc", unit, time) == expected


@pytest.mark.parametrize(
    ("function", "time", "expected"),
    [
        ("year", "2026-03", 2026),
        ("year", 2026, 2026),
        ("quarter", "2026-03", 1),
        ("quarter", "2026-04", 2),
        ("month", "2026-12-31", 12),
        ("month", "2026-12-31T23:30:00-01:00", 1),
        ("day", "2026-03", 1),
        ("day", "2026-03-31 23:00", 31),
        ("last_day", "2026-02", "2026-02-28"),
        ("last_day", "2024-02-29T12:00:00Z", "2024-02-29"),
    ],
)
def test_parts_of_every_form(function: str, time: object, expected: object) -> None:
    assert call(function, time) == expected


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_parts_are_those_of_datetime(moment: datetime, minutes: int) -> None:
    moment = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    utc, text = moment.astimezone(UTC), moment.isoformat()
    parts = [call(name, text) for name in ("year", "quarter", "month", "day")]
    assert parts == [utc.year, (utc.month - 1) // 3 + 1, utc.month, utc.day]
    monday = utc.date() - timedelta(days=utc.weekday())
    assert call("date_trunc", "week", text) == monday.isoformat()
    last = date.fromisoformat(str(call("last_day", text)))
    assert (last + timedelta(days=1)).day == 1
    assert (last.year, last.month) == (utc.year, utc.month)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-03-01", "2026-03-31", 30),
        ("2026-03-01T23:00:00Z", "2026-03-02 01:00", 1),
        ("2026-03", "2026-02", -28),
        ("2024-02-28", "2024-03-01T00:00:00+02:00", 1),
    ],
)
def test_days_between_two_times(start: str, end: str, days: int) -> None:
    assert call("age_days", start, end) == days


def test_days_are_counted_to_today() -> None:
    before = datetime.now(UTC).date()
    found = call("age_days", "2026-01-01")
    after = datetime.now(UTC).date()
    assert found in {(today - date(2026, 1, 1)).days for today in (before, after)}


NAMES = ["year", "quarter", "month", "day", "last_day", "age_days"]


@pytest.mark.parametrize("name", NAMES)
def test_null_gives_null_and_what_is_no_time_is_an_error(name: str) -> None:
    assert call(name, None) is None
    for time in ("October 2026", "", 1764345600, b"2026"):
        with pytest.raises(BadValue, match=rf"{name}\(\) takes a time") as caught:
            call(name, time)
        assert "2026-01-31T12:00:00Z" in str(caught.value.hint)


def test_a_unit_that_there_is_not_is_an_error() -> None:
    assert call("date_trunc", None, "2026") is call("date_trunc", "day", None) is None
    with pytest.raises(BadValue, match="'fortnight'") as caught:
        call("date_trunc", "fortnight", "2026")
    assert "quarter" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["date_trunc", *NAMES])
def test_the_example_of_each_function_runs(name: str) -> None:
    examples = re.findall(
        r"```sql\n(.*?)```", inspect.getdoc(vars(time_functions)[name]) or "", re.S
    )
    assert examples
    for example in examples:
        (row,) = DATABASE.execute(example)
        assert None not in row
