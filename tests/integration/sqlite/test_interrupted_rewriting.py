"""An interrupt at any moment of a statement over amounts is one of billql's errors."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import apsw
import pytest

from billql import errors
from billql.sqlite.session import Session
from billql.sqlite.shared import Options


def no_engine() -> Options:
    raise AssertionError("no statement names a resource")


def _is_over(left: Iterator[int]) -> bool:
    return next(left) <= 0


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(amount), currency FROM v",
        "SELECT v.amount - t.amount FROM v JOIN t USING (currency)",
        "SELECT split_part(currency, 's', 1) FROM v",
        "CREATE TABLE u AS SELECT sum(amount) AS total FROM v",
    ],
)
def test_every_step_can_be_interrupted(sql: str) -> None:
    with closing(apsw.Connection(":memory:")) as database:
        database.execute("CREATE TABLE t (amount DECIMAL, currency TEXT)")
        database.execute("CREATE VIEW v AS SELECT amount, currency FROM t")
        tables = database.serialize("main")
    interrupted = 0
    for steps in itertools.count(1):
        session = Session(":memory:", no_engine)
        try:
            session.database.deserialize("main", tables)
            left = itertools.count(steps, -1)
            session.database.set_progress_handler(partial(_is_over, left), 1)
            try:
                execution = session.execute(sql)
                list(execution)
                execution.amounts()
                execution.added_places()
            except errors.Interrupted:
                interrupted += 1
            else:
                break
        finally:
            session.database.set_progress_handler(None)
            session.close()
    assert interrupted > 10
