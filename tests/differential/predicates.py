"""Random conditions over the columns in scope, with values of the right type and of others."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from typing import NamedTuple, TypeVar

from support import times

from .dice import Dice
from .drawing import ODD_KEYS, POOLS
from .shapes import SQLValue
from .statements import Bindings

T = TypeVar("T")


class Col(NamedTuple):
    """A column in scope: its text, and the type of its values."""

    text: str
    type: str
    particular: bool = False
    """Whether it may be a key, for which not everything can be said to an API."""
    filtered: bool = False
    """Whether an API filters it."""
    caseless: bool = False
    """Whether an API finds its values in any case."""
    values: tuple[SQLValue, ...] = ()
    """The value of one row, the same for all columns of a table, and those of some others."""


Scope = tuple[Col, ...]

_TIMES = ("date", "month", "timestamp")
_MOMENTS = (
    *("1900-01-01", "1900", "1969-12-31T23:59:59Z", "1960-05", "2025", "2025-02", "2025-02-01"),
    *("2025-02-01T00:00:00Z", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "0001"),
    *("9999-12", 2025, b"2025-02-01", None, "2025-01-31 23:59:59.999", "2025-02-01T02:00+02:00"),
)
_NO_TIMES: Sequence[SQLValue] = (
    *("2025-01-31T", "2025-02-01T00", "2025-01-31x", "2025-1", "2025-02-30", "2025-13", "abc"),
    *("", 20250201, "2025-01-31 ", 1738281600, 2025.5),
)
"""What no column of time can be compared with."""
_HUGE = (1e19, -1e19, 18446744073709551616, 1e300, -1e300, "1e19", "99999999999999999999")
_STRANGE: Mapping[str, Sequence[SQLValue]] = {
    "text": (5, 5.0, -1, b"a", "zz", "a\n", "\u00e1", 0, "%"),
    "key": ("zz", None, *ODD_KEYS, 5, 5.0, b"k1"),
    "ref": ("zz", "", None, 5, "0B9D6BCD-BBFD-4B2D-9B5D-AB8DFBBD4BE0", "0b9d6bcd"),
    "id": ("zz", None, *ODD_KEYS, 5, b"r0"),
    "integer": (
        *("5", " 5 ", "5.0", "5abc", "abc", "", 1.5, -0.5, 1e18, 9223372036854775807, b"5", "-1"),
        *(
            -9223372036854775808,
            9007199254740992.0,
            "1e1",
            "0x10",
            "5\n",
            "+5",
            float("inf"),
        ),
        *_HUGE,
    ),
    "decimal": (1, "1.5", "abc", 2**53 + 1, float("inf"), " 5", b"1", "1e2", -2, 10**18),
    "boolean": (2, "1", "true", 0.5, 1.0, b"1", -1),
    "date": _MOMENTS,
    "month": _MOMENTS,
    "timestamp": _MOMENTS,
    "": (1, "a", None, 2.5, b"a", "5"),
}
COMPUTED = (
    *("date({})", "date({}, 'start of month')", "date({}, 'start of year', '-1 day')"),
    *("datetime({})", "datetime({}, '-3 hours')", "date({}, '+1 month')", "date({}, '-40 days')"),
    *("strftime('%Y-%m', {})", "strftime('%Y', {})", "strftime('%d.%m.%Y', {})"),
    *("strftime('%Y-%m-01T00:00:00Z', {})", "strftime('%Y-%m-%dT%H:%M:%SZ', {}, '+1 second')"),
    "strftime('%Y-%m-01T00:00:00Z', {}, 'start of month', '+1 month')",
    *("substr({}, 1, 7)", "substr({}, 1, 4)", "substr({}, 2, 3)", "{} || '-01'", "{} || ''"),
    *("'' || {}", "date({} || '-01', '+1 month')", "CAST(strftime('%Y', {}) AS INTEGER)"),
    *("date(substr({}, 1, 7) || '-01')", "strftime('%Y-%m', date({}), '-1 day')"),
)
"""Expressions of a column, of which most never go down as a time goes up."""
_OF_TIMES = (*COMPUTED, "year({})", "date_trunc('month', {})")
"""The same with functions that refuse what is no time."""
_OPERATORS = ("=", "=", "=", "<", "<=", ">", ">=", "<>", "IS", "IS NOT")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Predicates(ABC):
    """Writes conditions; keeps the values that are bound rather than written."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.refusable = False
        self._values: list[SQLValue] = []
        self._aliases = 0
        self._named = self.chance(50)

    @abstractmethod
    def nested_one(self, around: Scope) -> str:
        """A subquery of one row and column at most."""

    @abstractmethod
    def nested_list(self, around: Scope) -> tuple[str, Scope]:
        """A subquery of one column, as IN takes it; its scope tells the column."""

    # Draws.

    def one(self, *choices: T) -> T:
        return self.dice.one(*choices)

    def chance(self, percent: int) -> bool:
        return self.dice.chance(percent)

    def number(self, low: int, high: int) -> int:
        return self.dice.number(low, high)

    def alias(self) -> str:
        self._aliases += 1
        return f"t{self._aliases}"

    # Values.

    def fitting(self, col: Col) -> SQLValue:
        """A value that rows of a column have, or may have."""
        found: SQLValue
        if col.values and self.chance(55):
            found = col.values[0]
        elif col.values and self.chance(60):
            found = self.one(*col.values)
        else:
            found = self.one(*POOLS.get(col.type, (0, 1, "a", None)))
        if col.type in _TIMES and isinstance(found, str) and self.chance(40):
            return self._respelled(found)
        if col.type in ("text", "status") and isinstance(found, str) and self.chance(8):
            return found.swapcase()
        return found

    def _respelled(self, text: str) -> str:
        """Spell a time otherwise: the same instant, or one within its second, day or month."""
        moment = times.instant(text)
        if moment is None:
            return text
        hours = self.one(-8, 0, 1, 5)
        shifted = moment.astimezone(timezone(timedelta(hours=hours, minutes=30)))
        return self.one(
            f"{moment:%Y-%m-%d %H:%M:%S}",
            f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
            f"{moment:%Y-%m-%d %H:%M}",
            f"{moment:%Y-%m-%d %H:%M:%S}.5",
            f"{moment:%Y-%m-%d}",
            f"{moment:%Y-%m}",
            shifted.isoformat(),
            shifted.isoformat(sep=" "),
        )

    def favoured(self, scope: Scope) -> Col:
        """A column, likely one that an API filters."""
        filtered = tuple(col for col in scope if col.filtered)
        return self.one(*(filtered if filtered and self.chance(60) else scope))

    def value(self, col: Col) -> SQLValue:
        """A value to compare a column with; often one that rows have."""
        strange = _STRANGE.get(col.type, ())
        if self.chance(85) or not strange:
            return self.fitting(col)
        if col.type in _TIMES and self.chance(20):
            self.refusable = True
            return self.one(*_NO_TIMES)
        self.refusable = self.refusable or (col.particular and not _is_plain_key(col))
        return self.one(*strange)

    def literal(self, value: SQLValue) -> str:
        if self.chance(25):
            return self.bound(value)
        return written(value)

    def bound(self, value: SQLValue) -> str:
        """Write a value, or bind it."""
        huge = isinstance(value, int) and not -(2**63) <= value < 2**63  # cannot be bound
        if huge or self.chance(50):
            return written(value)
        self._values.append(value)
        return f":v{len(self._values) - 1}"

    def _bound(self, text: str) -> tuple[str, Bindings]:
        """Settle how values are bound: by name, or by place."""
        used = [int(number) for number in re.findall(r":v(\d+)\b", text)]
        if self._named:
            return text, {f"v{number}": self._values[number] for number in used}
        return re.sub(r":v\d+\b", "?", text), [self._values[number] for number in used]

    # Conditions.

    def swapped(self, left: str, operator: str, right: str) -> str:
        if self.chance(20):
            return f"{right} {_TURNED.get(operator, operator)} {left}"
        return f"{left} {operator} {right}"

    def joining(self, left: Scope, right: Scope) -> str:
        """A condition between two sides of a join."""
        pairs = [
            (one, other)
            for one in left
            for other in right
            if one.type == other.type and one.type != ""
        ]
        if pairs and self.chance(85):
            one, other = self.one(*pairs)
            operator = self.one("=", "=", "=", "=", "=", "<=", "IS")
        else:
            one, other, operator = self.one(*left), self.one(*right), self.one("=", "=", ">", "<")
            if one.type != other.type:
                plain = _is_plain_key(one) and _is_plain_key(other)
                timed = one.type in _TIMES or other.type in _TIMES
                self.refusable = self.refusable or timed or not plain
        text = self.swapped(one.text, operator, other.text)
        return f"{text} COLLATE NOCASE" if self.chance(5) else text

    def predicate(self, scope: Scope, depth: int) -> str:
        kinds = ["compare"] * 8 + ["in"] * 3 + ["between", "between", "null", "like", "collate"]
        kinds += ["columns", "row", "expression", "computed", "computed", "truth"]
        kinds += ["truth"] * 2 * any(col.type == "boolean" for col in scope)
        if depth > 0:
            kinds += ["or", "or", "or", "or", "and", "not", "nested", "nested"]
        kind = self.one(*kinds)
        if kind in ("or", "and"):
            return self._joined(kind.upper(), scope, depth)
        if kind == "not":
            return f"NOT ({self.predicate(scope, depth - 1)})"
        if kind == "nested":
            return self._nested_predicate(scope)
        col = self.favoured(scope)
        if kind == "compare":
            return self.swapped(col.text, self.one(*_OPERATORS), self.literal(self.value(col)))
        if kind == "in":
            return self._in(col)
        if kind == "between":
            low, high = self.literal(self.value(col)), self.literal(self.value(col))
            return f"{col.text} {self.one('', '', 'NOT ')}BETWEEN {low} AND {high}"
        if kind == "null":
            return f"{col.text} {self.one('IS NULL', 'IS NOT NULL', 'ISNULL', '= NULL')}"
        if kind == "columns":
            return self.joining(scope, scope)
        if kind == "computed":
            timed = [one for one in scope if one.type in _TIMES]
            return self._computed(self.one(*timed) if timed else col)
        if kind == "truth":
            flags = [one for one in scope if one.type == "boolean"]
            return self._truth(self.one(*flags) if flags else col)
        return self._odd(kind, col, scope)

    def _computed(self, col: Col) -> str:
        """A condition on what is computed of a column, of time as a rule."""
        text = self.one(*(_OF_TIMES if col.type in _TIMES else COMPUTED)).format(col.text)
        values = [self.literal(self._of_computed(col)) for _ in range(3)]
        collation = self.one("", "", "", " COLLATE time")
        self.refusable = (
            self.refusable
            or collation != ""
            or text in (one.format(col.text) for one in _OF_TIMES[len(COMPUTED) :])
        )
        return self.one(
            self.swapped(text, self.one(*_OPERATORS), values[0]),
            f"{text}{collation} {self.one('=', '<', '<=', '>', '>=')} {values[0]}",
            f"{text} {self.one('', '', 'NOT ')}BETWEEN {values[0]} AND {values[1]}",
            f"{text} {self.one('', '', 'NOT ')}IN ({', '.join(values)})",
            f"{text} LIKE '2025-0%'",
        )

    def _of_computed(self, col: Col) -> SQLValue:
        """A value near those that are computed of a column."""
        found = self.fitting(col)
        if not isinstance(found, str):
            return self.one(found, 2025, "2025", "2025-02-01", 20250201)
        cut = found[: self.one(4, 7, 10, 20)]
        return cut + self.one("", "", "-01", "T00:00:00Z", "-01T00:00:00Z", " 00:00:00", "x")

    def _truth(self, col: Col) -> str:
        """A condition that a column is by itself, or what compares truth values."""
        bare = (col.text, f"({col.text})", f"NOT {col.text}", f"NOT ({col.text})")
        whole = f"{col.text} IS {self.one('', 'NOT ')}{self.one('TRUE', 'FALSE')}"
        forms = [*bare, f"NOT NOT {col.text}", whole, whole, f"NOT {whole}", f"NOT ({whole})"]
        if col.type == "boolean":
            value = self.literal(self.value(col))
            forms += [f"{col.text} <> {self.one(0, 1, 'TRUE', 'FALSE')}", f"{value} <> {col.text}"]
            forms += [f"NOT {col.text} {self.one('=', '<>')} {self.one(0, 1, 2, 'TRUE')}"]
            forms += [f"{col.text} {self.one('<', '<=', '>', '>=')} {self.one(0, 1, 0.5, value)}"]
            forms += [f"({col.text}) = {value}", f"({col.text} AND {bare[2]}) = {value}"]
        return self.one(*forms)

    def _in(self, col: Col) -> str:
        values = [self.value(col) for _ in range(self.one(0, 1, 2, 2, 3, 3, 6, 20))]
        if self.chance(2) and col.type in ("text", "key", "id", "ref"):
            # Too many for one address.
            values += [f"{number:x}b9d6bcd-bbfd-4b2d-9b5d-000000000000" for number in range(300)]
        listed = ", ".join(map(self.literal, values))
        return f"{col.text} {self.one('', '', '', 'NOT ')}IN ({listed})"

    def _odd(self, kind: str, col: Col, scope: Scope) -> str:
        value = self.literal(self.value(col))
        if kind == "like":
            patterns = ("a%", "A%", "%a", "2025-01%", "5", "_", "", "2025-02-0_", "%")
            word = self.one("LIKE", "GLOB", "NOT LIKE")
            pattern = self.one(*patterns).replace("%", "*" if word == "GLOB" else "%")
            return f"{col.text} {word} {written(pattern)}"
        if kind == "collate":
            collation = self.one("NOCASE", "RTRIM", "BINARY")
            left = f"{col.text} COLLATE {collation}"
            return self.one(
                f"{left} {self.one('=', '<', '>=')} {value}",
                f"{col.text} = {value} COLLATE {collation}",
                f"{left} IN ({value}, {self.literal(self.value(col))})",
            )
        if kind == "row":
            other = self.one(*scope)
            pair, second = (
                f"({self.literal(self.value(col))}, {self.literal(self.value(other))})"
                for _ in range(2)
            )
            left = f"({col.text}, {other.text})"
            return self.one(
                f"{left} = {pair}",
                f"{left} < {pair}",
                f"{left} >= {pair}",
                f"{left} IN (VALUES {pair})",
                f"{left} IN (VALUES {pair}, {second})",
            )
        return self.one(
            f"+{col.text} = {value}",
            f"coalesce({col.text}, '') = ''",
            f"lower({col.text}) = 'a'",
            f"CAST({col.text} AS TEXT) = {value}",
            f"{col.text} = ({value} || '')",
            f"length({col.text}) > 1",
            f"likely({col.text} = {value})",
            f"CASE WHEN {col.text} = {value} THEN 1 ELSE 0 END",
        )

    def _joined(self, word: str, scope: Scope, depth: int) -> str:
        """OR and AND; an OR of what an API filters makes SQLite read a table several times."""
        count = self.one(2, 2, 2, 3)
        if word == "OR" and self.chance(60):
            cols = [self.favoured(scope)] * count
            if self.chance(50):
                cols = [self.favoured(scope) for _ in range(count)]
            parts = [self._equality(col) for col in cols]
        else:
            parts = [self.predicate(scope, depth - 1) for _ in range(count)]
        return f"({f' {word} '.join(parts)})"

    def _equality(self, col: Col) -> str:
        """A comparison with one value, or with a list of them."""
        values = [self.literal(self.value(col)) for _ in range(self.one(1, 1, 1, 2))]
        if len(values) == 1:
            return f"{col.text} = {values[0]}"
        return f"{col.text} IN ({', '.join(values)})"

    def _nested_predicate(self, scope: Scope) -> str:
        if self.chance(40):
            return f"{self.one('', 'NOT ')}EXISTS ({self.nested_one(scope)})"
        inner, (given,) = self.nested_list(scope)
        same = [col for col in scope if col.type == given.type]
        col = self.one(*(same or scope))
        if self.chance(70):
            if col.type != given.type:
                timed = col.type in _TIMES
                self.refusable = self.refusable or timed or not _is_plain_key(col)
            listed = self.one(
                *[inner] * 5,
                f"SELECT * FROM ({inner}) WHERE 0",
                f"{inner} UNION SELECT NULL",
                f"{inner} UNION ALL SELECT {self.literal(self.value(col))}",
                f"VALUES ({self.literal(self.value(col))})",
                f"SELECT value FROM json_each('[{self.one('', '5', '5, null')}]')",
            )
            return f"{col.text} {self.one('', '', 'NOT ')}IN ({listed})"
        self.refusable = self.refusable or (col.type in _TIMES and col.type != given.type)
        return f"{col.text} = ({inner} ORDER BY 1 LIMIT 1)"


def _is_plain_key(col: Col) -> bool:
    """Tell whether any value may be compared with a column: it is no key, or what cannot be a key
    has no rows."""
    return not col.particular or (col.type in ("key", "id", "integer"))


def written(value: SQLValue) -> str:
    """Write a value as SQL does."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, str):
        escaped = value.replace("'", "''")
        return f"'{escaped}'"
    return "9e999" if value == float("inf") else repr(value)
