"""The same tables in a real PostgreSQL, with the same rows, types and comments."""

from __future__ import annotations

import psycopg
from psycopg import sql

COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
col_description(c.oid, a.attnum::int), obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE n.nspname = ANY(%s) AND c.relkind = 'r' ORDER BY 1, 2, a.attnum
"""


def schemas(source: psycopg.Connection, target: psycopg.Connection, names: list[str]) -> None:
    """Make the tables of schemas, without rows."""
    rows = source.execute(COLUMNS, (names,)).fetchall()
    tables: dict[tuple[str, str], list[tuple[str, str, str | None]]] = {}
    about: dict[tuple[str, str], str | None] = {}
    for schema, table, column, kind, text, description in rows:
        tables.setdefault((schema, table), []).append((column, kind, text))
        about[schema, table] = description
    for schema in sorted({schema for schema, _ in tables} - {"public"}):
        target.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for key, columns in tables.items():
        shown = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
            for name, kind, _ in columns
        )
        table = sql.Identifier(*key)
        target.execute(sql.SQL("CREATE TABLE {} ({})").format(table, shown))
        if about[key]:
            _comment(target, sql.SQL("TABLE {}").format(table), about[key])
        for name, _, text in columns:
            if text:
                _comment(target, sql.SQL("COLUMN {}").format(sql.Identifier(*key, name)), text)


def _comment(target: psycopg.Connection, what: sql.Composed, text: str | None) -> None:
    target.execute(sql.SQL("COMMENT ON {} IS {}").format(what, sql.Literal(text)))


def rows(source: psycopg.Connection, target: psycopg.Connection, *names: str) -> None:
    """Copy the rows of tables, as text."""
    for name in names:
        table = sql.Identifier(*name.split("."))
        read = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(table)
        write = sql.SQL("COPY {} FROM STDIN").format(table)
        with source.cursor().copy(read) as out, target.cursor().copy(write) as into:
            for data in out:
                into.write(data)
