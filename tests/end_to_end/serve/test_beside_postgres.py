"""billql and a real PostgreSQL with the same rows respond alike to the same statements.

Columns are compared by name and type, values by their text and by their bytes. A statement that
PostgreSQL refuses has the same code here, and a hint.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.pq import ExecStatus

from billql.serve.postgres.server import PostgresServer
from support.wire_server import dsn

from . import bi_statements, mirror


@pytest.fixture(scope="module")
def both(
    server: PostgresServer, real: str
) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    with (
        psycopg.connect(dsn(server), autocommit=True) as ours,
        psycopg.connect(real, autocommit=True) as theirs,
    ):
        mirror.schemas(ours, theirs)
        mirror.rows(ours, theirs, "public.charges", "public.customers")
        yield ours, theirs


Answer = tuple[str, object]


def ask(connection: psycopg.Connection, statement: str, form: int) -> Answer:
    """Return the columns and the values of a result, or the code of an error."""
    found = connection.pgconn.exec_params(statement.encode(), [], result_format=form)
    if found.status == ExecStatus.FATAL_ERROR:
        fields = [found.error_field(ord(name)) for name in "CH"]
        code, hint = (None if one is None else one.decode() for one in fields)
        return "error", (code, hint, found.error_message.decode())
    columns = [(found.fname(n), found.ftype(n), found.fmod(n)) for n in range(found.nfields)]
    values = [
        [found.get_value(row, n) for n in range(found.nfields)] for row in range(found.ntuples)
    ]
    return "rows", (columns, values)


def test_statements_have_the_same_rows(
    both: tuple[psycopg.Connection, psycopg.Connection],
) -> None:
    ours, theirs = both
    statements = bi_statements.split(bi_statements.STATEMENTS)
    different = [
        f"{statement}\n  billql:   {mine}\n  postgres: {other}"
        for statement in statements
        for form in (0, 1)
        if (mine := ask(ours, statement, form)) != (other := ask(theirs, statement, form))
    ]
    assert different == [], f"{len(different)} differ:\n" + "\n".join(different)
    assert len(statements) >= 150


ZONES = ("America/New_York", "Asia/Kathmandu")
"""One with summer time, and one whose offset is no number of hours."""


def test_times_are_those_of_the_zone_of_the_session(
    both: tuple[psycopg.Connection, psycopg.Connection],
) -> None:
    statements = [
        statement
        for statement in bi_statements.split(bi_statements.STATEMENTS)
        if any(
            part in statement for part in ("created", "timestamptz", "to_timestamp", "time zone")
        )
    ]
    different = []
    for zone in ZONES:
        for connection in both:
            connection.execute(f"SET timezone = '{zone}'")
        ours, theirs = both
        different += [
            f"{zone}: {statement}\n  billql:   {mine}\n  postgres: {other}"
            for statement in statements
            if (mine := ask(ours, statement, 0)) != (other := ask(theirs, statement, 0))
        ]
    for connection in both:
        connection.execute("RESET timezone")
    assert different == [], f"{len(different)} differ:\n" + "\n".join(different)


def test_refusals_have_the_same_code_and_a_hint(
    both: tuple[psycopg.Connection, psycopg.Connection],
) -> None:
    ours, theirs = both
    different = []
    for statement in bi_statements.split(bi_statements.REFUSED):
        mine, other = ask(ours, statement, 0), ask(theirs, statement, 0)
        assert other[0] == "error", statement
        code, hint = mine[1][:2] if mine[0] == "error" else ("none", "none")  # type: ignore[index]
        if code != other[1][0] or not hint:  # type: ignore[index]
            different.append(f"{statement}\n  billql:   {mine}\n  postgres: {other}")
    assert different == [], f"{len(different)} differ:\n" + "\n".join(different)
