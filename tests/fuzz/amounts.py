"""Amounts: the SQL functions for money give a number, NULL or an error, and add exactly."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from hypothesis import strategies as st

from billql.dbapi.connection import Connection
from billql.dbapi.sessions import Sessions
from billql.errors import Error
from billql.sqlite.shared import Options, Shared

from .drawing import SQL_VALUES
from .prop import Property

AMOUNTS = SQL_VALUES | st.sampled_from(
    ("12.50", "-0.01", " 1", "1e999999", "-1e-999999", "Infinity", "1_0", "٣", 9e999, -9e999)
)


def adds(column: list[Any]) -> None:
    """`money_sum` is the exact sum, in groups and in windows; `money` is a number."""
    sessions = Sessions(lambda: Shared(Options(environ={})), str)
    session = sessions.open(":memory:")
    with Connection(session, sessions, decimals=False, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(one,) for one in column])
        for sql in (
            "SELECT money_sum(x) FROM t",
            "SELECT money_sum(x) OVER (ORDER BY rowid ROWS 1 PRECEDING) FROM t",
            "SELECT money(x, 'usd') FROM t",
            "SELECT money(x, x) FROM t",
        ):
            try:
                found = connection.execute(sql).fetchall()
            except Error:
                continue
            assert all(isinstance(one, int | float | None) for (one,) in found)
            if sql == "SELECT money_sum(x) FROM t":
                _check(column, found[0][0])


def _check(column: list[Any], total: float | None) -> None:
    with localcontext(prec=1000):
        amounts = [_shown(one) for one in column if one is not None]
        exact = sum(amounts, Decimal(0))
    if not amounts:
        assert total is None
    elif all(abs(one) < 10**20 and one.as_tuple().exponent > -30 for one in amounts):  # type: ignore[operator]
        assert total == (int(exact) if isinstance(total, int) else float(exact))


def _shown(value: Any) -> Decimal:
    """Give the amount that SQLite would print."""
    return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)


PROPERTIES = (Property("amounts", st.lists(AMOUNTS, max_size=4), adds, 100),)
