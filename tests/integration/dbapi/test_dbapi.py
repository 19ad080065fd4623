"""The Python API: PEP 249's own suite, what billql adds, and the names that the package exports."""

from __future__ import annotations

import datetime
import itertools
import math
import threading
import uuid
from collections import ChainMap
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import dbapi20
import httpx
import numpy as np
import pandas as pd
import pytest

import billql
from billql import errors
from billql.sandbox import Sandbox
from billql.sql import tokenizer
from support.commands import account

UNTIL = datetime.date(2026, 3, 15)
BALANCES = "SELECT * FROM digitalocean.billing.balances"
BALANCE = {
    "month_to_date_balance": "23.44",
    "account_balance": "12.23",
    "month_to_date_usage": "11.21",
    "generated_at": "2019-07-09T15:01:12Z",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small", until=UNTIL) as sandbox:
        yield sandbox


@pytest.fixture
def connection(sandbox: Sandbox) -> Iterator[billql.Connection]:
    with billql.connect(environ={}, tokens=sandbox.tokens, urls=sandbox.urls) as connection:
        yield connection


@pytest.fixture
def cursor(connection: billql.Connection) -> billql.Cursor:
    return connection.cursor()


EAST = datetime.timezone(datetime.timedelta(hours=2))


class Colour(Enum):
    RED = 1


class Shade(StrEnum):
    DARK = "dark"


class Word(str):
    """A text that shows itself as another."""

    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


def answering(**values: str) -> httpx.MockTransport:
    """A network in which everything answers with one JSON object."""
    return httpx.MockTransport(lambda request: httpx.Response(200, json=values))


class TestCompliance(dbapi20.DatabaseAPI20Test):  # type: ignore[misc]
    """The public suite that database drivers run on themselves."""

    driver: ClassVar[ModuleType] = billql
    lower_func = None  # SQLite has no procedures

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.connect_args = (tmp_path / "local.db",)

    def test_nextset(self) -> None:
        with self._connect() as connection:
            cursor = connection.execute("VALUES (1), (2)")
            assert cursor.nextset() is None
            assert cursor.fetchall() == []
            with pytest.raises(billql.Error):
                connection.execute("CREATE TABLE t (a)").nextset()

    def test_fetchone(self) -> None:
        """After a statement without rows there is none, as in `sqlite3`; the suite's own test wants
        an error there."""
        with self._connect() as connection:
            cursor = connection.cursor()
            with pytest.raises(billql.Error):
                cursor.fetchone()
            self.executeDDL1(cursor)
            assert cursor.fetchone() is None
            cursor.execute(f"SELECT name FROM {self.table_prefix}booze")
            assert (cursor.fetchone(), cursor.rowcount) == (None, -1)
            cursor.execute(f"INSERT INTO {self.table_prefix}booze VALUES ('Victoria Bitter')")
            assert (cursor.fetchone(), cursor.rowcount) == (None, 1)
            cursor.execute(f"SELECT name FROM {self.table_prefix}booze")
            assert (cursor.fetchone(), cursor.fetchone()) == (("Victoria Bitter",), None)

    def test_fetchall(self) -> None:
        """As above."""
        with self._connect() as connection:
            cursor = connection.cursor()
            with pytest.raises(billql.Error):
                cursor.fetchall()
            self.executeDDL1(cursor)
            for sql in self._populate():
                assert cursor.execute(sql).fetchall() == []
            cursor.execute(f"SELECT name FROM {self.table_prefix}booze")
            assert sorted(name for (name,) in cursor.fetchall()) == sorted(self.samples)
            assert (cursor.fetchall(), cursor.rowcount) == ([], -1)
            self.executeDDL2(cursor)
            cursor.execute(f"SELECT name FROM {self.table_prefix}barflys")
            assert cursor.fetchall() == []

    def test_setoutputsize(self) -> None:
        with self._connect() as connection:
            cursor = connection.cursor()
            cursor.setoutputsize(1, 0)
            assert cursor.execute("SELECT 'long'").fetchone() == ("long",)

    def test_non_idempotent_close(self) -> None:
        """Closing twice is no error: who closes in a `finally` should not need to know."""
        connection = self._connect()
        connection.close()
        connection.close()


# What the package exports.


# Types.


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("TEXT", billql.STRING),
        ("varchar(20)", billql.STRING),
        ("JSON TEXT", billql.STRING),
        ("JSON", billql.STRING),
        ("INTEGER", billql.NUMBER),
        ("REAL", billql.NUMBER),
        ("DECIMAL REAL", billql.NUMBER),
        ("DECIMAL(10, 2)", billql.NUMBER),
        ("BOOLEAN INTEGER", billql.NUMBER),
        ("DATE TEXT", billql.DATETIME),
        ("MONTH TEXT", billql.DATETIME),
        ("TIMESTAMP TEXT", billql.DATETIME),
        ("datetime", billql.DATETIME),
        ("BLOB", billql.BINARY),
        ("ROWID", billql.ROWID),
    ],
)
def test_a_declared_type_equals_one_type_object(declared: str, kind: object) -> None:
    kinds = [billql.STRING, billql.BINARY, billql.NUMBER, billql.DATETIME, billql.ROWID]
    assert [other for other in kinds if other == declared] == [kind]
    assert [other for other in kinds if declared == other] == [kind]
    assert len(set(kinds)) == 5
    assert repr(billql.NUMBER) == "billql.NUMBER"
    assert billql.NUMBER != 1


def test_the_description_tells_the_types_of_a_resource(cursor: billql.Cursor) -> None:
    cursor.execute("SELECT amount, invoice_period, invoice_id FROM digitalocean.billing.invoices")
    assert cursor.description == (
        ("amount", "DECIMAL DOUBLE", None, None, 38, 18, None),
        ("invoice_period", "MONTH TEXT", None, None, None, None, None),
        ("invoice_id", "TEXT", None, None, None, None, None),
    )


def test_an_expression_has_the_type_of_its_first_value(cursor: billql.Cursor) -> None:
    cursor.execute("SELECT 1, 1.5, 'a', x'00', NULL UNION ALL SELECT 'b', 2, 3, 4, 5")
    codes = [column[1] for column in cursor.description or ()]
    assert codes == ["INTEGER", "REAL", "TEXT", "BLOB", None]
    cursor.execute("SELECT 1 AS one WHERE 0")
    assert cursor.description == (("one", None, None, None, None, None, None),)


def test_constructors_speak_utc() -> None:
    day = datetime.datetime(2026, 3, 15, 13, 45, 30, tzinfo=datetime.UTC)
    assert billql.Timestamp(2026, 3, 15, 13, 45, 30) == day
    assert billql.TimestampFromTicks(day.timestamp() + 0.25) == day
    assert billql.Date(2026, 3, 15) == billql.DateFromTicks(day.timestamp()) == day.date()
    assert billql.Time(13, 45, 30) == billql.TimeFromTicks(day.timestamp()) == day.time()
    assert billql.Binary(bytearray(b"ab")) == b"ab"


# Parameters.


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (None, None),
        (True, 1),
        (12, 12),
        (2**63 - 1, 2**63 - 1),
        (0.5, 0.5),
        ("text", "text"),
        (b"\x00", b"\x00"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (errors.Exit.API, 5),
        (datetime.date(2026, 3, 15), "2026-03-15"),
        (datetime.datetime(26, 3, 15, 1), "0026-03-15T01:00:00Z"),
        (datetime.datetime(2026, 3, 15, 1, tzinfo=datetime.UTC), "2026-03-15T01:00:00Z"),
        (
            datetime.datetime(
                2026, 3, 15, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))
            ),
            "2026-03-14T23:00:00Z",
        ),
        (datetime.time(1, 2, 3), "01:02:03"),
        (datetime.time(1, 2, tzinfo=datetime.UTC), "01:02:00"),
        (memoryview(b"abcd")[::2], b"ac"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Word("w"), "w"),
        (Shade.DARK, "dark"),
        (np.bool_(True), 1),
        (np.int64(-5), -5),
        (np.uint8(200), 200),
        (np.array(5), 5),
        (np.float16(0.5), 0.5),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float64(0.1), 0.1),
        (np.longdouble(0.5), 0.5),
        (np.float32("nan"), None),
        (np.str_("s"), "s"),
        (np.bytes_(b"b"), b"b"),
        (np.datetime64("NaT", "s"), None),
        (np.datetime64("2026-03"), "2026-03"),
        (np.datetime64("2026-03-15"), "2026-03-15"),
        (np.datetime64("2026-03-15T01"), "2026-03-15T01:00:00Z"),
        (np.datetime64("2026-03-15T01:02:03", "ns"), "2026-03-15T01:02:03Z"),
        (pd.NaT, None),
        (pd.NA, None),
        (pd.Timestamp("2026-03-15"), "2026-03-15T00:00:00Z"),
        (pd.Timestamp("2026-03-15T01:00", tz="Europe/Berlin"), "2026-03-15T00:00:00Z"),
        (Decimal("Infinity"), math.inf),
        (Decimal("12.50"), 12.5),
        (Decimal("12.00"), 12.0),
        (Decimal("0E+9"), 0.0),
        (Decimal(10**17 + 1), 10**17 + 1),
    ],
)
def test_what_a_parameter_may_be(cursor: billql.Cursor, value: object, seen: object) -> None:
    ((given, named),) = cursor.execute("SELECT ?1, ?1", [value]).fetchall()
    assert given == named == seen
    assert type(given) is type(seen)
    assert cursor.execute("SELECT :a", {"a": value, "b": 1}).fetchone() == (seen,)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (2**63, errors.DataError, "Parameter 1: 9223372036854775808 has more than the 64 bits"),
        (object(), errors.ProgrammingError, "Parameter 1: a object has no type in SQL"),
        (Decimal("0.12345678901234567"), errors.DataError, "more digits than a number in SQL"),
        (Decimal("1E+999999999"), errors.DataError, "more digits than a number in SQL"),
        (Decimal("NaN"), errors.DataError, "Parameter 1: NaN is no number"),
        (Decimal("sNaN"), errors.DataError, "Parameter 1: sNaN is no number"),
        (np.longdouble(1) / 3, errors.DataError, "more digits than a number in SQL"),
        (np.uint64(2**63), errors.DataError, "Parameter 1: 9223372036854775808 has more than"),
        (np.complex64(1), errors.ProgrammingError, "a complex64 has no type in SQL"),
        (np.array([5]), errors.ProgrammingError, "a ndarray has no type in SQL"),
        (np.timedelta64(1, "s"), errors.ProgrammingError, "a timedelta64 has no type"),
        (np.datetime64("2026-03-15T01:01:01.5"), errors.DataError, "a fraction of a second"),
        (
            np.datetime64("2026-03-15T01:01:01.000000001", "ns"),
            errors.DataError,
            "a fraction of a sec",
        ),
        (np.datetime64("-0044-03-15"), errors.DataError, "is not in the years 1 to 9999"),
        (pd.Timestamp(1), errors.DataError, "000000001 has a fraction of a second"),
        (pd.Timestamp("2026-03-15T01:01:01.5Z"), errors.DataError, "a fraction of a second"),
        (pd.Period("2026-03"), errors.ProgrammingError, "a Period has no type in SQL"),
        (pd.Timedelta(1), errors.ProgrammingError, "a Timedelta has no type in SQL"),
        (pd.Series([1]), errors.ProgrammingError, "a Series has no type in SQL"),
        (Colour.RED, errors.ProgrammingError, "Colour.RED is of an enumeration, Colour"),
        (int, errors.ProgrammingError, "a type has no type in SQL"),
        (datetime.timedelta(1), errors.ProgrammingError, "a timedelta has no type in SQL"),
        (Fraction(1, 3), errors.ProgrammingError, "a Fraction has no type in SQL"),
        ([1], errors.ProgrammingError, "Parameter 1: a list has no type in SQL"),
        (datetime.time(1, tzinfo=EAST), errors.DataError, "01:00:00.02:00 is a time of day"),
        (datetime.time(1, tzinfo=ZoneInfo("Europe/Berlin")), errors.DataError, "of day with a"),
        (datetime.datetime(1, 1, 1, tzinfo=EAST), errors.DataError, "years 1 to 9999 of UTC"),
        (datetime.datetime(2026, 3, 15, 1, 1, 1, 5), errors.DataError, "a fraction of a second"),
        ("\ud800", errors.DataError, "A text is not Unicode"),
    ],
)
def test_what_a_parameter_may_not_be(
    cursor: billql.Cursor, value: object, kind: type[errors.Error], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        cursor.execute("SELECT ?", (value,))
    assert caught.value.hint is not None or "64 bits" in message


@pytest.mark.parametrize(
    ("sql", "parameters", "message"),
    [
        ("SELECT ?, ?", (1,), "has 2 parameters, and 1 values were passed"),
        ("SELECT ?1, ?1", (1, 2), "has 1 parameters, and 2 values were passed"),
        ("SELECT :a, :b", {"a": 1}, "no value for the parameter :b"),
        ("SELECT :a, ?", {"a": 1}, "A parameter without a name has no value"),
        ("SELECT ?", "a", "Parameters cannot be a str"),
        ("SELECT ?", {1}, "Parameters cannot be a set"),
        ("SELECT ?", None, "Parameters cannot be a NoneType"),
    ],
)
def test_parameters_that_do_not_fit(
    cursor: billql.Cursor, sql: str, parameters: Any, message: str
) -> None:
    with pytest.raises(errors.ProgrammingError, match=message):
        cursor.execute(sql, parameters)


def test_any_mapping_gives_names(cursor: billql.Cursor) -> None:
    cursor.execute("SELECT :a + @b + $c", ChainMap({"a": 1}, {"b": 10, "c": 100}))
    assert cursor.fetchone() == (111,)


def test_a_parameter_reaches_the_api(cursor: billql.Cursor, sandbox: Sandbox) -> None:
    cursor.execute("SELECT invoice_uuid FROM digitalocean.billing.invoices LIMIT 1")
    (uuid,) = cursor.fetchone() or (None,)
    sql = "SELECT count(*) FROM digitalocean.billing.invoice_items WHERE invoice_uuid = "
    by_place = cursor.execute(f"{sql}?", [uuid]).fetchall()
    assert by_place == cursor.execute(f"{sql}:uuid", {"uuid": uuid}).fetchall()
    assert by_place[0][0] > 0
    assert f"/v2/customers/my/invoices/{uuid}" in sandbox.requests[-1].target


# Statements.


def test_one_statement_at_a_time(cursor: billql.Cursor) -> None:
    with pytest.raises(errors.SqlError, match="more than one statement") as caught:
        cursor.execute("SELECT 1; SELECT 2")
    assert (caught.value.offset, caught.value.hint) == (9, "Use executescript() for several.")
    assert cursor.execute("SELECT 1; -- and no more").fetchall() == [(1,)]


@pytest.mark.parametrize("sql", ["", " ", "-- nothing", ";"])
def test_no_statement_gives_no_rows(cursor: billql.Cursor, sql: str) -> None:
    cursor.execute(sql)
    assert cursor.description is None
    assert (cursor.fetchall(), cursor.fetchone()) == ([], None)


def test_a_statement_without_rows_has_none_to_fetch(connection: billql.Connection) -> None:
    """As in `sqlite3`, beside which programs are written."""
    ran: list[Callable[[billql.Cursor], billql.Cursor]] = [
        lambda cursor: cursor.execute("CREATE TABLE t (a)"),
        lambda cursor: cursor.execute("INSERT INTO t VALUES (1), (2)"),
        lambda cursor: cursor.execute("UPDATE t SET a = 3"),
        lambda cursor: cursor.execute(
            "REPLACE INTO t SELECT account_balance FROM digitalocean.billing.balances"
        ),
        lambda cursor: cursor.execute("DELETE FROM t"),
        lambda cursor: cursor.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)]),
        lambda cursor: cursor.executescript("SELECT 1; DELETE FROM t"),
        lambda cursor: cursor.execute("COMMIT"),
    ]
    for run in ran:
        cursor = run(connection.cursor())
        assert cursor.fetchone() is None
        assert (cursor.fetchmany(5), cursor.fetchall(), list(cursor)) == ([], [], [])


def test_before_a_statement_and_after_one_that_failed_a_fetch_is_an_error(
    cursor: billql.Cursor,
) -> None:
    with pytest.raises(errors.ProgrammingError, match="no statement was run, or it has failed"):
        cursor.fetchone()
    cursor.execute("CREATE TABLE t (a UNIQUE)")
    with pytest.raises(errors.IntegrityError):
        cursor.execute("INSERT INTO t VALUES (1), (1)")
    with pytest.raises(errors.ProgrammingError, match="no statement was run, or it has failed"):
        cursor.fetchall()


def failing(after: int) -> httpx.MockTransport:
    """Answer with one account after the other, and then refuse."""
    numbers = itertools.count(1)

    def answer(_: httpx.Request) -> httpx.Response:
        number = next(numbers)
        if number > after:
            return httpx.Response(403, json={"id": "forbidden", "message": "Not yours"})
        return httpx.Response(200, json=BALANCE)

    return httpx.MockTransport(answer)


COPY = "INSERT INTO t SELECT account_balance + ? FROM digitalocean.billing.balances"


@pytest.mark.parametrize("autocommit", [False, True])
def test_executemany_keeps_the_sets_before_the_one_that_failed(autocommit: bool) -> None:
    """As in `sqlite3`: each set is a statement, and those that succeeded stand."""
    tokens = {"digitalocean": "t"}
    with billql.connect(
        environ={}, tokens=tokens, http_transport=failing(2), cache_ttl=0, autocommit=autocommit
    ) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (0)")
        with pytest.raises(errors.ApiError):
            connection.executemany(COPY, [(n,) for n in range(5)])
        assert connection.in_transaction is not autocommit
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(3,)]
        with pytest.raises(errors.ApiError):
            connection.executescript(
                "INSERT INTO t VALUES (1);"
                "INSERT INTO t SELECT account_balance FROM digitalocean.billing.balances;"
                "INSERT INTO t VALUES (2)"
            )
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(4,)]
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(4 * autocommit,)]


def test_a_nul_character_is_refused(cursor: billql.Cursor) -> None:
    with pytest.raises(errors.SqlError, match="NUL") as caught:
        cursor.execute("SELECT 1\0")
    assert caught.value.offset == 8


def test_text_that_is_not_unicode(cursor: billql.Cursor) -> None:
    with pytest.raises(errors.DataError, match="not Unicode"):
        cursor.execute("SELECT CAST(x'ff' AS TEXT)")
    cursor.execute("SELECT 'a' UNION ALL SELECT CAST(x'ff' AS TEXT)")
    with pytest.raises(errors.DataError, match="not Unicode"):
        cursor.fetchall()


def test_after_a_failure_a_fetch_does_not_look_like_the_end(cursor: billql.Cursor) -> None:
    cursor.execute("SELECT 1 UNION ALL SELECT abs(-9223372036854775808)")
    assert cursor.fetchone() == (1,)
    with pytest.raises(errors.Error, match="integer overflow"):
        cursor.fetchone()
    with pytest.raises(errors.ProgrammingError, match="no rows to fetch"):
        cursor.fetchone()


def test_a_statement_that_fails_gives_nothing_of_the_one_before(cursor: billql.Cursor) -> None:
    cursor.execute("SELECT 1")
    with pytest.raises(errors.SqlError):
        cursor.execute("SELEC 2")
    assert cursor.description is None
    with pytest.raises(errors.ProgrammingError):
        cursor.fetchone()


def test_a_cursor_iterates(cursor: billql.Cursor) -> None:
    cursor.execute("VALUES (1), (2), (3), (4)")
    assert next(cursor) == (1,)
    assert cursor.fetchmany(2) == [(2,), (3,)]
    assert list(cursor) == [(4,)]
    assert (cursor.fetchone(), cursor.fetchmany(3), cursor.fetchall()) == (None, [], [])


def test_what_there_is_no_use_for(cursor: billql.Cursor) -> None:
    with pytest.raises(errors.NotSupportedError):
        cursor.callproc("anything")
    cursor.setinputsizes([None])


def test_cursors_know_their_connection(connection: billql.Connection) -> None:
    with connection.cursor() as cursor:
        assert cursor.connection is connection
    with pytest.raises(errors.ClosedError, match="The cursor is closed"):
        cursor.execute("SELECT 1")


def test_a_closed_connection(sandbox: Sandbox) -> None:
    connection = billql.connect(environ={})
    cursor = connection.execute("VALUES (1), (2)")
    connection.close()
    for use in (
        connection.cursor,
        connection.commit,
        connection.rollback,
        connection.interrupt,
        cursor.fetchone,
        lambda: connection.execute("SELECT 1"),
        lambda: connection.in_transaction,
    ):
        with pytest.raises(errors.ClosedError, match="The connection is closed"):
            use()


def test_two_cursors_at_once(connection: billql.Connection) -> None:
    sql = "SELECT invoice_id FROM digitalocean.billing.invoices ORDER BY invoice_id"
    one, other = connection.execute(sql), connection.execute(f"{sql} DESC")
    pairs = [(one.fetchone(), other.fetchone()) for _ in range(24)]
    assert [pair[0] for pair in pairs] == [pair[1] for pair in reversed(pairs)]


def test_executemany_counts(cursor: billql.Cursor) -> None:
    cursor.execute("CREATE TABLE t (a, b)")
    cursor.executemany("INSERT INTO t VALUES (?, ?) RETURNING a", ((n, 2 * n) for n in range(3)))
    assert (cursor.rowcount, cursor.description) == (3, None)
    cursor.executemany("UPDATE t SET b = 0 WHERE a >= :a", [{"a": 1}, {"a": 2}, {"a": 9}])
    assert cursor.rowcount == 3
    with pytest.raises(errors.ProgrammingError, match="statements that change data"):
        cursor.executemany("SELECT ?", [(1,)])


def test_rowcount_and_lastrowid(cursor: billql.Cursor) -> None:
    cursor.execute("CREATE TABLE t (a)")
    assert (cursor.rowcount, cursor.lastrowid) == (-1, None)
    cursor.execute("INSERT INTO t VALUES (1), (2)")
    assert (cursor.rowcount, cursor.lastrowid) == (2, 2)
    cursor.execute("WITH x(a) AS (VALUES (3)) INSERT INTO t SELECT a FROM x RETURNING a")
    assert (cursor.rowcount, cursor.lastrowid, cursor.fetchall()) == (1, 3, [(3,)])
    cursor.execute("SELECT * FROM t")
    assert (cursor.rowcount, cursor.lastrowid) == (-1, 3)
    cursor.execute("DELETE FROM t WHERE a > 1")
    assert cursor.rowcount == 2
    cursor.execute("UPDATE t SET a = 0 WHERE a = 99")
    assert cursor.rowcount == 0


def test_executescript(connection: billql.Connection) -> None:
    cursor = connection.executescript(
        """CREATE TABLE t (a);
        CREATE TRIGGER twice AFTER INSERT ON t BEGIN UPDATE t SET a = a * 2; SELECT 1; END;
        INSERT INTO t VALUES (21);
        SELECT * FROM t;"""
    )
    assert cursor.description is None
    assert cursor.execute("SELECT a FROM t").fetchall() == [(42,)]
    script = "SELECT 1;\nSELECT 2 FROMM;"
    with pytest.raises(errors.SqlError) as caught:
        cursor.executescript("SELECT 1;\nSELECT nothing")
    assert caught.value.offset == script.index("2")
    assert caught.value.sql == "SELECT 1;\nSELECT nothing"


def test_each_text_is_lexed_once(
    connection: billql.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script is lexed as a whole; a statement over resources also as it is written for SQLite."""
    connection.execute(BALANCES)
    texts: list[str] = []

    def recorded(sql: str) -> list[tokenizer.Token]:
        texts.append(sql)
        return tokenize(sql)

    tokenize = tokenizer.tokenize
    monkeypatch.setattr(tokenizer, "tokenize", recorded)
    script = f"SELECT 1; {BALANCES}; SELECT nothing"
    with pytest.raises(errors.SqlError) as caught:
        connection.executescript(script)
    assert (caught.value.sql, caught.value.offset) == (script, script.index("nothing"))
    name = "digitalocean.billing.balances"
    assert texts == [script, f' SELECT * FROM "{name}" AS "balances";']
    connection.execute("WITH t AS (SELECT 1) SELECT * FROM t WHERE 1 = :one", {"one": 1})
    assert len(texts) == 3


def test_executescript_takes_many_on_the_connection(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t (a)")
    assert connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)]).rowcount == 2


# Transactions.


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO t VALUES (2)",
        "insert INTO t VALUES (2)",
        "REPLACE INTO t VALUES (2)",
        "UPDATE t SET a = 2",
        "DELETE FROM t",
        "/* why */ DELETE FROM t",
        "WITH x AS (SELECT 1) DELETE FROM t",
        "WITH x(a) AS (VALUES (2)) INSERT INTO t SELECT a FROM x",
    ],
)
def test_a_change_begins_a_transaction(tmp_path: Path, change: str) -> None:
    path = tmp_path / "local.db"
    with billql.connect(path) as connection:
        begun = [connection.execute("CREATE TABLE t (a)").connection.in_transaction]
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
        begun.append(connection.in_transaction)
        connection.execute(change)
        begun.append(connection.in_transaction)
        assert begun == [False, False, True]
        connection.rollback()
        assert connection.execute("SELECT a FROM t").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "EXPLAIN DELETE FROM t", "WITH x AS (VALUES (1)) SELECT 1"]
)
def test_a_question_begins_none(connection: billql.Connection, sql: str) -> None:
    connection.execute("CREATE TABLE t (a)")
    connection.execute(sql)
    assert not connection.in_transaction
    connection.commit()
    connection.rollback()


def test_a_connection_commits_at_the_end_or_rolls_back(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    with billql.connect(path) as connection:
        connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    with pytest.raises(errors.SqlError), billql.connect(path) as connection:
        connection.executescript("DELETE FROM t; SELEC 1")
    with billql.connect(path) as connection:
        connection.close()
    connection = billql.connect(path)
    connection.execute("DELETE FROM t")
    connection.close()
    with billql.connect(path) as connection:
        assert connection.execute("SELECT * FROM t").fetchall() == [(1,)]


def test_autocommit(tmp_path: Path) -> None:
    path = tmp_path / "local.db"
    with billql.connect(path, autocommit=True) as connection, billql.connect(path) as other:
        connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        assert not connection.in_transaction
        assert other.execute("SELECT * FROM t").fetchall() == [(1,)]
        connection.executescript("BEGIN; INSERT INTO t VALUES (2)")
        connection.rollback()
        assert other.execute("SELECT * FROM t").fetchall() == [(1,)]


def test_returning_can_be_committed_before_it_is_fetched(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t (a)")
    cursor = connection.execute("INSERT INTO t VALUES (1), (2) RETURNING a")
    connection.commit()
    assert (cursor.rowcount, cursor.fetchall()) == (2, [(1,), (2,)])


# Local files.


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(errors.OperationalError, match=r"nowhere/a\.db: unable to open"):
        billql.connect(tmp_path / "nowhere" / "a.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database, but long enough to be looked at " * 50)
    with (
        billql.connect(tmp_path / "a.db") as connection,
        pytest.raises(errors.DatabaseError, match="not a database"),
    ):
        connection.execute("SELECT * FROM t")


def test_a_violated_constraint(connection: billql.Connection) -> None:
    connection.execute("CREATE TABLE t (a PRIMARY KEY)")
    with pytest.raises(connection.IntegrityError, match="UNIQUE"):
        connection.execute("INSERT INTO t VALUES (1), (1)")


# Extensions.


def test_scans_tell_the_cost_even_of_a_failure(sandbox: Sandbox) -> None:
    with billql.connect(
        environ={}, tokens={"digitalocean": "wrong"}, urls=sandbox.urls
    ) as connection:
        cursor = connection.execute("SELECT 1")
        assert cursor.scans == []
        with pytest.raises(errors.CredentialRefused):
            cursor.execute(BALANCES)
        (scan,) = cursor.scans
        assert (scan.resource, scan.requests, scan.pages) == ("digitalocean.billing.balances", 1, 0)
        assert cursor.execute("SELECT 1").scans == []


def test_scans_of_a_statement_under_way_grow(connection: billql.Connection) -> None:
    cursor = connection.execute("SELECT * FROM digitalocean.billing.invoices")
    list(cursor)
    assert [scan.rows for scan in cursor.scans] == [24]
    cursor.executescript(f"{BALANCES}; {BALANCES}")
    assert [scan.resource for scan in cursor.scans] == ["digitalocean.billing.balances"] * 2


def test_max_requests() -> None:
    with (
        billql.connect(
            environ={"DIGITALOCEAN_TOKEN": "x"}, max_requests=0, http_transport=answering(**BALANCE)
        ) as connection,
        pytest.raises(errors.RequestLimit),
    ):
        connection.execute(BALANCES)


def test_interrupt_from_another_thread_while_the_api_is_silent() -> None:
    asked, end = threading.Event(), threading.Event()

    def silent(request: httpx.Request) -> httpx.Response:
        asked.set()
        assert end.wait(20)
        return httpx.Response(200, json=BALANCE)

    with billql.connect(
        environ={"DIGITALOCEAN_TOKEN": "x"}, http_transport=httpx.MockTransport(silent)
    ) as connection:

        def interrupt() -> None:
            assert asked.wait(20)
            connection.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(errors.Interrupted):
            connection.execute(BALANCES)
        thread.join()
        end.set()
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_interrupt_from_another_thread_while_sqlite_computes() -> None:
    with billql.connect() as connection:
        begun = threading.Event()

        def interrupt() -> None:
            assert begun.wait(20)
            while not done.wait(0.01):
                connection.interrupt()

        done = threading.Event()
        thread = threading.Thread(target=interrupt)
        thread.start()
        begun.set()
        try:
            with pytest.raises(errors.Interrupted):
                connection.execute(
                    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                    "SELECT count(*) FROM c"
                )
        finally:
            done.set()
            thread.join()


def test_amounts_as_decimals_on_request() -> None:
    with billql.connect(
        environ={"DIGITALOCEAN_TOKEN": "x"}, decimals=True, http_transport=answering(**BALANCE)
    ) as connection:
        ((balance, sum_, seven, text),) = connection.execute(
            "SELECT account_balance, account_balance + 0.1, 7, 'a' "
            "FROM digitalocean.billing.balances"
        ).fetchall()
        assert (balance, sum_) == (Decimal("12.23"), Decimal("12.33"))
        assert isinstance(balance, Decimal)
        assert isinstance(sum_, Decimal)
        assert (type(seven), type(text)) == (int, str)
        connection.execute("CREATE TABLE t (a DECIMAL(10, 2), b REAL, c INTEGER)")
        connection.execute("INSERT INTO t VALUES (5, 1.5, 2), (NULL, NULL, NULL)")
        rows = connection.execute("SELECT * FROM t").fetchall()
        assert rows == [(Decimal(5), 1.5, 2), (None, None, None)]
        assert [type(value) for value in rows[0]] == [Decimal, float, int]
        assert connection.execute("SELECT 0.1 + 0.2").fetchone() == (Decimal("0.3"),)
        assert connection.execute("SELECT 9e999").fetchone() == (Decimal(math.inf),)


def test_money_is_a_float_otherwise() -> None:
    with billql.connect(
        environ={"DIGITALOCEAN_TOKEN": "x"}, http_transport=answering(**BALANCE)
    ) as connection:
        row = connection.execute(BALANCES).fetchone()
    assert row == (23.44, 12.23, 11.21, "USD", "2019-07-09T15:01:12Z")


def test_a_private_sandbox_ends_with_its_connection() -> None:
    with billql.connect(
        sandbox=True,
        environ={
            "BILLQL_DIGITALOCEAN_URL": "https://never.asked.invalid",
            "DIGITALOCEAN_TOKEN": "x",
        },
        clock=lambda: datetime.datetime(2026, 3, 15, tzinfo=datetime.UTC),
    ) as connection:
        sql = "SELECT max(invoice_period) FROM digitalocean.billing.invoices"
        assert connection.execute(sql).fetchall() == [("2026-02",)]
        urls = connection._session.engine.shared.options.urls
        assert urls is not None
        address = urls["digitalocean"]
    with pytest.raises(httpx.ConnectError), httpx.Client() as client:
        client.get(address)


def test_the_environment_tells_tokens_and_urls(sandbox: Sandbox) -> None:
    environ = account(sandbox)
    with billql.connect(environ=environ) as connection:
        assert len(connection.execute(BALANCES).fetchall()) == 1
    with (
        billql.connect(environ=environ, tokens={"digitalocean": "other"}) as connection,
        pytest.raises(errors.CredentialRefused),
    ):
        connection.execute(BALANCES)


def test_answers_are_kept(sandbox: Sandbox, tmp_path: Path) -> None:
    sql = "SELECT count(*) FROM digitalocean.billing.invoices"

    def requests(connection: billql.Connection) -> int:
        cursor = connection.execute(sql)
        cursor.fetchall()
        return sum(scan.requests for scan in cursor.scans)

    given: dict[str, Any] = {"environ": {}, "tokens": sandbox.tokens, "urls": sandbox.urls}
    with billql.connect(**given, cache_ttl=0) as connection:
        assert (requests(connection), requests(connection)) == (1, 1)
    with billql.connect(**given, cache=tmp_path) as connection:
        assert (requests(connection), requests(connection)) == (1, 0)
    with billql.connect(**given, cache=tmp_path) as connection:
        assert requests(connection) == 0


@pytest.mark.parametrize("how", [str, Path, lambda folder: [str(folder)], lambda folder: (folder,)])
def test_more_definitions_go_beside_those_that_come_along(
    tmp_path: Path, sandbox: Sandbox, how: Callable[[Path], Any]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "provider.yaml").write_text("billql: 1\nname: nonsense\n")
    with billql.connect(
        environ={}, tokens=sandbox.tokens, urls=sandbox.urls, definitions=how(tmp_path)
    ) as connection:
        assert len(connection.execute(BALANCES).fetchall()) == 1
        (tmp_path / "mine" / "things.yaml").write_text("resources: {}\n")
        with pytest.raises(errors.DefinitionError, match=r"mine/provider\.yaml"):
            connection.execute("SELECT * FROM mine.things.all")
