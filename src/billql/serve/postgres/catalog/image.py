"""A SQLite database with the relations of pg_catalog and information_schema and their rows.

It is made once, as bytes, and each session attaches a copy: reading PostgreSQL's own rows takes
longer than the copy.
"""

from __future__ import annotations

import gzip
import json
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from typing import Any

import apsw

from billql.serve.postgres.catalog import rows
from billql.serve.postgres.compiler.values import quote_name
from billql.serve.postgres.settings import DEFAULTS

SCHEMA = "pg_catalog"
"""The name by which sessions attach it."""


@dataclass(frozen=True)
class Relations:
    """PostgreSQL's own relations: the names and types of their columns, and rows of some."""

    columns: Mapping[tuple[str, str], Sequence[tuple[str, str]]]
    rows: Mapping[tuple[str, str], Sequence[Sequence[Any]]]

    def dictionaries(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a relation of pg_catalog by the names of its columns."""
        key = SCHEMA, name
        names = [column for column, _ in self.columns[key]]
        return [dict(zip(names, row, strict=True)) for row in self.rows[key]]


def load() -> Relations:
    """Read the file of PostgreSQL's own relations."""
    data = files(__package__).joinpath("relations.json.gz").read_bytes()
    found = json.loads(gzip.decompress(data))
    columns, own = {}, {}
    for name, content in found.items():
        schema, _, relation = name.partition(".")
        columns[schema, relation] = [(column, kind) for column, kind in content["columns"]]
        own[schema, relation] = content["rows"]
    return Relations(columns, own)


def sql_name(schema: str, relation: str) -> str:
    """Return the name of a relation in the attached database."""
    name = relation if schema == SCHEMA else f"{schema}.{relation}"
    return f"{SCHEMA}.{quote_name(name)}"


def build(
    relations: Relations,
    tables: Sequence[rows.Numbered],
    spaces: Mapping[str, int],
    user: str,
    database: str,
) -> bytes:
    """Return the database."""
    made = apsw.Connection(":memory:")
    with made:
        for (schema, relation), columns in relations.columns.items():
            name = _inner(schema, relation)
            shown = ", ".join(f"{quote_name(column)} {_affinity(kind)}" for column, kind in columns)
            made.execute(f"CREATE TABLE {name} ({shown})")
            own = relations.rows[schema, relation]
            if own:
                marks = ", ".join("?" * len(columns))
                made.executemany(f"INSERT INTO {name} VALUES ({marks})", own)
        by_oid = {row["oid"]: row for row in relations.dictionaries("pg_type")}
        functions = {row["proname"]: row["oid"] for row in relations.dictionaries("pg_proc")}
        _insert(made, "pg_namespace", rows.namespace_rows(spaces))
        _insert(made, "pg_class", rows.class_rows(tables))
        _insert(made, "pg_attribute", rows.attribute_rows(tables, by_oid))
        _insert(made, "pg_type", rows.type_rows(tables, functions))
        _insert(made, "pg_description", rows.description_rows(tables))
        _insert(made, "pg_database", rows.database_rows(database))
        _insert(made, "pg_authid", rows.role_rows(user))
        _insert(made, "pg_settings", _setting_rows())
        for statement in _DERIVED:
            made.execute(statement, {"database": database, "user": user})
        for statement in _INDEXES:
            made.execute(statement)
    return made.serialize("main")


def _inner(schema: str, relation: str) -> str:
    return quote_name(relation if schema == SCHEMA else f"{schema}.{relation}")


_AFFINITIES = {"bool": "INTEGER", "float4": "REAL", "float8": "REAL", "bytea": "BLOB"}


def _affinity(kind: str) -> str:
    from billql.serve.postgres import types

    if kind in types.INTEGERS or kind in types.OIDS or kind == "cid":
        return "INTEGER"
    return _AFFINITIES.get(kind, "TEXT")


def _insert(made: apsw.Connection, relation: str, found: Iterable[Mapping[str, Any]]) -> None:
    for columns, alike in groupby(found, tuple):
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        values = map(operator.methodcaller("values"), alike)
        made.executemany(f"INSERT INTO {relation} ({names}) VALUES ({marks})", map(tuple, values))


def _setting_rows() -> Iterable[Mapping[str, Any]]:
    for name, value in sorted(DEFAULTS.items()):
        yield {
            "name": name, "setting": value, "category": "Preset Options", "context": "user",
            "vartype": "string", "source": "default", "boot_val": value, "reset_val": value,
            "pending_restart": 0, "short_desc": "",
        }  # fmt: skip


_USER_CLASS = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
_NUMERIC = (
    "CASE t.typname WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 "
    "WHEN 'float4' THEN 24 WHEN 'float8' THEN 53 END"
)
_DATA_TYPES = {
    "bool": "boolean", "bpchar": "character", "char": '"char"', "float4": "real",
    "float8": "double precision", "int2": "smallint", "int4": "integer", "int8": "bigint",
    "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
    "varchar": "character varying", "time": "time without time zone",
}  # fmt: skip
_DATA_TYPE = (
    "CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN t.typnamespace <> 11 THEN "
    "'USER-DEFINED' "
    + " ".join(f"WHEN t.typname = '{name}' THEN '{shown}'" for name, shown in _DATA_TYPES.items())
    + " ELSE t.typname END"
)
_DERIVED = [
    """INSERT INTO pg_roles (rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
       rolreplication, rolconnlimit, rolpassword, rolbypassrls, oid)
       SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
       rolreplication, rolconnlimit, '********', rolbypassrls, oid FROM pg_authid""",
    """INSERT INTO pg_user (usename, usesysid, usecreatedb, usesuper, userepl, usebypassrls, passwd)
       SELECT rolname, oid, rolcreatedb, rolsuper, rolreplication, rolbypassrls, '********'
       FROM pg_authid""",
    f"""INSERT INTO pg_tables (schemaname, tablename, tableowner, tablespace, hasindexes, hasrules,
        hastriggers, rowsecurity)
        SELECT n.nspname, c.relname, :user, s.spcname, c.relhasindex, c.relhasrules,
        c.relhastriggers, c.relrowsecurity FROM {_USER_CLASS}
        LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE c.relkind IN ('r', 'p')""",
    f"""INSERT INTO pg_views (schemaname, viewname, viewowner)
        SELECT n.nspname, c.relname, :user FROM {_USER_CLASS} WHERE c.relkind = 'v'""",
    f"""INSERT INTO pg_stat_user_tables (relid, schemaname, relname, seq_scan, n_live_tup,
        n_dead_tup) SELECT c.oid, n.nspname, c.relname, 0, 0, 0 FROM {_USER_CLASS}
        WHERE c.relkind = 'r'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')""",
    """INSERT INTO "information_schema.schemata" (catalog_name, schema_name, schema_owner)
       SELECT :database, nspname, rolname FROM pg_namespace JOIN pg_authid r
       ON r.oid = nspowner""",
    f"""INSERT INTO "information_schema.tables" (table_catalog, table_schema, table_name,
        table_type, is_insertable_into, is_typed)
        SELECT :database, n.nspname, c.relname, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE
        'BASE TABLE' END, 'NO', 'NO' FROM {_USER_CLASS} WHERE c.relkind IN ('r', 'v', 'p', 'f')
        AND n.nspname <> 'pg_toast'""",
    f"""INSERT INTO "information_schema.views" (table_catalog, table_schema, table_name,
        check_option, is_updatable, is_insertable_into)
        SELECT :database, n.nspname, c.relname, 'NONE', 'NO', 'NO' FROM {_USER_CLASS}
        WHERE c.relkind = 'v'""",
    f"""INSERT INTO "information_schema.columns" (table_catalog, table_schema, table_name,
        column_name, ordinal_position, is_nullable, data_type, character_octet_length,
        numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision,
        udt_catalog, udt_schema, udt_name, dtd_identifier, is_self_referencing, is_identity,
        identity_cycle, is_generated, is_updatable)
        SELECT :database, n.nspname, c.relname, a.attname, a.attnum,
        CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END, {_DATA_TYPE},
        CASE WHEN t.typname IN ('text', 'varchar', 'bpchar') THEN 1073741824 END, {_NUMERIC},
        CASE WHEN {_NUMERIC} IS NOT NULL THEN 2 WHEN t.typname = 'numeric' THEN 10 END,
        CASE WHEN t.typname IN ('int2', 'int4', 'int8') THEN 0 END,
        CASE WHEN t.typname = 'date' THEN 0 WHEN t.typname IN ('time', 'timestamp',
        'timestamptz', 'interval') THEN 6 END,
        :database, tn.nspname, t.typname, CAST(a.attnum AS TEXT), 'NO', 'NO', 'NO', 'NEVER', 'NO'
        FROM {_USER_CLASS} JOIN pg_attribute a ON a.attrelid = c.oid
        JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
        WHERE c.relkind IN ('r', 'v', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped""",
    """INSERT INTO "information_schema.information_schema_catalog_name" VALUES (:database)""",
]
"""What makes the rows of views, in the order in which they need each other."""

_INDEXES = [
    "CREATE INDEX class_oid ON pg_class (oid)",
    "CREATE INDEX class_name ON pg_class (relname)",
    "CREATE INDEX attribute_relation ON pg_attribute (attrelid, attnum)",
    "CREATE INDEX type_oid ON pg_type (oid)",
    "CREATE INDEX type_element ON pg_type (typelem)",
    "CREATE INDEX namespace_oid ON pg_namespace (oid)",
    "CREATE INDEX procedure_oid ON pg_proc (oid)",
    "CREATE INDEX description_object ON pg_description (objoid, objsubid)",
    "ANALYZE",
]
