"""Measures Arrow's batches beside `fetchall`, in rows a second of processor time.

    python -m bench.arrow

The rows are those of a local table, so that what SQLite and Python do is measured, and no network.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import billql

ROWS = 300_000
_MAKE = (
    "CREATE TABLE bills (id INTEGER, name TEXT, amount DECIMAL REAL, currency TEXT, "
    "created TIMESTAMP TEXT, paid BOOLEAN INTEGER)"
)
_FILL = f"""
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
    INSERT INTO bills SELECT i, 'bill ' || i, round(i * 1.37, 2), 'USD',
    strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + i * 60, 'unixepoch'), i % 2 FROM n
"""


def rate(read: Callable[[], object]) -> float:
    """Return how many rows a second are read: the best of five times."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        read()
        best = min(best, time.process_time() - start)
    return ROWS / best


def main() -> None:
    """Print both rates, and Arrow's share of the other."""
    with billql.connect(autocommit=True, environ={}) as connection:
        connection.execute(_MAKE)
        connection.execute(_FILL)
        rows = rate(lambda: connection.execute("SELECT * FROM bills").fetchall())
        arrow = rate(lambda: connection.execute("SELECT * FROM bills").fetch_arrow_table())
    print(f"fetchall {rows:,.0f} rows/s, Arrow {arrow:,.0f} rows/s: {arrow / rows:.2f} of it")


if __name__ == "__main__":
    main()
