"""PEP 249's types: what a column's type code equals, and what a parameter may be.

A type code is the type that a column is declared with, such as `TIMESTAMP TEXT` or `VARCHAR(20)`.
That of an amount depends on how it is returned: `DECIMAL DOUBLE` for a float, `DECIMAL` for a
`decimal.Decimal`; data frames (polars) take their types from there. Both have a precision and a
scale.
A type object equals the codes that it stands for, so that `column[1] == billql.NUMBER` reads well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from billql.errors import DataError, ProgrammingError
from billql.sql.tokenizer import type_name

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
"""Equals no column's type: SQLite returns row ids as integers."""

STORED = {int: "INTEGER", float: "REAL", str: "TEXT", bytes: "BLOB"}
"""The type codes of expressions, which are declared with no type, by what their first value is."""


def _kind(code: str) -> str:
    """Return the name of the type object for a declared type, by SQLite's rules of affinity.

    https://sqlite.org/datatype3.html#determination_of_column_affinity
    """
    code = code.upper()
    if code == "ROWID":
        return code
    if code.startswith(("DATE", "MONTH", "TIME")):
        return "DATETIME"
    if "INT" in code:
        return "NUMBER"
    if any(name in code for name in ("CHAR", "CLOB", "TEXT", "JSON")):
        return "STRING"
    return "BINARY" if "BLOB" in code else "NUMBER"


# Constructors: billql's days and instants are in UTC, so these are too.


def Date(year: int, month: int, day: int) -> datetime.date:  # noqa: N802
    """Return a day."""
    import datetime

    return datetime.date(year, month, day)


def Time(hour: int, minute: int, second: int) -> datetime.time:  # noqa: N802
    """Return a time of day."""
    import datetime

    return datetime.time(hour, minute, second)


def Timestamp(  # noqa: N802
    year: int, month: int, day: int, hour: int, minute: int, second: int
) -> datetime.datetime:
    """Return an instant from its time in UTC."""
    import datetime

    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=datetime.UTC)


def DateFromTicks(ticks: float) -> datetime.date:  # noqa: N802
    """Return the day, in UTC, of a number of seconds since 1970."""
    return TimestampFromTicks(ticks).date()


def TimeFromTicks(ticks: float) -> datetime.time:  # noqa: N802
    """Return the time of day, in UTC, of a number of seconds since 1970."""
    return TimestampFromTicks(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime.datetime:  # noqa: N802
    """Return the instant of a number of seconds since 1970; fractions of a second are cut off."""
    import datetime

    return datetime.datetime.fromtimestamp(ticks // 1, datetime.UTC)


def Binary(value: bytes | bytearray | memoryview) -> bytes:  # noqa: N802
    """Return bytes."""
    return bytes(value)


# Results.


def described(
    name: str, declared: str | None, first: Any, *, decimals: bool
) -> tuple[str, str | None, None, None, int | None, int | None, None]:
    """Return a column's entry in `Cursor.description`; see there.

    `first` is its value in the first row: an expression, which is declared as nothing, has its
    type.
    """
    code = declared or STORED.get(type(first))
    base_type = type_name(code)
    if decimals and (base_type == "DECIMAL" or (declared is None and isinstance(first, float))):
        return name, "DECIMAL", None, None, *_DECIMAL_DIGITS, None
    if base_type == "DECIMAL":
        return name, "DECIMAL DOUBLE", None, None, *_DECIMAL_DIGITS, None
    if base_type == "NUMERIC":
        code = "NUMERIC DOUBLE"
    elif base_type in _STORES_NONE and base_type == (declared or "").upper() and first is not None:
        code = f"{base_type} {STORED[type(first)]}"
    return name, code, None, None, None, None, None


_STORES_NONE = frozenset(("DATE", "TIME", "DATETIME", "TIMESTAMP", "MONTH", "BOOL", "BOOLEAN"))
"""Types of local tables of which SQLite has no values; a resource's own describe them."""

_DECIMAL_DIGITS = 38, 18
"""The precision and the scale of amounts: those of the files in Parquet and Arrow."""


def with_decimals(
    codes: Sequence[str | None], left_out: Collection[int] = ()
) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
    """Return a function that converts the amounts of a row to decimals, by the declared types of
    its columns; None if there are no amounts but in the columns `left_out`.

    Amounts are the columns that are declared as such, and the reals of expressions, which
    is declared as nothing. A decimal has the 15 digits that SQLite prints.
    """
    from decimal import Decimal

    def amount(value: Any) -> Any:
        if isinstance(value, float):
            return Decimal(f"{value:.15g}")
        return Decimal(value) if isinstance(value, int) else value

    def any_real(value: Any) -> Any:
        return amount(value) if isinstance(value, float) else value

    converters = [
        (place, any_real if code is None else amount)
        for place, code in enumerate(codes)
        if place not in left_out and (code is None or code.upper().startswith("DECIMAL"))
    ]

    def converted(row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in converters:
            values[place] = convert(values[place])
        return tuple(values)

    return converted if converters else None


# Parameters.

_PLAIN = frozenset((type(None), bool, float, str, bytes))
_INTEGERS = range(-(2**63), 2**63)


class _Named(dict[str, Any]):
    """Parameters by name, of which none that the statement names may be missing."""

    def __missing__(self, name: str) -> Any:
        raise ProgrammingError(
            f"There is no value for the parameter :{name}",
            hint=f"Give it: {{'{name}': …}} in Python, --param {name}=… on the command line.",
        )


def adapt(parameters: Parameters) -> Parameters:
    """Return parameters as SQLite takes them; raise ProgrammingError or DataError."""
    if isinstance(parameters, Mapping):
        return _Named((name, _adapted(value, name)) for name, value in parameters.items())
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Sequence):
        raise ProgrammingError(
            f"Parameters cannot be a {type(parameters).__name__}",
            hint="Give a list or a tuple for ?, a dictionary for :name.",
        )
    return tuple(_adapted(value, place) for place, value in enumerate(parameters, start=1))


def _adapted(value: Any, place: int | str) -> Any:
    """Return one value as SQLite takes it; days and instants take the form that columns have."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str):  # Enumerations among them, whose own str() may return another text.
        return str.__str__(value)
    if isinstance(value, float | bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    kind = getattr(getattr(value, "dtype", None), "kind", "") if value is not None else ""
    if kind and not value.shape:
        return _of_numpy(value, kind, place)
    if not kind and hasattr(type(value), "__index__"):
        number = value.__index__()
        if number not in _INTEGERS:
            raise DataError(
                f"Parameter {place}: {number} has more than the 64 bits of an INTEGER",
                hint="Give it as text, or as a float.",
            )
        return number
    import datetime
    import decimal
    import uuid

    if isinstance(value, decimal.Decimal):
        return _amount(value, place)
    if isinstance(value, datetime.date | datetime.time):
        return _moment(value, place)
    if isinstance(value, uuid.UUID):
        return str(value)
    if type(value).__name__ == "NAType":  # what pandas has for a value that is missing
        return None
    raise _unknown(value, place)


def _unknown(value: Any, place: int | str) -> ProgrammingError:
    import enum

    name = type(value).__name__
    if isinstance(value, enum.Enum):
        return ProgrammingError(
            f"Parameter {place}: {value} is of an enumeration, {name}, which has no type in SQL",
            hint="Give its value: its attribute .value.",
        )
    return ProgrammingError(
        f"Parameter {place}: a {name} has no type in SQL",
        hint="Give None, a number, text, bytes, a date, a time, a Decimal or a UUID.",
    )


def _of_numpy(value: Any, kind: str, place: int | str) -> Any:
    """Return a scalar of NumPy's, by the kind of its type; one of 32 bits keeps its exact value.

    https://numpy.org/doc/stable/reference/generated/numpy.dtype.kind.html
    """
    if kind in "biuOSU":
        return _adapted(value.item(), place)
    if kind == "f":
        number = float(value)
        if number != value and number == number:
            raise DataError(
                f"Parameter {place}: {value} has more digits than a number in SQL",
                hint="Round it: float(x).",
            )
        return number
    if kind != "M":
        raise _unknown(value, place)
    if value != value:
        return None
    unit = value.dtype.str[3:].strip("[]")
    if unit == "M":
        return str(value)
    seconds = value.astype("datetime64[s]")
    if seconds != value:
        raise _fraction(value, place)
    found = (value if unit in ("Y", "W", "D") else seconds).item()
    if isinstance(found, int):  # NumPy has years that datetime does not have.
        raise _out_of_years(value, place)
    return _moment(found, place)


def _moment(value: datetime.date | datetime.time, place: int | str) -> str | None:
    """Return a day, a time of day or an instant as text; None for what pandas calls NaT."""
    import datetime

    if value != value:
        return None
    if not isinstance(value, datetime.datetime | datetime.time):
        return value.isoformat()
    if value.microsecond or getattr(value, "nanosecond", 0):
        raise _fraction(value, place)
    if isinstance(value, datetime.time):
        if value.tzinfo is not None and value.utcoffset() != datetime.timedelta():
            raise DataError(
                f"Parameter {place}: {value} is a time of day with a zone, which SQL does not have",
                hint="Give an instant, or the time in UTC.",
            )
        return value.replace(tzinfo=None).isoformat()
    try:
        if value.tzinfo is not None:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    except OverflowError:
        raise _out_of_years(value, place) from None
    return f"{value.isoformat()}Z"


def _out_of_years(value: object, place: int | str) -> DataError:
    return DataError(
        f"Parameter {place}: {value} is not in the years 1 to 9999 of UTC",
        hint="SQL has no other years; pass it as text.",
    )


def _fraction(value: object, place: int | str) -> DataError:
    return DataError(
        f"Parameter {place}: {value} has a fraction of a second",
        hint="Instants have none in SQL; cut it off: .replace(microsecond=0) of a datetime, "
        ".floor('s') of a Timestamp.",
    )


def _amount(value: Decimal, place: int | str) -> int | float:
    """Return a decimal as the number that reads like it: a REAL has 15 digits, an INTEGER 18."""
    from decimal import Decimal

    if value.is_nan():
        raise DataError(
            f"Parameter {place}: {value} is no number", hint="Give None for what is not known."
        )
    number = float(value)
    if Decimal(f"{number:.15g}") == value:
        return number
    if value.is_finite() and value.adjusted() < 19 and int(value) == value:
        return int(_adapted(int(value), place))
    raise DataError(
        f"Parameter {place}: {value:.30} has more digits than a number in SQL",
        hint="Round it to 15 digits, or pass it as text.",
    )
