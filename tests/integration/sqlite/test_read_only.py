"""A read-only session refuses what writes, reaches files or changes it, however that is put."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import httpx
import pytest

import billql
from billql.dbapi.connection import Connection
from billql.shell import commands
from billql.shell.shell import Shell

WRITES = """
    INSERT INTO t VALUES (3)
    ; INSERT INTO t VALUES (3)
    /* SELECT */ INSERT INTO t VALUES (3)
    INSERT INTO t SELECT 3 RETURNING *
    REPLACE INTO t VALUES (1)
    UPDATE t SET a = 5
    DELETE FROM t
    WITH x AS (SELECT 9) INSERT INTO t SELECT * FROM x RETURNING *
    WITH x AS (SELECT 9) DELETE FROM t WHERE a IN x
    EXPLAIN DELETE FROM t
    EXPLAIN QUERY PLAN UPDATE t SET a = 1
    CREATE TABLE z (a)
    CREATE TEMP TABLE z AS SELECT 1
    CREATE VIEW z AS SELECT 1
    CREATE MATERIALIZED VIEW z AS SELECT 1
    REFRESH MATERIALIZED VIEW z
    CREATE TEMP TRIGGER z AFTER INSERT ON t BEGIN SELECT 1; END
    CREATE VIRTUAL TABLE z USING fts5(x)
    EXPLAIN CREATE TABLE z (a)
    DROP TABLE t
    ALTER TABLE t RENAME TO u
    ATTACH ':memory:' AS y
    ATTACH '{folder}/new.db' AS y
    EXPLAIN ATTACH '{folder}/new.db' AS y
    DETACH main
    VACUUM
    VACUUM INTO '{folder}/new.db'
    ANALYZE
    REINDEX
    INSERT INTO words (words) VALUES ('optimize')
    SELECT optimize(words) FROM words
    SELECT load_extension('{folder}/new.so')
    SELECT a FROM t WHERE load_extension('{folder}/new.so') IS NULL
    SELECT fts3_tokenizer('simple', x'00')
    PRAGMA query_only = OFF
    PRAGMA query_only(0)
    PRAGMA writable_schema = ON
    PRAGMA Writable_Schema
    UPDATE sqlite_schema SET sql = ''
    PRAGMA journal_mode = WAL
    PRAGMA main.journal_mode = DELETE
    PRAGMA user_version = 7
    PRAGMA temp_store_directory = '{folder}'
    PRAGMA wal_checkpoint
    PRAGMA optimize
    PRAGMA shrink_memory
    PRAGMA hard_heap_limit = 1
    PRAGMA case_sensitive_like = 1
    PRAGMA trusted_schema = 1
    SELECT * FROM pragma_optimize
    REGISTRY PULL stripe
    registry /* LIST */ pull stripe 0.1.0
"""
READS = {
    "SELECT a FROM t": [(1,), (2,)],
    "VALUES (1)": [(1,)],
    "WITH x AS (SELECT 9) SELECT * FROM x": [(9,)],
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT * FROM c": [
        (1,),
        (2,),
        (3,),
    ],
    "SELECT rowid FROM words WHERE words MATCH 'one'": [(1,)],
    "SELECT value FROM generate_series(1, 2)": [(1,), (2,)],
    "SELECT 'bill' REGEXP '^b'": [(1,)],
    "PRAGMA query_only": [(0,)],
    "PRAGMA journal_mode": [("delete",)],
    "SELECT name FROM pragma_table_info('t')": [("a",)],
    "EXPLAIN QUERY PLAN SELECT 1": [(1, 0, 0, "SCAN CONSTANT ROW")],
    "BEGIN IMMEDIATE": [],
    "COMMIT": [],
    "SAVEPOINT s": [],
    "ROLLBACK TO s": [],
    "RELEASE s": [],
    "SHOW SERVICES IN digitalocean LIKE 'billing'": [],
    "DESCRIBE t": [("a", "", 0)],
    "USE NONE": [],
    "": [],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database with a table and an index of words."""
    path = tmp_path_factory.mktemp("local") / "mine.db"
    with closing(sqlite3.connect(path)) as made:
        made.executescript(
            "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);"
            "CREATE VIRTUAL TABLE words USING fts4(x); INSERT INTO words VALUES ('one two');"
        )
    return path


@pytest.fixture(scope="module")
def connection(file: Path) -> Iterator[Connection]:
    with billql.connect(file, environ={}, read_only=True) as connection:
        yield connection


def test_what_is_refused(connection: Connection, file: Path) -> None:
    before = file.read_bytes()
    for line in filter(None, map(str.strip, WRITES.splitlines())):
        sql = line.replace("{folder}", str(file.parent))
        with pytest.raises(billql.Error) as caught:
            connection.execute(sql).fetchall()
        is_unknown = str(caught.value) == "no such table: pragma_optimize"
        assert is_unknown or isinstance(caught.value, billql.ReadOnly), sql
        assert not connection.in_transaction, sql
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_what_runs(connection: Connection) -> None:
    assert connection.read_only
    for sql, rows in READS.items():
        found = connection.execute(sql).fetchall()
        assert found == rows or (sql.startswith("SHOW") and len(found) == 1), sql


def test_every_operation_that_sqlite_may_add_is_refused(connection: Connection) -> None:
    database = connection._session.database
    harmless = {"SELECT", "READ", "RECURSIVE", "TRANSACTION", "SAVEPOINT"}
    names = {name for name in apsw.mapping_authorizer_function if isinstance(name, str)}
    allowed = set()
    for name in names:
        code = apsw.mapping_authorizer_function[name]
        try:
            database.authorizer(code, "anything", "anything", "main", None)  # type: ignore[misc, arg-type]
        except billql.ReadOnly:
            continue
        allowed.add(name.removeprefix("SQLITE_"))
    assert allowed == harmless | {"FUNCTION"}


def test_several_statements(connection: Connection) -> None:
    with pytest.raises(billql.ReadOnly):
        connection.executescript("SELECT 1; DELETE FROM t; SELECT 2")
    with pytest.raises(billql.ReadOnly):
        connection.executemany("INSERT INTO t VALUES (?)", [(1,)])
    assert not connection.in_transaction
    with pytest.raises(billql.SqlError, match="more than one statement"):
        connection.execute("SELECT 1; DELETE FROM t")


def test_the_error_says_what_and_how_to_allow_it(connection: Connection) -> None:
    with pytest.raises(billql.ReadOnly) as caught:
        connection.execute("  registry pull stripe")
    assert str(caught.value) == "The session is read-only, and refuses REGISTRY PULL"
    assert "read_only=True" in (caught.value.hint or "")
    assert caught.value.offset == 2


def test_what_a_program_adds_itself(connection: Connection) -> None:
    with connection._session.trusted():
        connection._session.database.execute("CREATE TEMP TABLE mine (a)")
        connection._session.database.execute("INSERT INTO mine VALUES (1)")
    assert connection.execute("SELECT * FROM mine").fetchall() == [(1,)]
    for sql in ("INSERT INTO mine VALUES (1)", "CREATE TEMP TABLE other (a)"):
        with pytest.raises(billql.ReadOnly):
            connection._session.database.execute(sql)
    assert connection.execute("SELECT * FROM mine").fetchall() == [(1,)]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(billql.Inaccessible, match="unable to open"):
        billql.connect(tmp_path / "none.db", read_only=True)
    assert not list(tmp_path.iterdir())


def test_the_shell(tmp_path: Path) -> None:
    def opened(database: str, *, sandbox: bool) -> Connection:
        return billql.connect(database, environ={}, read_only=True, autocommit=True)

    table = tmp_path / "rows.csv"
    table.write_text("a\n1\n")
    script = tmp_path / "script.sql"
    script.write_text("CREATE TABLE z (a);")
    shell = Shell(opened, commands.run, ":memory:", sandbox=False)
    try:
        for line in (f".import {table} z", f".attach {tmp_path}/new.db y", "DELETE FROM t;"):
            with pytest.raises(billql.ReadOnly):
                shell.run(line)
        with pytest.raises(billql.Error):
            shell.run(f".read {script}")
        with pytest.raises(billql.Inaccessible):
            shell.run(f".open {tmp_path}/new.db")
    finally:
        shell.close()
    assert {one.name for one in tmp_path.iterdir()} == {"rows.csv", "script.sql"}


# Caps.

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT {} FROM c"


@pytest.mark.parametrize("capped", [{"max_rows": 0}, {"max_rows": -1}, {"timeout": 0}])
def test_a_cap_that_makes_no_sense(capped: dict[str, int]) -> None:
    with pytest.raises(billql.InterfaceError, match=next(iter(capped))):
        billql.connect(**capped)  # type: ignore[arg-type]


def test_rows_that_are_returned() -> None:
    with billql.connect(max_rows=3) as connection:
        assert len(connection.execute(f"{ENDLESS.format('n')} LIMIT 3").fetchall()) == 3
        cursor = connection.execute(ENDLESS.format("n"))
        assert [cursor.fetchone() for _ in range(3)] == [(1,), (2,), (3,)]
        with pytest.raises(billql.RowLimit, match="3 rows") as caught:
            cursor.fetchone()
        assert "max_rows" in (caught.value.hint or "")
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        with pytest.raises(billql.RowLimit):
            connection.execute("INSERT INTO t VALUES (1), (2), (3), (4) RETURNING a")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(1,)]


def test_time_that_sqlite_takes() -> None:
    with billql.connect(timeout=0.2) as connection:
        first = connection.execute("SELECT 1 UNION ALL SELECT 2")
        with pytest.raises(billql.StatementTimeout, match=r"0\.2 seconds") as caught:
            connection.execute(ENDLESS.format("count(*)"))
        assert "timeout" in (caught.value.hint or "")
        assert connection.execute("SELECT 7").fetchall() == [(7,)]
        with pytest.raises(billql.StatementTimeout):
            first.fetchall()


def test_requests_and_their_rows() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"data": [], "has_more": False})

    transport = httpx.MockTransport(answer)
    bounds = {"tokens": {"stripe": "sk"}, "environ": {}, "http_transport": transport}
    sql = "SELECT count(*) FROM stripe.billing.invoices"
    with billql.connect(read_only=True, max_requests=0, **bounds) as connection:  # type: ignore[arg-type]
        with pytest.raises(billql.RequestLimit, match="0 requests") as caught:
            connection.execute(sql)
        assert connection.execute("PRAGMA query_only").fetchall() == [(0,)]
        assert "max_requests" in str(caught.value.hint)
