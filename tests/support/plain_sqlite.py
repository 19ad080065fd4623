"""SQLite itself, with columns and a way of comparing such as billql's tables have: it judges them.

Its order of time is that of `times`, so that billql's own is not judged by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import apsw

from billql.definitions.types import AFFINITY, ColumnType, Operator, SQLValue, collation_of

from . import times

OPERATORS: tuple[Operator, ...] = get_args(Operator)


def database() -> apsw.Connection:
    """Return an empty database that compares times, and writes floats with 15 digits."""
    opened = apsw.Connection(":memory:")
    opened.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)
    opened.create_collation("time", times.collate)
    opened.create_scalar_function("year", _year, 1)
    opened.create_scalar_function("date_trunc", _date_trunc, 2)
    return opened


def _year(*arguments: Any) -> int | None:
    """Return the year of a time as a column shows it.

    billql refuses what is no time, unless another condition has left the row out already.
    """
    (time,) = arguments
    return int(time[:4]) if isinstance(time, str) and time[:4].isdigit() else None


def _date_trunc(*arguments: Any) -> str | None:
    """Return the day or the month of a time as a column shows it."""
    unit, time = arguments
    return None if time is None else f"{time}-01"[: {"day": 10, "month": 7}[unit]]


def declared(name: str, kind: ColumnType) -> str:
    """Return the declaration of a column that has the values of a type."""
    return f"{name} {AFFINITY[kind]} COLLATE {collation_of(kind)}"


class Judge:
    """Compares a column of some type with a value."""

    def __init__(self, kind: ColumnType) -> None:
        self._database = database()
        self._database.execute(f"CREATE TABLE t ({declared('c', kind)})")

    def verdicts(self, column: Sequence[SQLValue], value: SQLValue) -> dict[Operator, list[bool]]:
        """Return for each operator and column value whether it is true."""
        if not column:
            return {operator: [] for operator in OPERATORS}
        self._database.execute("DELETE FROM t")
        self._database.executemany("INSERT INTO t VALUES (?)", [(one,) for one in column])
        terms = ", ".join(f"c {operator} ?1" for operator in OPERATORS)
        rows = self._database.execute(f"SELECT {terms} FROM t ORDER BY rowid", (value,))
        by_operator = zip(*rows.fetchall(), strict=True)
        return {
            operator: [truth == 1 for truth in truths]
            for operator, truths in zip(OPERATORS, by_operator, strict=True)
        }
