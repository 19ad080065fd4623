"""An API of a harbor behind documents that were written for these tests, without a network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

import billql
from billql.definitions.catalog import Catalog, Table
from billql.definitions.stackql.adding import add

DOCUMENTS = Path(__file__).parent / "documents" / "harbor"
TOKEN = "tok_5d41402abc4b2a76b9719d911017c592"


class Harbor:
    """Answers requests in turn or by their path, and remembers them."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answer(request)

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.asked]


def in_turn(*answers: Any) -> Harbor:
    """Give answers one after the other: JSON, or whole responses."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        given = left.pop(0)
        return given if isinstance(given, httpx.Response) else httpx.Response(200, json=given)

    return Harbor(answer)


def root(tmp_path: Path) -> Path:
    """Add the harbor, and give the root that it lies under."""
    add(DOCUMENTS, tmp_path)
    return tmp_path / "stackql"


@contextlib.contextmanager
def opened(tmp_path: Path, harbor: Harbor) -> Iterator[billql.Connection]:
    """Open a session that reads the harbor."""
    with billql.connect(
        definitions=[root(tmp_path)],
        environ={"HARBOR_TOKEN": TOKEN},
        http_transport=httpx.MockTransport(harbor),
        autocommit=True,
    ) as connection:
        yield connection


def read(tmp_path: Path, harbor: Harbor, sql: str, *bindings: Any) -> list[Any]:
    """Read the harbor with one statement."""
    with opened(tmp_path, harbor) as connection:
        return connection.execute(sql, bindings).fetchall()


def table(tmp_path: Path, name: str) -> Table:
    """Find a table of the harbor."""
    return Catalog([root(tmp_path)]).table(name)
