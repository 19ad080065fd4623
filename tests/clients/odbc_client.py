"""psqlODBC, which Excel and Power BI use, asked by pyodbc."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

DRIVERS = (
    "/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so",
    "/usr/lib/aarch64-linux-gnu/odbc/psqlodbcw.so",
)
"""Where Debian's odbc-postgresql puts the driver."""


def _driver() -> str | None:
    return next((path for path in DRIVERS if Path(path).exists()), None)


def lacking() -> str | None:
    """Return what the machine lacks; None if it has all."""
    if _driver() is None:
        return "psqlODBC: apt-get install odbc-postgresql unixodbc"
    try:
        import pyodbc
    except ImportError as error:
        return f"pyodbc ({error})"
    return None if pyodbc.version else "pyodbc"


def run(port: int) -> None:
    """Read values, tables and columns; raise AssertionError for another result."""
    for more in ("", "UseDeclareFetch=1;Fetch=3;"):
        _read(f"Driver={_driver()};Server=127.0.0.1;Port={port};UID=billql;Database=billql;{more}")


def _read(place: str) -> None:
    import pyodbc

    connection = pyodbc.connect(place)
    try:
        cursor = connection.cursor()
        row = cursor.execute(
            "SELECT id, amount, created, day, paid, rate, note FROM charges WHERE id = ?", 1
        ).fetchone()
        assert row is not None
        assert row.amount == Decimal("12.5"), row
        assert row.day == datetime.date(2026, 1, 5), row
        assert row.rate == 0.1, row
        assert row.note == "First", row
        found = cursor.execute(
            "SELECT id FROM charges WHERE amount > ? AND day < ? ORDER BY id",
            Decimal(7),
            datetime.date(2026, 2, 1),
        ).fetchall()
        assert [one.id for one in found] == [1, 2], found
        assert len(cursor.execute("SELECT * FROM charges").fetchall()) == 8
        tables = cursor.tables(schema="digitalocean_billing").fetchall()
        assert "invoices" in {one.table_name for one in tables}, tables
        columns = cursor.columns(schema="digitalocean_billing", table="invoices").fetchall()
        assert [one.column_name for one in columns][:2] == ["invoice_uuid", "invoice_id"], columns
        assert cursor.primaryKeys(schema="stripe_billing", table="invoices").fetchall() == []
        assert cursor.foreignKeys(schema="stripe_billing", table="invoices").fetchall() == []
        assert cursor.statistics(schema="stripe_billing", table="invoices").fetchall() is not None
    finally:
        connection.close()
