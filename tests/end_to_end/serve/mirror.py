"""The same tables in a real PostgreSQL, with the same rows, types and comments."""

from __future__ import annotations

import psycopg
from psycopg import sql

COLUMNS = """
SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
col_description(c.oid, a.attnum::int), obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
AND c.relkind = 'r' ORDER BY 1, 2, a.attnum
"""


def schemas(source: psycopg.Connection, target: psycopg.Connection) -> None:
    """Make all tables, without rows."""
    made: dict[tuple[str, str], list[sql.Composable]] = {}
    comments: list[sql.Composable] = []
    for schema, table, column, kind, text, description in source.execute(COLUMNS):
        key = schema, table
        if key not in made and description:
            comments.append(_comment("TABLE", description, *key))
        made.setdefault(key, []).append(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
        )
        if text:
            comments.append(_comment("COLUMN", text, *key, column))
    spaces: list[sql.Composable] = [
        sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema))
        for schema in sorted({schema for schema, _ in made} - {"public"})
    ]
    tables: list[sql.Composable] = [
        sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(*key), sql.SQL(", ").join(columns))
        for key, columns in made.items()
    ]
    target.execute(sql.SQL("; ").join([*spaces, *tables, *comments]))


def _comment(what: str, text: str, *name: str) -> sql.Composed:
    comment = sql.SQL("COMMENT ON {} {} IS {}")
    return comment.format(sql.SQL(what), sql.Identifier(*name), sql.Literal(text))


def rows(source: psycopg.Connection, target: psycopg.Connection, *names: str) -> None:
    """Copy the rows of tables, as text."""
    for name in names:
        table = sql.Identifier(*name.split("."))
        read = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(table)
        write = sql.SQL("COPY {} FROM STDIN").format(table)
        with source.cursor().copy(read) as out, target.cursor().copy(write) as into:
            for data in out:
                into.write(data)
