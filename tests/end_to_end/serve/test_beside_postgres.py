"""billql and a real PostgreSQL with the same rows respond alike to the same statements.

Columns are compared by name and type, values by their text and by their bytes. A statement that
PostgreSQL refuses has the same code here, and a hint.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from psycopg.pq import ExecStatus
from psycopg.types.json import Jsonb

from billql.serve.postgres.server import PostgresServer
from support.wire_server import dsn

from . import bi_statements, mirror

ZONE = datetime.timezone(datetime.timedelta(hours=1))


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


PARAMETERS: list[tuple[str, tuple[object, ...]]] = [
    ("SELECT %s", ("a",)),
    ("SELECT %s + 1, %s::text", (1, 2)),
    ("SELECT %s::int, %s::bigint, %s::numeric, %s::float8", (1, 2**40, Decimal("1.50"), 0.1)),
    ("SELECT id FROM charges WHERE amount = %s", (12.5,)),
    ("SELECT id FROM charges WHERE amount = %s", (Decimal("0.10"),)),
    ("SELECT id FROM charges WHERE amount > %s ORDER BY id", (7,)),
    ("SELECT id FROM charges WHERE rate < %s ORDER BY id", (Decimal("1.5"),)),
    ("SELECT id FROM charges WHERE quantity = ANY(%s) ORDER BY id", ([1, 3, 7],)),
    ("SELECT id FROM charges WHERE amount = ANY(%s) ORDER BY id",
     ([Decimal("0.1"), Decimal(-3)],)),
    ("SELECT id FROM charges WHERE customer = ANY(%s) ORDER BY id", (["Ada", None],)),
    ("SELECT id FROM charges WHERE customer IN (%s, %s) ORDER BY id", ("Ada", "Bob")),
    ("SELECT id FROM charges WHERE %s::text IS NULL OR customer = %s ORDER BY id", (None, "x")),
    ("SELECT id FROM charges WHERE customer = %s", (None,)),
    ("SELECT id FROM charges ORDER BY id LIMIT %s OFFSET %s", (2, 1)),
    ("SELECT id FROM charges ORDER BY id LIMIT %s", (None,)),
    ("SELECT id FROM charges WHERE created >= %s ORDER BY id", (datetime.date(2026, 2, 1),)),
    ("SELECT id FROM charges WHERE created = %s", (datetime.datetime(2026, 2, 1, 1, tzinfo=ZONE),)),
    ("SELECT id FROM charges WHERE created < %s ORDER BY id", (datetime.datetime(2026, 2, 1),)),
    ("SELECT id FROM charges WHERE day = %s", (datetime.date(2026, 1, 5),)),
    ("SELECT id FROM charges WHERE day BETWEEN %s AND %s ORDER BY id",
     ("2026-01-01", "2026-02-01")),
    ("SELECT created + %s FROM charges WHERE id = 1", (datetime.timedelta(days=1, hours=2),)),
    ("SELECT id FROM charges WHERE paid = %s ORDER BY id", (True,)),
    ("SELECT id FROM charges WHERE details @> %s ORDER BY id", (Jsonb({"plan": "pro"}),)),
    ("SELECT coalesce(%s, amount) FROM charges WHERE id = 1", (None,)),
    ("SELECT CASE WHEN id = %s THEN %s ELSE note END FROM charges WHERE id < 3 ORDER BY id",
     (1, "x")),
    ("SELECT %s || note, upper(%s), length(%s) FROM charges WHERE id = 1", ("a", "b", "cde")),
    ("SELECT date_trunc(%s, created), extract(year FROM %s::date) FROM charges WHERE id = 1",
     ("month", "2026-05-01")),
    ("SELECT customer FROM charges WHERE customer LIKE %s ESCAPE '/' ORDER BY id", ("Cy/_%",)),
    ("SELECT id, count(*) FROM charges WHERE id > %s GROUP BY id HAVING count(*) >= %s ORDER BY id",
     (6, 1)),
    ("SELECT %s::date, %s::timestamptz, %s::interval, %s::uuid, %s::jsonb, %s::bytea",
     ("2026-01-05", "2026-01-05 10:00+02", "1 day", UUID(int=1), "[1]", b"\x00\xff")),
    ("SELECT unnest(%s::text[])", (["a", 'b"c', "d,e", "{f}", ""],)),
    ("SELECT round(%s, 1), %s * 2", (Decimal("1.25"), Decimal("1.50"))),
]  # fmt: skip
"""Statements with parameters, as psycopg sends them: in both formats, with or without types."""


@pytest.mark.parametrize("binary", [False, True])
def test_parameters_mean_the_same(
    both: tuple[psycopg.Connection, psycopg.Connection], binary: bool
) -> None:
    different, refused = [], 0
    for statement, values in PARAMETERS:
        typed = statement.replace("%s", "%b") if binary else statement
        mine, other = (_asked(connection, typed, values) for connection in both)
        refused += other[0] == "error"
        if mine != other:
            different.append(f"{statement} {values}\n  billql:   {mine}\n  postgres: {other}")
    assert different == [], f"{len(different)} differ:\n" + "\n".join(different)
    assert refused <= 4


def _asked(
    connection: psycopg.Connection, statement: str, values: tuple[object, ...]
) -> tuple[object, ...]:
    try:
        cursor = connection.execute(statement.encode(), values)
        kinds = [one.type_code for one in cursor.description or ()]
        return kinds, cursor.fetchall()
    except psycopg.Error as error:
        return ("error", error.sqlstate)


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
