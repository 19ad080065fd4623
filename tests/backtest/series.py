"""Daily series of costs, made from a seed: the kinds of which bills consist.

Each has 731 days from 1 January 2024 on, and noise by a normal distribution.

flat      100 a day, 3 % of noise
weekly    about 100, less at weekends, 4 to 5 %
trend     100 at first, and each year 100 more (forecasts) or 50 more (anomalies), 3 to 4 %
steps     100, going up or down by a quarter to a third every 45 days or so, 5 %
first     60, 3 %, and 260 more on the first of each month
spikes    100, 4 %, on one day of fifty two to four times as much
ai        a random walk of 4 % a day under a strong week, 10 %: tokens of a model
noisy     100, 12 %
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

START = date(2024, 1, 1)
DAYS = 731
WEEK = (1.1, 1.15, 1.12, 1.1, 1.0, 0.75, 0.78)
"""The share of each weekday, from Monday on."""
JUMPS = 6
"""How many days of the last year are multiplied where anomalies are looked for, by 1.7 to 2.6."""

Make = Callable[[Random, date, int], float]


def _noise(dice: Random, share: float) -> float:
    return 1 + dice.gauss(0, share)


def _week(share: float) -> Make:
    return lambda dice, day, place: 100 * WEEK[day.weekday()] * _noise(dice, share)


def _trend(a_year: float, share: float) -> Make:
    return lambda dice, day, place: 100 * (1 + a_year * place / 365) * _noise(dice, share)


def _level(share: float) -> Make:
    return lambda dice, day, place: 100 * _noise(dice, share)


def _first(dice: Random, day: date, place: int) -> float:
    return 60 * _noise(dice, 0.03) + (260 if day.day == 1 else 0)


def _spikes(dice: Random, day: date, place: int) -> float:
    return 100 * _noise(dice, 0.04) * (dice.uniform(2, 4) if dice.random() < 0.02 else 1)


def _steps() -> Make:
    level = 100.0

    def make(dice: Random, day: date, place: int) -> float:
        nonlocal level
        if dice.random() < 1 / 45:
            level *= dice.choice((0.75, 0.8, 1.25, 1.33))
        return level * _noise(dice, 0.05)

    return make


def _ai() -> Make:
    walk = 0.0

    def make(dice: Random, day: date, place: int) -> float:
        nonlocal walk
        walk += dice.gauss(0, 0.04)
        return float(100 * math.exp(walk) * WEEK[day.weekday()] ** 1.5 * _noise(dice, 0.1))

    return make


FORECAST: dict[str, Callable[[], Make]] = {
    "flat": lambda: _level(0.03),
    "weekly": lambda: _week(0.05),
    "trend": lambda: _trend(1, 0.04),
    "steps": _steps,
    "first": lambda: _first,
    "spikes": lambda: _spikes,
    "ai": _ai,
}
"""The series whose months are forecast."""
ANOMALIES: dict[str, Callable[[], Make]] = {
    "flat": lambda: _level(0.03),
    "weekly": lambda: _week(0.04),
    "trend": lambda: _trend(0.5, 0.03),
    "noisy": lambda: _level(0.12),
    "first": lambda: _first,
}
"""The series in which anomalies are looked for."""


def series(kind: str, make: Callable[[], Make], seed: int) -> dict[date, float]:
    """Return a series by its days; the same for the same seed."""
    dice, of_day = Random(f"{kind} {seed}"), make()
    days = [START + timedelta(place) for place in range(DAYS)]
    return {day: max(of_day(dice, day, place), 0.0) for place, day in enumerate(days)}


def with_jumps(amounts: dict[date, float], seed: int) -> tuple[dict[date, float], set[date]]:
    """Return a series with jumps in its last year, and their days."""
    dice = Random(f"jumps {seed}")
    jumps = set(dice.sample(list(amounts)[-365:], JUMPS))
    return {
        day: amount * (dice.uniform(1.7, 2.6) if day in jumps else 1)
        for day, amount in amounts.items()
    }, jumps
