"""The histories of a file: finding them, and writing one scope in one transaction.

Everything that a transaction writes was read before it began, so it is short, and no request waits
in it. A process that dies in one has written nothing of its scope.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import apsw

from billql import errors
from billql.definitions.types import SQLValue
from billql.history import tables
from billql.history.comparing import NewRow, Row, StoredRow, compare
from billql.history.definition import History, State, decoded_columns
from billql.sql.tokenizer import quote

_STAGE = 'temp."billql scope"'


class StoredScope(NamedTuple):
    """A scope that was read before."""

    value: SQLValue
    closed: bool
    header: str | None
    """What its header was when it was read."""
    refresh: int
    """The number of its last refresh."""


class Reading(NamedTuple):
    """What was read of a scope."""

    scope: SQLValue
    rows: Sequence[Row]
    """Its rows, with the exact texts of their amounts behind their columns."""
    state: State
    closed: bool
    header: str | None
    started: str
    finished: str
    requests: int
    version: str | None
    seen: int
    """The number of the scope's last refresh when this one began; 0 if there was none."""


class Written(NamedTuple):
    """What a transaction has done."""

    refresh: int | None
    """The number of the refresh; None if another process has read the scope meanwhile."""
    added: int = 0
    removed: int = 0
    unchanged: int = 0


class Store:
    """The histories in the main database of a connection."""

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database

    def find(self, name: str) -> History | None:
        """Return the history of a name, in any case; None if there is none."""
        found = self._select("name = ? COLLATE NOCASE", (name,))
        return next(found, None)

    def all(self) -> list[History]:
        """Return all histories, in the order of their names."""
        return list(self._select("TRUE ORDER BY name", ()))

    def _select(self, condition: str, values: tuple[SQLValue, ...]) -> Iterator[History]:
        if not self._exists("billql_histories"):
            return
        columns = "name, query, sql, columns, scope, key"
        for name, query, sql, encoded, scope, key in self._database.execute(
            f"SELECT {columns} FROM main.billql_histories WHERE {condition}", values
        ):
            found = tuple(json.loads(key))
            yield History(name, query, sql, decoded_columns(encoded), scope, found)

    def of_resource(self, resource: str) -> History | None:
        """Return the history of all of a resource, by its whole name; None if there is none."""
        return next(self._select("resource = ? ORDER BY name LIMIT 1", (resource.lower(),)), None)

    def taken(self, name: str) -> str | None:
        """Return which of a history's names a table or a view has already; None if none has."""
        for one in (name, f"{name}__history", f"{name}__changes"):
            if self._exists(one):
                return one
        return None

    def _exists(self, name: str) -> bool:
        found = self._database.execute(
            "SELECT 1 FROM main.sqlite_schema WHERE name = ? COLLATE NOCASE", (name,)
        ).fetchone()
        return found is not None

    def scopes(self, history: History) -> list[StoredScope]:
        """Return the scopes of a history that were read before; the one read longest ago first."""
        rows = self._database.execute(
            "SELECT scope, closed, header, refresh FROM main.billql_scopes WHERE history = ? "
            "ORDER BY refresh",
            (history.name,),
        )
        return [StoredScope(value, bool(closed), *rest) for value, closed, *rest in rows]

    def first_refresh(self, history: History) -> tuple[int, str] | None:
        """Return the number and the time of a history's first refresh; None if it has none."""
        found = self._database.execute(
            "SELECT id, finished FROM main.billql_refreshes WHERE history = ? ORDER BY id LIMIT 1",
            (history.name,),
        ).fetchone()
        return None if found is None else (int(found[0]), str(found[1]))

    def last_refresh(self, moment: str) -> int | None:
        """Return the number of the file's last refresh up to a time; None if there is none."""
        found = self._database.execute(
            "SELECT id FROM main.billql_refreshes WHERE finished <= ? ORDER BY id DESC LIMIT 1",
            (moment,),
        ).fetchone()
        return None if found is None else int(found[0])

    def last_number(self) -> int:
        """Return the number of the file's last refresh; 0 if there is none."""
        if not self._exists("billql_refreshes"):
            return 0
        numbers = self._database.execute("SELECT max(id) FROM main.billql_refreshes")
        return next((int(number) for (number,) in numbers if number is not None), 0)

    def counts_since(self, name: str, number: int) -> tuple[int, int, int, int]:
        """Return what the refreshes of a history after another one have done: the scopes that were
        read, the rows added and removed, and the closed scopes that have changed.
        """
        if not self._exists("billql_refreshes"):
            return 0, 0, 0, 0
        rows = self._database.execute(
            "SELECT count(*) FILTER (WHERE state <> 'watched'), coalesce(sum(added), 0), "
            "coalesce(sum(removed), 0), count(*) FILTER (WHERE state IN ('restated', 'closed') "
            "AND added + removed > 0) FROM main.billql_refreshes WHERE history = ? AND id > ?",
            (name, number),
        )
        scopes, added, removed, restated = map(int, next(rows))
        return scopes, added, removed, restated

    def ever(self, history: History) -> list[SQLValue]:
        """Return all scopes that were ever read, in their order."""
        rows = self._database.execute(
            "SELECT scope FROM main.billql_scopes WHERE history = ? ORDER BY scope", (history.name,)
        )
        return [scope for (scope,) in rows]

    def create(self, history: History, now: str) -> None:
        """Make the tables and views of a history.

        The file keeps a write-ahead log from now on, because while a statement reads an API it
        reads the file as well, and would keep other processes from writing:
        https://sqlite.org/wal.html
        """
        self._database.execute("PRAGMA main.journal_mode = WAL").fetchall()
        with self.transaction():
            for sql in (*tables.SHARED, *tables.create(history)):
                self._database.execute(sql)
            self._database.execute(
                "INSERT INTO main.billql_histories (name, query, sql, scope, key, columns, "
                "resource, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    history.name,
                    history.query,
                    history.sql,
                    history.scope,
                    json.dumps(history.key),
                    history.encoded_columns(),
                    history.resource,
                    now,
                ),
            )

    def drop(self, history: History) -> None:
        """Remove a history with all that it has stored."""
        with self.transaction():
            for sql in tables.drop(history):
                self._database.execute(sql)
            for table, column in (
                ("billql_scopes", "history"),
                ("billql_refreshes", "history"),
                ("billql_histories", "name"),
            ):
                self._database.execute(
                    f"DELETE FROM main.{table} WHERE {column} = ? COLLATE NOCASE", (history.name,)
                )

    def write(self, history: History, reading: Reading) -> Written:
        """Store what was read of a scope; the rows that are gone stay, until this refresh."""
        rows = self._stored_forms(history, reading.rows)
        with self.transaction():
            last = self._last(history, reading.scope)
            if last != reading.seen:
                return Written(None)
            names = [one.name for one in history.columns]
            key = [names.index(name) for name in history.key]
            noisy = [at for at, one in enumerate(history.columns) if one.is_made]
            change = compare(self._current(history, reading.scope), rows, key, noisy)
            refresh = self._record(
                history, reading, len(change.added), len(change.removed), change.unchanged
            )
            self._database.executemany(
                f"UPDATE main.{history.table} SET _until = ? WHERE rowid = ?",
                [(refresh, row) for row in change.removed],
            )
            columns = [*history.stored, "_scope", "_nth", "_since", "_replaces", "_first"]
            marks = ", ".join("?" * len(columns))
            self._database.executemany(
                f"INSERT INTO main.{history.table} ({', '.join(map(quote, columns))}) "
                f"VALUES ({marks})",
                [
                    (*row.values, reading.scope, row.nth, refresh, *_versions(row, refresh))
                    for row in change.added
                ],
            )
            self._database.execute(
                "DELETE FROM main.billql_scopes WHERE history = ? AND scope IS ?",
                (history.name, reading.scope),
            )
            self._database.execute(
                "INSERT INTO main.billql_scopes VALUES (?, ?, ?, ?, ?)",
                (history.name, reading.scope, reading.closed, reading.header, refresh),
            )
        return Written(refresh, len(change.added), len(change.removed), change.unchanged)

    def watched(self, history: History, reading: Reading, unchanged: int) -> None:
        """Record that the headers of closed scopes were read, and none of `unchanged` has moved."""
        with self.transaction():
            self._record(history, reading, 0, 0, unchanged)

    def _record(
        self, history: History, reading: Reading, added: int, removed: int, unchanged: int
    ) -> int:
        """Record a refresh and return its number; raise if the history is gone."""
        gone = self._database.execute(
            "SELECT 1 FROM main.billql_histories WHERE name = ?", (history.name,)
        ).fetchone()
        if gone is None:
            raise errors.OperationalError(f"{history.name} was dropped while it was read")
        self._database.execute(
            "INSERT INTO main.billql_refreshes (history, scope, state, started, finished, added, "
            "removed, unchanged, requests, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                history.name,
                reading.scope,
                reading.state,
                reading.started,
                reading.finished,
                added,
                removed,
                unchanged,
                reading.requests,
                reading.version,
            ),
        )
        return self._database.last_insert_rowid()

    def _last(self, history: History, scope: SQLValue) -> int:
        found = self._database.execute(
            "SELECT refresh FROM main.billql_scopes WHERE history = ? AND scope IS ?",
            (history.name, scope),
        ).fetchone()
        return 0 if found is None else int(found[0])

    def _current(self, history: History, scope: SQLValue) -> list[StoredRow]:
        columns = ", ".join(map(quote, history.stored))
        rows = self._database.execute(
            f"SELECT rowid, _nth, _first, {columns} FROM main.{history.table} "
            "WHERE _until IS NULL AND _scope IS ?",
            (scope,),
        )
        return [StoredRow(row, tuple(values), nth, first) for row, nth, first, *values in rows]

    def _stored_forms(self, history: History, rows: Sequence[Row]) -> list[Row]:
        """Return rows as the columns of the history's table hold them: a number in a column of
        texts is a text there.
        """
        kinds = [f"c{at} {one.type}" for at, one in enumerate(history.columns)]
        kinds += [f"t{at} TEXT" for at, _ in enumerate(history.exact)]
        self._database.execute(f"DROP TABLE IF EXISTS {_STAGE}")
        self._database.execute(f"CREATE TABLE {_STAGE} ({', '.join(kinds)})")
        try:
            marks = ", ".join("?" * len(kinds))
            with self._database:
                self._database.executemany(f"INSERT INTO {_STAGE} VALUES ({marks})", rows)
            return list(self._database.execute(f"SELECT * FROM {_STAGE}"))
        finally:
            self._database.execute(f"DROP TABLE {_STAGE}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block as one transaction, which no other process writes in; raise errors that name
        the file.
        """
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        except apsw.Error as error:
            raise self._explained(error) from error

    def check_writable(self) -> None:
        """Raise Inaccessible if the file cannot be written, before anything is requested for it."""
        if self._database.readonly("main"):
            raise self._read_only()

    def _explained(self, error: apsw.Error) -> Exception:
        if isinstance(error, apsw.FullError | apsw.IOError):
            return errors.OutputError(
                f"{self._file} cannot be written: {error}",
                hint="Nothing of this scope was stored. Make room on the disk, then run REFRESH "
                "again: it goes on where it stood.",
            )
        if isinstance(error, apsw.ReadOnlyError | apsw.CantOpenError | apsw.PermissionsError):
            return self._read_only()
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            return errors.OperationalError(
                f"{self._file} is being written by another process",
                hint="Run REFRESH again when that has ended.",
            )
        return error

    def _read_only(self) -> errors.Inaccessible:
        return errors.Inaccessible(
            f"{self._file} cannot be written, so no history can be stored in it",
            hint="Name a file of yours with --db, in a folder that you may write.",
        )

    @property
    def _file(self) -> str:
        return self._database.filename or "the database in memory"


def _versions(row: NewRow, refresh: int) -> tuple[int | None, int]:
    """Return the row that a new one replaces, and the refresh of its first version."""
    return (None, refresh) if row.replaces is None else (row.replaces.id, row.replaces.first)
