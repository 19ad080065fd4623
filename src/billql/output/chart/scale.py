"""The axis that numbers lie on: it contains 0, so that lengths and heights compare as values do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
"""People count in these, and in ten times these."""


class Scale:
    """An axis from the lowest to the highest number, or to 0; `ticks` lie on round numbers."""

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
        """Tell how far along the axis a number lies: 0 is its begin, 1 its end."""
        exact = value if isinstance(value, Decimal) else Decimal(f"{value:.15g}")
        return float((exact - self.low) / (self.high - self.low))


def _round_step(least: Decimal) -> Decimal:
    """Give the round number that is not less."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(step * power for step in _STEPS if step * power >= least)


def shown(tick: Decimal) -> str:
    """Give the text of a tick."""
    if tick and not -6 <= tick.adjusted() < 15:
        return f"{tick.normalize():g}"
    text = f"{tick:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shares(places: Sequence[float]) -> list[float]:
    """Tell how far along from the first to the last of some places, in order, each of them lies."""
    first, last = places[0], places[-1]
    return [(place - first) / (last - first) if last > first else 0.5 for place in places]


def spread(count: int, most: int) -> Sequence[int]:
    """Choose up to `most` places of a row of `count`, its first and last among them."""
    if count <= most:
        return range(count)
    return sorted({round(part * (count - 1) / (most - 1)) for part in range(most)})
