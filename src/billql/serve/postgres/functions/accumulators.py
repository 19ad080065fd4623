"""What aggregates gather from row to row; sums and spreads are in `sums`."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.values import arrays, numerics


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
