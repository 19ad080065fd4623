"""SHOW and DESCRIBE: how they may be written, and what is said when they are written wrongly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import billql
from billql import errors
from billql.sql import show
from billql.sql.statement_kind import own_verb_of
from billql.sql.statements import Bindings, Row, parse
from billql.sqlite.session import Session
from billql.sqlite.shared import Options


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    session = Session(":memory:", lambda: Options(environ={}))
    yield session
    session.close()


def rows(session: Session, sql: str, bindings: Bindings = ()) -> list[Row]:
    return list(session.execute(sql, bindings))


def columns(session: Session, sql: str) -> list[str]:
    return [name for name, _ in session.execute(sql).description or ()]


# How they may be written -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SHOW RESOURCES IN digitalocean.billing LIKE 'inv%'",
        "show resources from DigitalOcean.Billing like 'INV%';",
        "SHOW RESOURCES IN \"digitalocean\".[billing] WHERE resource LIKE 'inv%'",
        "-- what?\nSHOW/**/RESOURCES IN digitalocean . billing -- here\nLIKE 'inv%' ; -- end",
        "Show Resources In digitalocean.billing WHERE substr(name, 22, 3) = 'inv' ;;",
        "SHOW RESOURCES IN digitalocean.billing LIKE 'invoicex_%' ESCAPE 'x' WHERE 1 OR 0",
        "SHOW RESOURCES IN digitalocean.billing LIKE 'inv%' WHERE provider = 'digitalocean'",
        "SHOW RESOURCES IN`digitalocean`.billing LIKE'inv%'WHERE true",
        "SHOW RESOURCES IN \"digitalocean.billing\" LIKE 'inv%'",
    ],
)
def test_one_statement_in_many_ways(session: Session, sql: str) -> None:
    expected = [
        "digitalocean.billing.invoices",
        "digitalocean.billing.invoice_preview",
        "digitalocean.billing.invoice_items",
        "digitalocean.billing.invoice_summary",
        "digitalocean.billing.invoice_charges",
        "digitalocean.billing.invoice_csv",
        "digitalocean.billing.invoice_pdf",
    ]
    if "ESCAPE" in sql:
        expected.remove("digitalocean.billing.invoices")
    assert [row[0] for row in session.execute(sql)] == expected


def test_what_is_shown(session: Session) -> None:
    for sql, expected in {
        "SHOW PROVIDERS": "provider title version secret description",
        "SHOW SERVICES": "provider service description",
        "SHOW SERVICES IN stripe": "service description",
        "SHOW RESOURCES": "provider service name description",
        "SHOW RESOURCES IN stripe": "service name description",
        "SHOW RESOURCES IN stripe.core": "name description",
        "SHOW METHODS IN stripe.core": "resource method request required optional description",
        "SHOW METHODS IN stripe.core.events": "method request required optional description",
        "SHOW EXAMPLES IN stripe": "service resource number question sql",
        "SHOW EXAMPLES IN stripe.core.events": "number question sql",
        "SHOW CONNECTIONS": "provider connection url source ready",
        "SHOW CONNECTIONS IN stripe": "connection url source ready",
        "DESCRIBE stripe.core.events": "column type required",
        "DESC EXTENDED stripe.core.events": (
            "column type required hidden input operators currency description"
        ),
    }.items():
        assert columns(session, sql) == expected.split(), sql
        assert rows(session, sql), sql


def test_the_python_api_describes_them() -> None:
    with billql.connect(environ={}) as connection:
        cursor = connection.execute("DESCRIBE stripe.core.events")
        assert [(one[0], one[1]) for one in cursor.description or ()] == [
            ("column", "TEXT"),
            ("type", "TEXT"),
            ("required", "BOOLEAN INTEGER"),
        ]
        assert cursor.fetchone() == ("id", "text", 0)
        assert connection.execute("USE stripe.core").description is None


def test_conditions_are_sqlites(session: Session) -> None:
    assert rows(session, "SHOW PROVIDERS LIKE ?", ("str%",))[0][0] == "stripe"
    assert (
        rows(session, "SHOW PROVIDERS WHERE title = :title", {"title": "Stripe"})[0][0] == "stripe"
    )
    sql = "SHOW SERVICES IN stripe WHERE service > 'b' ORDER BY service DESC LIMIT 1"
    assert [row[0] for row in session.execute(sql)] == ["focus"]
    sql = """SHOW PROVIDERS WHERE provider IN (SELECT provider FROM billql.catalog.columns
             WHERE column = 'credit_type_id' AND billql.catalog.columns.type = 'text')"""
    assert [row[0] for row in session.execute(sql)] == ["metronome"]
    sql = "DESCRIBE EXTENDED metronome.usage.usage WHERE required AND columns.type = 'date'"
    assert [row[0] for row in session.execute(sql)] == ["day"]
    assert [
        row[0] for row in session.execute("DESC digitalocean.billing.balances LIKE 'cur%'")
    ] == ["currency"]


def test_the_words_are_names_elsewhere(session: Session) -> None:
    rows(session, "CREATE TABLE show (use, describe, providers)")
    rows(session, "INSERT INTO show VALUES (1, 2, 3)")
    assert rows(session, "SELECT show.use, describe FROM show") == [(1, 2)]
    rows(session, "DROP TABLE show")
    assert rows(session, "WITH describe AS (SELECT 1 AS use) SELECT use FROM describe") == [(1,)]


def test_own_tables_can_be_described(session: Session) -> None:
    rows(session, "CREATE TABLE budget (month TEXT NOT NULL, usd REAL)")
    assert rows(session, "DESCRIBE Budget") == [("month", "TEXT", 1), ("usd", "REAL", 0)]
    assert rows(session, "DESCRIBE EXTENDED budget LIKE 'u%'") == [
        ("usd", "REAL", 0, 0, 0, None, None, None)
    ]
    rows(session, "CREATE TEMP VIEW extended AS SELECT * FROM billql.catalog.providers")
    assert rows(session, "DESCRIBE extended WHERE column = 'url'") == [("url", "TEXT", 0)]
    rows(session, "DROP VIEW extended")
    rows(session, 'CREATE TEMP TABLE "É.x" (a)')
    assert rows(session, 'DESCRIBE "É.X"') == [("a", "", 0)]


def test_tables_are_the_users_own_and_the_resources() -> None:
    session = Session(":memory:", lambda: Options(environ={}))
    rows(session, "CREATE TABLE budget (month TEXT)")
    rows(session, "ATTACH ':memory:' AS other")
    rows(session, "CREATE VIEW other.months AS SELECT 1 AS a")
    assert columns(session, "SHOW TABLES") == ["name", "type", "description"]
    own = [("budget", "table", None), ("other.months", "view", None)]
    resources = rows(session, "SELECT name, kind, description FROM billql.catalog.resources")
    assert sorted(map(str, rows(session, "SHOW TABLES"))) == sorted(map(str, own + resources))
    assert rows(session, "SHOW TABLES")[0][1] != "resource"
    assert rows(session, "SHOW TABLES LIKE 'b%t'") == own[:1]
    billing = [row for row in resources if str(row[0]).startswith("digitalocean.billing.")]
    assert rows(session, "SHOW TABLES IN digitalocean.billing") == billing
    rows(session, "USE digitalocean.billing")
    assert sorted(map(str, rows(session, "SHOW TABLES"))) == sorted(map(str, own + billing))
    session.close()


def test_extended_shows_every_column(session: Session) -> None:
    for shown, like in {
        "PROVIDERS": "stripe",
        "SERVICES IN stripe": "core",
        "RESOURCES IN stripe.core": "events",
        "METHODS IN stripe.core.events": "list",
        "EXAMPLES IN stripe.core.events": "%",
        "CONNECTIONS IN stripe": "stripe",
    }.items():
        table = shown.split()[0].lower()
        sql = f"SHOW EXTENDED {shown} LIKE '{like}' LIMIT 1"
        assert columns(session, sql) == columns(session, f"SELECT * FROM billql.catalog.{table}")
        brief = rows(session, f"SHOW {shown} LIKE '{like}' LIMIT 1")
        assert set(brief[0]) <= set(rows(session, sql)[0])
    assert columns(session, "SHOW EXTENDED TABLES IN stripe.core") == [
        *("provider", "service", "resource", "name", "type", "description")
    ]


def test_methods_can_be_described(session: Session) -> None:
    shown = rows(session, "DESCRIBE stripe.core.events.list")
    expected = rows(
        session,
        "SELECT parameter, column, operator, required, match, location, description "
        "FROM billql.catalog.parameters WHERE provider = 'stripe' AND service = 'core' "
        "AND resource = 'events' AND method = 'list'",
    )
    assert shown == expected
    assert ("type", "type", "=") in [row[:3] for row in shown]
    assert rows(session, "DESC EXTENDED Stripe.core.events.LIST WHERE column = 'type'") == [
        row for row in shown if row[1] == "type"
    ]
    rows(session, "USE stripe.core")
    assert rows(session, "DESCRIBE events.list") == shown
    rows(session, "USE stripe")
    assert rows(session, "DESCRIBE core.events.list") == shown
    rows(session, "USE NONE")


# What is said when they are written wrongly ------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "place", "message"),
    [
        ("SHOW VIEWS", "VIEWS", 'near "VIEWS": syntax error'),
        ("SHOW EXTENDED", None, "incomplete input"),
        ("/* é */ show\n  views in x", "views", 'near "views": syntax error'),
        ("SHOW", None, "incomplete input"),
        ("SHOW -- nothing", None, "incomplete input"),
        ("SHOW;", ";", 'near ";": syntax error'),
        ("SHOW 'PROVIDERS'", "'PROVIDERS'", "near \"'PROVIDERS'\": syntax error"),
        ("SHOW PROVIDERS IN stripe", "IN", 'near "IN": syntax error'),
        ("SHOW PROVIDERS; SELECT 1", "SELECT", 'near "SELECT": syntax error'),
        ("SHOW SERVICES stripe", "stripe", 'near "stripe": syntax error'),
        ("SHOW SERVICES IN", None, "incomplete input"),
        ("SHOW SERVICES IN stripe.", None, "incomplete input"),
        ("SHOW SERVICES IN 'stripe'", "'stripe'", "near \"'stripe'\": syntax error"),
        ("SHOW SERVICES IN stripe LIKE", None, "incomplete input"),
        ("SHOW SERVICES IN stripe LIKE b", "b", 'near "b": syntax error'),
        ("SHOW SERVICES LIKE 'a' OR 1", "OR", 'near "OR": syntax error'),
        ("SHOW SERVICES LIKE 'a' ESCAPE 1", "1", 'near "1": syntax error'),
        ("SHOW SERVICES LIKE 'a') OR (1", ")", 'near ")": syntax error'),
    ],
)
def test_a_malformed_show_tells_what_there_is(
    session: Session, sql: str, place: str | None, message: str
) -> None:
    with pytest.raises(errors.SqlError) as caught:
        rows(session, sql)
    assert caught.value.message == message
    assert caught.value.sql == sql
    assert caught.value.offset == (len(sql) if place is None else sql.rindex(place))
    assert "PROVIDERS, SERVICES, RESOURCES, TABLES, METHODS" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("DESCRIBE", "incomplete input"),
        ("DESCRIBE EXTENDED LIKE 'x'", "There is no table EXTENDED"),
        ("DESCRIBE (SELECT 1)", 'near "(": syntax error'),
        ("USE", "incomplete input"),
        ("USE stripe.core LIKE 'x'", 'near "LIKE": syntax error'),
        ("USE NONE.x y", 'near ".": syntax error'),
        ("USE stripe.core.events", "stripe.core.events has too many parts"),
        ("SHOW SERVICES IN stripe.core", "stripe.core has too many parts"),
        ('SHOW SERVICES IN "stripe.core"', "stripe.core has too many parts"),
        ("DESCRIBE a.b.c.d.e", "a.b.c.d.e has too many parts"),
    ],
)
def test_other_malformed_statements(session: Session, sql: str, message: str) -> None:
    with pytest.raises(errors.SqlError) as caught:
        rows(session, sql)
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("sql", "place", "message", "hint"),
    [
        ("SHOW SERVICES IN strip", "strip", "no provider strip", "Did you mean stripe?"),
        ("SHOW RESOURCES IN\n stripe.cor", "stripe", "no service stripe.cor", "stripe.core?"),
        ("SHOW METHODS IN stripe.core.evens", "stripe", "no resource", "stripe.core.events?"),
        ("DESC stripe.core.evens -- x", "stripe", "no resource stripe", "stripe.core.events?"),
        ('DESCRIBE extended "stripe".cor.x', '"stripe"', "no service", "stripe.core?"),
        ("DESCRIBE core.events", "core.", "no table core.events", "three parts"),
        ("DESCRIBE events", "events", "no table events", "Did you mean stripe.core.events?"),
        ("DESCRIBE stripe.core.events.lst", "stripe", "no method", "stripe.core.events.list?"),
        ("DESCRIBE billql.catalog.scans.x", "billql", "no method", "Known here: none."),
        ("USE stripe.cor", "stripe", "no service stripe.cor", "stripe.core?"),
        ("SHOW CONNECTIONS IN me", "me", "no provider me", "Known here: "),
    ],
)
def test_unknown_names_are_pointed_at(
    session: Session, sql: str, place: str, message: str, hint: str
) -> None:
    with pytest.raises(errors.UnknownName, match=message) as caught:
        rows(session, sql)
    assert (caught.value.sql, caught.value.offset) == (sql, sql.index(place))
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("SHOW SERVICES IN stripe WHERE é = 1 AND nam = 2", "é"),
        ("SHOW SERVICES IN stripe LIKE 'é%' WHERE serv = 2", "serv ="),
        ("SHOW /* é */ SERVICES IN stripe LIKE 'b%' WHERE service = (SELECT x FRM y)", "y)"),
        ("SHOW SERVICES WHERE service IN (SELECT no FROM billql.catalog.services s)", "no "),
        ("SHOW SERVICES WHERE 1 IN (SELECT 1 FROM stripe.core.evens)", "stripe.core"),
        ("DESC stripe.core.events LIKE 'a' WHERE (1", None),
        ("DESCRIBE stripe.core.events LIMIT 1)", ")"),
    ],
)
def test_sqlites_errors_point_into_the_users_text(
    session: Session, sql: str, place: str | None
) -> None:
    with pytest.raises(errors.SqlError) as caught:
        rows(session, sql)
    assert caught.value.sql == sql
    assert caught.value.offset == (len(sql) if place is None else sql.index(place))


WORDS = [
    *("SHOW", "DESCRIBE", "DESC", "USE", "NONE", "EXTENDED", "PROVIDERS", "services", "METHODS"),
    *("IN", "FROM", "LIKE", "ESCAPE", "WHERE", "a", '"b"', "é", ".", ".", ";", "'x'", "?", "("),
    *(")", "1", "-- c\n", "/* c */", " ", "\n", "'", "WHERE a = 1"),
]


@given(st.sampled_from(["SHOW ", "DESCRIBE ", "USE "]), st.lists(st.sampled_from(WORDS)))
def test_whatever_is_written_is_read_or_pointed_at(verb: str, words: list[str]) -> None:
    sql = verb + " ".join(words)
    try:
        statement = parse(sql)
        asked = show.read(statement, own_verb_of(statement) or "")
    except errors.SqlError as error:
        told = error.sql, error.offset in range(len(sql) + 1)
    else:
        told = sql, True
        _check_the_way_back(asked, sql)
    assert told == (sql, True)


def _check_the_way_back(asked: show.ShowStatement | None, sql: str) -> None:
    assert asked is not None
    spelled = asked.select(("p", "it's")[: asked.form.parts])
    tail = sql[spelled.edits[-1][1] :]
    assert spelled.sql.endswith(tail)
    for at in range(len(tail) + 1):
        here = len(spelled.sql) - len(tail) + at
        assert spelled.original_offset(here) == len(sql) - len(tail) + at
