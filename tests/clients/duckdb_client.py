"""DuckDB reads billql by its extension for PostgreSQL, if that can be installed."""

from __future__ import annotations


def lacking() -> str | None:
    """Return what the machine lacks; None if it has all."""
    try:
        import duckdb
    except ModuleNotFoundError:
        return "the package duckdb"
    try:
        duckdb.connect().execute("INSTALL postgres; LOAD postgres")
    except duckdb.Error as error:
        return f"DuckDB's extension for PostgreSQL ({str(error).splitlines()[0][:80]})"
    return None


def run(port: int) -> None:
    """Read a table with a filter; raise AssertionError for another result."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("LOAD postgres")
    place = f"host=127.0.0.1 port={port} user=billql dbname=billql"
    connection.execute(f"ATTACH '{place}' AS bills (TYPE postgres, READ_ONLY)")
    found = connection.execute(
        "SELECT id, note FROM bills.public.charges WHERE amount > 7 ORDER BY id"
    ).fetchall()
    assert found == [(1, "First"), (2, None), (4, "It's"), (8, "größer")], found
