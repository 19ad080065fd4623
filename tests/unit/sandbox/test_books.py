"""Rows of books that are written only when they are shown."""

from __future__ import annotations

from billql.sandbox.api import Json
from billql.sandbox.books import Lazy


def test_only_rows_that_are_shown_are_written() -> None:
    written: list[int] = []

    def write(number: int) -> Json:
        written.append(number)
        return {"id": number}

    rows = Lazy(range(1000), write)
    assert len(rows) == 1000
    part = rows[3:5]
    assert written == []
    assert list(part) == [{"id": 3}, {"id": 4}]
    assert rows[-1] == {"id": 999}
    assert written == [3, 4, 999]
