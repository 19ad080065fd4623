"""The names that can be completed: those of the catalog, and those of the local database.

The catalog is read once, in a thread and over its own connection, so that neither the prompt nor a
running statement waits for it. The local database is read for each completion.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from billql.errors import Error
from billql.shell.known_names import KnownColumn, KnownNames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from billql.dbapi.connection import Connection

_KEYWORDS = ("SHOW", "DESCRIBE", "USE")
"""The first keywords of the statements that billql adds to SQL."""

_STOPS, _STOP_SECONDS = 20, 0.05
"""How often the reading is interrupted, and for how long it is waited for each time."""


class NameLoader:
    """The names of the catalog and of a connection.

    `catalog` opens the connection from which the catalog is read.
    """

    def __init__(self, catalog: Callable[[], Connection]) -> None:
        self._open = catalog
        self._read = KnownNames()
        self._guard = threading.Lock()
        self._reader: Connection | None = None
        self._thread = threading.Thread(target=self._load, name="billql-names", daemon=True)

    def start(self) -> None:
        """Start reading the catalog."""
        self._thread.start()

    def wait(self) -> None:
        """Wait until the catalog has been read."""
        self._thread.join()

    def stop(self) -> None:
        """End the reading, lest the process ends in the middle of it, where SQLite would call a
        Python that is gone; a large document may take longer than this waits.
        """
        for _ in range(_STOPS):
            with self._guard:
                if self._reader is not None:
                    self._reader.interrupt()
            # An interrupt between two statements does not reach the second.
            self._thread.join(_STOP_SECONDS)
            if not self._thread.is_alive():
                return

    def known(self, connection: Connection, base: KnownNames) -> KnownNames:
        """Return `base` with the names of the catalog, if it has been read, and a connection."""
        tables, columns = _local(connection)
        return replace(
            base,
            providers=self._read.providers,
            services=self._read.services,
            resources=self._read.resources,
            tables=tables,
            columns={**self._read.columns, **columns},
            methods=self._read.methods,
            functions=_functions(connection),
            keywords=sorted({*apsw.keywords, *_KEYWORDS}),
            files=files,
            connections=partial(_connections, connection),
            namespace=connection.namespace,
        )

    def _load(self) -> None:
        try:
            with self._open() as connection:
                self._set_reader(connection)
                try:
                    self._read = read_catalog(connection)
                finally:
                    self._set_reader(None)
        except Error:
            return  # A definition is invalid; statements report it, completions need not.

    def _set_reader(self, connection: Connection | None) -> None:
        with self._guard:
            self._reader = connection


def read_catalog(connection: Connection) -> KnownNames:
    """Return the names of everything in the catalog."""
    columns = defaultdict[str, list[KnownColumn]](list)
    for resource, name, kind, about, required in connection.execute(
        "SELECT lower(concat_ws('.', provider, service, resource)), column, type, description, "
        "required FROM billql.catalog.columns ORDER BY 1, position"
    ):
        columns[resource].append(KnownColumn(name, kind, about or "", bool(required)))
    methods = defaultdict[str, dict[str, str]](dict)
    for resource, name, about in connection.execute(
        "SELECT lower(concat_ws('.', provider, service, resource)), method, description "
        "FROM billql.catalog.methods ORDER BY 1, 2"
    ):
        methods[resource][name] = about or ""
    return KnownNames(
        providers=_described(connection, "provider", "providers"),
        services=_described(connection, "concat_ws('.', provider, service)", "services"),
        resources=_described(connection, "name", "resources"),
        columns=columns,
        methods=methods,
    )


def _described(connection: Connection, name: str, table: str) -> dict[str, str]:
    return dict(
        connection.execute(f"SELECT {name}, description FROM billql.catalog.{table} ORDER BY 1")
    )


def _local(connection: Connection) -> tuple[dict[str, str], dict[str, list[KnownColumn]]]:
    """Return the types of the local tables by name, and their columns."""
    tables: dict[str, str] = {}
    columns: dict[str, list[KnownColumn]] = {}
    for schema, table, kind in connection.execute(
        "SELECT schema, name, type FROM pragma_table_list "
        "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND instr(name, '.') = 0 ORDER BY 1, 2"
    ).fetchall():
        name = table if schema in ("main", "temp") else f"{schema}.{table}"
        tables[name] = kind
        found = connection.execute(
            "SELECT name, type FROM pragma_table_xinfo(?, ?)", (table, schema)
        )
        columns[name.lower()] = [KnownColumn(*column) for column in found]
    return tables, columns


def _connections(connection: Connection) -> list[tuple[str, str]]:
    """Return the name and the provider of each connection; their tokens are not looked for."""
    try:
        return connection.execute(
            "SELECT connection, provider FROM billql.catalog.connections"
        ).fetchall()
    except Error:
        return []  # The config file is invalid; statements report it.


def _functions(connection: Connection) -> list[str]:
    from billql.sqlite.later_functions import NAMES

    found = connection.execute("SELECT DISTINCT name FROM pragma_function_list")
    return sorted({name for (name,) in found if name.isidentifier()} | {*NAMES})


def files(prefix: str) -> Sequence[str]:
    """Return the files and folders whose path starts with `prefix`; folders end in a slash."""
    return sorted(_files(prefix))


def _files(prefix: str) -> Iterator[str]:
    folder, slash, _ = prefix.rpartition("/")
    try:
        for entry in Path(folder + slash or ".").expanduser().iterdir():
            name = f"{folder}{slash}{entry.name}"
            if name.startswith(prefix) and (
                not entry.name.startswith(".") or prefix > folder + slash
            ):
                yield f"{name}/" if entry.is_dir() else name
    except (OSError, RuntimeError):  # no such folder, no home
        return
