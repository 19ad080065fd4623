"""A row is one row, whichever method gives it, in an OR and in the joins that look for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import billql
from billql.definitions.catalog import Table
from support.shipped import CATALOG, UNLIMITED

# The definitions that come with billql.

KEYS = {
    "customer_id": "SELECT customer_id FROM metronome.invoices.invoices WHERE customer_id IN "
    "(SELECT id FROM metronome.customers.customers) LIMIT 1",
    "customer": "SELECT customer FROM stripe.core.customer_balance_transactions WHERE customer IN "
    "(SELECT id FROM stripe.core.customers) LIMIT 1",
    "subscription": "SELECT id FROM stripe.billing.subscriptions LIMIT 1",
}
"""Statements for a value of a column without which no method gives a list."""


def needs(table: Table, method: str) -> set[str]:
    """Give the columns that a method cannot do without."""
    found = table.resource.methods[method].filters()
    return {column for column, one in found if one.required and one.default is None}


def filtered(table: Table) -> Iterator[tuple[str, str]]:
    """Give the columns that some method filters, and how."""
    for method in table.resource.methods.values():
        for column, parameter in method.filters():
            yield column, parameter.operator


def by_key(table: Table) -> str | None:
    """Give the column by which a method gives the rows that a list gives too."""
    methods = sorted((needs(table, name) for name in table.resource.methods), key=len)
    for columns in methods[1:]:
        if methods[0] <= KEYS.keys() and methods[0] < columns and len(columns - methods[0]) == 1:
            (column,) = columns - methods[0]
            if column not in table.echo_columns and (column, "=") in filtered(table):
                return column
    return None


TWICE = [
    pytest.param(table, key, id=table.name)
    for table in map(CATALOG.table, CATALOG.names())
    if (key := by_key(table)) is not None
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True, limits=UNLIMITED) as connection:
        yield connection


def one_value(connection: billql.Connection, sql: str) -> Any:
    (row,) = connection.execute(sql).fetchall()
    return row[0]


def quoted(value: Any) -> str:
    text = str(value).replace("'", "''")
    return str(value) if isinstance(value, int | float) else f"'{text}'"


def absent(key: Any) -> Any:
    """Give a key of the same form that nothing has."""
    return key + 7 if isinstance(key, int) else f"{key[:-2]}{'00' if key[-2:] != '00' else '11'}"


@pytest.mark.parametrize(("table", "key"), TWICE)
def test_every_row_that_two_methods_give_is_one(
    sandbox: billql.Connection, table: Table, key: str
) -> None:
    """Whatever is asked of a table, its copy in a plain table gives the same."""
    listed = min((needs(table, name) for name in table.resource.methods), key=len)
    seed = "".join(f"{one} = {quoted(one_value(sandbox, KEYS[one]))} AND " for one in listed)
    shown = [name for name, column in table.columns.items() if not column.hidden]
    columns = ", ".join(f"t.{name}" for name in shown)
    copy = f"temp.copy_of_{table.name.replace('.', '_')}"
    sandbox.execute(f"CREATE TABLE {copy} AS SELECT {columns} FROM {table.name} t WHERE {seed} 1")
    keys = [
        row[0]
        for row in sandbox.execute(
            f"SELECT {key} FROM {copy} WHERE {key} IS NOT NULL ORDER BY 1 LIMIT 2"
        )
    ]
    assert keys
    few = ", ".join(f"({quoted(one)})" for one in [*keys, absent(keys[0])])

    def same(sql: str) -> None:
        actual = sandbox.execute(sql.format(table.name, seed)).fetchall()
        assert actual == sandbox.execute(sql.format(copy, "")).fetchall(), sql

    for one in keys:
        everything = f"t.{key} = {quoted(one)} OR t.{key} IS NOT NULL"
        same(f"SELECT count(*) FROM {{}} t WHERE {{}} ({everything})")
        for column in sorted({name for name, _ in filtered(table)} & set(shown) - listed - {key}):
            sql = (
                f"SELECT {column} FROM {copy} WHERE {column} IS NOT NULL AND {key} = {quoted(one)}"
            )
            if (row := sandbox.execute(sql).fetchone()) is not None:
                condition = f"t.{column} = {quoted(row[0])} OR t.{key} = {quoted(one)}"
                same(f"SELECT count(*) FROM {{}} t WHERE {{}} ({condition})")
    for join in ("FULL", "RIGHT", "LEFT"):
        same(
            f"SELECT count(*), count(f.k), count(t.{key}) FROM (SELECT column1 AS k FROM "
            f"(VALUES {few})) f {join} JOIN {{}} t ON {{}} t.{key} = f.k"
            if not seed or join == "LEFT"
            else f"SELECT count(*), count(f.k), count(t.{key}) FROM (SELECT column1 AS k FROM "
            f"(VALUES {few})) f {join} JOIN (SELECT * FROM {{}} t WHERE {{}} 1) t ON t.{key} = f.k"
        )
