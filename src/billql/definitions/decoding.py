"""Decoding: a column of an API's response becomes a column of SQLite values (`decoder_for`).

Each type has one form, so that values compare, sort and join as themselves:

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
"""

from __future__ import annotations

import contextlib
import datetime
import math
import re
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

from billql.definitions.types import ColumnType, Format, SQLValue
from billql.util.exact_json import Digits, written

ColumnDecoder = Callable[[Sequence[Any]], list[SQLValue]]
"""A function from a column of a response to a column of SQL values. It raises ValueError for a
value of another type."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
INTEGER_RANGE = range(-(2**63), 2**63)
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
# Of texts that have no other characters, `float` reads just those that are a number by `NUMBER`.
_NUMBERS = re.compile(r"[-+.eE\d\n]*", re.ASCII)
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
SPACE = " \t\n\v\f\r"
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
    """Return whether a column shows the digits of numbers, and not just the nearest float."""
    return kind in ("text", "integer", "json") and format != "filename"


def decoder_for(kind: ColumnType, format: Format | None = None) -> ColumnDecoder:
    """Return the reader for a column's type and the format in which its API writes it."""
    if format == "epoch":
        return _each(lambda value: show_instant(kind, _from_epoch(value, 1)))
    if format == "epoch_ms":
        return _each(lambda value: show_instant(kind, _from_epoch(value, 1000)))
    if format == "rfc2822":
        return _each(lambda value: show_instant(kind, _from_rfc2822(value)))
    if format == "dollars":
        return _each(_read_dollars)
    if format == "money":
        return _each(_read_money)
    if format == "filename":
        return _each(_read_filename)
    if format == "reference":
        return _read_ids if kind == "text" else _read_objects
    return _READERS[kind]


def full_reader(kind: ColumnType, format: Format | None = None) -> ColumnDecoder:
    """Return a reader that cuts nothing off: a moment keeps its fraction, a day its time.

    It distinguishes rows whose columns may show the same.
    """
    if format in ("epoch", "epoch_ms"):
        return _each(_number)
    if format == "rfc2822":
        return decoder_for("timestamp", format)
    return _FULL_READERS.get(kind) or decoder_for(kind, format)


_SHORT = reprlib.Repr()
_SHORT.maxstring = 80


def _mismatch(value: object, expected: str) -> ValueError:
    return ValueError(f"{_SHORT.repr(value)} is not {expected}")


def _each(read: Callable[[Any], SQLValue]) -> ColumnDecoder:
    # An empty text is how a CSV, and some APIs, leave a value out.
    return lambda values: [
        None if value is None or value == "" else read(value) for value in values
    ]


def _in_bulk(
    whole: Callable[[Sequence[Any]], list[SQLValue] | None], one: Callable[[Any], SQLValue]
) -> ColumnDecoder:
    """Read a column as a whole if its values have the usual shape, save for those that are left
    out; otherwise one by one.
    """

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
    raise _mismatch(value, "text")


def _read_integers(values: Sequence[Any]) -> list[SQLValue]:
    if set(map(type, values)) <= {int, type(None)}:
        present = [value for value in values if value is not None] or [0]
        if min(present) in INTEGER_RANGE and max(present) in INTEGER_RANGE:
            return list(values)
    return _each(_integer)(values)


def _integer(value: object) -> int:
    number = value
    if isinstance(value, str):
        number = _whole(value)
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    if type(number) is int and number in INTEGER_RANGE:
        return number
    raise _mismatch(value, "a 64-bit integer")


def _whole(text: str) -> int | None:
    """Read the integer that a text spells, such as `50`, `50.0` or `5e1`; None if it is none."""
    if len(text) <= 20 and INTEGER.fullmatch(text):
        return int(text)
    if not NUMBER.fullmatch(text):
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
    """Return whether every value is a text that matches; one match for all is twice as fast."""
    if set(map(type, values)) != {str}:
        return False
    joined = "\n".join((*values, ""))
    return joined.count("\n") == len(values) and lines.fullmatch(joined) is not None


def _number(value: object) -> float:
    if isinstance(value, str) and not NUMBER.fullmatch(value):
        raise _mismatch(value, "a number")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _mismatch(value, "a number")
    with contextlib.suppress(OverflowError):
        number = float(value) + 0.0
        if math.isfinite(number):
            return number
    raise _mismatch(value, "a number that SQL can hold")


def _read_dollars(value: object) -> float:
    if isinstance(value, Digits) or not isinstance(value, str):
        return _number(value)
    # Accountants put what is owed to the customer in parentheses.
    bare = value[1:-1] if value[:1] == "(" and value[-1:] == ")" else value
    found = _DOLLARS.fullmatch(bare)
    if found is None or (found[1] and found[2]):
        raise _mismatch(value, "an amount like $3.11")
    minus = "-" if bare is not value or found[1] or found[2] else ""
    return _number(minus + found[3].replace(",", ""))


def _read_money(value: object) -> float:
    """Return an amount in whole units and billionths
    (https://github.com/googleapis/googleapis/blob/master/google/type/money.proto).
    """
    parts = (value.get("units"), value.get("nanos")) if isinstance(value, dict) else ()
    if not any(one is not None for one in parts):
        raise _mismatch(value, "an amount of units and nanos")
    units, nanos = (0 if one is None else _integer(one) for one in parts)
    return (units * 10**9 + nanos) / 10**9


def _boolean(value: object) -> int:
    if isinstance(value, Digits):
        value = value.number
    if value is True or value == 1 or value == "true":
        return 1
    if value is False or value == 0 or value == "false":
        return 0
    raise _mismatch(value, "true or false")


def _from_epoch(value: object, scale: int) -> datetime.datetime:
    try:
        return EPOCH + datetime.timedelta(seconds=_number(value) // scale)
    except (ValueError, OverflowError):
        raise _mismatch(value, "a time since 1970") from None


def _from_iso(value: object) -> datetime.datetime:
    if isinstance(value, Digits) or not isinstance(value, str):
        raise _mismatch(value, "a date or time")
    try:
        # DigitalOcean's CSV has a space before its offset: 2020-07-01 00:00:00 +0000.
        tight = value.upper().replace(" +", "+").replace(" -", "-").replace(" UTC", "Z")
        moment = datetime.datetime.fromisoformat(tight)
    except ValueError:
        raise _mismatch(value, "a date or time") from None
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment


def _from_rfc2822(value: object) -> datetime.datetime:
    from email.utils import parsedate_to_datetime

    if isinstance(value, Digits) or not isinstance(value, str):
        raise _mismatch(value, "a date like 'Sun, 06 Nov 1994 08:49:37 +0000'")
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        raise _mismatch(value, "a date like 'Sun, 06 Nov 1994 08:49:37 +0000'") from None
    # The zone -0000 is UTC at a place that is not stated.
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment


def show_instant(kind: ColumnType, moment: datetime.datetime) -> str:
    """Return a moment in UTC as a column of dates, months or timestamps shows it."""
    try:
        moment = moment.astimezone(datetime.UTC)
    except OverflowError:
        raise _mismatch(moment.isoformat(), "a date or time that SQL can hold") from None
    day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
    if kind == "timestamp":
        return f"{day}T{moment.hour:02}:{moment.minute:02}:{moment.second:02}Z"
    return day if kind == "date" else day[:7]


def calendar_part(format: Format | None, moment: datetime.datetime) -> int:
    """Return one number of a date in UTC: its year, or its month or day as `format` has it."""
    whole = moment.astimezone(datetime.UTC)
    return {"year": whole.year, "month_of_year": whole.month}.get(format or "", whole.day)


def _in_full(kind: ColumnType, moment: datetime.datetime) -> str:
    """Return a moment with its fraction, in the column's own form if that is exact."""
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    whole = show_instant("timestamp", moment) + fraction
    shown = show_instant(kind, moment)
    return shown if whole.removeprefix(shown) in ("", "T00:00:00Z", "-01T00:00:00Z") else whole


def _read_moments(
    kind: ColumnType,
    pattern: str,
    show: Callable[[ColumnType, datetime.datetime], str] = show_instant,
) -> ColumnDecoder:
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
        raise _mismatch(value, "an id or an object with one")
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
            raise _mismatch(value, "bytes")
    return list(values)


_READERS: dict[str, ColumnDecoder] = {
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

_FULL_READERS: dict[str, ColumnDecoder] = {
    "date": _read_moments("date", _DATE, _in_full),
    "month": _read_moments("month", _MONTH, _in_full),
    "timestamp": _read_moments("timestamp", _TIMESTAMP, _in_full),
}
