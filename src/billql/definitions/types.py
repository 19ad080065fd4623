"""Column types: what SQL sees of them, and how APIs may write their values."""

from __future__ import annotations

from typing import Literal

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

Format = Literal[
    "epoch",
    "epoch_ms",
    "instant",
    "day",
    "no_zone",
    "rfc2822",
    "dollars",
    "money",
    "filename",
    "reference",
    "json",
    "uuid",
    "year",
    "month_of_year",
    "day_of_month",
]
"""How an API writes a value, where that is not the usual way: seconds or milliseconds since 1970, a
day or month as the moment in which it begins, a month as its first day or, in a parameter with
`<=`, as its last one, a time in UTC without a zone, a time like `Sun, 06 Nov 1994 08:49:37 +0000`
(RFC 2822), an amount like `$3.11` or `-$1,024.00`, an amount as an object of `units` and `nanos`, a
content-disposition header that holds a file name, another object as its id or as a whole, a
parameter in a body whose value is a JSON text, a parameter whose value is an id of 8-4-4-4-12
hexadecimal digits, a parameter that is one number of a date."""

FORMATTED: dict[Format, frozenset[ColumnType]] = {
    "epoch": frozenset(("date", "month", "timestamp")),
    "epoch_ms": frozenset(("date", "month", "timestamp")),
    "instant": frozenset(("date", "month")),
    "day": frozenset(("month",)),
    "no_zone": frozenset(("timestamp",)),
    "rfc2822": frozenset(("date", "month", "timestamp")),
    "year": frozenset(("date", "month")),
    "month_of_year": frozenset(("date", "month")),
    "day_of_month": frozenset(("date",)),
    "dollars": frozenset(("real", "decimal")),
    "money": frozenset(("real", "decimal")),
    "filename": frozenset(("text",)),
    "reference": frozenset(("text", "json")),
    "json": frozenset(("text",)),
    "uuid": frozenset(("text",)),
}
"""The column types that each format can have. Of a reference, text is the id that the API returns
or that the object has; json is the object, and NULL where the API returns the id alone."""

CALENDAR_PARTS: frozenset[Format | None] = frozenset(("year", "month_of_year", "day_of_month"))
"""The formats in which a parameter has one number of a date, such as 9 for September."""

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

TIME_COLLATION = "TIME"
"""The collation of their columns: texts compare as instants (see `billql.util.instant`)."""


def collation_of(kind: ColumnType) -> str:
    """Return the collation of a type's columns, in capitals."""
    return TIME_COLLATION if kind in MOMENTS else "BINARY"


DISCRETE = frozenset(("integer", "date", "month", "timestamp"))
"""The types whose values have a next one, so that `<= x` can be written as `< next(x)`."""


EXAMPLE_BY_TYPE: dict[str, str] = {
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
"""An example for each type, for errors about a value that cannot be read."""
