"""Definitions made of an OpenAPI document give the rows of its API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import billql
from billql.sandbox import Sandbox
from support.openapi import importing


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return importing.cloud(tmp_path_factory.mktemp("roots"))


@pytest.fixture(scope="module")
def both(cloud: Path) -> Iterator[tuple[billql.Connection, billql.Connection]]:
    """Open what was imported and what comes with billql, over one sandbox."""
    with Sandbox() as sandbox:
        reaching: dict[str, Any] = {
            "urls": sandbox.urls,
            "tokens": sandbox.tokens,
            "environ": {},
        }
        with (
            billql.connect(definitions=[cloud.parent], **reaching) as made,
            billql.connect(**reaching) as own,
        ):
            yield made, own


@pytest.mark.parametrize(
    ("made", "own", "columns"),
    [
        ("billing.balance", "billing.balances",
         "month_to_date_balance, account_balance, month_to_date_usage, generated_at"),
        ("billing.invoices", "billing.invoices",
         "invoice_uuid, invoice_id, amount, invoice_period"),
        ("billing.billing_history", "billing.billing_history",
         "description, amount, invoice_id, invoice_uuid, date, type"),
        ("machines.droplets", "droplets.droplets",
         "id, name, memory, locked, created_at, tags, next_backup_window_start, size"),
    ],
)  # fmt: skip
def test_imported_tables_have_the_rows_of_those_that_come_with_billql(
    both: tuple[billql.Connection, billql.Connection], made: str, own: str, columns: str
) -> None:
    first, second = (
        connection.execute(f"SELECT {columns} FROM digitalocean.{table} ORDER BY 1, 2").fetchall()
        for connection, table in zip(both, (made, own), strict=True)
    )
    assert first == second
    assert first


def test_an_imported_key_gets_one_row(
    both: tuple[billql.Connection, billql.Connection],
) -> None:
    made, _ = both
    ((id, name),) = made.execute(
        "SELECT id, name FROM digitalocean.machines.droplets LIMIT 1"
    ).fetchall()
    made.clear_cache()  # a list that is cached has the row
    cursor = made.execute("SELECT name FROM digitalocean.machines.droplets WHERE id = ?", (id,))
    assert cursor.fetchall() == [(name,)]
    assert [scan.requests for scan in cursor.scans] == [1]
    none = made.execute("SELECT name FROM digitalocean.machines.droplets WHERE id = 7").fetchall()
    assert none == []  # the document tells of a 404


def test_a_list_below_a_key_and_a_file_can_be_read(
    both: tuple[billql.Connection, billql.Connection],
) -> None:
    made, own = both
    latest = "(SELECT max(invoice_uuid) FROM digitalocean.billing.invoices)"
    for sql in (
        f"SELECT count(*), sum(amount) FROM digitalocean.billing.invoice_items "
        f"WHERE invoice_uuid = {latest}",
        f"SELECT content_type FROM digitalocean.billing.invoice_pdf WHERE invoice_uuid = {latest}",
    ):
        assert made.execute(sql).fetchall() == own.execute(sql).fetchall()
