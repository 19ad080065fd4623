"""One statement over PostgreSQL's protocol, in a connection of its own or in one that stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg

from .statements import Answer, Place


def connect(place: Place) -> psycopg.Connection:
    """Return a connection of a client."""
    return psycopg.connect(
        host="127.0.0.1",
        port=place.postgres,
        user="billql",
        password=place.secret,
        dbname="billql",
        autocommit=True,
    )


def ask(connection: psycopg.Connection, sql: str) -> Answer:
    """Return the rows of a statement, and how many the server has counted."""
    cursor = connection.execute(sql.encode())
    rows = [[_plain(value) for value in row] for row in cursor.fetchall()]
    return cursor.rowcount, rows


def vanish(place: Place, sql: str) -> None:
    """Ask, and leave before the rows are complete."""
    connection = connect(place)
    connection.pgconn.send_query(sql.encode())
    connection.pgconn.flush()
    connection.pgconn.finish()
    connection.close()


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
