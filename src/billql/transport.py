"""The one HTTP client: requests become answers, or errors that say what happened.

Everything that a network can do to a request is dealt with here: limits, retries, time-outs, size,
redirects, and the API's own errors. Requests run on a few daemon threads that only wait; callers
hold futures. No secret is in any message: a token travels in headers, and headers are not shown.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx

from billql._version import __version__
from billql.credentials import Connection
from billql.errors import (
    ApiError,
    BadAnswer,
    ConnectionFailed,
    CredentialRefused,
    Error,
    Interrupted,
)
from billql.exchange import KEPT_HEADERS, Answer, Request, member
from billql.limiter import Limiter, retry_after


@dataclass(frozen=True)
class Settings:
    """What bounds a request; all times are seconds."""

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    patience: float = 60.0
    """How long retries and waits for a limit may take, for one request."""
    attempts: int = 5
    """How often a request is sent at most."""
    body_limit: int = 256 * 1024 * 1024
    """The largest body, in bytes, that an answer may have."""
    concurrency: int = 32
    """How many requests may be under way at once, to all providers together."""


@dataclass
class Trip:
    """What one request went through on its way, for the statement's figures.

    `spend` is called before each time that it is sent and may raise, `stop` is set when the
    statement ends.
    """

    spend: Callable[[], None]
    stop: threading.Event
    sent: int = 0
    waited: float = 0.0

    def sleep(self, seconds: float) -> None:
        """Wait, unless the statement ends meanwhile."""
        self.waited += seconds
        if self.stop.wait(seconds):
            raise Interrupted("The statement was interrupted")


class Transport:
    """Sends requests; shared by all statements of a session, safe for threads."""

    def __init__(
        self,
        settings: Settings | None = None,
        http_transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self._http_transport = http_transport
        self._client: httpx.Client | None = None
        self._limiters: dict[str, Limiter] = {}
        self._places: dict[str, threading.Semaphore] = {}
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = threading.Semaphore(0)

    def send(self, request: Request, connection: Connection, trip: Trip) -> Future[Answer]:
        """Send a request; the future gives its answer, or raises one of billql's errors."""
        future: Future[Answer] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                answer = self._deliver(request, connection, trip)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(answer)

        self._ensure_thread()
        self._work.put(run)
        return future

    def close(self) -> None:
        """Let the threads end and close the sockets."""
        with self._lock:
            threads, self._threads = self._threads, []
            client, self._client = self._client, None
        for _ in threads:
            self._work.put(None)
        if client is not None:
            client.close()

    # Threads: plain daemons, because an executor's threads are waited for when Python exits, and
    # Ctrl-C must not wait for a silent server.

    def _ensure_thread(self) -> None:
        if self._idle.acquire(blocking=False):
            return
        with self._lock:
            if len(self._threads) >= self.settings.concurrency:
                return
            thread = threading.Thread(target=self._run, name="billql-request", daemon=True)
            self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            job()
            self._idle.release()

    # One request.

    def _deliver(self, request: Request, connection: Connection, trip: Trip) -> Answer:
        limiter, places = self._bounds(connection)
        end = time.monotonic() + self.settings.patience
        for attempt in range(1, self.settings.attempts + 1):
            with places:
                self._wait_for_limit(limiter, trip, end, request)
                outcome = self._attempt(request, connection, trip, limiter)
            if isinstance(outcome, Answer):
                return outcome
            pause = outcome.pause
            if pause is None:
                pause = random.uniform(0.5, 1.0) * 0.25 * 2**attempt
            if (
                not outcome.worth_another_try
                or attempt == self.settings.attempts
                or time.monotonic() + pause > end
            ):
                raise outcome.error
            trip.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _bounds(self, connection: Connection) -> tuple[Limiter, threading.Semaphore]:
        with self._lock:
            key = connection.fingerprint
            if key not in self._limiters:
                self._limiters[key] = Limiter(connection.provider.limits)
                self._places[key] = threading.Semaphore(connection.provider.concurrency)
            return self._limiters[key], self._places[key]

    def _wait_for_limit(self, limiter: Limiter, trip: Trip, end: float, request: Request) -> None:
        while (wait := limiter.reserve()) > 0:
            if time.monotonic() + wait > end:
                raise ApiError(
                    f"The limit of requests to {_host(request)} is used up for another "
                    f"{wait:.0f} seconds",
                    status=429,
                    method=request.method,
                    url=request.url,
                    hint="Wait, or ask for less: fewer days, fewer keys, a LIMIT.",
                )
            trip.sleep(wait)

    def _attempt(
        self, request: Request, connection: Connection, trip: Trip, limiter: Limiter
    ) -> Answer | _Failure:
        if trip.stop.is_set():
            raise Interrupted("The statement was interrupted")
        trip.spend()
        trip.sent += 1
        try:
            with self._http().stream(
                request.method,
                request.url,
                params=request.query or None,
                json=request.body,
                headers={**connection.headers, **dict(request.headers)},
            ) as response:
                body = self._read(response, request)
        except httpx.HTTPError as error:
            return _Failure(_no_answer(request, error), worth_another_try=True)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise ConnectionFailed(f"{_told(request)} cannot be sent: {error}") from error
        limiter.observe(response.headers)
        if response.status_code == 200:
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            kept = {
                name: response.headers[name] for name in KEPT_HEADERS if name in response.headers
            }
            return Answer(body, media_type, kept)
        return _refusal(request, connection, response, body, limiter)

    def _read(self, response: httpx.Response, request: Request) -> bytes:
        """Read a body in pieces, so that one that never ends, or unpacks to one, is noticed."""
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > self.settings.body_limit:
                raise BadAnswer(
                    f"{_told(request)} answered with more than {self.settings.body_limit} bytes"
                )
            pieces.append(piece)
        return b"".join(pieces)

    def _http(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                settings = self.settings
                self._client = httpx.Client(
                    transport=self._http_transport,
                    timeout=httpx.Timeout(settings.read_timeout, connect=settings.connect_timeout),
                    limits=httpx.Limits(
                        max_connections=settings.concurrency,
                        max_keepalive_connections=settings.concurrency,
                    ),
                    headers={"User-Agent": f"billql/{__version__}", "Accept": "*/*"},
                )
            return self._client


@dataclass(frozen=True)
class _Failure:
    """An attempt that gave no answer: its error, and whether another one may do better."""

    error: Error
    worth_another_try: bool
    pause: float | None = None


def _host(request: Request) -> str:
    return httpx.URL(request.url).host


def _told(request: Request) -> str:
    """Name a request without its query, which people may have put anything into."""
    return f"{request.method} {request.url}"


def _no_answer(request: Request, error: httpx.HTTPError) -> ConnectionFailed:
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        reason = "no answer in time"
    return ConnectionFailed(
        f"{_told(request)} got no answer: {reason}",
        hint="Check the network, and the address if BILLQL_<PROVIDER>_URL is set.",
    )


def _refusal(
    request: Request,
    connection: Connection,
    response: httpx.Response,
    body: bytes,
    limiter: Limiter,
) -> _Failure:
    """Make the error for a status other than 200, in the API's own words."""
    status = response.status_code
    if response.is_redirect:
        _refuse_redirect(request, response)
    said = _said(connection, body)
    words = f"{_told(request)} answered {status}"
    if said["message"]:
        words += f": {said['message']}"
    if said["code"]:
        words += f" ({said['code']})"
    request_id = said["request_id"] or response.headers.get("x-request-id")
    if request_id:
        words += f" [request {request_id}]"
    kind = CredentialRefused if status in (401, 403) else ApiError
    error = kind(
        words,
        status=status,
        method=request.method,
        url=request.url,
        api_code=said["code"],
        api_message=said["message"],
        request_id=request_id,
        hint=_advice(status, connection),
    )
    again = status in (408, 429) or status >= 500 or status in connection.provider.retry
    pause = retry_after(response.headers, time.time()) if again else None
    if status == 429 and pause is not None:
        limiter.hold(pause)
    return _Failure(error, again, pause)


def _refuse_redirect(request: Request, response: httpx.Response) -> NoReturn:
    raise BadAnswer(
        f"{_told(request)} answered {response.status_code}, which sends its caller elsewhere",
        hint="A token is never taken to another address; correct the base URL.",
    )


def _said(connection: Connection, body: bytes) -> dict[str, str | None]:
    """Find the API's own words in an error body; a body of another shape has none."""
    import orjson

    paths = connection.provider.errors
    try:
        data: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = {}

    def words(path: str | None) -> str | None:
        found = member(data, path) if path and isinstance(data, Mapping) else None
        if not isinstance(found, str | int) or found == "":
            return None
        # Some APIs repeat the token that they refuse.
        return str(found).replace(connection.secret, "…")[:500]

    return {
        "message": words(paths.message),
        "code": words(paths.code),
        "request_id": words(paths.request_id),
    }


def _advice(status: int, connection: Connection) -> str | None:
    auth = connection.provider.auth
    if status == 401:
        return f"The token in {auth.secret} was refused. {auth.help}"
    if status == 403:
        return f"The token in {auth.secret} may not read this. {auth.help}"
    if status == 429:
        return "Wait, or ask for less: fewer days, fewer keys, a LIMIT."
    return None
