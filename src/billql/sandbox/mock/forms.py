"""How an API writes a value of a column, and how it reads one in a request: decoding, backwards.

In the mock a value of a column is what it means: a time is the Unix second in which it begins, an
amount a Decimal, and everything else what JSON has for it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import format_datetime
from typing import Any, Final

from billql.definitions.decoding import calendar_part
from billql.definitions.methods import Parameter
from billql.definitions.model import Column
from billql.definitions.types import CALENDAR_PARTS, MOMENTS, ColumnType, Format
from billql.sandbox.timestamps import day_start, format_timestamp

_INTEGER: Final = re.compile(r"-?\d{1,19}", re.ASCII)
_MONTH: Final = re.compile(r"\d{4}-\d{2}", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORMS: Final[dict[ColumnType, tuple[re.Pattern[str], str]]] = {
    "month": (re.compile(r"\d{4}-\d{2}$", re.ASCII), "YYYY-MM"),
    "date": (re.compile(r"\d{4}-\d{2}-\d{2}$", re.ASCII), "YYYY-MM-DD"),
    "timestamp": (re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:", re.ASCII), "YYYY-MM-DDThh:mm:ssZ"),
}


def encode(column: Column, value: Any, sent_as: str | None = None) -> Any:
    """Return a value as a row of a response has it; `sent_as` is what a story has for amounts."""
    if value is None:
        return None
    if column.type in MOMENTS:
        return _time(column.type, column.format, int(value))
    if column.format == "filename":
        return f'attachment; filename="{value}"'
    if column.after is not None:
        return f"key{column.after}{value}"
    if isinstance(value, Decimal):
        return _amount(column, value, sent_as)
    return str(value) if sent_as == "text" else value


def _amount(column: Column, value: Decimal, sent_as: str | None) -> Any:
    if column.format == "money":
        units, part = divmod(abs(value), 1)
        sign = -1 if value < 0 else 1
        return {"units": str(sign * int(units)), "nanos": sign * int(part * 10**9)}
    if column.format == "dollars":
        return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
    if column.divide is not None:
        value *= column.divide
    text = sent_as or ("text" if column.type == "decimal" and column.divide is None else "number")
    if text == "text":
        return f"{value:f}"
    return int(value) if value == value.to_integral_value() else float(value)


def _time(kind: ColumnType, format: Format | None, seconds: int) -> int | str:
    if format in ("epoch", "epoch_ms"):
        return seconds * (1000 if format == "epoch_ms" else 1)
    if format == "rfc2822":
        return format_datetime(datetime.fromtimestamp(seconds, UTC))
    whole = {"date": 10, "month": 7}.get(kind, 20) if format is None else 20
    length = {"day": 10, "no_zone": 19}.get(str(format), whole)
    return format_timestamp(seconds)[:length]


def decode(column: Column, parameter: Parameter, value: Any) -> Any:
    """Return what a value in a request means; raise ValueError for what the API refuses."""
    if parameter.null is not None and str(value) == str(parameter.null):
        return None
    kind = column.type
    if parameter.format in CALENDAR_PARTS:
        return _integer(value)
    if kind in MOMENTS:
        if parameter.format in (None, "instant"):
            _check_form("timestamp" if parameter.format else kind, value)
        return _moment(parameter.format, value)
    if kind == "integer":
        return _integer(value)
    if kind == "boolean":
        if not isinstance(value, bool) and value not in ("true", "false"):
            raise ValueError("must be true or false")
        return value in (True, "true")
    if kind in ("real", "decimal"):
        return _decimal(value)
    if parameter.format == "json":
        return value
    if isinstance(value, dict | list):
        raise ValueError("must be a text")
    return str(value).lower() if parameter.format == "uuid" else str(value)


def _check_form(kind: ColumnType, value: Any) -> None:
    """Raise ValueError for a time in the form of another type."""
    pattern, form = _FORMS[kind]
    if not (isinstance(value, str) and pattern.match(value)):
        raise ValueError(f"must be a {kind} in the form {form}")


def read(column: Column, value: Any) -> Any:
    """Return what a value of a document means."""
    if isinstance(value, dict) and column.format == "reference":
        value = value.get("id")
    if value is None or column.type in ("json", "blob", "boolean"):
        return value
    if column.type in MOMENTS:
        return _moment(column.format, value)
    if column.type == "integer":
        return _integer(value)
    return _decimal(value) if column.type in ("real", "decimal") else str(value)


def part_of(format: Format | None, moment: int) -> int:
    """Return one number of the date of a Unix second: its year, month or day."""
    return calendar_part(format, datetime.fromtimestamp(moment, UTC))


def period_start(text: str) -> int:
    """Return the second in which a month or a day begins, written as YYYY-MM or YYYY-MM-DD."""
    return day_start(date.fromisoformat(f"{text}-01"[:10]))


def _decimal(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("must be a number") from None
    if not number.is_finite():
        raise ValueError("must be a number")
    return number


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)):
        raise ValueError("must be an integer")
    return int(value)


def _moment(format: Format | None, value: Any) -> float:
    """Return the second in which a time begins, with its fraction if it has one."""
    if format in ("epoch", "epoch_ms"):
        return _integer(value) // (1000 if format == "epoch_ms" else 1)
    text = str(value)
    try:
        if _MONTH.fullmatch(text) or _DAY.fullmatch(text):
            return period_start(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date or time") from None
    if (moment.tzinfo is None) != (format == "no_zone"):
        raise ValueError(
            "must be a time without its zone"
            if format == "no_zone"
            else "must be a time with its zone, or a date"
        )
    seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return int(seconds) if seconds.is_integer() else seconds
