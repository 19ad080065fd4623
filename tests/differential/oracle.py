"""The oracle: plain SQLite tables that hold the same rows, and what their answers allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from billql.errors import (
    BadValue,
    Error,
    NotSupportedError,
    ParameterMissing,
    ProgrammingError,
)
from support import plain_sqlite

from .shapes import OWNER, Row, Shape, has_several_owners, in_order, is_row
from .statements import Bindings, Query

Answer = list[tuple[Any, ...]]


class Plain:
    """Answers statements from plain tables."""

    def __init__(self, tables: Sequence[tuple[Shape, Sequence[Row]]]) -> None:
        self._database = plain_sqlite.database()
        self._sizes: set[int] = set()
        owned = has_several_owners(tables)
        for shape, rows in tables:
            columns = {one.name: plain_sqlite.declared(one.name, one.type) for one in shape.columns}
            columns |= {"@": f"{OWNER} TEXT"} if owned else {}
            self._database.execute(f"CREATE TABLE {shape.name} ({', '.join(columns.values())})")
            shown = [row for row in in_order(shape, rows) if is_row(row)]
            self._database.executemany(
                f"INSERT INTO {shape.name} VALUES ({', '.join('?' * len(columns))})",
                [tuple(row[name] for name in columns) for row in shown],
            )
            self._sizes.add(len(shown))

    def answer(self, sql: str, bindings: Bindings = ()) -> Answer:
        """Answer a statement."""
        return list(self._database.execute(sql.replace("@", ""), bindings))

    def close(self) -> None:
        """Forget the tables."""
        self._database.close()

    def compare(self, query: Query, actual: Answer) -> str | None:
        """Tell what is wrong with an answer, if anything is."""
        expected = self.answer(query.text, query.bindings)
        if query.total:
            return None if actual == expected else f"instead of {expected}"
        if _parts(query.keys, actual) != _parts(query.keys, expected):
            return f"in another order than {expected}"
        if query.unlimited is None:
            return None if Counter(actual) == Counter(expected) else f"instead of {expected}"
        whole = Counter(self.answer(*query.unlimited))
        fits = len(actual) == len(expected) and Counter(actual) <= whole
        return None if fits else f"instead of {len(expected)} rows of {whole}"

    def is_trivial(self, query: Query) -> bool:
        """Tell whether an answer says little: whoever pushed nothing down, or lost everything,
        might give it as well.

        That is no row at all, rows of nothing but NULL, 0 and empty texts, the count of a whole
        table, and the whole of a table in no order, with nothing asked of it.
        """
        answer = self.answer(query.text, query.bindings)
        if all(value in (None, 0, "", b"") for row in answer for value in row):
            return True
        if len(answer) == 1 and all(value in (0, None, *self._sizes) for value in answer[0]):
            return True
        words = set(query.text.upper().split())
        return words.isdisjoint(_MEANINGFUL)


_MEANINGFUL = frozenset(
    ("WHERE", "JOIN", "ON", "GROUP", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "DISTINCT")
)
"""Words of which a statement has one at least, if it asks for more than a whole table."""


REFUSALS = (ParameterMissing, BadValue, NotSupportedError)
"""The errors of statements that do not say what an API must know, or not so that it understands."""


def allows(query: Query, error: Error, failures: Sequence[str]) -> bool:
    """Tell whether an error is as good as an answer: because a page failed that the statement asked
    for, or because the statement does not say what the API must know."""
    if isinstance(error, REFUSALS):
        return query.refusable
    return bool(failures) and not isinstance(error, ProgrammingError)


def _parts(keys: Sequence[int], answer: Answer) -> Answer:
    return [tuple(row[place] for place in keys) for row in answer]
