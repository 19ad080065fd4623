"""One exchange with a real server."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from billql.config.settings import Settings
from billql.http.exchange import NetworkBackend
from billql.http.reply import HttpResponse, NoResponse
from billql.messages import Request

from .api_client import TOKEN, get
from .server import Server

AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}


def exchange(server: Server, request: Request | None = None, **settings: Any) -> HttpResponse:
    backend = NetworkBackend(Settings(**settings))
    try:
        return backend.exchange(request or get(server.url), AUTHORIZATION, threading.Event())
    finally:
        backend.close()


def broken(server: Server, **settings: Any) -> str:
    """Exchange what must fail; gives the reason."""
    with pytest.raises(NoResponse) as caught:
        exchange(server, **settings)
    assert caught.value.again
    return str(caught.value)
