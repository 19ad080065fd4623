"""What aggregates gather from row to row."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.arithmetic import fitting
from billql.serve.postgres.values import arrays, intervals, numerics
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


class Joined:
    """The texts of `string_agg`."""

    def __init__(self) -> None:
        self.text: str | None = None

    def step(self, value: Any, separator: Any) -> None:
        """Add a text."""
        if value is not None:
            self.text = value if self.text is None else f"{self.text}{separator or ''}{value}"

    def final(self) -> str | None:
        """Return the texts; NULL of none."""
        return self.text


class Elements:
    """The elements of `array_agg`."""

    def __init__(self) -> None:
        self.elements: list[Any] | None = None

    def step(self, value: Any) -> None:
        """Add an element."""
        self.elements = self.elements or []
        self.elements.append(value)

    def final(self) -> str | None:
        """Return the array; NULL of no rows."""
        return None if self.elements is None else arrays.dump(self.elements)


class JsonElements:
    """The elements of `json_agg`."""

    separator = ", "

    def __init__(self) -> None:
        self.parts: list[str] | None = None

    def step(self, value: Any) -> None:
        """Add an element."""
        self.parts = self.parts or []
        self.parts.append("null" if value is None else value)

    def final(self) -> str | None:
        """Return the array; NULL of no rows."""
        return None if self.parts is None else f"[{self.separator.join(self.parts)}]"


class JsonMembers:
    """The members of `json_object_agg`."""

    def __init__(self) -> None:
        self.parts: list[str] | None = None

    def step(self, key: Any, value: Any) -> None:
        """Add a member."""
        if key is None:
            raise PostgresError("22023", "field name must not be null", hint="Filter NULL out.")
        self.parts = self.parts or []
        self.parts.append(f"{json.dumps(key, ensure_ascii=False)} : {value or 'null'}")

    def final(self) -> str | None:
        """Return the object; NULL of no rows."""
        return None if self.parts is None else "{ " + ", ".join(self.parts) + " }"


class AllTrue:
    """`bool_and`: false beats NULL, which beats true."""

    def __init__(self) -> None:
        self.seen: bool | None = None

    def step(self, value: Any) -> None:
        """Add a condition."""
        if value is not None:
            self.seen = bool(value) and self.seen is not False

    def final(self) -> int | None:
        """Return whether all are true; NULL of none."""
        return None if self.seen is None else int(self.seen)


class AnyTrue(AllTrue):
    """`bool_or`."""

    def step(self, value: Any) -> None:
        """Add a condition."""
        if value is not None:
            self.seen = bool(value) or self.seen is True


class Quantified:
    """The outcome of `x > ANY (…)`, in which NULL is neither true nor false."""

    wanted = True

    def __init__(self) -> None:
        self.has_null = False
        self.is_met = False

    def step(self, value: Any) -> None:
        """Add the outcome of one comparison."""
        if value is None:
            self.has_null = True
        elif bool(value) is self.wanted:
            self.is_met = True

    def final(self) -> int | None:
        """Return the outcome of all."""
        if self.is_met:
            return int(self.wanted)
        return None if self.has_null else int(not self.wanted)


class QuantifiedAll(Quantified):
    """The outcome of `x > ALL (…)`."""

    wanted = False


class OneRow:
    """The value of a subquery, which may return one row at most."""

    def __init__(self) -> None:
        self.rows = 0
        self.found: Any = None

    def step(self, value: Any) -> None:
        """Note a row; raise PostgresError for the second one."""
        self.rows += 1
        if self.rows > 1:
            raise PostgresError(
                "21000",
                "more than one row returned by a subquery used as an expression",
                hint="Add LIMIT 1, or use IN.",
            )
        self.found = value

    def final(self) -> Any:
        """Return the value; NULL without a row."""
        return self.found


_SORT_KEYS: dict[str, Callable[[Any], Any]] = {
    "numeric": numerics.exact,
    "timestamptz": lambda value: value.removesuffix("Z"),  # a fraction sorts before Z
}
"""What values sort by, of types that SQLite holds as texts in another order."""


class Percentile:
    """`percentile_cont` and `percentile_disc`."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.fraction: float | None = None
        self.descending = False
        self.kind = ""

    def step(self, value: Any, fraction: Any, descending: Any, kind: Any) -> None:
        """Add a value of a type."""
        self.fraction, self.descending, self.kind = fraction, bool(descending), kind
        if fraction is not None and not 0 <= fraction <= 1:
            raise PostgresError(
                "22003", f"percentile value {fraction:g} is not between 0 and 1", hint="Use 0.5."
            )
        if value is not None:
            self.values.append(value)

    def ordered(self) -> list[Any]:
        """Return the values in the order of their type."""
        return sorted(self.values, key=_SORT_KEYS.get(self.kind), reverse=self.descending)

    def final(self) -> Any:
        """Return the value below which the fraction lies; NULL of none."""
        if not self.values or self.fraction is None:
            return None
        place = math.ceil(self.fraction * len(self.values))
        return self.ordered()[max(place, 1) - 1]


class ContinuousPercentile(Percentile):
    """`percentile_cont`: between two values it interpolates."""

    def final(self) -> Any:
        """Return the interpolated value; NULL of none."""
        if not self.values or self.fraction is None:
            return None
        found = self.ordered()
        place = self.fraction * (len(found) - 1)
        low, high = found[math.floor(place)], found[math.ceil(place)]
        return low + (high - low) * (place - math.floor(place))


class Mode(Percentile):
    """`mode`: the value that is met most often, the first of them by the order."""

    def final(self) -> Any:
        """Return the value; NULL of none."""
        counts = Counter(self.values)
        found = self.ordered()
        return max(found, key=lambda value: counts[value]) if found else None


class Bits:
    """`bit_and` and `bit_or`."""

    is_or = False

    def __init__(self) -> None:
        self.found: int | None = None

    def step(self, value: Any) -> None:
        """Add a number."""
        if value is not None:
            if self.found is None:
                self.found = value
            else:
                self.found = self.found | value if self.is_or else self.found & value

    def final(self) -> int | None:
        """Return the bits; NULL of none."""
        return self.found


class BitsOr(Bits):
    """`bit_or`."""

    is_or = True
