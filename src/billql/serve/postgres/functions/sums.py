"""Sums, averages and spreads, which aggregates add up from row to row."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from billql.serve.postgres.functions.arithmetic import fitting
from billql.serve.postgres.values import intervals, numerics
from billql.serve.postgres.values.intervals import Interval


class Sum:
    """The sum of numerics, exact in decimal."""

    def __init__(self) -> None:
        self.count = 0
        self.total = Decimal(0)

    def step(self, value: Any) -> None:
        """Add a number."""
        if value is not None:
            self.count += 1
            self.total = numerics.CONTEXT.add(self.total, numerics.exact(value))

    def inverse(self, value: Any) -> None:
        """Subtract a number that has left the window."""
        if value is not None:
            self.count -= 1
            self.total = numerics.CONTEXT.subtract(self.total, numerics.exact(value))

    def value(self) -> str | None:
        """Return the sum; NULL of no numbers."""
        return numerics.write(self.total) if self.count else None

    def final(self) -> str | None:
        """Return the sum; NULL of no numbers."""
        return self.value()


class Average(Sum):
    """The average of numerics."""

    def value(self) -> str | None:
        """Return the average; NULL of no numbers."""
        if not self.count:
            return None
        return numerics.write(numerics.divided(self.total, Decimal(self.count)))


class WholeSum(Sum):
    """The sum of integers, which is a bigint."""

    def value(self) -> Any:
        """Return the sum; NULL of no numbers."""
        return fitting(int(self.total), "int8") if self.count else None


class RealSum:
    """The sum of doubles, added up one after the other."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: Any) -> None:
        """Add a number."""
        if value is not None:
            self.values.append(float(value))

    def inverse(self, value: Any) -> None:
        """Forget the first number, which has left the window."""
        if value is not None:
            self.values.remove(float(value))

    def total(self) -> float:
        """Return the sum in the order of the rows, as PostgreSQL adds."""
        found = 0.0
        for value in self.values:
            found += value
        return found

    def value(self) -> float | None:
        """Return the sum; NULL of no numbers."""
        return self.total() if self.values else None

    def final(self) -> float | None:
        """Return the sum; NULL of no numbers."""
        return self.value()


class RealAverage(RealSum):
    """The average of doubles."""

    def value(self) -> float | None:
        """Return the average; NULL of no numbers."""
        return self.total() / len(self.values) if self.values else None


class IntervalSum:
    """The sum of intervals."""

    def __init__(self) -> None:
        self.total = Interval()
        self.count = 0

    def step(self, value: Any) -> None:
        """Add an interval."""
        if value is not None:
            self.total = self.total.plus(intervals.of_stored(value))
            self.count += 1

    def final(self) -> str | None:
        """Return the sum; NULL of no intervals."""
        return self.total.stored() if self.count else None


class IntervalAverage(IntervalSum):
    """The average of intervals."""

    def final(self) -> str | None:
        """Return the average; NULL of no intervals."""
        return self.total.times(1 / self.count).stored() if self.count else None


class Spread:
    """The variance or the standard deviation of numerics."""

    sample = True
    is_root = False

    def __init__(self) -> None:
        self.count = 0
        self.total = Decimal(0)
        self.squares = Decimal(0)

    def step(self, value: Any) -> None:
        """Add a number."""
        if value is not None:
            number = numerics.exact(value)
            self.count += 1
            self.total = numerics.CONTEXT.add(self.total, number)
            self.squares = numerics.CONTEXT.fma(number, number, self.squares)

    def final(self) -> str | None:
        """Return the measure; NULL of too few numbers."""
        found = numerics.variance(self.count, self.total, self.squares, sample=self.sample)
        if found is None:
            return None
        if self.is_root:
            found = numerics.rounded(numerics.CONTEXT.sqrt(found), numerics.scale(found))
        return numerics.write(found)


class RealSpread:
    """The same of doubles, by the method of Youngs and Cramer, as PostgreSQL does it."""

    sample = True
    is_root = False

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.squares = 0.0

    def step(self, value: Any) -> None:
        """Add a number."""
        if value is None:
            return
        number = float(value)
        self.count += 1
        self.total += number
        if self.count > 1:
            distance = number * self.count - self.total
            self.squares += distance * distance / (self.count * (self.count - 1))

    def final(self) -> float | None:
        """Return the measure; NULL of too few numbers."""
        least = 2 if self.sample else 1
        if self.count < least:
            return None
        found = self.squares / (self.count - 1 if self.sample else self.count)
        return math.sqrt(found) if self.is_root else found


def spread(base: type, *, sample: bool, is_root: bool) -> type:
    """Return the accumulator of a variance or a standard deviation."""
    return type("Spread", (base,), {"sample": sample, "is_root": is_root})
