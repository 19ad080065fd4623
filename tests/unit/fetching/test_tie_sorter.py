"""Rows that are equal in a promised order are sorted by the rest of it, as SQLite sorts them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import apsw
import pytest

from billql.definitions.model import Column
from billql.definitions.types import ColumnType, SQLValue, collation_of
from billql.fetching._tie_sorter import TieSorter
from billql.planning.plan import Order
from support import times

KINDS: dict[str, ColumnType] = {"at": "timestamp", "n": "integer", "s": "text", "x": "real"}
POOLS: dict[str, tuple[SQLValue, ...]] = {
    "at": ("2025-01-01T00:00:00Z", "2025-01-01", "2025", "2024-12-31T23:59:59Z", "zz", None),
    "n": (0, 1, -1, 2**62, None),
    "s": ("a", "B", "b", "", "\u00e9", "\U0001f600", "\uffff", "a ", "A", "10", "9", None),
    "x": (0.5, 1, 1.0, -0.0, 0, 1e300, None, b"", b"a"),
}
COLUMNS = {name: Column(type=kind, description="One.") for name, kind in KINDS.items()}


def by_sqlite(rows: Sequence[tuple[SQLValue, ...]], order: Sequence[Order]) -> list[object]:
    database = apsw.Connection(":memory:")
    database.create_collation("time", times.collate)
    declared = (f"{name} COLLATE {collation_of(kind)}" for name, kind in KINDS.items())
    database.execute(f"CREATE TABLE t ({', '.join(declared)}, place)")
    database.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    terms = ", ".join(f"{one.column} {'DESC' if one.descending else ''}" for one in order)
    return [place for (place,) in database.execute(f"SELECT place FROM t ORDER BY {terms}, place")]


@pytest.mark.parametrize("seed", range(40))
def test_the_order_is_that_of_sqlite(seed: int) -> None:
    chance = random.Random(seed)
    rows = [
        (*(chance.choice(POOLS[name]) for name in KINDS), place)
        for place in range(chance.choice((0, 1, 5, 60)))
    ]
    names = chance.sample(list(KINDS), chance.choice((2, 3, 4)))
    order = [Order(name, chance.random() < 0.5) for name in names]
    promised = chance.randrange(1, len(order))
    first = by_sqlite(rows, order[:promised])
    listed = [rows[int(str(place))] for place in first]
    sorter = TieSorter(COLUMNS, order, len(order) - promised)
    found: list[object] = []
    while listed:
        size = chance.choice((0, 1, 2, 7, 30))
        found += [row[-1] for row in sorter.add(listed[:size])]
        listed = listed[size:]
    found += [row[-1] for row in sorter.rest()]
    assert found == by_sqlite(rows, order)
    assert sorter.rest() == []


def test_only_the_last_equals_wait() -> None:
    sorter = TieSorter(COLUMNS, [Order("n", True), Order("s", False)], 1)
    rows = [(None, n, s, None) for n, s in ((2, "b"), (2, "a"), (1, "d"), (1, "c"))]
    assert sorter.add(rows) == [rows[1], rows[0]]
    assert sorter.held == rows[2:]
    assert sorter.add([(None, 1, "b", None)]) == []
    assert [row[2] for row in sorter.add([(None, 0, "a", None)])] == ["b", "c", "d"]
    assert [row[1] for row in sorter.rest()] == [0]
