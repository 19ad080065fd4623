"""Answers: whatever an API says becomes the right rows, or an error that says what is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from billql.config.settings import Settings
from billql.dbapi.connection import Connection
from billql.dbapi.sessions import Sessions
from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.errors import BadResponse, Error, ListChanged
from billql.http.reply import HttpResponse
from billql.messages import Request, Response
from billql.planning.pushdown import key_columns_of
from billql.sqlite.shared import Options, Shared
from support.shipped import CATALOG

from .drawing import JSON, ODD_BYTES, TEXTS, changed, edited
from .prop import Property, error_of
from .sample import SAMPLES, body, plausible
from .trial import read

SECRET = "tok_5eb63bbbe01eeed0"
MEDIA = ("application/json", "text/csv", "text/html", "")


@cache
def tables() -> tuple[Table, ...]:
    """Give every table that comes with billql."""
    return tuple(CATALOG.table(name) for name in CATALOG.names())


def answers(table: Table, method: Method) -> SearchStrategy[bytes]:
    """Draw what an API may answer, most often what it should, changed a little."""
    right = plausible(table, method)
    odd = JSON | st.sampled_from([one for one in SAMPLES.values() if not isinstance(one, bytes)])
    if method.response == "json":
        return (
            changed(right, odd).map(_written)
            | changed(right, odd).flatmap(
                lambda data: (
                    edited(list(_written(data).decode()), st.sampled_from('{}[]",:0e\\'), 2)
                    .map("".join)
                    .map(str.encode)
                )
            )
            | JSON.map(_written)
            | st.lists(ODD_BYTES).map(b"".join)
        )
    text = body(method, right).decode("latin-1")
    pieces = edited(list(text), st.sampled_from(('"', ",", "\r\n", "\n", "\0", "é")) | TEXTS)
    return pieces.map("".join).map(str.encode)


def _written(data: Any) -> bytes:
    return json.dumps(data, default=str).encode()


@st.composite
def single(draw: DrawFn) -> tuple[Table, str, Response]:
    """Draw a method and an answer to it."""
    table = draw(st.sampled_from(tables()))
    name = draw(st.sampled_from(sorted(table.resource.methods)))
    headers = draw(st.dictionaries(st.sampled_from(("content-disposition", "link")), TEXTS))
    text = draw(answers(table, table.resource.methods[name]))
    return table, name, Response(text, draw(st.sampled_from(MEDIA)), headers)


def gives_rows(drawn: tuple[Table, str, Response]) -> None:
    """An answer gives rows of the table's columns and types, or BadResponse."""
    table, name, answer = drawn
    method = table.resource.methods[name]
    try:
        content = read(table, method, answer)
        paginator = table.paginator(method)
        if paginator is not None:
            reading = paginator.pages(Request("GET", f"{table.provider.url}/v1/x"))
            next(reading)
            reading.send(content.page)
    except (BadResponse, ListChanged, StopIteration):
        pass


# Whole statements -------------------------------------------------------------------------------


class Canned:
    """Answers in turn, the last one again and again; stands in for the network."""

    def __init__(self, replies: list[HttpResponse]) -> None:
        self._replies = replies
        self._turn = 0
        self._lock = threading.Lock()
        self.given: set[int] = set()
        """The statuses of what was answered."""

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        with self._lock:
            reply = self._replies[min(self._turn, len(self._replies) - 1)]
            self._turn += 1
            self.given.add(reply.status)
        return reply

    def close(self) -> None:
        pass


@st.composite
def conversations(draw: DrawFn) -> tuple[str, list[HttpResponse]]:
    """Draw a SELECT from a table, and what its API answers."""
    table = draw(st.sampled_from(tables()))
    method = draw(st.sampled_from([*table.resource.methods.values()]))
    columns = [*table.columns]
    sql = f"SELECT {draw(st.sampled_from(('*', 'count(*)', *columns)))} FROM {table.name}"
    samples = {name: _literal(SAMPLES[column.type]) for name, column in table.columns.items()}
    bounds = {column for column, one in method.filters() if one.operator != "="}
    terms = [
        f"{name} BETWEEN {samples[name]} AND {samples[name]}"
        if name in bounds
        else f"{name} = {samples[name]}"
        for name in sorted(key_columns_of(table, method))
    ]
    if draw(st.booleans()):
        name = draw(st.sampled_from(columns))
        terms.append(f"{name} {draw(st.sampled_from(('=', '<', '>=')))} {samples[name]}")
    sql += f" WHERE {' AND '.join(terms)}" if terms else ""
    if draw(st.booleans()):
        sql += f" ORDER BY {draw(st.sampled_from(columns))} {draw(st.sampled_from(('', 'DESC')))}"
    sql += draw(st.sampled_from(("", "", " LIMIT 1", " LIMIT 2 OFFSET 1")))
    status = st.sampled_from((200,) * 9 + (204, 302, 400, 401, 404, 500))
    media = {"content-type": {"csv": "text/csv"}.get(method.response, "application/json")}
    replies = st.builds(HttpResponse, status, st.just(media), answers(table, method))
    return sql, draw(st.lists(replies, min_size=1, max_size=4))


def _literal(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def answers_whole(drawn: tuple[str, list[HttpResponse]]) -> None:
    """A statement gives rows or an error of billql's, and no rows where an API has refused."""
    sql, replies = drawn
    backend = Canned(replies)
    options = Options(
        environ={},
        tokens={table.provider_name: SECRET for table in tables()},
        catalog=CATALOG,
        settings=Settings(attempts=1, max_requests=20),
        backend=backend,
    )
    sessions = Sessions(lambda: Shared(options), str)
    session = sessions.open(":memory:")
    with Connection(session, sessions, decimals=False, autocommit=True) as connection:
        error = error_of(Error, lambda: connection.execute(sql).fetchall())
    assert error is None or SECRET not in f"{error} {error.hint}"
    if error is None and "LIMIT" not in sql:  # which may ask for more than it needs
        assert backend.given <= {200, 404}


PROPERTIES = (
    Property("answers", single(), gives_rows, 200),
    Property("reading", conversations(), answers_whole, 100),
)
