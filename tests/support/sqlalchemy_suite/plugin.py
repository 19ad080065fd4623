"""A plugin of pytest for SQLAlchemy's suite: its databases, and the tests that shall fail.

A file is the database, and another one, `test_schema`, is attached to each connection.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import URL, Engine, event
from sqlalchemy.dialects.sqlite import provision as of_sqlite
from sqlalchemy.testing import provision

from .exclusions import EXCLUDED

_URL = "billql"


def _share_hooks() -> None:
    """Use what the suite does for SQLite, unless one of the hooks below is there instead."""
    for hook in vars(of_sqlite).values():
        if isinstance(hook, provision.register):
            hook.fns[_URL] = hook.fns["sqlite"]


_share_hooks()


@provision.generate_driver_url.for_db(_URL)
def generate_driver_url(url: URL, driver: str, query: str) -> URL:
    """Return the address: there is one driver."""
    return url


@provision.post_configure_engine.for_db(_URL)
def post_configure_engine(url: URL, engine: Engine, ident: str | None) -> None:
    """Do nothing: `post_configure_testing_engine` does it for every engine."""


@provision.post_configure_testing_engine.for_db(_URL)
def post_configure_testing_engine(url: URL, engine: Engine, options: Any, scope: str) -> None:
    """Attach the second database to each connection of an engine."""

    @event.listens_for(engine, "connect")
    def attach(connection: Any, record: object) -> None:
        connection.execute("ATTACH 'test_schema.db' AS test_schema")
        for database in ("main", "test_schema"):
            connection.execute(f"PRAGMA {database}.synchronous = OFF")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the excluded tests to fail, and all of them to be there."""
    found = set()
    for item in items:
        # Such as JSONTest_sqlite+billql_3_54_1.
        group = item.nodeid.split("::")[-2].partition("_")[0]
        name = f"{group}::{item.name}"
        if name in EXCLUDED:
            found.add(name)
            item.add_marker(pytest.mark.xfail(reason=EXCLUDED[name], strict=True))
    if missing := EXCLUDED.keys() - found:
        raise pytest.UsageError(f"No such tests: {', '.join(sorted(missing))}")
