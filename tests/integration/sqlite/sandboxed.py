"""Sessions whose tables are a sandbox's."""

from __future__ import annotations

from billql.sandbox import Sandbox
from billql.sql.statements import Bindings, Row
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from support.shipped import CATALOG


def open_session(sandbox: Sandbox, database: str = ":memory:") -> Session:
    """Open a session that asks a sandbox."""
    options = Options({}, sandbox.tokens, sandbox.urls, CATALOG)
    return Session(database, lambda: options)


def rows(session: Session, sql: str, bindings: Bindings = ()) -> list[Row]:
    """Return all rows of a statement."""
    return list(session.execute(sql, bindings))
