"""PostgreSQL's types: their object ids, sizes and categories.

The numbers are those of PostgreSQL's own catalog (src/include/catalog/pg_type.dat), which are the
same in every server.
"""

from __future__ import annotations

from typing import NamedTuple

from billql.definitions.types import ColumnType
from billql.serve.postgres.errors import PostgresError


class PgType(NamedTuple):
    """One type; `element` is the type of an array's elements."""

    name: str
    oid: int
    size: int
    category: str
    element: str | None = None


_BASE = """
bool 16 1 B 1000
bytea 17 -1 U 1001
char 18 1 Z 1002
name 19 64 S 1003
int8 20 8 N 1016
int2 21 2 N 1005
int4 23 4 N 1007
regproc 24 4 N 1008
text 25 -1 S 1009
oid 26 4 N 1028
tid 27 6 U 1010
xid 28 4 U 1011
cid 29 4 U 1012
json 114 -1 U 199
xml 142 -1 U 143
pg_node_tree 194 -1 Z 0
pg_ndistinct 3361 -1 Z 0
pg_dependencies 3402 -1 Z 0
pg_mcv_list 5017 -1 Z 0
float4 700 4 N 1021
float8 701 8 N 1022
unknown 705 -2 X 0
inet 869 -1 I 1041
aclitem 1033 12 U 1034
bpchar 1042 -1 S 1014
varchar 1043 -1 S 1015
date 1082 4 D 1182
time 1083 8 D 1183
timestamp 1114 8 D 1115
timestamptz 1184 8 D 1185
interval 1186 16 T 1187
timetz 1266 12 D 1270
numeric 1700 -1 N 1231
regprocedure 2202 4 N 2207
regoper 2203 4 N 2208
regoperator 2204 4 N 2209
regclass 2205 4 N 2210
regtype 2206 4 N 2211
record 2249 -1 P 2287
anyarray 2277 -1 P 0
void 2278 4 P 0
uuid 2950 16 U 2951
pg_lsn 3220 8 U 3221
jsonb 3802 -1 U 3807
regnamespace 4089 4 N 4090
regrole 4096 4 N 4097
xid8 5069 8 U 271
"""


def _read() -> dict[str, PgType]:
    found: dict[str, PgType] = {}
    for line in _BASE.split("\n"):
        if line:
            name, oid, size, category, array = line.split()
            found[name] = PgType(name, int(oid), int(size), category)
            if array != "0":
                found[f"_{name}"] = PgType(f"_{name}", int(array), -1, "A", name)
    found["int2vector"] = PgType("int2vector", 22, -1, "A", "int2")
    found["oidvector"] = PgType("oidvector", 30, -1, "A", "oid")
    return found


TYPES = _read()
"""The types by name; that of an array has an underscore before the name of its elements."""
BY_OID = {found.oid: found for found in TYPES.values()}

INTEGERS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
"""The types of whole numbers, with what is one too large for them."""
NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
"""The types of numbers; each is converted to those after it by itself."""
OIDS = frozenset(
    [
        "oid",
        "regproc",
        "regprocedure",
        "regoper",
        "regoperator",
        "regclass",
        "regtype",
        "regnamespace",
        "regrole",
        "xid",
    ]
)
"""The types that are numbers of objects."""
TEXTS = frozenset(("text", "varchar", "bpchar", "name", "char", "unknown"))
"""The types whose values are texts."""
MOMENTS = frozenset(("date", "timestamp", "timestamptz"))
"""The types of times that have a place in a calendar."""

OF_COLUMN: dict[ColumnType, str] = {
    "text": "text",
    "integer": "int8",
    "real": "float8",
    "decimal": "numeric",
    "boolean": "bool",
    "date": "date",
    "month": "text",
    "timestamp": "timestamptz",
    "json": "jsonb",
    "blob": "bytea",
}
"""The type of a column, by its type in a definition."""

ALIASES = {
    "bigint": "int8",
    "boolean": "bool",
    "char varying": "varchar",
    "character": "bpchar",
    "character varying": "varchar",
    "dec": "numeric",
    "decimal": "numeric",
    "double": "float8",
    "double precision": "float8",
    "float": "float8",
    "int": "int4",
    "integer": "int4",
    "real": "float4",
    "smallint": "int2",
    "string": "text",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "time without time zone": "time",
    "time with time zone": "timetz",
}
"""Other names of types."""

DISPLAY = {
    "bool": "boolean",
    "bpchar": "character",
    "char": '"char"',
    "float4": "real",
    "float8": "double precision",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "time": "time without time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "timetz": "time with time zone",
    "varchar": "character varying",
}
"""How types are written in SQL, where that is not their name."""


def type_of(name: str) -> PgType:
    """Return a type by any of its names; raise PostgresError if there is none."""
    lowered = name.lower()
    found = TYPES.get(ALIASES.get(lowered, lowered))
    if found is None:
        raise PostgresError(
            "42704",
            f'type "{name}" does not exist',
            hint="Use text, bigint, numeric, float8, boolean, date, timestamptz or jsonb.",
        )
    return found


def display(name: str) -> str:
    """Return how SQL writes a type: `timestamp with time zone`, `text[]`."""
    if name.startswith("_"):
        return f"{display(name[1:])}[]"
    return DISPLAY.get(name, name)


def array_of(name: str) -> str:
    """Return the array type of a type; raise PostgresError if there is none."""
    found = f"_{'text' if name == 'unknown' else name}"
    if found not in TYPES:
        raise PostgresError(
            "42704", f"could not find array type for data type {display(name)}", hint="Cast it."
        )
    return found


def element_of(name: str) -> str | None:
    """Return the type of an array's elements; None for what is no array."""
    return TYPES[name].element
