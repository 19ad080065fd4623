"""Checking that rows are in the order that their API promises.

Where a definition states the order that a statement requests, SQLite does not sort, and may stop at
the first row. If the promise is broken the answer would be wrong, so every row is checked.
"""

from __future__ import annotations

from collections.abc import Sequence

from billql.definitions.types import SQLValue
from billql.errors import BadResponse
from billql.fetching.row_decoder import TableRow


class OrderChecker:
    """Checks rows as they are read; `terms` are positions in a row, and whether they descend."""

    def __init__(self, terms: Sequence[tuple[int, bool]], table: str) -> None:
        self._terms = terms
        self._table = table
        self._last: list[tuple[tuple[int, SQLValue], ...]] = []

    def check(self, rows: Sequence[TableRow]) -> None:
        """Raise BadResponse if the rows do not follow those before them."""
        keys = self._last + [tuple(rank(row[at]) for at, _ in self._terms) for row in rows]
        expected = list(keys)
        for number, (_, descending) in reversed(list(enumerate(self._terms))):
            expected.sort(key=lambda key: key[number], reverse=descending)
        if expected != keys:
            raise BadResponse(
                f"The rows of {self._table} are in another order than its API promises, so it "
                "cannot be relied on for the ORDER BY, or a min() or max(), of this statement",
                hint="Sort by an expression instead, such as ORDER BY +column.",
            )
        self._last = keys[-1:]


def rank(value: SQLValue) -> tuple[int, SQLValue]:
    """Return a key that sorts as SQLite does: NULL, numbers, texts, blobs."""
    if value is None:
        return 0, 0
    return (1 if isinstance(value, int | float) else 2 if isinstance(value, str) else 3), value
