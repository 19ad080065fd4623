"""The file of `billql history sync` over a sandbox whose bills were restated between two days."""

from __future__ import annotations

import datetime
from pathlib import Path

import billql
from billql.sandbox import Sandbox

SYNCED = "-- after billql history sync on two days\n"
"""What a query of the cookbook begins with that reads such a file."""


def sync(sandbox: Sandbox, day: datetime.date, file: Path, *names: str) -> dict[str, int]:
    """Read histories again on a day; return how many requests each took."""
    noon = datetime.datetime(day.year, day.month, day.day, 12, tzinfo=datetime.UTC)
    with billql.connect(
        file,
        urls=sandbox.urls,
        tokens=sandbox.tokens,
        environ={},
        clock=lambda: noon,
        autocommit=True,
    ) as connection:
        found = list(connection.sync_history(names))
    assert [one.error for one in found if one.error is not None] == []
    return {one.history: one.requests for one in found}
