"""The values of expressions of a time, computed by SQLite itself, which reads no table for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import apsw

from billql.definitions.types import Operator, SQLValue
from billql.util.instant import collation


class Calculator:
    """Computes expressions of the parameter `?1`; may be used in any thread.

    `register` adds functions to the connection of each thread.
    """

    def __init__(self, register: Callable[[apsw.Connection], object]) -> None:
        self._register = register
        self._local = threading.local()

    def value(self, expression: str, time: SQLValue) -> SQLValue:
        """Return what an expression is for a time; raise what its functions raise."""
        return self._one(f"SELECT {expression}", (time,))

    def comparison(
        self, expression: str, collated: str
    ) -> Callable[[SQLValue, Operator, SQLValue], bool]:
        """Return a function that compares the expression of a time with a value by a collation."""

        def compare(time: SQLValue, operator: Operator, value: SQLValue) -> bool:
            sql = f"SELECT ({expression}) COLLATE {collated} {operator} ?2"
            return bool(self._one(sql, (time, value)))

        return compare

    def _one(self, sql: str, bindings: Sequence[SQLValue]) -> SQLValue:
        for (value,) in self._database.execute(sql, bindings):
            found: SQLValue = value
            return found
        raise AssertionError("a SELECT without a table has a row")

    @property
    def _database(self) -> apsw.Connection:
        """The connection of this thread."""
        if not hasattr(self._local, "database"):
            database = apsw.Connection(":memory:")
            self._register(database)
            database.create_collation("time", collation(lambda text: None))
            self._local.database = database
        found: apsw.Connection = self._local.database
        return found
