"""The tables and views of histories in a file; any program that knows SQLite can read them.

spend             what holds now, a view
spend__changes    what each refresh has changed, a view
spend__history    every row that ever held: _since and _until are numbers of refreshes, _nth
                  counts equal rows, _replaces is the row of which it is a new version,
                      and _first the refresh of its first version
billql_refreshes  every reading of a scope
billql_scopes     each scope: whether it is closed, and its header
billql_histories  each history: its SELECT, its columns, its scope
"""

from __future__ import annotations

from collections.abc import Iterator

from billql.history.definition import OWN, TEXT, History
from billql.sql.tokenizer import quote, quote_text

SHARED = (
    """CREATE TABLE IF NOT EXISTS billql_histories (
    name TEXT PRIMARY KEY COLLATE NOCASE, query TEXT NOT NULL, sql TEXT NOT NULL, scope TEXT,
    key TEXT NOT NULL, columns TEXT NOT NULL, resource TEXT, created TIMESTAMP TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS billql_refreshes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, history TEXT NOT NULL COLLATE NOCASE, scope,
    state TEXT NOT NULL, started TIMESTAMP TEXT NOT NULL, finished TIMESTAMP TEXT NOT NULL,
    added INTEGER NOT NULL, removed INTEGER NOT NULL, unchanged INTEGER NOT NULL,
    requests INTEGER NOT NULL, version TEXT)""",
    """CREATE TABLE IF NOT EXISTS billql_scopes (
    history TEXT NOT NULL COLLATE NOCASE, scope, closed BOOLEAN INTEGER NOT NULL, header TEXT,
    refresh INTEGER NOT NULL)""",
    """CREATE INDEX IF NOT EXISTS billql_scopes_key ON billql_scopes (history, scope)""",
)
"""What all histories of a file share."""

_OWN_OF_CHANGES = (
    "refresh",
    "changed_at",
    "scope",
    "change",
    "after_close",
    "first_read",
    "column",
    "old",
    "new",
    "difference",
    "old_text",
    "new_text",
)
"""The columns of a view of changes before those of its history."""


def create(history: History) -> Iterator[str]:
    """Yield the statements that make a history's table, its indexes and its views."""
    table, name = history.table, history.name
    declared = [f"{quote(one.name)} {one.type}".rstrip() for one in history.columns]
    declared += [f"{quote(TEXT + one.name)} TEXT" for one in history.exact]
    own = "_scope, _nth INTEGER NOT NULL, _since INTEGER NOT NULL, _until INTEGER"
    own += ", _replaces INTEGER, _first INTEGER NOT NULL"
    yield f"CREATE TABLE {table} ({', '.join(declared)}, {own})"
    yield f"CREATE INDEX {quote(f'{name}__now')} ON {table} (_scope) WHERE _until IS NULL"
    yield f"CREATE INDEX {quote(f'{name}__until')} ON {table} (_until) WHERE _until IS NOT NULL"
    yield (
        f"CREATE INDEX {quote(f'{name}__replaces')} ON {table} (_replaces) "
        "WHERE _replaces IS NOT NULL"
    )
    columns = ", ".join(quote(one.name) for one in history.columns)
    yield (f"CREATE VIEW {quote(name)} AS SELECT {columns} FROM {table} WHERE _until IS NULL")
    yield f"CREATE VIEW {history.changes} AS {_changes(history)}"


def drop(history: History) -> Iterator[str]:
    """Yield the statements that remove them, if they are still there."""
    yield f"DROP VIEW IF EXISTS {history.changes}"
    yield f"DROP VIEW IF EXISTS {quote(history.name)}"
    yield f"DROP TABLE IF EXISTS {history.table}"


def reserved(names: list[str]) -> str | None:
    """Return the first of a history's columns whose name is billql's own; None if none is."""
    own = {name.lower() for name in OWN}
    return next((one for one in names if one.lower() in own or one.lower().startswith(TEXT)), None)


def _changes(history: History) -> str:
    """Return the SELECT of a history's changes.

    A new version of a row has a line for each column that differs. A row that was added or removed
    has one for each of its amounts, so that the differences of a column add up.
    """
    table = history.table
    names = [one.name for one in history.columns]
    amounts = [one.name for one in history.columns if one.is_amount]
    taken = {name.lower() for name in names}
    own = [f"_{one}" if one in taken else one for one in _OWN_OF_CHANGES]
    exact = [one.name for one in history.exact]

    def chosen(row: str, columns: list[str], prefix: str = "") -> str:
        if not columns:
            return "NULL"
        cases = "".join(
            f" WHEN {quote_text(one)} THEN {row}.{quote(prefix + one)}" for one in columns
        )
        return f"CASE c.name{cases} END"

    def line(change: str, row: str, old: str, new: str, texts: tuple[str, str]) -> str:
        measured = f"c.name IN ({', '.join(map(quote_text, amounts))})" if amounts else "FALSE"
        difference = f"iif({measured}, {_difference(old, new)}, NULL)"
        head = [
            "r.id",
            "r.finished",
            f"{row}._scope",
            f"'{change}'",
            "r.state IN ('restated', 'closed')",
            "r.state = 'first'",
            "c.name",
            old,
            new,
            difference,
            *texts,
        ]
        shown = [f"{one} AS {quote(name)}" for one, name in zip(head, own, strict=True)]
        shown += [f"{row}.{quote(name)}" for name in names]
        return f"SELECT {', '.join(shown)}"

    every, added = _listed(names), _listed(amounts)
    old, new = chosen("o", names), chosen("n", names)
    texts = chosen("o", exact, TEXT), chosen("n", exact, TEXT)
    return " UNION ALL ".join(
        (
            f"{line('changed', 'n', old, new, texts)} FROM {table} AS n "
            f"JOIN {table} AS o ON o.rowid = n._replaces "
            f"JOIN billql_refreshes AS r ON r.id = n._since CROSS JOIN {every} AS c "
            f"WHERE n._replaces IS NOT NULL "
            f"AND ({old} IS NOT {new} OR {texts[0]} IS NOT {texts[1]})",
            f"{line('added', 'n', 'NULL', chosen('n', amounts), ('NULL', texts[1]))} "
            f"FROM {table} AS n JOIN billql_refreshes AS r ON r.id = n._since "
            f"CROSS JOIN {added} AS c WHERE n._replaces IS NULL",
            f"{line('removed', 'o', chosen('o', amounts), 'NULL', (texts[0], 'NULL'))} "
            f"FROM {table} AS o JOIN billql_refreshes AS r ON r.id = o._until "
            f"CROSS JOIN {added} AS c WHERE o._until IS NOT NULL "
            f"AND NOT EXISTS (SELECT 1 FROM {table} AS n WHERE n._replaces = o.rowid)",
        )
    )


def _difference(old: str, new: str) -> str:
    """Return the difference of two amounts, of the larger of which 15 digits count.

    The others are noise: https://sqlite.org/floatingpoint.html
    """
    if old == "NULL":
        return new
    if new == "NULL":
        return f"-({old})"
    whole = f"CAST(max(abs({old}), abs({new})) AS INTEGER)"
    return f"round({new} - {old}, max(0, 15 - length({whole})))"


def _listed(names: list[str]) -> str:
    """Return a table of names; of one NULL, if there are none."""
    rows = ", ".join(f"({quote_text(one)})" for one in names) or "(NULL)"
    return f"(SELECT column1 AS name FROM (VALUES {rows}))"
