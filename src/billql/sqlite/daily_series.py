"""What daily amounts lead to expect: the end of a month, and days that are out of the ordinary.

A forecast is the shape of the week, over eight weeks, times the level of the last seven days, both
by medians, so that a charge on the first of the month or a spike moves neither. Its interval comes
from the errors that the same forecast would have made on the same day of past months. A day is
compared with the same weekday of eight weeks. `make backtest` measures both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from statistics import fmean, median
from typing import NamedTuple

WEEKS = 8
"""How many weeks count."""
_LEAST_DAYS = 14
"""How many days a forecast needs."""
_LEAST_MONTHS = 6
"""How many past months an interval needs."""
_MOST_MONTHS = 12
_NINE_TENTHS = (1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356)
"""The 0.9 quantile of Student's t for 6 to 12 degrees of freedom, one for each error."""

LEAST_SHARE = 0.15
"""How far from the usual amount an anomaly is at least, as a share of it."""
_MOST_SPREADS = 4
"""How many times the usual spread it is away at least."""
_NORMAL = 1.4826
"""What makes a standard deviation of the median absolute deviation of normal errors."""


class Daily:
    """Amounts of consecutive days; a day without an amount has 0.

    `amounts` are by day; what lies after `until` does not count.
    """

    def __init__(self, amounts: Mapping[date, float], until: date) -> None:
        first = min((day for day in amounts if day <= until), default=None)
        self.until = until
        self.first = until + timedelta(1) if first is None else first
        count = (until - self.first).days + 1
        self.values = [amounts.get(self.first + timedelta(n), 0.0) for n in range(count)]

    def before(self, day: date) -> Sequence[float]:
        """Return the amounts of the days before a day."""
        return self.values[: max((day - self.first).days, 0)]

    def total(self, start: date, stop: date) -> float:
        """Return the sum of the days from one to before another."""
        return math.fsum(self.before(stop)[len(self.before(start)) :])


class Forecast(NamedTuple):
    """What a month comes to; `low` and `high` are where 80 of 100 months end."""

    so_far: float
    expected: float | None
    low: float | None
    high: float | None
    past_months: int
    """How many past months the interval is from."""


def forecast_month(series: Daily, month: date) -> Forecast:
    """Return the forecast for a month, which is named by its first day, after `series.until`.

    Without two weeks of days there is none, and without six past months no interval.
    """
    so_far = series.total(month, series.until + timedelta(1))
    rest = _rest(series, series.until, month)
    if rest is None:
        return Forecast(so_far, None, None, None, 0)
    errors = list(_past_errors(series, month))[:_MOST_MONTHS]
    expected = so_far + rest
    if series.until + timedelta(1) >= _month_after(month):
        return Forecast(so_far, expected, expected, expected, len(errors))
    if len(errors) < _LEAST_MONTHS or math.inf in errors:
        return Forecast(so_far, expected, None, None, len(errors))
    spread = rest * _spread(errors)
    # What was charged does not come back, unless some days have more credits than charges.
    least = so_far if min(series.values) >= 0 else -math.inf
    return Forecast(so_far, expected, max(expected - spread, least), expected + spread, len(errors))


def _spread(errors: Sequence[float]) -> float:
    """Return what the next relative error stays within, four times of five."""
    count = len(errors)
    squares = math.fsum(error * error for error in errors) / count
    return math.sqrt(squares * (1 + 1 / count)) * _NINE_TENTHS[count - _LEAST_MONTHS]


def _past_errors(series: Daily, month: date) -> Iterator[float]:
    """Yield the relative errors of the forecasts on the same day of past months, the last first.

    An error is infinite where nothing was expected and something was charged, as if rarely.
    """
    offset = series.until - month
    past = _month_before(month)
    while past >= series.first:
        until, stop = past + offset, _month_after(past)
        enough = (until - series.first).days + 1 >= 7 * WEEKS
        if stop <= series.until + timedelta(1) and until + timedelta(1) < stop and enough:
            rest = _rest(series, until, past)
            actual = series.total(max(until + timedelta(1), past), stop)
            if rest:
                yield actual / rest - 1
            elif rest is not None:
                yield math.inf if actual else 0.0
        past = _month_before(past)


def _rest(series: Daily, until: date, month: date) -> float | None:
    """Return what is expected of a month's days after a day, by the days up to it."""
    recent = series.before(until + timedelta(1))[-7 * WEEKS :]
    if len(recent) < _LEAST_DAYS:
        return None
    # Weekdays as places from the end: the last day has 0.
    weekdays = [median(recent[len(recent) - 1 - place :: -7]) for place in range(7)]
    usual = fmean(weekdays)
    shape = [one / usual for one in weekdays] if usual else [1.0] * 7
    levels = [recent[-1 - place] / shape[place] for place in range(7) if shape[place]]
    level = median(levels) if levels else 0.0
    start, stop = max(until + timedelta(1), month), _month_after(month)
    ahead = range((start - until).days, (stop - until).days)
    return level * math.fsum(shape[-days % 7] for days in ahead)


class Anomaly(NamedTuple):
    """A day that is out of the ordinary."""

    day: date
    amount: float
    usual: float
    """The median of the same weekday in the eight weeks before."""


def anomalies(series: Daily, least: float = 0) -> Iterator[Anomaly]:
    """Yield the days whose amounts are far from the usual: by `LEAST_SHARE` of it, by `least`, and
    by several times its spread. A day is not among them if the same day of the last two months was
    as far on the same side: that is a monthly charge.
    """
    found = {
        series.first + timedelta(place): sign
        for place in range(7 * WEEKS, len(series.values))
        if (sign := _side(series.values, place, least))
    }
    for day, sign in found.items():
        if not all(sign in map(found.get, same) for same in _same_days(day)):
            place = (day - series.first).days
            yield Anomaly(day, series.values[place], _usual(series.values, place))


def _weekdays(values: Sequence[float], place: int) -> Sequence[float]:
    return values[place - 7 * WEEKS : place : 7]


def _usual(values: Sequence[float], place: int) -> float:
    return median(_weekdays(values, place))


def _side(values: Sequence[float], place: int, least: float) -> int:
    """Return 1 for an amount far above the usual, -1 for one far below, else 0."""
    before = _weekdays(values, place)
    usual = median(before)
    spread = _NORMAL * median(abs(value - usual) for value in before)
    difference = values[place] - usual
    far = max(_MOST_SPREADS * spread, LEAST_SHARE * abs(usual), least)
    return 0 if difference == 0 or abs(difference) < far else 1 if difference > 0 else -1


def _same_days(day: date) -> Iterator[set[date]]:
    """Yield for each of the last two months the days that a monthly charge of a day would be on.

    A month may have no such day, and a charge may be on the last one of each.
    """
    is_last = (day + timedelta(1)).day == 1
    month = day.replace(day=1)
    for _ in range(2):
        last = month - timedelta(1)
        month = last.replace(day=1)
        same = last if day.day > last.day else month.replace(day=day.day)
        yield {same, last} if is_last else {same}


def _month_before(month: date) -> date:
    return (month - timedelta(1)).replace(day=1)


def _month_after(month: date) -> date:
    return (month + timedelta(31)).replace(day=1)
