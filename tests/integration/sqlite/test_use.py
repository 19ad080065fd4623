"""USE: short names, which give way to everything of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from billql import errors
from billql.sandbox import Sandbox
from billql.sqlite.session import Session

from .sandboxed import open_session, rows

COUNT = "SELECT count(*) FROM invoices"


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[Session]:
    session = open_session(sandbox)
    rows(session, "USE digitalocean.billing")
    yield session
    session.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM invoices",
        "SELECT count(invoices.amount) FROM Invoices",
        'SELECT count(i.amount) FROM "INVOICES" AS i',
        "SELECT count(i.amount) FROM [invoices] i",
        "SELECT count(digitalocean.billing.invoices.amount) FROM invoices",
        "SELECT count(*) FROM (invoices)",
        "WITH x AS (SELECT * FROM invoices) SELECT count(*) FROM x",
        "SELECT count(*) FROM (SELECT * FROM invoices) AS invoices",
        "SELECT count(DISTINCT i.invoice_uuid) FROM invoices i, balances",
        "SELECT count(*) FROM invoices JOIN digitalocean.billing.balances USING (currency)",
        "SELECT count(*) FROM invoices a JOIN invoices b USING (invoice_uuid)",
        "SELECT count(*) FROM invoices WHERE EXISTS (SELECT 1 FROM invoices i WHERE i.amount > 0)",
        """SELECT count(DISTINCT invoices.invoice_uuid) FROM invoices
           JOIN invoice_summary ON invoice_summary.invoice_uuid = invoices.invoice_uuid""",
    ],
)
def test_short_names(session: Session, sql: str) -> None:
    assert rows(session, sql) == [(24,)]


def test_figures_and_plans_tell_whole_names(session: Session) -> None:
    execution = session.execute("SELECT * FROM invoices")
    assert {scan.resource for scan in execution.scans} == {"digitalocean.billing.invoices"}
    (plan,) = rows(session, "EXPLAIN QUERY PLAN SELECT * FROM invoices")
    assert str(plan[-1]).startswith("SCAN invoices VIRTUAL TABLE INDEX")
    assert "list" in str(plan[-1])


def test_use_gives_no_rows(session: Session) -> None:
    for sql in ("USE stripe.core", "use Stripe.CORE ;", "/* x */ USE NONE -- y"):
        execution = session.execute(sql)
        assert execution.description is None
        assert list(execution) == []


def test_a_second_use_ends_the_first(session: Session) -> None:
    rows(session, "USE digitalocean.account")
    with pytest.raises(errors.SqlError, match="no such table: invoices") as caught:
        rows(session, COUNT)
    assert "Did you mean digitalocean.billing.invoices?" in str(caught.value.hint)
    rows(session, "USE DigitalOcean.Billing;")
    assert rows(session, COUNT) == [(24,)]
    rows(session, "USE NONE")
    with pytest.raises(errors.SqlError, match="no such table: invoices"):
        rows(session, COUNT)


def test_a_use_that_fails_changes_nothing(session: Session) -> None:
    with pytest.raises(errors.UnknownName, match=r"no service digitalocean\.biling"):
        rows(session, "USE digitalocean.biling")
    assert rows(session, COUNT) == [(24,)]


@pytest.mark.parametrize(
    "define",
    [
        "CREATE TABLE Invoices AS SELECT 1 AS one",
        "CREATE TEMP TABLE invoices AS SELECT 1 AS one",
        "CREATE VIEW invoices AS SELECT 1 AS one",
        "CREATE VIRTUAL TABLE invoices USING fts5(one)",
    ],
)
def test_ones_own_tables_go_first(session: Session, define: str) -> None:
    assert rows(session, COUNT) == [(24,)]
    rows(session, define)
    assert [name for name, _ in session.execute("SELECT * FROM invoices").description or ()] == [
        "one"
    ]
    assert rows(session, "DESCRIBE invoices LIKE 'one'")
    assert rows(session, "SELECT count(*) FROM digitalocean.billing.invoices") == [(24,)]
    assert rows(session, "SELECT count(*) FROM balances") == [(1,)]


def test_tables_of_an_attached_database_go_first(session: Session) -> None:
    rows(session, "ATTACH ':memory:' AS other")
    rows(session, "CREATE TABLE other.invoices (one)")
    assert rows(session, COUNT) == [(0,)]
    rows(session, "DETACH other")
    assert rows(session, COUNT) == [(24,)]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH invoices AS (SELECT 1) SELECT * FROM invoices",
        "WITH invoices(one) AS (VALUES (1)) SELECT * FROM Invoices",
        'WITH a AS (SELECT 2), "invoices" AS MATERIALIZED (SELECT 1) SELECT * FROM invoices',
        "WITH invoices AS NOT MATERIALIZED (SELECT 1) SELECT * FROM (SELECT * FROM invoices)",
        "SELECT * FROM (WITH invoices AS (SELECT 1) SELECT * FROM invoices)",
    ],
)
def test_ctes_go_first(session: Session, sql: str) -> None:
    assert rows(session, sql) == [(1,)]


def test_a_copy_may_have_the_short_name(session: Session) -> None:
    rows(session, "CREATE TABLE invoices AS SELECT invoice_uuid, amount FROM invoices LIMIT 3")
    assert rows(session, COUNT) == [(3,)]
    rows(session, "DELETE FROM invoices")
    rows(
        session,
        "INSERT INTO invoices SELECT invoice_uuid, amount FROM digitalocean.billing.invoices",
    )
    assert rows(session, COUNT) == [(24,)]


def test_views_and_triggers_keep_whole_names(sandbox: Sandbox, tmp_path: Path) -> None:
    database = str(tmp_path / "mine.db")
    first = open_session(sandbox, database)
    rows(first, "USE digitalocean.billing")
    rows(first, "CREATE VIEW months AS SELECT invoices.invoice_period FROM invoices")
    rows(first, "CREATE TABLE asks (x)")
    rows(first, "CREATE TABLE log (x)")
    rows(
        first,
        """CREATE TRIGGER ask AFTER INSERT ON asks BEGIN
             INSERT INTO log SELECT count(*) FROM invoices;
           END""",
    )
    first.close()
    second = open_session(sandbox, database)
    rows(second, "USE stripe.billing")
    assert rows(second, "SELECT count(*) FROM months") == [(24,)]
    rows(second, "INSERT INTO asks VALUES (1)")
    assert rows(second, "SELECT * FROM log") == [(24,)]
    second.close()


def test_short_names_in_show_and_describe(session: Session) -> None:
    whole = "digitalocean.billing.invoice_items"
    for statement in (
        "DESCRIBE {}",
        "DESC EXTENDED {}",
        "SHOW METHODS IN {}",
        "SHOW EXAMPLES IN {}",
    ):
        short = rows(session, statement.format("Invoice_Items"))
        assert short == rows(session, statement.format(whole)) != []
    here = rows(session, "SHOW RESOURCES IN digitalocean.billing")
    assert rows(session, "SHOW RESOURCES") == here
    assert len(rows(session, "SHOW METHODS")) >= len(here)
    rows(session, "USE NONE")
    assert len(rows(session, "SHOW RESOURCES")) > len(here)


def test_the_catalogs_own_tables_have_short_names_too(session: Session) -> None:
    rows(session, "USE billql.catalog")
    assert rows(session, "SELECT count(*) FROM providers WHERE provider = 'stripe'") == [(1,)]


@pytest.mark.parametrize(
    ("sql", "place", "hint"),
    [
        ("SELECT amont FROM invoices", "amont", "Did you mean amount?"),
        ("SELECT *\nFROM invoices i, balances\nWHERE i.amont > 'é'", "i.amont", "mean amount?"),
        ("SELECT 'é' FROM invoices, balances WHERE nothing", "nothing", "Known columns: invoice"),
        ("SELECT * FROM invoices JOIN balances ON 1 FRM", "FRM", None),
    ],
)
def test_errors_point_into_the_users_text(
    session: Session, sql: str, place: str, hint: str | None
) -> None:
    with pytest.raises(errors.SqlError) as caught:
        rows(session, sql)
    assert (caught.value.sql, caught.value.offset) == (sql, sql.index(place))
    assert (hint or "") in (caught.value.hint or "")


def test_resources_cannot_be_written_by_short_names_either(session: Session) -> None:
    for sql in ("DELETE FROM invoices", "INSERT INTO invoices VALUES (1)", "DROP TABLE invoices"):
        with pytest.raises(errors.SqlError, match="no such table"):
            rows(session, sql)


# A provider alone.


@pytest.fixture
def provider(sandbox: Sandbox) -> Iterator[Session]:
    session = open_session(sandbox)
    rows(session, "USE DigitalOcean")
    yield session
    session.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM billing.invoices",
        "SELECT count(invoices.amount) FROM Billing.Invoices",
        "SELECT count(billing.invoices.amount) FROM billing.invoices WHERE currency = 'USD'",
        'SELECT count(i.amount) FROM "billing".invoices i',
        "SELECT count(*) FROM (billing.invoices)",
        "SELECT count(*) FROM digitalocean.billing.invoices",
        "SELECT count(digitalocean.billing.invoices.amount) FROM billing.invoices",
        """SELECT count(*) FROM billing.invoices
           WHERE currency IN (SELECT currency FROM billing.balances)""",
        "WITH billing AS (SELECT 1 AS invoices) SELECT count(*) FROM billing.invoices, billing",
        """SELECT count(DISTINCT i.invoice_uuid) FROM billing.invoices i
           LEFT JOIN billing.invoice_summary s ON s.invoice_uuid = i.invoice_uuid""",
    ],
)
def test_names_of_two_parts(provider: Session, sql: str) -> None:
    assert rows(provider, sql) == [(24,)]


def test_a_database_of_ones_own_goes_first(provider: Session) -> None:
    rows(provider, "ATTACH ':memory:' AS billing")
    rows(provider, "CREATE TABLE billing.invoices (one)")
    assert rows(provider, "SELECT count(billing.invoices.one) FROM billing.invoices") == [(0,)]
    assert rows(provider, "SELECT count(*) FROM account.account") == [(1,)]


def test_what_a_provider_in_use_shows(provider: Session) -> None:
    billing = rows(provider, "SHOW RESOURCES IN digitalocean.billing")
    assert rows(provider, "SHOW RESOURCES IN billing") == billing
    assert {row[0] for row in rows(provider, "SHOW RESOURCES")} >= {"account", "billing"}
    whole = rows(provider, "DESCRIBE digitalocean.billing.invoices")
    assert rows(provider, "DESCRIBE billing.invoices") == whole
    methods = rows(provider, "SHOW METHODS IN digitalocean.billing.invoices")
    assert rows(provider, "SHOW METHODS IN billing.invoices") == methods
    rows(provider, "CREATE VIEW v AS SELECT * FROM billing.invoices")
    rows(provider, "USE NONE")
    assert rows(provider, "SELECT count(*) FROM v") == [(24,)]
    with pytest.raises(errors.SqlError, match=r"no such table: billing\.invoices"):
        rows(provider, "SELECT * FROM billing.invoices")


def test_an_unknown_name_of_two_parts(provider: Session) -> None:
    with pytest.raises(errors.UnknownName, match=r"digitalocean\.billing\.invoice") as caught:
        rows(provider, "SELECT * FROM billing.invoice")
    assert (caught.value.offset, caught.value.hint) == (
        14,
        "Did you mean digitalocean.billing.invoices?",
    )


def test_use_of_billql_itself(session: Session) -> None:
    rows(session, "USE billql")
    assert rows(session, "SELECT count(*) > 2 FROM catalog.providers") == [(1,)]


def test_a_condition_on_the_provider_overrides_use(session: Session) -> None:
    shown = rows(session, "SHOW RESOURCES WHERE provider = 'stripe'")
    assert {str(row[0]) for row in shown} == {"stripe"}
    assert rows(session, "SHOW RESOURCES WHERE resource = 'invoices'") == [
        ("digitalocean.billing.invoices", shown_about(session))
    ]


def shown_about(session: Session) -> str:
    sql = "SELECT description FROM resources WHERE name = 'digitalocean.billing.invoices'"
    rows(session, "USE billql.catalog")
    about = str(rows(session, sql)[0][0])
    rows(session, "USE digitalocean.billing")
    return about
