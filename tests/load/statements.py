"""What clients ask, and what the rows of each statement must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

COUNTED = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    "SELECT {client} AS client, {ask} AS ask, i, {client} * 1000000 + i AS x FROM n"
)
_BILLS = (
    "SELECT {client} AS client, {ask} AS ask, invoice_period, amount "
    "FROM {schema}.invoices ORDER BY invoice_period"
)
_JOINED = (
    "SELECT {client} AS client, {ask} AS ask, count(*) AS n FROM {schema}.invoices "
    "JOIN {schema}.invoice_items USING (invoice_uuid)"
)
LONG, SHORT = 5000, 40

Rows = list[list[Any]]
Answer = tuple[int | None, Rows]
"""The number of rows that the end of a response has, if it has one, and its rows."""


class Place(NamedTuple):
    """Where the server is, and the token or the password for it."""

    http: int
    postgres: int
    secret: str


class RefusedError(Exception):
    """A response with a status that is not 200."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Expected(NamedTuple):
    """The bills and the number of their lines, as one client alone gets them."""

    bills: Rows
    lines: int


class Asked(NamedTuple):
    """One statement, and the rows that it must have."""

    sql: str
    rows: Rows


def expectations(ask: Callable[[str, int], Answer], schema: str) -> Expected:
    """Ask for what does not depend on who asks."""
    _, bills = ask(_BILLS.format(client=0, ask=0, schema=schema), 1)
    _, lines = ask(_JOINED.format(client=0, ask=0, schema=schema), 1)
    return Expected([row[2:] for row in bills], lines[0][2])


def statement(client: int, number: int, expected: Expected, schema: str) -> Asked:
    """Return what a client asks as its statement of a number."""
    length = LONG if number % 9 == 0 else SHORT
    kinds: Sequence[tuple[str, Rows]] = (
        (COUNTED, [[i, client * 1_000_000 + i] for i in range(1, length + 1)]),
        (_BILLS, expected.bills),
        (_JOINED, [[expected.lines]]),
    )
    sql, rows = kinds[number % 3]
    written = sql.format(client=client, ask=number, rows=length, schema=schema)
    return Asked(written, [[client, number, *row] for row in rows])
