"""A client of an API, and what it takes: a connection, a request, a tracker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec

from billql.definitions.auth.bearer import Bearer
from billql.definitions.model import ErrorBody, Provider
from billql.http.client import ApiClient
from billql.http.credentials import ApiConnection
from billql.http.request_tracker import RequestTracker
from billql.messages import Request, Response

TOKEN = "tok_8f14e45fceea167a5a36dedd4bea2543"

PROVIDER = Provider(
    billql=1,
    title="Mock",
    description="An API for tests.",
    version="1.0.0",
    documentation="https://example.com/docs",
    url="https://api.example.com",
    auth=Bearer(secret="MOCK_TOKEN", help="Ask for one at https://example.com/tokens."),
    errors=ErrorBody(message="message", code="id", request_id="request_id"),
)


def connection(
    url: str = "https://api.example.com", token: str = TOKEN, name: str = "mock", **changes: Any
) -> ApiConnection:
    """Give a connection to the mock provider, changed a little."""
    provider = msgspec.structs.replace(PROVIDER, **changes)
    return ApiConnection(name, provider, url, token, name, provider.auth.secret)


def get(base: str = "https://api.example.com", path: str = "/v1/things", **query: str) -> Request:
    """Give a request for a list."""
    return Request("GET", f"{base}{path}", tuple(query.items()))


def tracker(spend: Callable[[], None] = lambda: None) -> RequestTracker:
    """Return a tracker that nobody reads."""
    return RequestTracker(spend, threading.Event())


def send(transport: ApiClient, to: ApiConnection, request: Request | None = None) -> Response:
    """Send a request, and wait for what becomes of it."""
    return transport.send(request or get(to.url), to, tracker()).result(30)
