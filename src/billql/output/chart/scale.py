"""The axis of the numbers: it contains 0, so that lengths and heights compare as values do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
"""The round numbers, which are multiplied by powers of ten."""


class Scale:
    """An axis from the lowest to the highest number and 0; `ticks` are round numbers."""

    def __init__(self, values: Iterable[int | float], parts: int = 5) -> None:
        found = [Decimal(f"{value:.15g}") for value in values]
        low, high = min((Decimal(0), *found)), max((Decimal(0), *found))
        if low == high:
            high = Decimal(1)
        step = _round_step((high - low) / parts)
        first, last = (low / step).to_integral_value(), (high / step).to_integral_value()
        self.ticks = [step * n for n in range(int(first), int(last) + 1) if low <= step * n <= high]
        self.low, self.high = low, high

    def share(self, value: int | float | Decimal) -> float:
        """Return the position of a number on the axis, from 0 (start) to 1 (end)."""
        exact = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
        return float((exact - self.low) / (self.high - self.low))


def _round_step(least: Decimal) -> Decimal:
    """Return the smallest round number that is not less."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(step * power for step in _STEPS if step * power >= least)


def shown(tick: Decimal, *, thousands: bool = True) -> str:
    """Return the text of a tick, with separators of thousands or without."""
    if tick and not -6 <= tick.adjusted() < 15:
        return f"{tick.normalize():g}"
    text = f"{tick:{',' if thousands else ''}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shares(places: Sequence[float]) -> list[float]:
    """Return sorted positions scaled so that the first is 0 and the last is 1."""
    first, last = places[0], places[-1]
    return [(place - first) / (last - first) if last > first else 0.5 for place in places]


def spread(count: int, most: int) -> Sequence[int]:
    """Return up to `most` of `count` indices, evenly spread, with the first and the last."""
    if count <= most:
        return range(count)
    return sorted({round(part * (count - 1) / (most - 1)) for part in range(most)})
