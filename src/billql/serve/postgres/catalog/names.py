"""Objects of the catalog by name and by number: tables, types, schemas, functions, roles.

Made once for a process; sessions share it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from billql.serve.postgres import types
from billql.serve.postgres.catalog import image, rows
from billql.serve.postgres.catalog.tables import PUBLIC, UserTable
from billql.serve.postgres.compiler.core import Table
from billql.serve.postgres.compiler.scope import Column
from billql.serve.postgres.compiler.values import Value, quote_name
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.quoting import quoted_name

_KEYWORD_TYPES = {"bit": "bit", "varbit": "bit varying"}
"""Types that the grammar of SQL has names for, and billql no values."""


class Catalog:
    """What sessions know of tables and of the objects of pg_catalog."""

    def __init__(self, tables: Sequence[UserTable], user: str, database: str) -> None:
        self.user = user
        self.database = database
        self._relations = image.load()
        self._spaces, self._numbered = rows.numbered(tables)
        self._user_tables = {(table.schema, table.name): table for table in tables}
        self._made: dict[tuple[str, str], Table] = {}

    @cached_property
    def image(self) -> bytes:
        """Return the database of pg_catalog, which sessions attach."""
        return image.build(self._relations, self._numbered, self._spaces, self.user, self.database)

    # Tables ---------------------------------------------------------------------------------------

    def find(self, schema: str | None, name: str, path: Sequence[str]) -> Table:
        """Return a table by its name, and its schema or the search path; raise PostgresError.

        A schema may be written as billql has it: `provider.service`.
        """
        places = [schema.replace(".", "_")] if schema else [image.SCHEMA, *path]
        for place in places:
            key = place, name
            if key in self._made:
                return self._made[key]
            found = self._table(*key)
            if found is not None:
                self._made[key] = found
                return found
        raise self._unknown(schema, name)

    def _table(self, schema: str, name: str) -> Table | None:
        user_table = self._user_tables.get((schema, name))
        if user_table is not None:
            columns = [
                Column(
                    column.name,
                    Value(
                        quote_name(column.name),
                        column.type,
                        name=column.name,
                        is_column=schema != PUBLIC or column.type not in types.MOMENTS,
                        is_month=column.is_month,
                        currency=None if column.currency is None else quote_name(column.currency),
                    ),
                    column.is_hidden,
                )
                for column in user_table.columns
            ]
            return Table(schema, name, user_table.sql, columns)
        own = self._relations.columns.get((schema, name))
        if own is None:
            return None
        return Table(
            schema,
            name,
            image.sql_name(schema, name),
            [Column(n, Value(quote_name(n), kind, name=n, is_column=True)) for n, kind in own],
        )

    def _unknown(self, schema: str | None, name: str) -> PostgresError:
        shown = f"{schema}.{name}" if schema else name
        known = [".".join(key) for key in self._user_tables]
        close = difflib.get_close_matches(shown, known, 1)
        elsewhere = [f"{place}.{table}" for place, table in self._user_tables if table == name]
        if elsewhere:
            hint = f"There is {' and '.join(elsewhere[:3])}: write the schema too."
        elif close:
            hint = f"Did you mean {close[0]}?"
        else:
            hint = "\\dn lists the schemas, and \\dt SCHEMA.* their tables."
        return PostgresError("42P01", f'relation "{shown}" does not exist', hint=hint)

    # Names and numbers ----------------------------------------------------------------------------

    @cached_property
    def _objects(self) -> dict[str, dict[int, tuple[str, str]]]:
        """Return the schema and the name of each object, by kind and number."""
        spaces = {row["oid"]: row["nspname"] for row in self._rows("pg_namespace")}
        spaces |= {oid: name for name, oid in self._spaces.items()}

        def listed(relation: str, name: str, space: str) -> dict[int, tuple[str, str]]:
            return {
                row["oid"]: (spaces.get(row[space], ""), row[name]) for row in self._rows(relation)
            }

        classes = listed("pg_class", "relname", "relnamespace")
        kinds = listed("pg_type", "typname", "typnamespace")
        for each in self._numbered:
            table = each.table
            classes[each.oid] = table.schema, table.name
            kinds[each.row_type] = table.schema, table.name
            kinds[each.array_type] = table.schema, f"_{table.name}"
        return {
            "regclass": classes,
            "regtype": kinds,
            "regproc": listed("pg_proc", "proname", "pronamespace"),
            "regoper": listed("pg_operator", "oprname", "oprnamespace"),
            "regnamespace": {oid: ("", name) for oid, name in spaces.items()},
            "regrole": {row["oid"]: ("", row["rolname"]) for row in self._rows("pg_authid")}
            | {rows.OWNER: ("", self.user)},
        }

    @cached_property
    def _numbers(self) -> dict[str, dict[tuple[str, str], int]]:
        return {
            kind: {name: oid for oid, name in found.items()}
            for kind, found in self._objects.items()
        }

    def _rows(self, relation: str) -> list[dict[str, Any]]:
        return self._relations.dictionaries(relation)

    def name_of(self, kind: str, oid: int, path: Sequence[str]) -> str:
        """Return how an object is written, with its schema unless the search path has that."""
        if oid == 0:
            return "-"
        kind = {"regprocedure": "regproc", "regoperator": "regoper"}.get(kind, kind)
        known = types.BY_OID.get(oid) if kind == "regtype" else None
        if known is not None:
            return types.display(known.name)
        found = self._objects.get(kind, {}).get(oid)
        if found is None:
            return str(oid)
        schema, name = found
        if kind == "regtype" and oid in self._arrays:
            return f"{self.name_of(kind, self._arrays[oid], path)}[]"
        if kind == "regtype" and schema == image.SCHEMA and name in _KEYWORD_TYPES:
            return _KEYWORD_TYPES[name]
        return self._shown(schema, name, path)

    @cached_property
    def _arrays(self) -> dict[int, int]:
        """Return the type of the elements of each array type, by numbers."""
        found = {
            row["oid"]: row["typelem"]
            for row in self._rows("pg_type")
            if row["typcategory"] == "A" and row["typlen"] == -1 and row["typelem"]
        }
        return found | {each.array_type: each.row_type for each in self._numbered}

    def _shown(self, schema: str, name: str, path: Sequence[str]) -> str:
        is_visible = not schema or schema == image.SCHEMA or schema in path
        return quoted_name(name) if is_visible else f"{quoted_name(schema)}.{quoted_name(name)}"

    def oid_of(self, kind: str, text: str, path: Sequence[str]) -> int:
        """Return the number of an object by its name; raise PostgresError if there is none."""
        if text == "-":
            return 0
        kind = {"regprocedure": "regproc", "regoperator": "regoper"}.get(kind, kind)
        if kind == "regtype":
            found = self._type(text)
            if found is not None:
                return found
        parts = [
            quoted.replace('""', '"') if quoted else bare.lower()
            for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^".\s]+)', text)
        ]
        numbers = self._numbers.get(kind, {})
        if kind in ("regnamespace", "regrole") and len(parts) == 1:
            places = [""]
        elif len(parts) > 1:
            places = ["_".join(parts[:-1])]
        else:
            places = [image.SCHEMA, *path]
        for place in places:
            if parts and (place, parts[-1]) in numbers:
                return numbers[place, parts[-1]]
        raise _no_object(kind, text)

    def _type(self, text: str) -> int | None:
        name = text.strip().lower().removeprefix("pg_catalog.")
        is_array = name.endswith("[]")
        try:
            known = types.type_of(name.removesuffix("[]").strip('"').split("(")[0])
        except PostgresError:
            return None
        return types.TYPES[types.array_of(known.name)].oid if is_array else known.oid


def _no_object(kind: str, text: str) -> PostgresError:
    keywords = {
        "regclass": ("42P01", "relation"),
        "regtype": ("42704", "type"),
        "regnamespace": ("3F000", "schema"),
        "regrole": ("42704", "role"),
        "regproc": ("42883", "function"),
    }
    code, keyword = keywords.get(kind, ("42704", "object"))
    return PostgresError(code, f'{keyword} "{text}" does not exist', hint="Check its name.")
