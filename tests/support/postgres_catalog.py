"""Write what billql's catalog of PostgreSQL's own relations is made from, by a real server.

`make postgres-catalog` runs it: the names and types of the columns of all relations, and the rows
of those that describe PostgreSQL itself, such as its types and functions.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import psycopg

from billql.serve.postgres import types
from support import postgres

PLACE = Path("src/billql/serve/postgres/catalog/relations.json.gz")

WITH_ROWS = {
    "pg_type": "true",
    "pg_proc": "true",
    "pg_class": "true",
    "pg_attribute": "true",
    "pg_namespace": "true",
    "pg_am": "true",
    "pg_authid": "rolname LIKE 'pg\\_%'",
    "pg_cast": "true",
    "pg_collation": "oid < 12000 OR collname = 'C.UTF-8'",
    "pg_constraint": "true",
    "pg_index": "true",
    "pg_language": "true",
    "pg_opclass": "true",
    "pg_operator": "true",
    "pg_range": "true",
    "pg_tablespace": "true",
}
"""The relations whose rows are taken, and which of them."""
LEFT_OUT = frozenset(
    ("prosrc", "proacl", "relacl", "nspacl", "proargdefaults", "attacl", "attmissingval")
)
"""Columns whose values are left NULL, for nobody needs them."""

COLUMNS = """
SELECT n.nspname, c.relname, a.attname, t.typname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v')
AND a.attnum > 0 AND NOT a.attisdropped ORDER BY n.nspname, c.relname, a.attnum
"""
DOMAINS = {
    "sql_identifier": "name", "cardinal_number": "int4", "character_data": "varchar",
    "yes_or_no": "varchar", "time_stamp": "timestamptz",
}  # fmt: skip


def stored(value: str | None, kind: str) -> Any:
    """Return a value's text as SQLite is to hold it."""
    if value is None:
        return None
    if kind == "bool":
        return int(value == "t")
    if kind in types.INTEGERS or kind in types.OIDS:
        return int(value)
    if kind in ("float4", "float8"):
        return float(value)
    if kind in ("int2vector", "oidvector"):
        return json.dumps([int(one) for one in value.split()], separators=(",", ":"))
    if kind.startswith("_"):
        items = value[1:-1].split(",") if value != "{}" else []
        numbers = kind[1:] in types.INTEGERS or kind[1:] in types.OIDS
        return json.dumps(
            [int(one) if numbers else one.strip('"') for one in items], separators=(",", ":")
        )
    return value


def main() -> None:
    """Write the file."""
    relations: dict[str, dict[str, Any]] = {}
    with postgres.running() as where, psycopg.connect(where) as connection:
        for schema, relation, column, kind in connection.execute(COLUMNS):
            known = DOMAINS.get(kind, kind)
            found = relations.setdefault(f"{schema}.{relation}", {"columns": [], "rows": []})
            found["columns"].append([column, known if known in types.TYPES else "text"])
        for relation, condition in WITH_ROWS.items():
            found = relations[f"pg_catalog.{relation}"]
            names = [
                f"{_number(name, kind)}::text" if name not in LEFT_OUT else "NULL::text"
                for name, kind in found["columns"]
            ]
            first = found["columns"][0][0]
            order = "attrelid, attnum" if relation == "pg_attribute" else first
            rows = connection.execute(
                f"SELECT {', '.join(names)} FROM {relation} WHERE {condition} ORDER BY {order}"
            )
            kinds = [kind for _, kind in found["columns"]]
            found["rows"] = [
                [stored(value, kind) for value, kind in zip(row, kinds, strict=True)]
                for row in rows
            ]
    text = json.dumps(relations, ensure_ascii=False, separators=(",", ":"))
    PLACE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{PLACE}: {len(relations)} relations, {PLACE.stat().st_size:,} bytes")


def _number(name: str, kind: str) -> str:
    if kind == "bool":
        return f"CASE WHEN {name} THEN 't' WHEN NOT {name} THEN 'f' END"
    return f"{name}::oid" if kind in types.OIDS and kind.startswith("reg") else name


if __name__ == "__main__":
    main()
