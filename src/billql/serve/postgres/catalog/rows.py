"""The rows of PostgreSQL's relations that describe billql's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billql.serve.postgres.catalog.tables import PUBLIC, UserTable, schemas
from billql.serve.postgres.types import TYPES

FIRST_OID = 16_384
"""The first number of objects that are not PostgreSQL's own."""
OWNER = 10
CATALOG, PUBLIC_OID = 11, 2200
PG_CLASS, PG_TYPE, PG_NAMESPACE = 1259, 1247, 2615

Row = dict[str, Any]


@dataclass(frozen=True)
class Numbered:
    """A table with the numbers of the objects that PostgreSQL makes for it."""

    table: UserTable
    schema_oid: int
    oid: int
    row_type: int
    array_type: int


def numbered(tables: Sequence[UserTable]) -> tuple[dict[str, int], list[Numbered]]:
    """Return the numbers of the schemas, and the tables with theirs."""
    following = FIRST_OID
    spaces = {PUBLIC: PUBLIC_OID}
    for name in schemas(tables):
        spaces[name] = following
        following += 1
    found = []
    for table in tables:
        numbers = following, following + 2, following + 1
        found.append(Numbered(table, spaces[table.schema], *numbers))
        following += 3
    return spaces, found


def namespace_rows(spaces: Mapping[str, int]) -> Iterator[Row]:
    """Yield the rows of pg_namespace."""
    for name, oid in spaces.items():
        if name != PUBLIC:
            yield {"oid": oid, "nspname": name, "nspowner": OWNER}


_CLASS: Row = {
    "reloftype": 0, "relowner": OWNER, "relam": 2, "reltablespace": 0, "relpages": 0,
    "reltuples": -1.0, "relallvisible": 0, "reltoastrelid": 0, "relhasindex": 0, "relisshared": 0,
    "relpersistence": "p", "relkind": "r", "relchecks": 0, "relhasrules": 0, "relhastriggers": 0,
    "relhassubclass": 0, "relrowsecurity": 0, "relforcerowsecurity": 0, "relispopulated": 1,
    "relreplident": "d", "relispartition": 0, "relrewrite": 0, "relfrozenxid": 3, "relminmxid": 1,
}  # fmt: skip


def class_rows(tables: Sequence[Numbered]) -> Iterator[Row]:
    """Yield the rows of pg_class."""
    for each in tables:
        yield _CLASS | {
            "oid": each.oid,
            "relname": each.table.name,
            "relnamespace": each.schema_oid,
            "reltype": each.row_type,
            "relfilenode": each.oid,
            "relnatts": len(each.table.listed),
        }


_ATTRIBUTE: Row = {
    "attstattarget": -1, "attndims": 0, "attcacheoff": -1, "atttypmod": -1, "attcompression": "",
    "attnotnull": 0, "atthasdef": 0, "atthasmissing": 0, "attidentity": "", "attgenerated": "",
    "attisdropped": 0, "attislocal": 1, "attinhcount": 0,
}  # fmt: skip


def attribute_rows(
    tables: Sequence[Numbered], by_oid: Mapping[int, Mapping[str, Any]]
) -> Iterator[Row]:
    """Yield the rows of pg_attribute; `by_oid` has the rows of pg_type."""
    of_types: dict[str, Row] = {}
    for name, known in TYPES.items():
        if (kind := by_oid.get(known.oid)) is not None:
            of_types[name] = _ATTRIBUTE | {
                "atttypid": kind["oid"],
                "attlen": kind["typlen"],
                "attbyval": kind["typbyval"],
                "attalign": kind["typalign"],
                "attstorage": kind["typstorage"],
                "attcollation": kind["typcollation"],
            }
    for each in tables:
        for number, column in enumerate(each.table.listed, start=1):
            own = {"attrelid": each.oid, "attname": column.name, "attnum": number}
            yield of_types[column.type] | own


_TYPE: Row = {
    "typowner": OWNER, "typlen": -1, "typbyval": 0, "typispreferred": 0, "typisdefined": 1,
    "typdelim": ",", "typmodin": 0, "typmodout": 0, "typanalyze": 0, "typalign": "d",
    "typstorage": "x", "typnotnull": 0, "typbasetype": 0, "typtypmod": -1, "typndims": 0,
    "typcollation": 0, "typrelid": 0, "typelem": 0, "typarray": 0, "typsubscript": 0,
}  # fmt: skip


def type_rows(tables: Sequence[Numbered], functions: Mapping[str, int]) -> Iterator[Row]:
    """Yield the rows of pg_type of tables' rows and of arrays of them."""

    def calls(kind: str) -> Row:
        parts = {"input": "in", "output": "out", "receive": "recv", "send": "send"}
        return {f"typ{part}": functions[f"{kind}_{end}"] for part, end in parts.items()}

    record, array = calls("record"), calls("array")
    for each in tables:
        name = each.table.name
        yield _TYPE | record | {
            "oid": each.row_type, "typname": name, "typnamespace": each.schema_oid,
            "typtype": "c", "typcategory": "C", "typrelid": each.oid, "typarray": each.array_type,
        }  # fmt: skip
        yield _TYPE | array | {
            "oid": each.array_type, "typname": f"_{name}"[:63], "typnamespace": each.schema_oid,
            "typtype": "b", "typcategory": "A", "typelem": each.row_type,
            "typanalyze": functions["array_typanalyze"],
            "typsubscript": functions["array_subscript_handler"],
        }  # fmt: skip


def description_rows(tables: Sequence[Numbered]) -> Iterator[Row]:
    """Yield the rows of pg_description: of tables, and of their columns."""
    for each in tables:
        texts = [each.table.description, *(column.description for column in each.table.listed)]
        for number, text in enumerate(texts):
            if text:
                yield {
                    "objoid": each.oid, "classoid": PG_CLASS, "objsubid": number,
                    "description": text,
                }  # fmt: skip


def database_rows(database: str) -> Iterator[Row]:
    """Yield the row of pg_database."""
    yield {
        "oid": 5, "datname": database, "datdba": OWNER, "encoding": 6, "datlocprovider": "c",
        "datistemplate": 0, "datallowconn": 1, "datconnlimit": -1, "datfrozenxid": 717,
        "datminmxid": 1, "dattablespace": 1663, "datcollate": "C.UTF-8", "datctype": "C.UTF-8",
    }  # fmt: skip


def role_rows(user: str) -> Iterator[Row]:
    """Yield the row of pg_authid, of whom all tables belong to."""
    yield {
        "oid": OWNER, "rolname": user, "rolsuper": 0, "rolinherit": 1, "rolcreaterole": 0,
        "rolcreatedb": 0, "rolcanlogin": 1, "rolreplication": 0, "rolbypassrls": 0,
        "rolconnlimit": -1,
    }  # fmt: skip
