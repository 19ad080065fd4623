"""PEP 249's types: what a column's type code equals, and what a parameter may be.

A type code is the type that a column is declared with, such as `DECIMAL REAL` or `VARCHAR(20)`. A
type object equals the codes that it stands for, so that `column[1] == billql.NUMBER` reads well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from billql.errors import DataError, ProgrammingError

if TYPE_CHECKING:
    import datetime
    from decimal import Decimal

Parameters = Sequence[Any] | Mapping[str, Any]
"""Values by position for `?`, or by name for `:name`."""


class TypeObject:
    """One of PEP 249's kinds of column; it equals each type code that it stands for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return _kind(other) == self._name
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"billql.{self._name}"


STRING = TypeObject("STRING")
"""Text, JSON among it."""
BINARY = TypeObject("BINARY")
"""Bytes."""
NUMBER = TypeObject("NUMBER")
"""Integers, reals, amounts and booleans."""
DATETIME = TypeObject("DATETIME")
"""Days, months and instants: text in one form each, YYYY-MM-DD, YYYY-MM, YYYY-MM-DDTHH:MM:SSZ."""
ROWID = TypeObject("ROWID")
"""Equals no column's type: SQLite gives row ids as integers."""

STORED = {int: "INTEGER", float: "REAL", str: "TEXT", bytes: "BLOB"}
"""The type codes of expressions, which are declared with no type, by what their first value is."""


def _kind(code: str) -> str:
    """Name the type object for a declared type, by SQLite's rules of affinity.

    https://sqlite.org/datatype3.html#determination_of_column_affinity
    """
    code = code.upper()
    if code == "ROWID":
        return code
    if code.startswith(("DATE", "MONTH", "TIME")):
        return "DATETIME"
    if "INT" in code:
        return "NUMBER"
    if any(word in code for word in ("CHAR", "CLOB", "TEXT", "JSON")):
        return "STRING"
    return "BINARY" if "BLOB" in code else "NUMBER"


# Constructors: billql's days and instants are in UTC, so these are too.


def Date(year: int, month: int, day: int) -> datetime.date:  # noqa: N802
    """Make a day."""
    import datetime

    return datetime.date(year, month, day)


def Time(hour: int, minute: int, second: int) -> datetime.time:  # noqa: N802
    """Make a time of day."""
    import datetime

    return datetime.time(hour, minute, second)


def Timestamp(  # noqa: N802
    year: int, month: int, day: int, hour: int, minute: int, second: int
) -> datetime.datetime:
    """Make an instant from its time in UTC."""
    import datetime

    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC)


def DateFromTicks(ticks: float) -> datetime.date:  # noqa: N802
    """Make the day, in UTC, of a number of seconds since 1970."""
    return TimestampFromTicks(ticks).date()


def TimeFromTicks(ticks: float) -> datetime.time:  # noqa: N802
    """Make the time of day, in UTC, of a number of seconds since 1970."""
    return TimestampFromTicks(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime.datetime:  # noqa: N802
    """Make the instant of a number of seconds since 1970; fractions of a second are cut off."""
    import datetime

    return datetime.datetime.fromtimestamp(ticks // 1, datetime.UTC)


def Binary(value: bytes | bytearray | memoryview) -> bytes:  # noqa: N802
    """Make bytes."""
    return bytes(value)


# Results.


def with_decimals(codes: Sequence[str | None]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Give what turns the amounts of a row into decimals, by the declared types of its columns.

    Amounts are the columns that are declared as such, and the reals that an expression gives, which
    is declared as nothing. A decimal has the 15 digits that SQLite prints.
    """
    from decimal import Decimal

    def amount(value: Any) -> Any:
        if isinstance(value, float):
            return Decimal(f"{value:.15g}")
        return Decimal(value) if isinstance(value, int) else value

    def any_real(value: Any) -> Any:
        return amount(value) if isinstance(value, float) else value

    def as_it_is(value: Any) -> Any:
        return value

    converters: list[Callable[[Any], Any]] = [
        any_real if code is None else amount if code.upper().startswith("DECIMAL") else as_it_is
        for code in codes
    ]
    return lambda row: tuple(
        [convert(value) for convert, value in zip(converters, row, strict=True)]
    )


# Parameters.

_PLAIN = frozenset((type(None), bool, float, str, bytes, bytearray, memoryview))
_INTEGERS = range(-(2**63), 2**63)


class _Named(dict[str, Any]):
    """Parameters by name, of which none that the statement names may be missing."""

    def __missing__(self, name: str) -> Any:
        raise ProgrammingError(
            f"There is no value for the parameter :{name}",
            hint=f"Give it: {{'{name}': …}} in Python, --param {name}=… on the command line.",
        )


def adapt(parameters: Parameters) -> Parameters:
    """Give parameters as SQLite takes them; raises ProgrammingError or DataError."""
    if isinstance(parameters, Mapping):
        return _Named((name, _adapted(value, name)) for name, value in parameters.items())
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Sequence):
        raise ProgrammingError(
            f"Parameters cannot be a {type(parameters).__name__}",
            hint="Give a list or a tuple for ?, a dictionary for :name.",
        )
    return tuple(_adapted(value, place) for place, value in enumerate(parameters, start=1))


def _adapted(value: Any, place: int | str) -> Any:
    """Give one value as SQLite takes it; days and instants take the form that columns have."""
    if type(value) in _PLAIN:
        return value
    if hasattr(value, "__index__"):
        number = value.__index__()
        if number not in _INTEGERS:
            raise DataError(f"Parameter {place}: {number} has more than the 64 bits of an INTEGER")
        return number
    if isinstance(value, float | str | bytes):
        return value
    import datetime
    import decimal

    if isinstance(value, decimal.Decimal):
        return _amount(value, place)
    if isinstance(value, datetime.datetime | datetime.time) and value.microsecond:
        raise DataError(
            f"Parameter {place}: {value} has a fraction of a second",
            hint="Instants have none in SQL; cut it off with .replace(microsecond=0).",
        )
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        return f"{value.isoformat()}Z"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise ProgrammingError(
        f"Parameter {place}: a {type(value).__name__} is nothing that SQL knows",
        hint="Give None, a number, text, bytes, a date, a time or a Decimal.",
    )


def _amount(value: Decimal, place: int | str) -> int | float:
    """Give a decimal as the number that reads like it: a REAL has 15 digits, an INTEGER 18."""
    number = float(value)
    if type(value)(f"{number:.15g}") == value:
        return number
    if value.is_finite() and value.adjusted() < 19 and int(value) == value:
        return int(_adapted(int(value), place))
    raise DataError(
        f"Parameter {place}: {value:.30} has more digits than a number in SQL",
        hint="Round it to 15 digits, or give it as text.",
    )
