"""Imports CSV files into tables, in one transaction, with numbers as numbers."""

from __future__ import annotations

import csv
import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from billql.errors import DataError, InterfaceError
from billql.sql.tokenizer import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from billql.dbapi.connection import Connection

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_REAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?")
"""A column is numeric if each of its fields matches. `007` does not, because it may be an
identifier; nor do numbers with more digits than SQL keeps."""

_BATCH = 1000
"""How many rows are inserted at a time."""

Record = tuple[int, list[str]]
"""The number of its last line in the file, from 1, and its fields."""


def read(connection: Connection, path: str, table: str, skip: int) -> int:
    """Read a CSV file (RFC 4180) into a table and return the number of rows.

    A new table has the columns that the first record names; an existing table receives every
    record. The first `skip` records are skipped. An empty field is NULL in a numeric column of a
    new table, else the empty text. Raise InterfaceError if the file cannot be read, DataError for
    a record with another number of fields than columns, and the errors of SQLite.
    """
    if "." in table:
        raise InterfaceError(f"{table} is not a valid table name, because it contains a dot")
    is_outermost = not connection.in_transaction
    connection.execute("BEGIN" if is_outermost else "SAVEPOINT import")
    try:
        count = _into(connection, path, table, skip)
    except BaseException:
        if is_outermost:
            connection.execute("ROLLBACK")
        else:
            connection.execute("ROLLBACK TO import")
            connection.execute("RELEASE import")
        raise
    connection.execute("COMMIT" if is_outermost else "RELEASE import")
    return count


def _into(connection: Connection, path: str, table: str, skip: int) -> int:
    quoted = quote(table)
    width = _width(connection, table)
    numeric = [False] * width
    if not width:
        head, numeric = _new(connection, path, quoted, skip)
        width, skip = len(head), skip + 1
    fields = ", ".join(f"value ->> {place}" for place in range(width))
    insert = f"INSERT INTO {quoted} SELECT {fields} FROM json_each(?)"
    rows = _rows(_records(path, skip), width, path, numeric)
    count = 0
    # A statement inserts many rows, because it costs more than they do.
    while batch := list(islice(rows, _BATCH)):
        connection.execute(insert, (json.dumps(batch),))
        count += len(batch)
    return count


def _width(connection: Connection, table: str) -> int:
    """Return the number of columns of a table that take values; 0 if there is no such table."""
    found = connection.execute(
        "SELECT count(*) FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,)
    ).fetchone()
    return int(found[0]) if found else 0


def _new(connection: Connection, path: str, quoted: str, skip: int) -> tuple[list[str], list[bool]]:
    """Create the table of a file; return the names of its columns, and which are numeric."""
    _, head = next(_records(path, skip), (0, []))
    if not head:
        raise DataError(f"{path} has no header line")
    kinds = _kinds(_records(path, skip + 1), len(head), path)
    columns = ", ".join(f"{quote(name)} {kind}" for name, kind in zip(head, kinds, strict=True))
    connection.execute(f"CREATE TABLE {quoted} ({columns})")
    return head, [kind != "TEXT" for kind in kinds]


def _kinds(records: Iterable[Record], width: int, path: str) -> list[str]:
    """Return the type of each column: the narrowest one that fits all its fields."""
    integer, real, filled = [True] * width, [True] * width, [False] * width
    for fields in _checked(records, width, path):
        for place, field in enumerate(fields):
            if not field:
                continue
            filled[place] = True
            integer[place] = integer[place] and bool(_INTEGER.fullmatch(field))
            real[place] = real[place] and bool(_REAL.fullmatch(field))
    return [
        "INTEGER" if full and whole else "REAL" if full and number else "TEXT"
        for full, whole, number in zip(filled, integer, real, strict=True)
    ]


def _rows(
    records: Iterable[Record], width: int, path: str, numeric: Sequence[bool]
) -> Iterator[list[str | None]]:
    for fields in _checked(records, width, path):
        yield [
            None if is_number and not field else field
            for field, is_number in zip(fields, numeric, strict=True)
        ]


def _checked(records: Iterable[Record], width: int, path: str) -> Iterator[list[str]]:
    for line, fields in records:
        if len(fields) != width:
            raise DataError(f"{path}, line {line}: {len(fields)} fields instead of {width}")
        yield fields


def _records(path: str, skip: int) -> Iterator[Record]:
    """Yield the records of a file that are not empty, after the first `skip`."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for fields in islice((fields for fields in reader if fields), skip, None):
                yield reader.line_num, fields
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error


def unreadable(path: str, error: Exception) -> InterfaceError:
    """Return the error for a file that cannot be read."""
    if isinstance(error, UnicodeDecodeError):
        return InterfaceError(f"{path} is not text in UTF-8: {error}")
    why = error.strerror if isinstance(error, OSError) else error
    return InterfaceError(f"{path} cannot be read: {why}")
