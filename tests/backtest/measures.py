"""What is measured: errors and intervals of forecasts, and which days are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from backtest.series import ANOMALIES, DAYS, FORECAST, START, series, with_jumps
from billql.sqlite.daily_series import Daily, anomalies, forecast_month

CUTS = (5, 10, 20)
"""The days of the month after which forecasts are made."""
MONTHS = [
    (START + timedelta(days)).replace(day=1)
    for days in range(DAYS)
    if (START + timedelta(days)).day == 1
]


class Forecasts(NamedTuple):
    """The forecasts of one kind of series."""

    errors: Sequence[float]
    """Each one's distance from the month's total, in percent of it."""
    covered: Sequence[bool]
    """Whether the total lies within the interval, for those that have one."""

    @property
    def error(self) -> float:
        return fmean(self.errors)

    @property
    def coverage(self) -> float:
        return 100 * fmean(self.covered)


def forecasts(kind: str, seeds: int) -> Forecasts:
    """Forecast the months of a kind of series, from its ninth on."""
    found = [one for seed in range(seeds) for one in _of_series(series(kind, FORECAST[kind], seed))]
    return Forecasts(
        [error for error, _ in found], [inside for _, inside in found if inside is not None]
    )


def _of_series(amounts: dict[date, float]) -> Iterator[tuple[float, bool | None]]:
    for month, after in pairwise(MONTHS[8:]):
        total = sum(amount for day, amount in amounts.items() if month <= day < after)
        for cut in CUTS:
            found = forecast_month(Daily(amounts, month + timedelta(cut - 1)), month)
            assert found.expected is not None
            inside = None
            if found.low is not None and found.high is not None:
                inside = found.low <= total <= found.high
            yield 100 * abs(found.expected - total) / total, inside


class Found(NamedTuple):
    """The days that were found in one kind of series."""

    recall: float
    """The share of jumps among them."""
    false_days: float
    """How many others there are a year."""


def detection(kind: str, seeds: int) -> Found:
    """Look for jumps in the last year of a kind of series."""
    recall, wrong = list[float](), list[int]()
    for seed in range(seeds):
        amounts, jumps = with_jumps(series(kind, ANOMALIES[kind], seed), seed)
        since = START + timedelta(DAYS - 365)
        days = {one.day for one in anomalies(Daily(amounts, max(amounts))) if one.day >= since}
        recall.append(len(days & jumps) / len(jumps))
        wrong.append(len(days - jumps))
    return Found(fmean(recall), fmean(wrong))
