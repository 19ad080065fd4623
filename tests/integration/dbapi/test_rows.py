"""Rows by name: `row_factory`, as `sqlite3` has it."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import billql
from billql.dbapi.connection import Connection


@pytest.fixture
def connection() -> Iterator[Connection]:
    with billql.connect(environ={}) as connection:
        connection.row_factory = billql.Row
        yield connection


def test_values_have_names(connection: Connection) -> None:
    (row,) = connection.execute("SELECT 1 AS Id, 'x' AS note, 2 AS id")
    assert (row["Id"], row["note"], row["NOTE"], row["id"], row["ID"]) == (1, "x", "x", 2, 1)
    assert (row[0], row[-1], row[:2], len(row)) == (1, 2, (1, "x"), 3)
    assert row == (1, "x", 2)
    assert hash(row) == hash((1, "x", 2))
    assert row.keys() == ["Id", "note", "id"]
    assert dict(row) == {"Id": 1, "note": "x", "id": 2}
    assert repr(row) == "Row(Id=1, note='x', id=2)"
    for one in (copy.copy(row), pickle.loads(pickle.dumps(row))):
        assert (one, one["note"]) == (row, "x")


@pytest.mark.parametrize("key", ["nope", "", 3, -4])
def test_what_there_is_not(connection: Connection, key: Any) -> None:
    row = connection.execute("SELECT 1 AS id, 2 AS b, 3 AS c").fetchone()
    with pytest.raises(IndexError):
        row[key]


def test_every_fetch_makes_them(connection: Connection) -> None:
    def cursor() -> billql.Cursor:
        return connection.execute("SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3")

    assert cursor().fetchone()["a"] == 1
    assert [row["a"] for row in cursor().fetchmany(2)] == [1, 2]
    assert [row["a"] for row in cursor().fetchall()] == [1, 2, 3]
    assert [row["a"] for row in cursor()] == [1, 2, 3]
    mixed = cursor()
    assert [mixed.fetchone()["a"], next(mixed)["a"], *mixed.fetchall()] == [1, 2, (3,)]
    assert mixed.fetchone() is None


def test_any_function_will_do(connection: Connection) -> None:
    cursor = connection.cursor()
    cursor.row_factory = lambda cursor, row: dict(zip(cursor.names, row, strict=True))
    assert cursor.execute("SELECT 1 AS a, 2 AS b").fetchall() == [{"a": 1, "b": 2}]
    cursor.row_factory = None
    assert cursor.execute("SELECT 1 AS a").fetchall() == [(1,)]
    connection.execute("CREATE TABLE t (a)")
    found = connection.execute("INSERT INTO t VALUES (1), (2) RETURNING a").fetchall()
    assert [row["a"] for row in found] == [1, 2]


def test_decimals_and_files(connection: Connection, tmp_path: Path) -> None:
    connection.decimals = True
    row = connection.execute("SELECT 0.5 AS half").fetchone()
    assert str(row["half"]) == "0.5"
    cursor = connection.cursor()
    cursor.row_factory = lambda cursor, row: "nothing to write"
    cursor.execute("SELECT 0.5 AS half").write(tmp_path / "half.csv")
    assert (tmp_path / "half.csv").read_text() == "half\n0.5\n"


def test_a_cursor_that_is_let_go_ends_its_statement(connection: Connection) -> None:
    connection.executescript("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)")
    gc.disable()
    try:
        assert connection.execute("SELECT x FROM t").fetchone()["x"] == 1
        connection.execute("DROP TABLE t")
    finally:
        gc.enable()
