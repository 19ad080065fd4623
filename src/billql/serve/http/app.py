"""The addresses of a server, as an application of ASGI.

POST /v1/query          answers a statement
GET  /v1/tables/NAME    the page of a table, as HTML
GET  /healthz           whether it accepts statements
GET  /metrics           what Prometheus reads
GET  /                  a page to ask
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billql.errors import Error
from billql.serve.context import ServerContext
from billql.serve.http import pages
from billql.serve.http.gate import Gate
from billql.serve.http.guard import Guard
from billql.serve.http.query_response import OpenStatement, QueryResponse
from billql.serve.http.question import read
from billql.serve.http.refusal import Refusal, response_to
from billql.serve.metrics import MEDIA_TYPE


class Access(NamedTuple):
    """Who may ask."""

    token: str | None
    """The bearer token; None where anybody who reaches the address may ask."""
    hosts: Collection[str]
    """The names by which the server may be called."""


class Front:
    """What the requests of one server share."""

    def __init__(
        self,
        context: ServerContext,
        access: Access,
        gate: Gate,
        exposed: Callable[[], bytes],
    ) -> None:
        self._context = context
        self._gate = gate
        self._exposed = exposed
        self.under_way: set[OpenStatement] = set()
        """The statements under way; ends of them may be requested in any thread."""
        guard = Middleware(Guard, token=access.token, hosts=access.hosts)
        routes = [
            Route("/", _page),
            Route("/static/{name}", _static),
            Route(HEALTH, self._health),
            Route("/metrics", self._metrics),
            Route("/v1/query", self._query, methods=["POST"]),
            Route("/v1/tables/{name}", self._table),
        ]
        handlers = {HTTPException: _unknown, Refusal: _refused}
        self.app = Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)

    def close_gate(self) -> None:
        """Let no more statements in."""
        self._gate.is_closed = True

    def end_all(self) -> None:
        """End the statements under way; may be called in any thread."""
        for running in tuple(self.under_way):
            running.end()

    async def _query(self, request: Request) -> QueryResponse:
        question = await read(request)
        return QueryResponse(question, self._gate, self._context, self.under_way)

    async def _health(self, request: Request) -> Response:
        status = 503 if self._gate.is_closed else 200
        text = "ending\n" if self._gate.is_closed else "ok\n"
        return Response(text, status, media_type="text/plain")

    async def _metrics(self, request: Request) -> Response:
        return Response(self._exposed(), media_type=MEDIA_TYPE)

    async def _table(self, request: Request) -> Response:
        name = request.path_params["name"]
        try:
            html = await anyio.to_thread.run_sync(pages.table, self._context.catalog, name)
        except Error as error:
            return response_to(error)
        return Response(html, media_type="text/html")


HEALTH = "/healthz"


async def _page(request: Request) -> Response:
    return pages.static("index.html")


async def _static(request: Request) -> Response:
    return pages.static(request.path_params["name"])


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "not-found" if error.status_code == 404 else "bad-request"
    hint = "Send statements to /v1/query, with POST."
    headers = dict(error.headers or {})
    refusal = Refusal(error.status_code, code, error.detail, hint=hint, headers=headers)
    return refusal.response()


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return error.response()
