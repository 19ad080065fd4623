"""Column types: what an API says, what SQL sees, and back again.

Reading: a column of an API's answer becomes a column of SQLite values (`reader`), always in one
form for each type, so that values compare, sort and join as themselves:

    type        SQL value                             affinity
    text        text                                  TEXT
    integer     integer                               INTEGER
    real        real                                  REAL
    decimal     real (an amount; 15 digits hold)      REAL
    boolean     0 or 1                                INTEGER
    date        text, YYYY-MM-DD                      TEXT
    month       text, YYYY-MM                         TEXT
    timestamp   text, YYYY-MM-DDTHH:MM:SSZ, in UTC    TEXT
    json        text, JSON                            TEXT
    blob        blob                                  BLOB

Writing: `span` turns a comparison with a SQL value into the range of column values that satisfies
it, by SQLite's own rules of comparison (https://sqlite.org/datatype3.html#comparisons), and
`write` turns one end of that range into what the API takes.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import math
import re
import reprlib
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from billql.util.exact_json import Digits, loads, written

SQLValue = None | int | float | str | bytes
"""What SQLite knows."""

ColumnType = Literal[
    "text",
    "integer",
    "real",
    "decimal",
    "boolean",
    "date",
    "month",
    "timestamp",
    "json",
    "blob",
]

Format = Literal["epoch", "epoch_ms", "instant", "dollars", "filename", "reference", "json", "uuid"]
"""How an API writes a value, where that is not the usual way: seconds or milliseconds since 1970,
a day or month as the moment in which it begins, an amount like `$3.11` or `-$1,024.00`, a
content-disposition header that holds a file name, another object as its id or as a whole, a
parameter in a body that takes what a JSON text says, a parameter that takes an id of 8-4-4-4-12
hexadecimal digits."""

FORMATTED: dict[Format, frozenset[ColumnType]] = {
    "epoch": frozenset(("date", "month", "timestamp")),
    "epoch_ms": frozenset(("date", "month", "timestamp")),
    "instant": frozenset(("date", "month")),
    "dollars": frozenset(("real", "decimal")),
    "filename": frozenset(("text",)),
    "reference": frozenset(("text", "json")),
    "json": frozenset(("text",)),
    "uuid": frozenset(("text",)),
}
"""The column types that each format can give. Of a reference, text is the id that the API gives or
that the object has; json is the object, and NULL where the API gives the id alone."""

Operator = Literal["=", "<", "<=", ">", ">="]
"""The comparisons that a parameter can stand for."""

AFFINITY: dict[str, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "decimal": "REAL",
    "boolean": "INTEGER",
    "date": "TEXT",
    "month": "TEXT",
    "timestamp": "TEXT",
    "json": "TEXT",
    "blob": "BLOB",
}
"""https://sqlite.org/datatype3.html#type_affinity"""

MOMENTS = frozenset(("date", "month", "timestamp"))
"""The types whose values are times."""

DISCRETE = frozenset(("integer", "date", "month", "timestamp"))
"""The types whose values have a next one, so that `<= x` can be said as `< next(x)`."""

Reader = Callable[[Sequence[Any]], list[SQLValue]]
"""Turns a column of an answer into a column of SQL values; raises ValueError for a misfit."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_INTEGER_RANGE = range(-(2**63), 2**63)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# Of texts that have no other characters, `float` reads just those that are a number by `_NUMBER`.
_NUMBERS = re.compile(r"[-+.eE\d\n]*", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_SPACE = " \t\n\v\f\r"
"""What SQLite leaves out around a number that is written as text."""
_DOLLARS = re.compile(r"(-?)\$?(-?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)", re.ASCII)
_MONTH = r"(?!0000)\d{4}-(?:0[1-9]|1[0-2])"
# Every day of the calendar but the 29th of February, which takes the slow way.
_DATE = (
    rf"(?:{_MONTH}-(?:0[1-9]|1\d|2[0-8])|(?!0000)\d{{4}}-"
    r"(?:(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31))"
)
_TIMESTAMP = rf"{_DATE}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ"
_FILENAME = re.compile(r"""filename="?([^";]+)"?""", re.IGNORECASE)


def spells(kind: ColumnType, format: Format | None = None) -> bool:
    """Tell whether a column shows the digits of numbers, and not just the nearest float."""
    return kind in ("text", "integer", "json") and format != "filename"


def reader(kind: ColumnType, format: Format | None = None) -> Reader:
    """Give the reader for a column's type and the format in which its API writes it."""
    if format == "epoch":
        return _each(lambda value: _instant(kind, _from_epoch(value, 1)))
    if format == "epoch_ms":
        return _each(lambda value: _instant(kind, _from_epoch(value, 1000)))
    if format == "dollars":
        return _each(_read_dollars)
    if format == "filename":
        return _each(_read_filename)
    if format == "reference":
        return _read_ids if kind == "text" else _read_objects
    return _READERS[kind]


def full_reader(kind: ColumnType, format: Format | None = None) -> Reader:
    """Give a reader that cuts nothing off: a moment keeps its fraction, a day its time.

    It serves to tell rows apart, where the column itself may show the same.
    """
    if format in ("epoch", "epoch_ms"):
        return _each(_number)
    return _FULL_READERS.get(kind) or reader(kind, format)


_SHORT = reprlib.Repr()
_SHORT.maxstring = 80


def _misfit(value: object, expected: str) -> ValueError:
    return ValueError(f"{_SHORT.repr(value)} is not {expected}")


def _each(read: Callable[[Any], SQLValue]) -> Reader:
    # An empty text is how a CSV, and some APIs, leave a value out.
    return lambda values: [
        None if value is None or value == "" else read(value) for value in values
    ]


def _in_bulk(
    whole: Callable[[Sequence[Any]], list[SQLValue] | None], one: Callable[[Any], SQLValue]
) -> Reader:
    """Read a column as a whole if its values have the usual shape, save for those that are left
    out; otherwise one by one."""

    def read(values: Sequence[Any]) -> list[SQLValue]:
        if (found := whole(values)) is not None:
            return found
        present = [value for value in values if value is not None and value != ""]
        found = whole(present) if len(present) < len(values) else None
        if found is None:
            return _each(one)(values)
        following = iter(found)
        return [None if value is None or value == "" else next(following) for value in values]

    return read


def _read_text(values: Sequence[Any]) -> list[SQLValue]:
    if set(map(type, values)) <= {str, type(None)}:
        return list(values)
    return [value if value is None else _text(value) for value in values]


def _text(value: object) -> str:
    if isinstance(value, str):
        return str(value)  # of digits too
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise _misfit(value, "text")


def _read_integers(values: Sequence[Any]) -> list[SQLValue]:
    if set(map(type, values)) <= {int, type(None)}:
        present = [value for value in values if value is not None] or [0]
        if min(present) in _INTEGER_RANGE and max(present) in _INTEGER_RANGE:
            return list(values)
    return _each(_integer)(values)


def _integer(value: object) -> int:
    number = value
    if isinstance(value, str):
        number = _whole(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if type(number) is int and number in _INTEGER_RANGE:
        return number
    raise _misfit(value, "a 64-bit integer")


def _whole(text: str) -> int | None:
    """Read the integer that a text spells, such as `50`, `50.0` or `5e1`; None if it is none."""
    if len(text) <= 20 and _INTEGER.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    from decimal import Decimal

    try:
        number = Decimal(text)
    except ArithmeticError:  # an exponent beyond all that decimals have
        return None
    if not number:
        return 0
    if not 0 <= number.adjusted() <= 18:  # beyond 64 bits, where it might take memory without end
        return None
    whole = int(number)
    return whole if whole == number else None


def _usual_numbers(values: Sequence[Any]) -> list[SQLValue] | None:
    if set(map(type, values)) <= {float, int} or _all_match(_NUMBERS, values):
        with contextlib.suppress(OverflowError, ValueError):
            numbers = [float(value) + 0.0 for value in values]  # -0.0 + 0.0 is 0.0
            if all(map(math.isfinite, numbers)):
                return [*numbers]
    return None


def _all_match(lines: re.Pattern[str], values: Sequence[Any]) -> bool:
    """Whether every value is a text that matches; one match for all is twice as fast."""
    if set(map(type, values)) != {str}:
        return False
    joined = "\n".join((*values, ""))
    return joined.count("\n") == len(values) and lines.fullmatch(joined) is not None


def _number(value: object) -> float:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise _misfit(value, "a number")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _misfit(value, "a number")
    with contextlib.suppress(OverflowError):
        number = float(value) + 0.0
        if math.isfinite(number):
            return number
    raise _misfit(value, "a number that SQL can hold")


def _read_dollars(value: object) -> float:
    if isinstance(value, Digits) or not isinstance(value, str):
        return _number(value)
    # Accountants put what is owed to the customer in parentheses.
    bare = value[1:-1] if value[:1] == "(" and value[-1:] == ")" else value
    found = _DOLLARS.fullmatch(bare)
    if found is None or (found[1] and found[2]):
        raise _misfit(value, "an amount like $3.11")
    minus = "-" if bare is not value or found[1] or found[2] else ""
    return _number(minus + found[3].replace(",", ""))


def _boolean(value: object) -> int:
    if isinstance(value, Digits):
        value = value.number
    if value is True or value == 1 or value == "true":
        return 1
    if value is False or value == 0 or value == "false":
        return 0
    raise _misfit(value, "true or false")


def _from_epoch(value: object, scale: int) -> datetime.datetime:
    try:
        return _EPOCH + datetime.timedelta(seconds=_number(value) // scale)
    except (ValueError, OverflowError):
        raise _misfit(value, "a time since 1970") from None


def _from_iso(value: object) -> datetime.datetime:
    if isinstance(value, Digits) or not isinstance(value, str):
        raise _misfit(value, "a date or time")
    try:
        # DigitalOcean's CSV has a space before its offset: 2020-07-01 00:00:00 +0000.
        tight = value.upper().replace(" +", "+").replace(" -", "-").replace(" UTC", "Z")
        moment = datetime.datetime.fromisoformat(tight)
    except ValueError:
        raise _misfit(value, "a date or time") from None
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment


def _instant(kind: ColumnType, moment: datetime.datetime) -> str:
    try:
        moment = moment.astimezone(datetime.UTC)
    except OverflowError:
        raise _misfit(moment.isoformat(), "a date or time that SQL can hold") from None
    day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
    if kind == "timestamp":
        return f"{day}T{moment.hour:02}:{moment.minute:02}:{moment.second:02}Z"
    return day if kind == "date" else day[:7]


def _in_full(kind: ColumnType, moment: datetime.datetime) -> str:
    """Give a moment with its fraction, in the column's own form if that says all of it."""
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    whole = _instant("timestamp", moment) + fraction
    shown = _instant(kind, moment)
    return shown if whole.removeprefix(shown) in ("", "T00:00:00Z", "-01T00:00:00Z") else whole


def _read_moments(
    kind: ColumnType,
    pattern: str,
    show: Callable[[ColumnType, datetime.datetime], str] = _instant,
) -> Reader:
    lines = re.compile(rf"(?:{pattern}\n)*", re.ASCII)

    def read_one(value: Any) -> SQLValue:
        return value if _all_match(lines, [value]) else show(kind, _from_iso(value))

    def usual(values: Sequence[Any]) -> list[SQLValue] | None:
        return list(values) if _all_match(lines, values) else None

    return _in_bulk(usual, read_one)


def _read_json(values: Sequence[Any]) -> list[SQLValue]:
    return [*written(values)]


def _read_ids(values: Sequence[Any]) -> list[SQLValue]:
    return _read_text([_id(value) if isinstance(value, dict) else value for value in values])


def _id(value: dict[str, Any]) -> object:
    if value.get("id") is None:
        raise _misfit(value, "an id or an object with one")
    return value["id"]


def _read_objects(values: Sequence[Any]) -> list[SQLValue]:
    _read_ids(values)  # refuses what is neither an id nor an object
    return _read_json([value if isinstance(value, dict) else None for value in values])


def _read_filename(value: object) -> str | None:
    found = _FILENAME.search(value) if isinstance(value, str) else None
    return found[1] if found else None


def _read_blobs(values: Sequence[Any]) -> list[SQLValue]:
    for value in values:
        if value is not None and not isinstance(value, bytes):
            raise _misfit(value, "bytes")
    return list(values)


_READERS: dict[str, Reader] = {
    "text": _read_text,
    "integer": _read_integers,
    "real": _in_bulk(_usual_numbers, _number),
    "decimal": _in_bulk(_usual_numbers, _number),
    "boolean": _each(_boolean),
    "date": _read_moments("date", _DATE),
    "month": _read_moments("month", _MONTH),
    "timestamp": _read_moments("timestamp", _TIMESTAMP),
    "json": _read_json,
    "blob": _read_blobs,
}

_FULL_READERS: dict[str, Reader] = {
    "date": _read_moments("date", _DATE, _in_full),
    "month": _read_moments("month", _MONTH, _in_full),
    "timestamp": _read_moments("timestamp", _TIMESTAMP, _in_full),
}


# Writing ---------------------------------------------------------------------------------------


class Span(NamedTuple):
    """The column values that satisfy a comparison: from `low` to `high`, both included.

    None leaves an end open. Discrete types count in whole steps: days, months, seconds, units.
    """

    low: Any = None
    high: Any = None
    null: bool = False
    """Whether it is NULL that is asked for, and no value at all."""
    loose: bool = False
    """Whether it stands for every spelling of one text that differs by case."""

    @property
    def empty(self) -> bool:
        """Whether no value satisfies it."""
        return self.low is not None and self.high is not None and self.low > self.high

    @property
    def is_point(self) -> bool:
        """Whether just one value satisfies it."""
        return self.low is not None and self.low == self.high

    def __and__(self, other: Span) -> Span:
        """Give the values that satisfy both, or more of them where one is loose."""
        if self.null or other.null:
            return NULL if self in (NULL, EVERYTHING) and other in (NULL, EVERYTHING) else NOTHING
        if self.empty or other.empty:
            return NOTHING
        if self.loose or other.loose:  # the other says more, if it says anything
            return max(self, other, key=lambda one: (one != EVERYTHING, not one.loose))
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Span(max(lows, default=None), min(highs, default=None))


NOTHING = Span(1, 0)
"""What no value satisfies: a comparison with NULL, or one whose ends have crossed."""

EVERYTHING = Span()

NULL = Span(null=True)
"""What `IS NULL` asks for."""

LEAST: dict[ColumnType, int] = {
    "integer": _INTEGER_RANGE[0],
    "date": datetime.date.min.toordinal(),
    "month": 12,
    "timestamp": (datetime.date.min.toordinal() - _EPOCH.toordinal()) * 86400,
}
"""The least value of each discrete type, as spans count it."""

GREATEST: dict[ColumnType, int] = {
    "integer": _INTEGER_RANGE[-1],
    "date": datetime.date.max.toordinal(),
    "month": 9999 * 12 + 11,
    "timestamp": (datetime.date.max.toordinal() + 1 - _EPOCH.toordinal()) * 86400 - 1,
}
"""The greatest value of each discrete type."""

_NUMERIC = frozenset(("integer", "boolean", "real", "decimal"))
"""The types whose columns compare a text that spells a number as that number."""


def span(kind: ColumnType, operator: Operator, value: SQLValue) -> Span | None:
    """Give the column values for which `column operator value` is true in SQLite.

    The result is exact. None means that it cannot be told, so the comparison stays with SQLite.
    """
    if value is None or value != value:  # SQLite makes NULL of NaN
        return NOTHING
    if kind != "blob" and isinstance(value, bytes):
        return _beyond(kind, operator)
    if kind in _NUMERIC and isinstance(value, str):
        text = value.partition("\0")[0].strip(_SPACE)
        if not _NUMBER.fullmatch(text):
            return _beyond(kind, operator)
        number = _spelled_number(text)
        if number is None:
            return None
        value = number
    if kind in DISCRETE:
        found = _integer_floor(value) if kind == "integer" else _text_floor(kind, value)
        return None if found is None else _discrete_span(kind, operator, *found)
    if operator != "=":
        return None
    if kind == "boolean":
        return Span(bool(value), bool(value)) if value in (0, 1) else NOTHING
    if kind in ("real", "decimal"):
        assert isinstance(value, int | float)
        return Span(value, value) if abs(value) < math.inf else NOTHING
    # A number may mean its text, or every text that spells it: that depends on where it is from.
    return Span(value, value) if kind == "text" and isinstance(value, str) else None


def spelled(value: SQLValue) -> SQLValue:
    """Give the text that SQLite makes of a number where it compares it as a text.

    None stands for the text of a number that no key is written as: one that takes an exponent, or
    more than 15 digits. What is no number stays.
    """
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        plain = value == 0 or 1e-4 <= abs(value) < 1e15
        return repr(value + 0.0) if plain and len(repr(value)) <= 16 else None
    return value


def _beyond(kind: ColumnType, operator: Operator) -> Span | None:
    """Give the span for a value that comes after all those of a column: a text or a blob."""
    if operator in ("=", ">", ">="):
        return NOTHING
    return Span(None, GREATEST[kind]) if kind in GREATEST else None


def _discrete_span(kind: ColumnType, operator: Operator, floor: int, equal: bool) -> Span:
    """Give the span for a value whose nearest column value at or below it is `floor`."""
    if operator == "=":
        return Span(floor, floor) if equal else NOTHING
    if operator in (">", ">="):
        low = floor if equal and operator == ">=" else floor + 1
        return Span(low, None) if low <= GREATEST[kind] else NOTHING
    high = floor - 1 if equal and operator == "<" else floor
    return Span(None, high) if high >= LEAST[kind] else NOTHING


_MOST_DIGITS = 400
"""How many characters of a number are read; what has more is left to SQLite."""


def _spelled_number(text: str) -> int | float | None:
    """Give the number that a text spells, where SQLite and Python surely read the same one.

    They do where the text is an integer, and where a double holds all of its digits.
    """
    if len(text) > _MOST_DIGITS:
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    exact = decimal.Decimal(text)
    if len(text) <= 15:
        return float(text)
    return int(exact) if abs(exact) < 2**53 and exact == int(exact) else None


def _integer_floor(value: SQLValue) -> tuple[int, bool] | None:
    if not isinstance(value, int | float):
        return None
    if value > GREATEST["integer"]:
        return GREATEST["integer"], False
    if value < LEAST["integer"]:
        return LEAST["integer"] - 1, False
    return math.floor(value), value == math.floor(value)


_PREFIX = re.compile(
    r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?(.*)", re.ASCII | re.DOTALL
)
_CLOCK = re.compile(r"T([01]\d|2[0-3])(?::([0-5]\d)(?::([0-5]\d))?)?(.*)", re.ASCII | re.DOTALL)


def _text_floor(kind: ColumnType, value: SQLValue) -> tuple[int, bool] | None:
    """Find the last date, month or timestamp that is not after a text, as texts compare.

    Months, days and seconds are counted: `2025-01` lies after 2024-12-31 and before 2025-01-01;
    `2025-01-31` lies before 2025-01-31T00:00:00Z.
    """
    if not isinstance(value, str) or not (found := _PREFIX.fullmatch(value)):
        return None
    year, month, day, rest = found.groups()
    if int(year) < 1:
        return LEAST[kind] - 1, False
    if (month is None or day is None) and rest:
        return None
    if kind == "month":
        count = int(year) * 12 + int(month or 1) - 1
        return (count - 1, False) if month is None else (count, day is None)
    try:
        date = datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if kind == "date":
        count = date.toordinal()
        return (count - 1, False) if day is None else (count, not rest)
    midnight = (date.toordinal() - _EPOCH.toordinal()) * 86400
    if day is None or rest < "T":
        return midnight - 1, False
    clock = _CLOCK.fullmatch(rest)
    if clock is None:
        return None if rest[0] == "T" else (midnight + 86399, False)
    hour, minute, second, tail = clock.groups()
    count = midnight + int(hour) * 3600 + int(minute or 0) * 60 + int(second or 0)
    if second is None:
        return None if tail else (count - 1, False)
    if tail == "Z":
        return count, True
    return (count - 1, False) if tail < "Z" else (count, False)


def write(kind: ColumnType, format: Format | None, value: Any) -> Any:
    """Give what the API takes for one end of a span.

    Raises ValueError where the value lies outside of what the type can say.
    """
    if format == "json":
        return loads(value)
    if kind in MOMENTS:
        if format in ("epoch", "epoch_ms"):
            seconds = _seconds(kind, value)
            return seconds if format == "epoch" else seconds * 1000
        return _instant("timestamp" if format == "instant" else kind, _moment(kind, value))
    assert isinstance(value, str | int | float)
    if type(value) is int and value not in _INTEGER_RANGE:
        raise ValueError("the number has more than 64 bits")
    return value


def write_bound(
    kind: ColumnType, format: Format | None, operator: Operator, edge: Any, whole: bool = False
) -> Any:
    """Give what an API takes that filters with an operator, for an end of a span.

    An end is a second, day or month and belongs to the span; what lies inside of it does too,
    unless moments are `whole`. So `<=` takes the beginning of the next one, which may be too much
    by a moment, and `>` what comes before: see `is_precise`.
    """
    if operator == "<" or (operator == "<=" and not _is_whole(kind, format, whole)):
        return write(kind, format, edge + 1)
    if operator == ">":
        first = write(kind, format, edge)
        return first - 1 if isinstance(first, int) else write(kind, format, edge - 1)
    return write(kind, format, edge)


def is_precise(
    kind: ColumnType, format: Format | None, operator: Operator, whole: bool = False
) -> bool:
    """Tell whether `write_bound` says just what is meant, or possibly more."""
    return operator not in ("<=", ">") or _is_whole(kind, format, whole)


def _is_whole(kind: ColumnType, format: Format | None, whole: bool) -> bool:
    """Tell whether an API compares the very values that rows show, and no moments within them."""
    return whole or kind not in MOMENTS or (format is None and kind != "timestamp")


def _seconds(kind: ColumnType, count: int) -> int:
    """Find the seconds from 1970 to the beginning of a second, day or month that spans count.

    The end of the calendar can be said as well.
    """
    if not LEAST[kind] <= count <= GREATEST[kind] + 1:
        raise ValueError("the time is out of range")
    if kind == "timestamp":
        return count
    days = count
    if kind == "month" and count <= GREATEST[kind]:
        days = datetime.date(count // 12, count % 12 + 1, 1).toordinal()
    elif kind == "month":
        days = GREATEST["date"] + 1
    return (days - _EPOCH.toordinal()) * 86400


def _moment(kind: ColumnType, count: int) -> datetime.datetime:
    """Find the beginning of a second, day or month that spans count."""
    try:
        return _EPOCH + datetime.timedelta(seconds=_seconds(kind, count))
    except OverflowError:
        raise ValueError("the time is out of range") from None


def sql_value(kind: ColumnType, value: Any) -> SQLValue:
    """Give the SQL value of one value of a span: what a row would show for it."""
    if kind in ("date", "month", "timestamp"):
        return str(write(kind, None, value))
    if kind == "boolean":
        return int(value)
    if kind in ("real", "decimal"):
        return float(value)
    assert isinstance(value, str | int | float)
    return value


def today(clock: datetime.datetime) -> int:
    """Give the day of a moment as spans count it."""
    return clock.astimezone(datetime.UTC).date().toordinal()


EXPECTED: dict[str, str] = {
    "date": "a day like '2025-01-31'",
    "month": "a month like '2025-01'",
    "timestamp": "a time like '2025-01-31T00:00:00Z'",
    "integer": "an integer",
    "boolean": "0 or 1",
    "text": "a text",
    "real": "a number",
    "decimal": "a number",
    "json": "JSON",
    "blob": "a blob",
}
"""What to tell somebody whose value was not understood."""
