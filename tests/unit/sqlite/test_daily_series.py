"""Forecasts and anomalies of daily amounts: by hand, at the edges, and over made-up series."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import apsw
import pytest

from backtest import __main__ as backtest
from backtest.measures import detection, forecasts
from backtest.series import ANOMALIES, FORECAST
from billql.errors import BadValue
from billql.sqlite._functions import register
from billql.sqlite._statement_notes import StatementNotes
from billql.sqlite.daily_series import Daily, anomalies, forecast_month

MARCH = date(2026, 3, 1)


def days(first: date, last: date, amount: Callable[[date], float]) -> dict[date, float]:
    count = (last - first).days + 1
    return {day: amount(day) for day in (first + timedelta(n) for n in range(count))}


def test_the_backtest_holds() -> None:
    """The measures of `make backtest`, over fewer series."""
    found = {kind: forecasts(kind, 3) for kind in FORECAST}
    days = {kind: detection(kind, 8) for kind in ANOMALIES}
    assert backtest.faults(found, days) == []


def test_a_forecast_is_the_weeks_shape_times_its_level() -> None:
    # Ten a day, twenty at weekends; the last seven days are three times as high.
    def amount(day: date) -> float:
        return (20 if day.weekday() > 4 else 10) * (3 if day > date(2026, 3, 3) else 1)

    series = Daily(days(date(2026, 1, 1), date(2026, 3, 31), amount), date(2026, 3, 10))
    found = forecast_month(series, MARCH)
    assert found.so_far == 20 + 10 + 10 + 3 * 90
    # From the 11th on there are 15 working days and 6 days of weekends.
    assert found.expected == pytest.approx(found.so_far + 3 * (15 * 10 + 6 * 20))
    assert (found.low, found.high, found.past_months) == (None, None, 0)


def test_the_interval_is_from_the_errors_of_past_months() -> None:
    # The first ten days of each month cost 1, the others 1 and what the month is worth.
    worth = {date(2025, month, 1): 0.1 * month for month in range(1, 13)}

    def amount(day: date) -> float:
        return 1 + (worth.get(day.replace(day=1), 0) if day.day > 10 else 0)

    series = Daily(days(date(2025, 1, 1), date(2026, 1, 10), amount), date(2026, 1, 10))
    found = forecast_month(series, date(2026, 1, 1))
    assert found.past_months == 10  # not January and February, which have no eight weeks before
    assert found.low is not None
    assert found.high is not None
    assert found.expected is not None
    assert found.low < found.expected < found.high
    below = found.expected - (found.high - found.expected)
    assert found.low == pytest.approx(max(below, found.so_far))


@pytest.mark.parametrize(("first", "months"), [(date(2025, 7, 1), 6), (date(2025, 7, 15), 5)])
def test_five_months_make_no_interval(first: date, months: int) -> None:
    series = Daily(days(first, date(2026, 3, 5), lambda day: 1), date(2026, 3, 5))
    found = forecast_month(series, MARCH)
    assert found.expected == pytest.approx(31)
    assert found.past_months == months
    assert (found.low is None) == (found.high is None) == (months < 6)


def test_two_weeks_are_the_least() -> None:
    every = days(date(2026, 2, 20), date(2026, 3, 5), lambda day: 1)
    assert forecast_month(Daily(every, date(2026, 3, 5)), MARCH).expected == pytest.approx(31)
    found = forecast_month(Daily(every, date(2026, 3, 4)), MARCH)
    assert (found.so_far, found.expected) == (4, None)
    assert forecast_month(Daily({}, date(2026, 3, 4)), MARCH) == (0, None, None, None, 0)


def test_before_the_first_day_of_a_month_all_of_it_is_expected() -> None:
    series = Daily(days(date(2025, 1, 1), date(2026, 3, 5), lambda day: 2), date(2026, 2, 26))
    found = forecast_month(series, MARCH)
    assert found.so_far == 0
    assert found.expected == pytest.approx(62)
    assert found.past_months == 11


def test_a_month_that_is_over_is_what_it_was() -> None:
    series = Daily(days(date(2026, 1, 1), date(2026, 3, 31), lambda day: 2), date(2026, 3, 31))
    found = forecast_month(series, MARCH)
    assert found[:4] == (62, 62, 62, 62)


def test_days_without_an_amount_cost_nothing() -> None:
    nothing = days(date(2025, 1, 1), date(2026, 3, 10), lambda day: 0.0)
    assert forecast_month(Daily(nothing, date(2026, 3, 10)), MARCH)[:4] == (0, 0, 0, 0)
    ended = days(date(2025, 1, 1), date(2026, 1, 15), lambda day: 5.0)
    assert forecast_month(Daily(ended, date(2026, 3, 10)), MARCH)[:2] == (0, 0)


def test_a_month_does_not_end_below_what_it_has_cost() -> None:
    # Months go on at ten times or at a tenth of what their first days lead to expect.
    def amount(day: date) -> float:
        return 10 if day.day < 11 else 100 if day.month % 2 else 1

    every = days(date(2025, 1, 1), date(2026, 3, 10), amount)
    found = forecast_month(Daily(every, date(2026, 3, 10)), MARCH)
    assert found.low == found.so_far == 100
    credited = forecast_month(Daily(every | {date(2025, 1, 2): -1}, date(2026, 3, 10)), MARCH)
    assert credited.low is not None
    assert credited.low < 100


def test_rare_charges_have_no_interval() -> None:
    rare = days(date(2025, 1, 1), date(2026, 3, 10), lambda day: 9.0 if day.day in (3, 20) else 0)
    found = forecast_month(Daily(rare, date(2026, 3, 10)), MARCH)
    assert found[:4] == (9, 9, None, None)


def found_days(
    amounts: dict[date, float], least: float = 0, until: date | None = None
) -> list[tuple[str, float, float]]:
    series = Daily(amounts, until or max(amounts))
    return [(str(one.day)[5:], one.amount, one.usual) for one in anomalies(series, least)]


def test_a_day_far_from_the_usual_is_found_above_and_below() -> None:
    amounts = days(date(2026, 1, 1), date(2026, 4, 30), lambda day: 10)
    amounts |= {date(2026, 3, 3): 11.4, date(2026, 3, 4): 11.5, date(2026, 4, 7): 3.0}
    assert found_days(amounts) == [("03-04", 11.5, 10), ("04-07", 3.0, 10)]
    assert found_days(amounts, least=2) == [("04-07", 3.0, 10)]
    assert found_days(amounts, least=7) == [("04-07", 3.0, 10)]
    assert found_days(amounts, least=7.01) == []


def test_eight_weeks_must_lie_before() -> None:
    amounts = days(date(2026, 1, 1), date(2026, 3, 31), lambda day: 10)
    assert found_days(amounts | {date(2026, 2, 25): 99}) == []
    assert found_days(amounts | {date(2026, 2, 26): 99}) == [("02-26", 99, 10)]


def test_a_monthly_charge_is_out_of_the_ordinary_twice() -> None:
    amounts = days(date(2026, 1, 1), date(2026, 7, 31), lambda day: 90 if day.day == 31 else 10)
    amounts |= {date(2026, month, 30): 90 for month in (4, 6)}
    # It is on the last day of each month, whatever its number.
    assert [day for day, *_ in found_days(amounts)] == ["03-31", "04-30"]


def test_a_service_that_ends_is_found() -> None:
    amounts = days(date(2026, 1, 1), date(2026, 3, 29), lambda day: 10)
    assert found_days(amounts, until=date(2026, 3, 31)) == [("03-30", 0, 10), ("03-31", 0, 10)]
    assert found_days(amounts) == []


# As SQL has them ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database() -> apsw.Connection:
    database = apsw.Connection(":memory:")
    register(database, StatementNotes(lambda text: None))
    database.execute("CREATE TABLE costs (day, usd)")
    rows = days(date(2025, 1, 1), date(2026, 3, 31), lambda day: 0.1)
    # Two rows of a day are added up, exactly.
    both = [(str(day), usd) for day, usd in rows.items()]
    database.executemany("INSERT INTO costs VALUES (?, ?)", both + [(day, 0.2) for day, _ in both])
    database.execute("INSERT INTO costs VALUES (NULL, 5), ('2026-03-01', NULL)")
    return database


def value(database: apsw.Connection, expression: str, source: str = "costs") -> Any:
    (row,) = database.execute(f"SELECT {expression} FROM {source}").fetchall()
    return None if row[0] is None else json.loads(str(row[0]))


def test_the_aggregates_return_json(database: apsw.Connection) -> None:
    found = value(database, "month_forecast(day, usd, '2026-03-03T10:00:00Z', '2026-03')")
    assert found == {
        "so_far": 0.9,
        "expected": 9.3,
        "low": 9.3,
        "high": 9.3,
        "past_months": 12,
    }
    assert value(database, "daily_anomalies(day, usd, '2026-04-02')") == [
        {"day": "2026-04-01", "amount": 0, "usual": 0.3},
        {"day": "2026-04-02", "amount": 0, "usual": 0.3},
    ]
    assert value(database, "daily_anomalies(day, usd, '2026-04-02', 1)") == []


def test_they_work_over_windows(database: apsw.Connection) -> None:
    """The last window has the same rows as a group, after rows have left it."""
    source = "costs WHERE day BETWEEN '2026-01-01' AND '2026-03-31' AND usd IS NOT NULL"
    for call in (
        "month_forecast(day, usd, '2026-03-20', '2026-03')",
        "daily_anomalies(day, usd, '2026-04-02')",
    ):
        frame = "OVER (ORDER BY day, usd ROWS 99 PRECEDING)"
        windows = database.execute(f"SELECT {call} {frame} FROM {source} ORDER BY day, usd")
        *_, last = windows.fetchall()
        grouped = f"(SELECT * FROM {source} ORDER BY day DESC, usd DESC LIMIT 100)"
        assert json.loads(str(last[0])) == value(database, call, grouped)


def test_of_no_rows_they_are_null(database: apsw.Connection) -> None:
    for call in (
        "month_forecast(day, usd, '2026-03-03', '2026-03')",
        "daily_anomalies(day, usd, 1)",
    ):
        assert value(database, call, "costs WHERE 0") is None


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("month_forecast('x', usd, '2026-03-03', '2026-03')", "month_forecast() takes a day"),
        ("month_forecast(day, 'x', '2026-03-03', '2026-03')", "is not an amount"),
        ("month_forecast(day, usd, NULL, '2026-03')", "takes a day, and None is none"),
        ("month_forecast(day, usd, '2026-03-03', 3)", "takes a day, and 3 is none"),
        ("month_forecast(day, usd, '2025-03-03', '2026-03')", "cannot look from 2025-03-03"),
        ("daily_anomalies(day, usd, 'today')", "daily_anomalies() takes a day"),
        ("daily_anomalies(day, usd, '2026-03-03', 'much')", "is not an amount"),
    ],
)
def test_what_they_cannot_take_is_an_error(
    database: apsw.Connection, expression: str, message: str
) -> None:
    with pytest.raises(BadValue) as caught:
        value(database, expression)
    assert message in caught.value.message
