"""A session: names, views, local tables, errors that point into the user's own text."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from billql import errors
from billql.planning.plan import Plan
from billql.sandbox import Sandbox
from billql.sql.statement_kind import query_of
from billql.sql.statements import parse
from billql.sqlite.session import Session

from .sandboxed import open_session, rows


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    session = open_session(sandbox)
    yield session
    session.close()


def test_local_statements_load_nothing(session: Session) -> None:
    assert rows(session, "SELECT 1 + 1") == [(2,)]
    assert session._engine is None


def test_amounts_read_as_people_write_them(session: Session) -> None:
    assert rows(session, "SELECT (0.1 + 0.2) || '', printf('%s', 0.1 + 0.2)") == [("0.3", "0.3")]


def test_the_last_part_is_the_alias(session: Session) -> None:
    sql = "SELECT count(balances.account_balance) FROM digitalocean.billing.balances"
    assert rows(session, sql) == [(1,)]
    sql = """SELECT count(digitalocean.billing.balances.account_balance)
             FROM DigitalOcean."billing".[balances]"""
    assert rows(session, sql) == [(1,)]


def test_joins_with_local_tables(session: Session) -> None:
    rows(session, "CREATE TABLE budget (month TEXT, usd REAL)")
    rows(
        session,
        "INSERT INTO budget SELECT invoice_period, amount + 1 FROM digitalocean.billing.invoices",
    )
    sql = """SELECT count(*) FROM digitalocean.billing.invoices i
             JOIN budget b ON b.month = i.invoice_period WHERE i.amount < b.usd"""
    assert rows(session, sql) == [(24,)]


def test_a_table_can_be_made_of_a_resource(session: Session) -> None:
    rows(session, "CREATE TABLE copy AS SELECT * FROM digitalocean.billing.invoices")
    assert rows(session, "SELECT count(*), typeof(amount) FROM copy") == [(24, "real")]


def test_views_outlive_their_session(sandbox: Sandbox, tmp_path: Path) -> None:
    database = str(tmp_path / "mine.db")
    first = open_session(sandbox, database)
    rows(first, "CREATE VIEW months AS SELECT invoice_period FROM digitalocean.billing.invoices")
    first.close()
    second = open_session(sandbox, database)
    assert rows(second, "SELECT count(*) FROM months") == [(24,)]
    third = open_session(sandbox, database)
    sql = "SELECT count(*) FROM months, digitalocean.billing.balances"
    assert rows(third, sql) == [(24,)]
    third.close()
    other = open_session(sandbox)
    rows(other, "ATTACH ? AS mine", (database,))
    assert rows(other, "SELECT count(*) FROM mine.months") == [(24,)]
    second.close()
    other.close()


def test_triggers_read_resources(session: Session) -> None:
    rows(session, "CREATE TABLE log (invoices INTEGER)")
    rows(session, "CREATE TABLE asks (x)")
    rows(
        session,
        """CREATE TRIGGER ask AFTER INSERT ON asks BEGIN
             INSERT INTO log SELECT count(*) FROM digitalocean.billing.invoices;
           END""",
    )
    rows(session, "INSERT INTO asks VALUES (1)")
    assert rows(session, "SELECT * FROM log") == [(24,)]


def test_a_cte_may_have_a_resources_name(session: Session) -> None:
    sql = """WITH invoices AS (SELECT 1 AS one),
                  "digitalocean.billing.balances" AS (SELECT 2 AS two)
             SELECT (SELECT one FROM invoices), (SELECT two FROM "digitalocean.billing.balances")"""
    assert rows(session, sql) == [(1, 2)]


def test_resources_cannot_be_written(session: Session) -> None:
    for sql in (
        "INSERT INTO digitalocean.billing.balances VALUES (1, 2, 3, 4, 5)",
        "UPDATE digitalocean.billing.balances SET account_balance = 0",
        "DELETE FROM digitalocean.billing.balances",
        "DROP TABLE digitalocean.billing.balances",
        "CREATE TABLE digitalocean.billing.balances (a)",
        'CREATE TABLE "digitalocean.billing.balances" (a)',
    ):
        with pytest.raises(errors.SqlError, match="can be read, but not made, changed or"):
            rows(session, sql)


@pytest.mark.parametrize(
    ("sql", "place", "message", "hint"),
    [
        ("SELECT 1 FRM x", "x", "syntax error", None),
        (
            "INSERT t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = "
            "(SELECT account_balance FROM digitalocean.billing.balances)",
            "t VALUES",
            'near "t": syntax error',
            None,
        ),
        ("SELECT é, amont FROM\n digitalocean.billing.invoices", "é", "no such column", None),
        (
            "SELECT 'é', amont\nFROM digitalocean.billing.invoices",
            "amont",
            "no such column: amont",
            "amount",
        ),
        (
            "SELECT * FROM digitalocean.billing.invoices WHERE invoices.amont > 1",
            "invoices.amont",
            "no such column: invoices.amont",
            "amount",
        ),
        (
            "SELECT * FROM digitalocean.biling.invoices",
            "digitalocean.biling",
            "no service digitalocean.biling",
            "digitalocean.billing",
        ),
        (
            "SELECT * FROM digitalocean.billing.invoice",
            "digitalocean.billing.invoice",
            "no resource digitalocean.billing.invoice",
            "digitalocean.billing.invoices",
        ),
        (
            "SELECT *\nFROM digitalocan.billing.invoices",
            "digitalocan.",
            "no provider digitalocan",
            "digitalocean",
        ),
    ],
)
def test_errors_point_into_the_users_text(
    session: Session, sql: str, place: str, message: str, hint: str | None
) -> None:
    with pytest.raises(errors.SqlError, match=message) as caught:
        rows(session, sql)
    assert caught.value.sql == sql
    assert caught.value.offset == sql.rindex(place)
    if hint is not None:
        assert f"Did you mean {hint}?" in (caught.value.hint or "")


def test_a_short_name_suggests_the_whole_one(session: Session) -> None:
    for short in ("invoices", "billing.invoices", "digitalocean.invoices"):
        with pytest.raises(errors.SqlError) as caught:
            rows(session, f"SELECT * FROM {short}")
        assert "Did you mean digitalocean.billing.invoices?" in (caught.value.hint or "")


def test_a_missing_key_column_is_named(session: Session) -> None:
    with pytest.raises(errors.ParameterMissing) as caught:
        rows(session, "SELECT * FROM digitalocean.billing.invoice_items")
    assert caught.value.column == "invoice_uuid"
    assert "WHERE invoice_uuid = " in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("invoice_uuid IN ()", 0),
        ("invoice_uuid IN (NULL)", 0),
        ("invoice_uuid IN (SELECT 1 WHERE false)", 0),
        ("invoice_uuid IN (WITH none AS (SELECT 1 LIMIT 0) SELECT * FROM none)", 0),
        ("invoice_uuid IN void", 0),
        ("invoice_uuid IN (SELECT invoice_uuid FROM digitalocean.billing.invoices)", 24),
        ("invoice_uuid IN uuids", 24),
    ],
)
def test_lists_of_rows_may_be_empty(session: Session, condition: str, expected: int) -> None:
    rows(session, "CREATE TABLE void (x)")
    rows(session, "CREATE TABLE uuids AS SELECT invoice_uuid FROM digitalocean.billing.invoices")
    sql = f"SELECT count(*) FROM digitalocean.billing.invoice_summary WHERE {condition}"
    assert rows(session, sql) == [(expected,)]


def test_a_view_hides_no_list(session: Session) -> None:
    rows(session, "CREATE TABLE void (x)")
    rows(
        session,
        """CREATE VIEW none AS SELECT * FROM digitalocean.billing.invoice_summary
           WHERE invoice_uuid IN (SELECT x FROM void)""",
    )
    assert rows(session, "SELECT * FROM none") == []


def test_statements_inside_statements(session: Session) -> None:
    outer = session.execute("SELECT invoice_uuid FROM digitalocean.billing.invoices")
    seen = 0
    for (uuid,) in outer:
        sql = "SELECT count(*) > 0 FROM digitalocean.billing.invoice_items WHERE invoice_uuid = ?"
        assert rows(session, sql, (uuid,)) == [(1,)]
        seen += 1
    assert seen == 24
    assert sum(scan.requests for scan in outer.scans) == 1


@pytest.mark.parametrize(
    ("sql", "query"),
    [
        ("SELECT 1", "SELECT 1"),
        ("  /* x */ WITH a AS (SELECT 1) SELECT * FROM a", None),
        ("CREATE TABLE t AS SELECT 1", "SELECT 1"),
        ("CREATE TEMP TABLE t AS WITH a AS (SELECT 1) SELECT * FROM a", None),
        ("INSERT INTO t (a, b) SELECT 1, 2", "SELECT 1, 2"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "SELECT * FROM a"),
        ("WITH a AS (SELECT 1) UPDATE t SET b = (SELECT * FROM a)", ""),
        ("CREATE TABLE t (a DEFAULT (1))", ""),
        ("EXPLAIN SELECT 1", ""),
        ("PRAGMA user_version", ""),
        ("DELETE FROM t WHERE a IN (SELECT 1)", ""),
        ("", ""),
    ],
)
def test_what_a_statement_reads(sql: str, query: str | None) -> None:
    """None stands for the text from its WITH on, '' for nothing."""
    expected = sql[sql.index("WITH") :] if query is None else query
    assert (query_of(parse(sql)) or "").strip().endswith(expected)
    assert bool(query_of(parse(sql))) == bool(expected)


FORMS = [
    f"SELECT {columns} FROM digitalocean.billing.invoices WHERE {condition}"
    for columns in ("1", "amount", "invoice_id, currency", "*")
    for condition in ("true", "amount > 1", "currency = ?", "amount > 1 OR invoice_id IN (?, 'x')")
]


def test_plans_live_as_long_as_their_statement(session: Session) -> None:
    """Others come and go while a statement is read; afterwards nothing of any is left."""
    sql = """SELECT i.invoice_uuid, count(t.amount) FROM digitalocean.billing.invoices i
             JOIN digitalocean.billing.invoice_items t USING (invoice_uuid) GROUP BY 1"""
    whole = rows(session, sql)
    half_read = session.execute(sql)
    found = [next(half_read)]
    for form in FORMS * 2:
        rows(session, form, ("USD",) * form.count("?"))
    assert plans() > 0
    assert [*found, *half_read] == whole
    del half_read
    assert plans() == 0


def plans() -> int:
    gc.collect()
    return sum(isinstance(one, Plan) for one in gc.get_objects())


def test_a_statement_that_is_run_again_is_planned_again(session: Session) -> None:
    sql = "SELECT count(*) FROM digitalocean.billing.invoices WHERE invoice_id = ?"
    assert [rows(session, sql, (key,)) for key in ("x", None, 5)] == [[(0,)]] * 3
