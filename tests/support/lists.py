"""Lists to read without a network: a snapshot whose responses a test chooses, and a decoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from billql.definitions.model import Column
from billql.errors import ApiError, BadResponse
from billql.fetching._page_source import DecodedPage, ListResponses
from billql.fetching.row_decoder import RowDecoder, TableRow
from billql.fetching.scan_stats import ScanStats
from billql.http.credentials import ApiConnection
from billql.messages import Page, Request, Response
from support.api_client import connection

Respond = Callable[[Request], Response]

ID = RowDecoder({"id": Column(description="The id.", type="integer")}, ["id"], "things", ["id"])
"""Decodes rows of an id alone, of which each is the row's key too."""


def body(ids: Iterable[Any], **members: Any) -> Response:
    """Return the response of a page: its ids, and what a paginator reads."""
    return Response(json.dumps({"ids": list(ids), **members}).encode(), "application/json")


def row(number: int) -> tuple[Any, ...]:
    """Return the row of an id: the id, and its key."""
    return (number, (number,))


def api_error(status: int) -> ApiError:
    """Return an error of the API."""
    return ApiError("no", status=status, method="GET", url="https://api.example.com/v1/things")


class FakeSnapshot:
    """Responds at once by a function, or when a test says so; tells what was done to it."""

    sends_requests = True

    def __init__(self, respond: Respond | None = None, *, is_private: bool = True) -> None:
        self._respond = respond
        self._is_private = is_private
        self._futures: dict[Request, Future[Response]] = {}
        self.sent: list[Request] = []
        self.opened: list[Request] = []
        self.committed: list[tuple[list[Request], float | None]] = []
        self.invalidated: list[Request] = []

    def fetch(
        self,
        request: Request,
        connection: ApiConnection,
        stats: ScanStats,
        *,
        opens: bool = False,
        ahead: bool = False,
    ) -> Future[Response]:
        if opens:
            self.opened.append(request)
        if request not in self._futures:
            self.sent.append(request)
            self._futures[request] = Future()
            if self._respond is not None:
                try:
                    self.respond(request, self._respond(request))
                except Exception as error:
                    self._futures[request].set_exception(error)
        return self._futures[request]

    def respond(self, request: Request, response: Response) -> None:
        self._futures[request].set_result(response)

    def commit(
        self, requests: Sequence[Request], connection: ApiConnection, ttl: float | None
    ) -> None:
        self.committed.append((list(requests), ttl))

    def invalidate(self, requests: Iterable[Request], connection: ApiConnection) -> None:
        for request in requests:
            self.invalidated.append(request)
            del self._futures[request]

    def invalidate_if_private(
        self, requests: Sequence[Request], connection: ApiConnection, stats: ScanStats
    ) -> bool:
        if self._is_private:
            self.invalidate(requests, connection)
        return self._is_private


class FakeDecoder:
    """Decodes what `body` makes; a 404 is no list, a 204 an empty page."""

    def __init__(self, *, recognizes_rows: bool = True) -> None:
        self.recognizes_rows = recognizes_rows

    def decode(self, request: Request, response: Response) -> DecodedPage:
        data = json.loads(response.body)
        if "ids" not in data:
            raise BadResponse(f"{request.url} answered without ids")
        return DecodedPage([row(number) for number in data["ids"]], Page(data, len(data["ids"])))

    def decode_error(self, error: ApiError, *, is_first: bool) -> DecodedPage | None:
        if error.status == 404 and is_first:
            return None
        if error.status == 204:
            return DecodedPage([], Page({}, 0))
        raise error

    def are_alike(self, rows: Sequence[TableRow]) -> bool:
        return len({number % 10 for number, _ in rows}) < 2

    def ttl(self) -> float | None:
        return 60


def responses(snapshot: FakeSnapshot) -> ListResponses:
    """Return the responses of one list of a scan."""
    return ListResponses(snapshot, connection(), ScanStats("things"))
