"""Views of definitions: SELECTs over resources, and unions of what several providers bring."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.definitions.catalog import Catalog
from billql.errors import (
    ApiError,
    BadValue,
    CredentialMissing,
    DefinitionError,
    NotSupportedError,
    OperationalError,
    SqlError,
    UnknownName,
)
from billql.sql.amounts import Amount
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from support.defined import PROVIDER, Api, resource

INVOICES = [
    {"id": "e1", "month": "2026-08"},
    {"id": "e2", "month": "2026-09"},
    {"id": "e3", "month": "2026-10"},
]
FEES = [
    {"id": "w1", "at": "2026-09-05T10:00:00Z", "cents": 1050, "currency": "EUR"},
    {"id": "w2", "at": "2026-08-05T10:00:00Z", "cents": 200, "currency": "EUR"},
]
COLUMNS = {
    "Provider": {"type": "text", "description": "Who bills it."},
    "Period": {"type": "timestamp", "description": "When the month begins."},
    "Cost": {"type": "decimal", "description": "What it costs.", "currency": "Currency"},
    "Currency": {"type": "text", "description": "The currency of the cost."},
    "Note": {"type": "text", "description": "What else is known."},
}
EXAMPLE = {"question": "What is there?", "sql": "SELECT Cost FROM billql.books.charges"}
SHARED = {
    "billql": 1,
    "description": "What all providers bill.",
    "views": {
        "charges": {"description": "One charge.", "columns": COLUMNS, "examples": [EXAMPLE]},
        "nobody": {"description": "A view without parts.", "columns": COLUMNS},
    },
}
EAST: dict[str, Any] = {
    "all": {
        "resources": {
            "invoices": resource(
                {"id": "text", "month": "month"},
                {"list": {"request": "GET /east", "rows": "[]", "expected_rows": 3}},
                unique=["id"],
            ),
            "items": resource(
                {
                    "invoice": {"type": "text", "path": "$parameter"},
                    "amount": {"type": "decimal", "currency": "currency"},
                    "currency": {"type": "text", "value": "USD"},
                },
                {
                    "list": {
                        "request": "GET /east/{invoice}",
                        "rows": "[]",
                        "parameters": {"invoice": {"in": "path", "required": True}},
                        "expected_rows": 2,
                    }
                },
            ),
        }
    },
    "books": {
        "views": {
            "charges": {
                "description": "The items of all invoices.",
                "select": "SELECT it.amount AS cost, it.currency AS Currency, 'East' AS Provider, "
                "i.month || '-01T00:00:00Z' AS Period FROM east.all.invoices i "
                "JOIN east.all.items it ON it.invoice = i.id",
            },
            "months": {
                "description": "What each month costs.",
                "columns": {name: COLUMNS[name] for name in ("Period", "Cost", "Currency")},
                "select": "SELECT c.Period AS Period, money_sum(c.Cost) AS Cost, c.Currency AS "
                "Currency FROM east.books.charges c GROUP BY c.Period, c.Currency",
                "examples": [
                    {"question": "What?", "sql": "SELECT m.Cost FROM east.books.months m"}
                ],
            },
        }
    },
}
WEST = {
    "all": {
        "resources": {
            "fees": resource(
                {
                    "id": "text",
                    "at": "timestamp",
                    "cents": {"type": "integer", "currency": "currency", "minor": True},
                    "currency": "text",
                },
                {
                    "list": {
                        "request": "GET /west",
                        "rows": "[]",
                        "parameters": {"since": {"column": "at", "operator": ">="}},
                        "expected_rows": 2,
                    }
                },
                unique=["id"],
            )
        }
    },
    "books": {
        "views": {
            "charges": {
                "description": "The fees.",
                "select": "SELECT 'West' AS Provider, f.at AS Period, f.currency AS Currency, "
                "money(f.cents, f.currency) AS Cost, f.id AS Note FROM west.all.fees f",
            }
        }
    },
}
CHARGES = "billql.books.charges"


def answer(request: httpx.Request) -> Any:
    match request.url.path.strip("/").split("/"):
        case ["east"]:
            return INVOICES
        case ["east", invoice]:
            return [{"amount": "10.00"}, {"amount": f"{invoice[1]}.10"}]
        case _:
            return FEES


def define(root: Path, providers: Mapping[str, Any], shared: Any = SHARED) -> Path:
    """Write definitions; JSON is YAML."""
    for name, services in providers.items():
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "provider.yaml").write_text(json.dumps(PROVIDER))
        for service, content in services.items():
            written = {"billql": 1, "description": "A service.", **content}
            (folder / f"{service}.yaml").write_text(json.dumps(written))
    (root / "billql").mkdir()
    (root / "billql" / "books.yaml").write_text(json.dumps(shared))
    return root


@contextmanager
def opened(
    root: Path,
    api: Api,
    providers: Mapping[str, Any] = {"east": EAST, "west": WEST},  # never changed
    tokens: tuple[str, ...] = ("east", "west"),
) -> Iterator[Session]:
    catalog = Catalog([define(root, providers)])
    options = Options(
        environ={},
        tokens=dict.fromkeys(tokens, "token-of-a-test"),
        catalog=catalog,
        http_transport=httpx.MockTransport(api),
        settings=Settings(attempts=1, patience=1),
    )
    with closing(Session(":memory:", lambda: options)) as session:
        yield session


@pytest.fixture
def api() -> Api:
    return Api(answer)


@pytest.fixture
def session(tmp_path: Path, api: Api) -> Iterator[Session]:
    with opened(tmp_path, api) as session:
        yield session


def rows(session: Session, sql: str, *bindings: Any) -> list[Any]:
    return list(session.execute(sql.replace("@", CHARGES), bindings))


def test_a_view_of_several_providers_is_the_union_of_their_parts(session: Session) -> None:
    assert rows(session, "SELECT * FROM @ ORDER BY Period, Cost") == [
        ("East", "2026-08-01T00:00:00Z", 1.1, "USD", None),
        ("East", "2026-08-01T00:00:00Z", 10.0, "USD", None),
        ("West", "2026-08-05T10:00:00Z", 2.0, "EUR", "w2"),
        ("East", "2026-09-01T00:00:00Z", 2.1, "USD", None),
        ("East", "2026-09-01T00:00:00Z", 10.0, "USD", None),
        ("West", "2026-09-05T10:00:00Z", 10.5, "EUR", "w1"),
        ("East", "2026-10-01T00:00:00Z", 3.1, "USD", None),
        ("East", "2026-10-01T00:00:00Z", 10.0, "USD", None),
    ]


EAST_ONLY = "Provider = 'East' AND Period >= '2026-09-01'"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT * FROM @ WHERE {EAST_ONLY}",
        f"SELECT c.Cost FROM @ AS c WHERE c.{EAST_ONLY}",
        f"SELECT money_sum(Cost) FROM @ WHERE {EAST_ONLY}",
        f"SELECT Period, money_sum(Cost) FROM @ WHERE {EAST_ONLY} GROUP BY 1 ORDER BY 1",
        f"SELECT count(DISTINCT Period) FROM @ WHERE {EAST_ONLY}",
        "SELECT * FROM @ WHERE Provider IN ('East', 'North') AND Period >= '2026-09-01'",
        "SELECT * FROM @ WHERE lower(Provider) LIKE 'e%' AND Period > '2026-08-31T23:00:00Z'",
        f"WITH c AS (SELECT * FROM @) SELECT sum(Cost) FROM c WHERE {EAST_ONLY}",
        f"SELECT Note FROM (SELECT * FROM @) WHERE {EAST_ONLY} ORDER BY Cost LIMIT 2",
        f"SELECT * FROM @ AS c JOIN (SELECT 'East' AS name) AS p ON p.name = c.Provider "
        f"WHERE c.{EAST_ONLY}",
        f"SELECT 1 WHERE 10.0 IN (SELECT Cost FROM @ WHERE {EAST_ONLY})",
        f"SELECT * FROM east.books.charges WHERE {EAST_ONLY}",
    ],
)
def test_only_the_invoices_of_one_provider_are_requested(
    session: Session, api: Api, sql: str
) -> None:
    assert rows(session, sql)
    assert sorted(api.asked) == ["/east", "/east/e2", "/east/e3"]


def test_a_view_may_read_another_one(session: Session) -> None:
    found = rows(session, "SELECT Cost FROM east.books.months WHERE Period >= '2026-09-01'")
    assert found == [(12.1,), (13.1,)]


def test_an_outer_join_of_a_query_has_no_name(session: Session) -> None:
    for used in ("NONE", "east.all"):
        rows(session, f"USE {used}")
        sql = "SELECT a.n, b.n FROM (SELECT 1 AS n) a LEFT JOIN (SELECT 1 AS n) b ON b.n = a.n"
        assert rows(session, sql) == [(1, 1)]


def test_a_parameter_leaves_parts_out_too(session: Session, api: Api) -> None:
    found = rows(
        session, "SELECT Note FROM @ WHERE Provider = ? AND Period >= ?", "West", "2026-09"
    )
    assert found == [("w1",)]
    assert api.asked == ["/west?since=2026-09-01T00%3A00%3A00Z"]


def test_conditions_go_into_each_part(session: Session, api: Api) -> None:
    assert rows(session, "SELECT count(*) FROM @ WHERE Period >= '2026-10-01'") == [(2,)]
    assert sorted(api.asked) == ["/east", "/east/e3", "/west?since=2026-10-01T00%3A00%3A00Z"]


def test_times_of_a_view_compare_as_times(session: Session) -> None:
    assert rows(session, "SELECT count(*) FROM @ WHERE Period = '2026-09'") == [(2,)]
    assert rows(session, "SELECT count(*) FROM @ WHERE Period <= '2026-08-01'") == [(2,)]


def test_a_view_is_joined_with_itself_and_with_tables(session: Session, api: Api) -> None:
    found = rows(
        session,
        "SELECT a.Cost, b.Note FROM @ a JOIN @ b ON b.Cost = a.Cost + 0.5 "
        "WHERE a.Provider = 'East' AND b.Provider = 'West' AND a.Period = '2026-09'",
    )
    assert found == [(10.0, "w1")]
    assert sorted(set(api.asked)) == ["/east", "/east/e2", "/west"]


def test_a_part_that_fails_is_an_error(tmp_path: Path) -> None:
    def failing(request: httpx.Request) -> Any:
        if request.url.path == "/west":
            return httpx.Response(403, json={"message": "Not allowed."})
        return answer(request)

    with (
        opened(tmp_path, Api(failing)) as session,
        pytest.raises(ApiError, match=r"Not allowed\."),
    ):
        rows(session, "SELECT * FROM @")


def test_types_and_currencies_are_those_of_the_definition(session: Session) -> None:
    execution = session.execute(f"SELECT Period, Cost, Currency, Note AS n FROM {CHARGES}")
    assert execution.description == (
        ("Period", "TIMESTAMP TEXT"),
        ("Cost", "DECIMAL REAL"),
        ("Currency", "TEXT"),
        ("n", "TEXT"),
    )
    assert execution.amounts() == [None, Amount(None, 2), None, None]
    execution.close()


def test_a_sum_of_two_currencies_is_an_error(session: Session) -> None:
    with pytest.raises(BadValue, match="would add amounts in EUR and USD"):
        rows(session, "SELECT money_sum(Cost) FROM @")
    grouped = "SELECT Currency, money_sum(Cost) FROM @ GROUP BY 1 ORDER BY 1"
    assert rows(session, grouped) == [("EUR", 12.5), ("USD", 36.3)]


def test_a_table_made_of_a_view_has_its_types(session: Session) -> None:
    rows(session, "CREATE TABLE mine AS SELECT Period, Cost, Provider FROM @")
    declared = rows(session, "SELECT name, type FROM pragma_table_info('mine')")
    assert declared == [
        ("Period", "TIMESTAMP TEXT"),
        ("Cost", "DECIMAL REAL"),
        ("Provider", ""),
    ]
    rows(session, "INSERT INTO mine SELECT Period, Cost, Provider FROM @ WHERE Provider = 'West'")
    assert rows(session, "SELECT count(*) FROM mine") == [(10,)]


@pytest.mark.parametrize("head", ["VIEW v AS SELECT", "TEMP VIEW v AS SELECT"])
def test_a_view_of_ones_own_may_read_it(session: Session, api: Api, head: str) -> None:
    rows(session, f"CREATE {head} Provider, Period, Cost, Currency FROM @")
    assert api.asked == []
    assert rows(session, f"SELECT money_sum(Cost) FROM v WHERE {EAST_ONLY}") == [(25.2,)]
    assert sorted(api.asked) == ["/east", "/east/e2", "/east/e3"]
    schema = "sqlite_temp_schema" if "TEMP" in head else "sqlite_schema"
    ((stored,),) = rows(session, f"SELECT sql FROM {schema} WHERE name = 'v'")
    assert "UNION" not in stored


def test_columns_of_a_view_of_ones_own_may_have_other_names(session: Session) -> None:
    rows(session, "CREATE VIEW v(who, what) AS SELECT Provider, count(*) FROM @ GROUP BY 1")
    rows(session, "CREATE VIEW w AS SELECT upper(who) AS who, what FROM v")
    assert rows(session, "SELECT who, what FROM w ORDER BY 1") == [("EAST", 6), ("WEST", 2)]


def test_a_trigger_cannot_read_it(session: Session) -> None:
    rows(session, "CREATE TABLE mine (n)")
    rows(
        session,
        "CREATE TRIGGER t AFTER INSERT ON mine BEGIN "
        "UPDATE mine SET n = (SELECT count(*) FROM @); END",
    )
    with pytest.raises(NotSupportedError, match="which a trigger cannot read"):
        rows(session, "INSERT INTO mine VALUES (1)")


def test_explain_shows_the_scans(session: Session) -> None:
    plan = rows(session, f"EXPLAIN QUERY PLAN SELECT * FROM @ WHERE {EAST_ONLY}")
    details = "\n".join(str(row[3]) for row in plan)
    assert "SCAN it VIRTUAL TABLE INDEX" in details
    assert "sends at >=" in details


def test_names_of_columns_stay(session: Session) -> None:
    sql = "SELECT count(*), (SELECT max(Cost) FROM @) FROM @ WHERE Provider = 'West'"
    execution = session.execute(sql.replace("@", CHARGES))
    assert execution.description is not None
    assert execution.description[0][0] == "count(*)"
    assert "UNION" not in execution.description[1][0]
    execution.close()


def test_a_misspelt_column_is_an_error_at_its_place(session: Session) -> None:
    with pytest.raises(SqlError, match="no such column: Costs") as caught:
        rows(session, "SELECT Costs FROM @")
    assert caught.value.offset == len("SELECT ")
    assert caught.value.hint == "Did you mean Cost?"


def test_a_view_is_nothing_to_write_to(session: Session) -> None:
    with pytest.raises(SqlError, match="can be read, but not made, changed or dropped"):
        rows(session, "DELETE FROM @")


def test_only_parts_with_a_token_are_united(tmp_path: Path, api: Api) -> None:
    with opened(tmp_path, api, tokens=("west",)) as session:
        assert rows(session, "SELECT DISTINCT Provider FROM @") == [("West",)]
        parts = "SELECT part_provider, part, is_read FROM billql.catalog.view_parts"
        assert rows(session, f"{parts} WHERE resource = 'charges'") == [
            ("east", "east.books.charges", 0),
            ("west", "west.books.charges", 1),
        ]


def test_no_token_at_all_is_an_error(tmp_path: Path, api: Api) -> None:
    with (
        opened(tmp_path, api, tokens=()) as session,
        pytest.raises(CredentialMissing, match="no provider has a token") as caught,
    ):
        rows(session, "SELECT * FROM @")
    assert "east, west" in str(caught.value.hint)


def test_the_catalog_describes_views(session: Session, api: Api) -> None:
    named = "SELECT name, kind FROM billql.catalog.resources WHERE service = 'books'"
    assert rows(session, named) == [
        ("east.books.charges", "view"),
        ("east.books.months", "view"),
        ("west.books.charges", "view"),
        (CHARGES, "view"),
    ]
    assert rows(session, "DESCRIBE east.books.charges") == [
        ("Provider", "text", 0),
        ("Period", "timestamp", 0),
        ("Cost", "decimal", 0),
        ("Currency", "text", 0),
        ("Note", "text", 0),
    ]
    assert rows(session, "SHOW EXAMPLES IN @") == [(1, *EXAMPLE.values())]
    assert [row[0] for row in rows(session, "SHOW RESOURCES IN billql.books")] == [CHARGES]
    assert rows(session, "SHOW METHODS IN east.books.charges") == []
    services = "SELECT service FROM billql.catalog.services WHERE provider = 'billql'"
    assert ("books",) in rows(session, services)
    assert api.asked == []


def test_names_are_short_after_use(session: Session) -> None:
    rows(session, "USE east.books")
    assert rows(session, "SELECT count(*) FROM months") == [(3,)]
    rows(session, "USE billql.books")
    assert rows(session, "SELECT count(charges.Cost) FROM charges") == [(8,)]


def test_a_view_without_parts_is_unknown(session: Session) -> None:
    with pytest.raises(UnknownName, match=r"There is no view billql\.books\.nobody"):
        rows(session, "SELECT * FROM billql.books.nobody")


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("SELECT f.id AS Nothing FROM west.all.fees f", "the view has no column nothing"),
        ("SELECT m.id AS Note FROM east.all.invoices m", "reads east.all.invoices, which is not"),
    ],
)
def test_a_part_that_does_not_fit_is_an_error(
    tmp_path: Path, api: Api, select: str, message: str
) -> None:
    books = {"views": {"charges": {"description": "The fees.", "select": select}}}
    with (
        opened(tmp_path, api, {"east": EAST, "west": {**WEST, "books": books}}) as session,
        pytest.raises(DefinitionError, match=message),
    ):
        rows(session, "SELECT * FROM @")


def test_a_view_that_reads_itself_is_an_error(tmp_path: Path, api: Api) -> None:
    select = "SELECT c.Note AS Note FROM west.books.charges c"
    books = {"views": {"charges": {"description": "The fees.", "select": select}}}
    with (
        opened(tmp_path, api, {"west": {**WEST, "books": books}}) as session,
        pytest.raises(DefinitionError, match="reads itself"),
    ):
        rows(session, "SELECT * FROM @")


# Tables of one's own, and the time ---------------------------------------------------------------

BUDGETED = {
    "description": "What is left of a budget.",
    "columns": {
        "Period": COLUMNS["Period"],
        "Cost": COLUMNS["Cost"],
        "Currency": COLUMNS["Currency"],
        "Note": COLUMNS["Note"],
    },
    "tables": {
        "budget": "CREATE TABLE budget (\n  month TEXT, -- such as 2026-09\n  amount REAL\n)"
    },
    "select": "SELECT i.month || '-01T00:00:00Z' AS Period, b.amount AS Cost, 'USD' AS Currency, "
    "date('now', '-1 day') AS Note FROM east.all.invoices i JOIN budget b USING (month)",
}


@pytest.fixture
def budgeted(tmp_path: Path, api: Api) -> Iterator[Session]:
    views = {**EAST["books"]["views"], "left_over": BUDGETED}
    with opened(tmp_path, api, {"east": {**EAST, "books": {"views": views}}}) as session:
        yield session


def test_a_view_may_read_a_table_of_ones_own(budgeted: Session) -> None:
    sql = "SELECT v.Period, v.Cost FROM east.books.left_over v"
    with pytest.raises(OperationalError) as caught:
        rows(budgeted, sql)
    assert caught.value.message == (
        "east.books.left_over reads a table budget of your own, and there is none"
    )
    hint = str(caught.value.hint)
    create = hint.removeprefix("Make it, and fill it: ")
    assert create == "CREATE TABLE budget (month TEXT, amount REAL)"
    rows(budgeted, create)
    assert rows(budgeted, sql) == []
    rows(budgeted, "INSERT INTO budget VALUES ('2026-09', 5)")
    assert rows(budgeted, sql) == [("2026-09-01T00:00:00Z", 5.0)]
    # A CTE of the statement's is another table of that name, and a view of one's own may be it.
    other = "WITH budget(month, amount) AS (VALUES ('2026-09', 7)) "
    assert rows(budgeted, f"{other}{sql}") == [("2026-09-01T00:00:00Z", 5.0)]
    rows(budgeted, "DROP TABLE budget")
    rows(budgeted, "CREATE VIEW budget AS SELECT m.month, 9 AS amount FROM east.all.invoices m")
    assert len(rows(budgeted, sql)) == 3
    rows(budgeted, "CREATE TEMP TABLE budget (month, amount)")
    assert rows(budgeted, sql) == []


def test_a_table_of_ones_own_with_other_columns_is_an_error(budgeted: Session) -> None:
    rows(budgeted, "CREATE TABLE budget (Month TEXT)")
    with pytest.raises(OperationalError) as caught:
        rows(budgeted, "SELECT * FROM east.books.left_over")
    assert caught.value.message == (
        "Your table budget has no column amount, which east.books.left_over reads"
    )
    assert "CREATE TABLE budget (month TEXT, amount REAL)" in str(caught.value.hint)


def test_a_view_of_ones_own_over_one_that_reads_a_table(budgeted: Session) -> None:
    rows(budgeted, "CREATE VIEW mine AS SELECT Cost FROM east.books.left_over")
    with pytest.raises(OperationalError, match="a table budget of your own"):
        rows(budgeted, "SELECT * FROM mine")
    rows(budgeted, "CREATE TABLE budget AS SELECT '2026-08' AS month, 3 AS amount")
    assert rows(budgeted, "SELECT * FROM mine") == [(3,)]


def test_now_is_the_time_of_the_sessions_clock(tmp_path: Path, api: Api) -> None:
    view = {**BUDGETED, "tables": {}, "select": "SELECT date('now', '-1 day') AS Note, "
            "'Now ''now''' AS Currency, NULL AS Period, NULL AS Cost"}  # fmt: skip
    views = {**EAST["books"]["views"], "left_over": view}
    define(tmp_path, {"east": {**EAST, "books": {"views": views}}})
    clock = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    options = Options({}, catalog=Catalog([tmp_path]), clock=lambda: clock)
    with closing(Session(":memory:", lambda: options)) as session:
        sql = "SELECT v.Note, v.Currency FROM east.books.left_over v"
        assert rows(session, sql) == [("2026-02-27", "Now 'now'")]
