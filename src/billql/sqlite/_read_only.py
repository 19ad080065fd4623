"""What a read-only session refuses, and whom SQLite asks for it: an authorizer.

Its first word decides what a statement is for, and only words that read are let through, so that a
statement of billql's own that writes, such as REGISTRY PULL, is refused too. Everything else is
decided while SQLite compiles (https://sqlite.org/c3ref/set_authorizer.html): whatever is not known
to read alone is refused, in WITH, in EXPLAIN, in a trigger or by a table-valued function alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from billql.errors import ReadOnly
from billql.sql.statements import ParsedStatement

_READING = frozenset(
    (
        "SELECT",
        "VALUES",
        "WITH",
        "EXPLAIN",
        "PRAGMA",
        "SHOW",
        "DESCRIBE",
        "DESC",
        "USE",
        "BEGIN",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE",
    )
)
"""The words that a statement may begin with; SQLite's authorizer judges what follows."""
_HINT = (
    "It runs SELECT, EXPLAIN, SHOW and DESCRIBE; for more, open it without --read-only "
    "(read_only=True in Python)."
)

_HARMLESS = frozenset(
    (
        apsw.SQLITE_SELECT,
        apsw.SQLITE_READ,
        apsw.SQLITE_RECURSIVE,
        apsw.SQLITE_TRANSACTION,
        apsw.SQLITE_SAVEPOINT,
    )
)
_REACHING = frozenset(
    (
        "load_extension",
        "fts3_tokenizer",
        "optimize",
        "sqlite_log",
        "readfile",
        "writefile",
        "edit",
        "lsdir",
    )
)
"""Functions that load code, write, or read and write files, where SQLite has them."""
_ABOUT = frozenset(
    (
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
        "foreign_key_check",
        "database_list",
        "collation_list",
        "function_list",
        "module_list",
        "pragma_list",
        "compile_options",
        "quick_check",
        "integrity_check",
    )
)
"""PRAGMAs that describe the schema or check it, and take a name."""
_VALUES = frozenset(
    (
        "application_id",
        "auto_vacuum",
        "cache_size",
        "data_version",
        "encoding",
        "foreign_keys",
        "freelist_count",
        "journal_mode",
        "page_count",
        "page_size",
        "query_only",
        "read_uncommitted",
        "schema_version",
        "synchronous",
        "temp_store",
        "user_version",
    )
)
"""PRAGMAs that return a setting if they are not given a value."""

_VERBS = {
    apsw.SQLITE_INSERT: "INSERT",
    apsw.SQLITE_UPDATE: "UPDATE",
    apsw.SQLITE_DELETE: "DELETE",
    apsw.SQLITE_ATTACH: "ATTACH",
    apsw.SQLITE_DETACH: "DETACH",
}
_LARGEST_VALUE = 256 * 1024 * 1024
"""The largest text or blob in a read-only session, in bytes: no larger than a response's body."""
_LONGEST_PATTERN = 1_000
"""The longest pattern of LIKE and GLOB, whose time can grow with the square of its length."""


class ReadOnlyGuard:
    """Refuses what writes, reaches files, or changes how a connection works."""

    def __init__(self, database: apsw.Connection) -> None:
        database.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        database.limit(apsw.SQLITE_LIMIT_LENGTH, _LARGEST_VALUE)
        database.limit(apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)
        database.authorizer = self

    def check(self, statement: ParsedStatement) -> None:
        """Raise ReadOnly for a statement that does not begin as one that reads."""
        verb = statement.keyword
        if verb == "REGISTRY":
            verb = " ".join(token.keyword for token in statement.tokens[:2])
        if verb not in _READING and verb not in ("", "REGISTRY LIST"):
            start = statement.tokens[0].start
            raise statement.error(_message(verb), start, hint=_HINT, kind=ReadOnly)

    def __call__(
        self,
        operation: int,
        first: str | None,
        second: str | None,
        schema: str | None,
        by: str | None,
    ) -> int:
        """Allow what a statement is about to do, or raise ReadOnly."""
        if operation in _HARMLESS:
            return apsw.SQLITE_OK
        if operation == apsw.SQLITE_FUNCTION:
            if (second or "").lower() not in _REACHING:
                return apsw.SQLITE_OK
            raise ReadOnly(_message(f"the function {second}()"), hint=_HINT)
        if operation == apsw.SQLITE_PRAGMA:
            name = (first or "").lower()
            if name in _ABOUT or (second is None and name in _VALUES):
                return apsw.SQLITE_OK
            value = "" if second is None else f" = {second}"
            raise ReadOnly(_message(f"PRAGMA {name}{value}"), hint=_HINT)
        raise ReadOnly(_message(_VERBS.get(operation, "to change what is stored")), hint=_HINT)


@contextmanager
def trusted(database: apsw.Connection) -> Iterator[None]:
    """Let statements of a front's own do everything in a block, such as make its catalog.

    Setting the authorizer again makes SQLite compile anew what it has cached.
    """
    guard, database.authorizer = database.authorizer, None
    try:
        yield
    finally:
        database.authorizer = guard


def _message(what: str) -> str:
    return f"The session is read-only, and refuses {what}"
