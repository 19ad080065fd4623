"""Sessions over an API of a test's own: its resources, and a function that answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from billql.config.settings import Settings
from billql.definitions.catalog import Catalog
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

from .api_client import TOKEN

PROVIDER: dict[str, Any] = {
    "billql": 1,
    "title": "Own",
    "description": "An API for tests.",
    "version": "1.0.0",
    "documentation": "https://own.example.com/docs",
    "url": "https://own.example.com",
    "auth": {"kind": "bearer", "secret": "OWN_TOKEN", "help": "Ask."},
    "errors": {"message": "message"},
    "concurrency": 4,
}

Respond = Callable[[httpx.Request], httpx.Response | Any]
"""Gives a response, or what its JSON body has."""


def resource(
    columns: Mapping[str, str | Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    unique: Sequence[str] = (),
) -> dict[str, Any]:
    """Make a resource; a column may be its type alone."""
    return {
        "description": "A table.",
        "columns": {
            name: {"description": "A column.", **({"type": one} if isinstance(one, str) else one)}
            for name, one in columns.items()
        },
        "unique": list(unique),
        "methods": {name: {"description": "Reads it.", **one} for name, one in methods.items()},
        "examples": [{"question": "What is there?", "sql": "SELECT 1"}],
    }


class Api:
    """Answers by a function, and remembers what it was asked."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = request.content.decode() or request.url.query.decode()
        self.asked.append(f"{request.url.path}?{query}".removesuffix("?"))
        found = self.respond(request)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)


def define(
    folder: Path, resources: Mapping[str, Any], provider: Mapping[str, Any] | None = None
) -> Path:
    """Write a definition in which the resources are `own.all.…`; return the folder of providers.

    `provider` are changes of the provider.
    """
    definitions = folder / "definitions" / "own"
    definitions.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    (definitions / "provider.yaml").write_text(json.dumps({**PROVIDER, **(provider or {})}))
    service = {"billql": 1, "description": "All that it has.", "resources": resources}
    (definitions / "all.yaml").write_text(json.dumps(service))
    return definitions.parent


@contextmanager
def opened(
    api: Api,
    folder: Path,
    resources: Mapping[str, Any],
    provider: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Session]:
    """Open a session in which the resources are `own.all.…`; `provider` are changes of theirs."""
    definitions = define(folder, resources, provider)
    chosen: dict[str, Any] = {
        "environ": {},
        "tokens": {"own": TOKEN},
        "catalog": Catalog([definitions]),
        "http_transport": httpx.MockTransport(api),
        "settings": Settings(attempts=1, patience=1),
        **options,
    }
    session = Session(":memory:", lambda: Options(**chosen))
    try:
        yield session
    finally:
        session.close()


def select(session: Session, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement to its end; `@things` is `own.all.things`."""
    return list(session.execute(sql.replace("@", "own.all.")))
