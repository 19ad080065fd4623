"""The rows of a statement by the names of their columns."""

from __future__ import annotations

from typing import Any

from billql.sqlite.session import Session


def records(session: Session, sql: str) -> list[dict[str, Any]]:
    """Return the rows of a SELECT."""
    execution = session.execute(sql)
    assert execution.description is not None
    names = [name for name, _ in execution.description]
    return [dict(zip(names, row, strict=True)) for row in execution]
