"""The types of columns: amounts as exact decimals, instants in UTC.

Days, booleans and JSON are those of SQLAlchemy's SQLite dialect. A month, `YYYY-MM`, is a text.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects.sqlite import DATETIME, JSON
from sqlalchemy.engine import Dialect

from billql.definitions.types import ColumnType

_AMOUNT_DIGITS = 38, 18
"""The precision and the scale of amounts, as `Cursor.description` has them."""


class ExactNumeric(types.Numeric[Any]):
    """A number that is returned as the decimal that it reads as: 0.1, not 0.1000000000000000055.

    SQLite prints a real with 15 digits, and a decimal with more of them is refused as a parameter.
    """

    def bind_processor(self, dialect: Dialect) -> None:
        """Leave decimals to the DB-API, which stores the number that reads like them."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return the conversion of SQL's number; what is none stays as it is."""
        return _decimal if self.asdecimal else _float


def _decimal(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(f"{value:.15g}")
    return Decimal(value) if isinstance(value, int) else value


def _float(value: Any) -> Any:
    return float(value) if isinstance(value, int | Decimal) else value


class Instant(DATETIME):
    """An instant. With a time zone it is `YYYY-MM-DDTHH:MM:SSZ` in SQL and has UTC in Python.

    One that is passed without a time zone is in UTC. Without a time zone, the column is that of
    SQLAlchemy's SQLite dialect.
    """

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return the conversion of a `datetime` to SQL's text."""
        return _instant_text if self.timezone else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Return the conversion of SQL's text to a `datetime`."""
        return _instant if self.timezone else super().result_processor(dialect, coltype)


def _instant_text(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, datetime.date):
        raise TypeError(f"An instant is a datetime or a date, and not a {type(value).__name__}")
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    if value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return f"{value.isoformat()}Z"


def _instant(value: Any) -> Any:
    if value is None:
        return None
    found = datetime.datetime.fromisoformat(value)
    return (
        found.replace(tzinfo=datetime.UTC)
        if found.tzinfo is None
        else found.astimezone(datetime.UTC)
    )


_BY_TYPE: Mapping[ColumnType, Callable[[], types.TypeEngine[Any]]] = {
    "text": types.TEXT,
    "integer": types.BIGINT,
    "real": types.REAL,
    "decimal": lambda: types.DECIMAL(*_AMOUNT_DIGITS),
    "boolean": types.BOOLEAN,
    "date": types.DATE,
    "month": lambda: types.VARCHAR(7),
    "timestamp": lambda: types.TIMESTAMP(timezone=True),
    "json": JSON,
    "blob": types.BLOB,
}


def of_column(kind: ColumnType) -> types.TypeEngine[Any]:
    """Return SQLAlchemy's type for a column of a table of the catalog."""
    return _BY_TYPE[kind]()


_BY_DECLARATION: Mapping[str, ColumnType] = {
    "TIMESTAMP": "timestamp",
    "TIMESTAMP TEXT": "timestamp",
    "DECIMAL REAL": "decimal",
    "MINOR INTEGER": "integer",
    "MINOR REAL": "real",
    "DATE TEXT": "date",
    "MONTH TEXT": "month",
    "JSON TEXT": "json",
    "BOOLEAN INTEGER": "boolean",
}
"""How billql declares the columns of CREATE TABLE … AS SELECT, which keep their types."""


def of_local_column(declared: str) -> types.TypeEngine[Any] | None:
    """Return the type of a local column that billql declares in its own way; None for others."""
    kind = _BY_DECLARATION.get(declared)
    return None if kind is None else of_column(kind)
