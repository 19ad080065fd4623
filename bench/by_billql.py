"""How billql asks: a fresh session for each question, so that nothing is kept from before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.api import TOKEN
from billql.config import paths
from billql.config.file import ConnectionConfig
from billql.config.settings import Settings
from billql.definitions.catalog import Catalog
from billql.output import Style, find
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

DEFINITIONS = Path(__file__).parent / "definitions"
RECORDS = "SELECT * FROM bench.lists.records"

Row = tuple[Any, ...]


@contextmanager
def session(url: str) -> Iterator[Session]:
    """Open a session in which the benchmark's API can be asked."""
    with opened({"bench": url}, {"bench": TOKEN}, DEFINITIONS) as session:
        yield session


@contextmanager
def opened(
    urls: Mapping[str, str],
    tokens: Mapping[str, str],
    *definitions: Path,
    connections: Mapping[str, ConnectionConfig] | None = None,
) -> Iterator[Session]:
    """Open a session for some providers."""
    # Parsed definitions are kept on disk, as they are for everybody.
    parsed = paths.cache_folder(os.environ)
    assert parsed is not None
    catalog = Catalog(definitions, parsed / "definitions")
    options = Options(
        environ={},
        tokens=tokens,
        urls=urls,
        connections=connections or {},
        catalog=catalog,
        settings=Settings(max_requests=1_000_000),
    )
    session = Session(":memory:", lambda: options)
    try:
        yield session
    finally:
        session.close()


@contextmanager
def connected(url: str, tokens: Mapping[str, str]) -> Iterator[Session]:
    """Open a session in which the benchmark's API has connections with these tokens."""
    connections = {
        name: ConnectionConfig(provider="bench", url=url, token=token)
        for name, token in tokens.items()
    }
    with opened({}, {}, DEFINITIONS, connections=connections) as session:
        yield session


def ask(url: str, sql: str) -> list[Row]:
    """Return the rows of a query."""
    with session(url) as one:
        return list(one.execute(sql))


def ask_with_table(url: str, name: str, keys: Iterable[str], sql: str) -> list[Row]:
    """Return the rows of a query that joins a local table, which has one column, `key`."""
    with session(url) as one:
        one.execute(f"CREATE TEMP TABLE {name} (key TEXT)")
        for key in keys:
            one.execute(f"INSERT INTO {name} VALUES (?)", (key,))
        return list(one.execute(sql))


def write_csv(url: str, sql: str, path: str) -> None:
    """Stream a query's rows to a file."""
    with session(url) as one, Path(path).open("w", encoding="utf-8", newline="") as file:
        cursor = one.execute(sql)
        find("csv").write(cursor.description or (), cursor, file, Style())
