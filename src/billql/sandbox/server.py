"""The HTTP server of one provider's sandbox, and the log of its requests.

It keeps connections alive, serves each in a daemon thread and sends each response in one write. The
steps are the same for every provider: authenticate, count against the limits, route.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from billql.sandbox.api import Api, ApiError, RateLimiter, Request, Response, SelfLimiting
from billql.sandbox.limits import Limiter, Limits
from billql.sandbox.untidy import Untidy

Intercept = Callable[[Request], Response | None]
"""A function called with each request before its API. It returns the response, or None to pass.

It may raise `ApiError` for an error response of the API, or `ConnectionError` to close the
connection. A truncated response has a larger `content-length` and `connection: close`.
"""

_logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """One request that has its response."""

    method: str
    target: str
    """The path with its query, as it was sent."""
    status: int


class RequestLog:
    """All requests in the order of their responses; any thread may write and read it.

    An entry is added before its response is sent, so whoever has the response finds it.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(self._entries.copy())

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def __getitem__(self, place: int) -> Entry:
        with self._lock:
            return self._entries[place]


class Server:
    """Serves one API on a port of 127.0.0.1, from construction until `close()`."""

    def __init__(
        self,
        api: Api,
        *,
        port: int = 0,
        log: RequestLog,
        latency: float = 0.0,
        limits: Limits | None = None,
        intercept: Intercept | None = None,
        untidy: Untidy | None = None,
    ) -> None:
        self.api = api
        self._untidy = untidy
        self._log = log
        self._latency = latency
        self._limiter: RateLimiter = Limiter(limits, by_second=api.by_second)
        if limits is not None and isinstance(api, SelfLimiting):
            self._limiter = api.limiter()
        self._intercept = intercept
        self._numbers = itertools.count(1)
        self._listener = _Listener(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}"
        self._thread = threading.Thread(
            target=self._listener.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=f"sandbox-{api.name}",
            daemon=True,
        )
        self._thread.start()

    def wait(self) -> None:
        """Wait until the server is closed."""
        self._thread.join()

    def close(self) -> None:
        """Stop listening and end all connections; closing again does nothing."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._listener.server_close()
            self._listener.end_connections()
            self._thread.join()

    def respond(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response:
        """Return the response to a request; the request is logged."""
        path, _, query = target.partition("?")
        first_values: dict[str, str] = {}
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        for name, value in pairs:
            first_values.setdefault(name, value)
        request = Request(
            method=method,
            path=path,
            query=first_values,
            headers=headers,
            body=body,
            origin=f"http://{headers['host']}" if "host" in headers else self.url,
            id=f"00000000-0000-4000-8000-{next(self._numbers):012d}",
            pairs=pairs,
        )
        if self._latency:
            time.sleep(self._latency)
        response = self._route(request)
        self._log.add(Entry(method, target, int(response.status)))
        return response

    def _route(self, request: Request) -> Response:
        quota = self._limiter.fresh()
        try:
            response = self._intercept(request) if self._intercept else None
            if response is None:
                quota = self._limiter.acquire(self.api.credential(request), request.path)
                if quota.refused:
                    raise ApiError(HTTPStatus.TOO_MANY_REQUESTS)
                response = self.api.routes.find(request.method, request.path)(request)
                if self._untidy is not None:
                    response = self._untidy.disturb(request, response)
        except ApiError as error:
            response = self.api.error_response(request, error)
        except ConnectionError:
            raise
        except Exception:
            _logger.exception("The sandbox failed at %s %s", request.method, request.path)
            response = self.api.error_response(request, ApiError(HTTPStatus.INTERNAL_SERVER_ERROR))
        headers = {**self.api.headers(request, quota), **response.headers}
        return Response(response.body, response.status, response.content_type, headers)


class _Listener(ThreadingHTTPServer):
    """A listening socket that knows its connections, so that closing it can end them."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], served: Server) -> None:
        self.served = served
        self._open: set[Any] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks the name service for the host's name.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """Shut all connections down, and wait up to 2 seconds for their threads."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            with self._lock:
                if not self._open:
                    return
                for connection in self._open:
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
            time.sleep(0.002)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients may disconnect at any time; anything else is a fault of the sandbox.
        if not isinstance(sys.exception(), ConnectionError):
            _logger.exception("The sandbox lost the connection from %s", client_address)


class _Connection(BaseHTTPRequestHandler):
    """One connection: reads requests, sends responses."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self.server.served.respond(self.command, self.path, headers, body)
        shown = {
            "date": self.date_time_string(),
            "content-type": response.content_type,
            "content-length": str(len(response.body)),
            **({"connection": "close"} if self.close_connection else {}),
            **response.headers,
        }
        self.close_connection = shown.get("connection") == "close"
        phrase, _ = self.responses.get(response.status, ("", ""))
        head = f"HTTP/1.1 {response.status} {phrase}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in shown.items())
        self.wfile.write(f"{head}\r\n".encode("latin-1") + response.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet: requests are in the `RequestLog`."""
