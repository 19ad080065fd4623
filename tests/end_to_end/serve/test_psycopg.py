"""psycopg 3 asks billql as it asks a PostgreSQL."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from decimal import Decimal

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from billql.serve.postgres.server import PostgresServer
from support.wire_server import dsn, served

UTC = datetime.UTC


@pytest.fixture
def connection(server: PostgresServer) -> Iterator[psycopg.Connection]:
    found = psycopg.connect(dsn(server))
    yield found
    found.close()


TYPED = """
SELECT id, amount, quantity, rate, paid, created, day, details, note FROM charges WHERE id = %s
"""
ROW = (
    1, Decimal("12.5"), 3, 0.1, True, datetime.datetime(2026, 1, 5, 10, tzinfo=UTC),
    datetime.date(2026, 1, 5), {"plan": "pro", "tags": ["a", "b"], "n": 1}, "First",
)  # fmt: skip


@pytest.mark.parametrize("binary", [False, True])
def test_values_of_every_type_arrive_in_both_formats(
    connection: psycopg.Connection, binary: bool
) -> None:
    cursor = connection.cursor(binary=binary)
    assert cursor.execute(TYPED, (1,)).fetchone() == ROW
    nothing = cursor.execute(TYPED, (5,)).fetchone()
    assert nothing is not None
    assert nothing[1:3] + nothing[5:8] == (None,) * 5


def test_resources_of_apis_are_tables_of_schemas(connection: psycopg.Connection) -> None:
    rows = connection.cursor(row_factory=dict_row).execute(
        "SELECT invoice_period, amount FROM digitalocean_billing.invoices "
        "WHERE invoice_period >= '2026-01' ORDER BY amount DESC LIMIT 2"
    )
    found = rows.fetchall()
    assert len(found) == 2
    assert isinstance(found[0]["amount"], Decimal)
    dotted = connection.execute("SELECT count(*) FROM digitalocean.billing.invoices").fetchone()
    assert dotted is not None
    assert dotted[0] > 2


def test_parameters_have_the_types_of_what_they_are_compared_with(
    connection: psycopg.Connection,
) -> None:
    cursor = connection.execute(
        "SELECT id FROM charges WHERE amount > %s AND created < %s AND day = ANY(%s) "
        "AND customer = ANY(%s) ORDER BY id",
        (
            Decimal("1.5"),
            datetime.datetime(2026, 2, 1, tzinfo=UTC),
            [datetime.date(2026, 1, 5), datetime.date(2026, 1, 31)],
            ["Ada", "Bob"],
        ),
    )
    assert cursor.fetchall() == [(1,), (2,)]


def test_a_named_cursor_reads_in_parts(connection: psycopg.Connection) -> None:
    with connection.cursor("named") as cursor:
        cursor.itersize = 3
        cursor.execute("SELECT id FROM charges ORDER BY id")
        assert cursor.description is not None
        assert [row[0] for row in cursor] == list(range(1, 9))


@pytest.mark.parametrize("form", ["", "(FORMAT csv, HEADER)", "(FORMAT binary)"])
def test_copy_returns_the_rows(connection: psycopg.Connection, form: str) -> None:
    with connection.cursor().copy(
        f"COPY (SELECT id, note FROM charges ORDER BY id) TO STDOUT {form}"
    ) as copy:
        if form == "(FORMAT csv, HEADER)":
            assert b"".join(copy).decode().splitlines()[:3] == ["id,note", "1,First", "2,"]
            return
        copy.set_types(["int8", "text"])
        assert list(copy.rows())[:3] == [(1, "First"), (2, None), (3, "refund 100%")]


def test_a_failed_statement_has_a_code_a_hint_and_spoils_its_transaction(
    connection: psycopg.Connection,
) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn) as caught:
        connection.execute("SELECT amuont FROM charges")
    assert "amount" in str(caught.value.diag.message_hint)
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        connection.execute("SELECT 1")
    connection.rollback()
    with (
        connection.transaction(),
        pytest.raises(psycopg.errors.DivisionByZero),
        connection.transaction(),
    ):
        connection.execute("SELECT 1/0")
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_pipeline_brings_each_result(connection: psycopg.Connection) -> None:
    with connection.pipeline():
        cursors = [connection.execute("SELECT %s::int", (number,)) for number in range(5)]
    assert [cursor.fetchone() for cursor in cursors] == [(number,) for number in range(5)]


def test_a_sum_of_amounts_in_several_currencies_is_noted(connection: psycopg.Connection) -> None:
    notices: list[str] = []
    connection.add_notice_handler(lambda found: notices.append(found.message_primary or ""))
    total = "SELECT sum(total) FROM stripe_billing.invoices"
    connection.execute(f"{total} WHERE currency = 'usd'")
    connection.execute("SELECT currency, sum(total) FROM stripe_billing.invoices GROUP BY currency")
    assert notices == []
    assert connection.execute(total).fetchone() is not None
    assert len(notices) == 1
    assert "EUR" in notices[0]
    assert "USD" in notices[0]


def test_connections_share_the_limit_of_a_token() -> None:
    moments: list[float] = []

    def respond(request: httpx.Request) -> httpx.Response:
        moments.append(time.monotonic())
        return httpx.Response(200, json={"month_to_date_balance": "1.50"})

    balance = "SELECT month_to_date_balance FROM digitalocean_billing.balances"
    with served(
        sandbox=False,
        environ={},
        tokens={"digitalocean": "x"},
        limits={"digitalocean": "2/second"},
        http_transport=httpx.MockTransport(respond),
        cache_ttl=0,
    ) as server:
        began = time.monotonic()
        for _ in range(3):
            with psycopg.connect(dsn(server)) as connection:
                assert connection.execute(balance).fetchone() == (Decimal("1.5"),)
    assert len(moments) == 3
    assert moments[-1] - began >= 1


def test_the_catalog_may_have_more_rows_than_a_statement_may_return() -> None:
    with served(max_rows=5) as server, psycopg.connect(dsn(server)) as connection:
        assert len(connection.execute("SELECT 1 FROM pg_class LIMIT 5").fetchall()) == 5
        with pytest.raises(psycopg.Error, match="more than the 5 rows"):
            connection.execute("SELECT 1 FROM pg_class LIMIT 6")
