"""A history as Parquet: a file for each scope, in the layout that DuckDB, pandas and polars know.

    items/scope=2026-03/rows.parquet

Each file is whole or not there, whatever happens meanwhile: it is written beside its place, and
then renamed. A scope whose rows are gone has a file without rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote as escaped

from billql.definitions.types import SQLValue
from billql.errors import OutputError, UnknownName
from billql.history.definition import History
from billql.history.historic import is_refresh
from billql.history.store import Store
from billql.sql.as_of import FUNCTION
from billql.sql.tokenizer import quote, quote_text

_NONE = "__HIVE_DEFAULT_PARTITION__"
"""What stands for NULL in the name of a folder."""


class Rows(Protocol):
    """A statement that was run."""

    def write(self, path: str, format: str | None = None) -> None:
        """Write its rows to a file."""


class Source(Protocol):
    """What runs statements, with amounts as decimals."""

    def execute(self, sql: str, parameters: Any = ()) -> Rows:
        """Run a statement."""


def export(
    source: Source, store: Store, name: str, folder: str, as_of: str | None, *, every: bool
) -> Iterator[str]:
    """Write a history to a folder, and yield the path of each file.

    It has what holds now, or what held `as_of` a time, or `every` row that ever held, with the
    times from which and until which it did. Raise UnknownName, BadValue and OutputError.
    """
    history = store.find(name)
    if history is None:
        known = ", ".join(one.name for one in store.all())
        raise UnknownName(f"There is no history {name}", hint=f"There are these: {known}.")
    key = _key(history)
    select = _select(history, as_of, every=every)
    for scope in store.ever(history):
        part = _NONE if scope is None else escaped(str(scope), safe=" -._")
        path = Path(folder) / f"{key}={part}" / "rows.parquet"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent} cannot be made: {error.strerror}") from error
        values: dict[str, SQLValue] = {"scope": scope}
        if as_of is not None:
            values["moment"] = int(as_of) if is_refresh(as_of) else as_of
        source.execute(select, values).write(os.fspath(path), "parquet")
        yield os.fspath(path)


def _key(history: History) -> str:
    """Return the name by which the folders are parted; no column has it."""
    taken = {one.name.lower() for one in history.columns}
    return next(one for one in ("scope", "history_scope", "billql_scope") if one not in taken)


def _select(history: History, as_of: str | None, *, every: bool) -> str:
    """Return the SELECT of one scope, :scope, as of :moment if there is one."""
    columns = ", ".join(f"h.{quote(one.name)}" for one in history.columns)
    rows = f"FROM main.{history.table} AS h"
    where = "WHERE h._scope IS :scope"
    if every:
        return (
            f"SELECT {columns}, f.finished AS valid_from, u.finished AS valid_until {rows} "
            "JOIN main.billql_refreshes AS f ON f.id = h._since "
            f"LEFT JOIN main.billql_refreshes AS u ON u.id = h._until {where}"
        )
    if as_of is None:
        return f"SELECT {columns} {rows} {where} AND h._until IS NULL"
    name = quote_text(history.name)
    return (
        f"SELECT {columns} FROM (SELECT {FUNCTION}({name}, :moment) AS at) AS t "
        f"CROSS JOIN main.{history.table} AS h {where} AND h._since <= t.at "
        "AND (h._until IS NULL OR h._until > t.at)"
    )
