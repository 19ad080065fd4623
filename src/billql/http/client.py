"""The client of the APIs: sends requests under limits, with retries; returns responses or errors.

It decides how often a provider is asked, how many requests run at once and how long retries go on.
Requests run on a few daemon threads that only wait; callers hold futures. No message has a secret:
a token is sent in headers, and headers are not shown.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import NamedTuple
from urllib.parse import urlsplit

from billql.config.settings import Settings
from billql.errors import ApiError, BadValue, ClosedError, ConnectionFailed, Error, Interrupted
from billql.http import _request_log
from billql.http.api_errors import LIMIT_ADVICE, error_from_response, means_later
from billql.http.credentials import ApiConnection
from billql.http.exchange import NetworkBackend
from billql.http.rate_limiter import RateLimiter, is_used_up, retry_after
from billql.http.reply import HttpBackend, HttpResponse, NoResponse, describe_request
from billql.messages import RESPONSE_HEADERS, Request, Response
from billql.util.clock import Clock
from billql.util.lock import Lock

_FIRST_PAUSE = 0.5
"""The longest pause before the second attempt, in seconds; it doubles with each attempt."""

_LONGEST_PAUSE = 15.0
"""The longest pause before any attempt, in seconds."""

_CLOSE_TIMEOUT = 1.0
"""How many seconds closing waits for threads that are still connecting."""


@dataclass(eq=False)
class RequestTracker:
    """Counts the attempts of one request, for the statistics of its scan.

    `spend` is called before each attempt and may raise, `stop` is set when the statement ends, and
    `ended` is called with the response, or with None for an error, before the future has it.
    `sent` counts attempts, `waited` is in seconds.
    """

    spend: Callable[[], None]
    stop: threading.Event
    ended: Callable[[Response | None], None] = lambda response: None
    sent: int = 0
    waited: float = 0.0


class _Job(NamedTuple):
    """A request, and the future that its caller holds."""

    request: Request
    connection: ApiConnection
    tracker: RequestTracker
    future: Future[Response]
    queue: _ProviderQueue


class _ProviderQueue:
    """The requests to a provider with one credential: its rate limit, and those that wait.

    A request beyond the provider's concurrency waits here and not in a thread, so that one
    provider's queue never blocks another's. `free` is how many more may run now.
    """

    def __init__(self, connection: ApiConnection, clock: Clock) -> None:
        self.limiter = RateLimiter(connection.provider.limits, clock)
        self.free = connection.provider.concurrency
        self.waiting: deque[_Job] = deque()


@dataclass(frozen=True)
class _Failure:
    """A failed attempt: its error, and whether to try again after `pause` seconds at least.

    `too_early` means that the API asks for a later request, which counts as no failed attempt.
    """

    error: Error
    again: bool
    pause: float = 0.0
    too_early: bool = False


class ApiClient:
    """Sends requests for all statements of a session; thread-safe."""

    def __init__(
        self,
        settings: Settings | None = None,
        backend: HttpBackend | None = None,
        clock: Clock | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        self._log = log
        self._settings = settings or Settings()
        self._clock = clock or Clock()
        self._backend = backend or NetworkBackend(self._settings, clock=self._clock)
        self._queues: dict[str, _ProviderQueue] = {}
        self._lock = Lock()
        self._work: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way: set[RequestTracker] = set()
        self._closed = False
        self._is_shut_down = False

    def send(
        self, request: Request, connection: ApiConnection, tracker: RequestTracker
    ) -> Future[Response]:
        """Queue a request and return the future of its response; raise ClosedError.

        The future raises one of billql's errors.
        """
        future: Future[Response] = Future()
        with self._lock:
            if self._closed:
                raise ClosedError("The connection is closed")
            key = connection.fingerprint
            if key not in self._queues:
                self._queues[key] = _ProviderQueue(connection, self._clock)
            queue = self._queues[key]
            queue.waiting.append(_Job(request, connection, tracker, future, queue))
            self._dispatch(queue)
        return future

    def note(self, text: str) -> None:
        """Log a note about a response."""
        if self._log is not None:
            self._log(f"! {text}")

    def close(self) -> None:
        """Interrupt the requests under way, and end the threads and the connections."""
        with self._lock:
            self._closed = True
            for tracker in self._under_way:
                tracker.stop.set()
            for queue in self._queues.values():
                for job in queue.waiting:
                    job.tracker.stop.set()
                    job.future.cancel()
                queue.waiting.clear()
            threads, self._threads = self._threads, []
        for _ in threads:
            self._work.put(None)
        end = time.monotonic() + _CLOSE_TIMEOUT
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._backend.close()

    def shutdown_nowait(self) -> None:
        """End the threads, and with them the connections, once they have nothing to do.

        The client is not used any more. It takes no lock: see `billql.sqlite._lifetime`.
        """
        self._is_shut_down = True
        for _ in self._threads:
            self._work.put(None)

    # Threads: plain daemons, because an executor's threads are waited for when Python exits, and
    # Ctrl-C must not wait for a silent server.

    def _dispatch(self, queue: _ProviderQueue) -> None:
        """Hand the requests that may run now to threads; called with the lock held."""
        while queue.free and queue.waiting:
            job = queue.waiting.popleft()
            queue.free -= 1
            self._under_way.add(job.tracker)
            self._work.put(job)
            if len(self._threads) < min(len(self._under_way), self._settings.concurrency):
                thread = threading.Thread(target=self._run, name="billql-request", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            if job.future.set_running_or_notify_cancel():
                self._run_job(job)
            with self._lock:
                self._under_way.discard(job.tracker)
                job.queue.free += 1
                self._dispatch(job.queue)
        if self._is_shut_down:
            self._backend.close()

    def _run_job(self, job: _Job) -> None:
        try:
            try:
                response = self._send_with_retries(job)
            except BaseException:
                job.tracker.ended(None)
                raise
            job.tracker.ended(response)
        except BaseException as error:
            if isinstance(error, Error):
                error.redact(job.connection.redact)
            job.future.set_exception(error)
        else:
            job.future.set_result(response)

    # One request.

    def _send_with_retries(self, job: _Job) -> Response:
        end = self._clock.monotonic() + self._settings.patience
        failed = pauses = 0
        failure: _Failure | None = None
        while True:
            wait = self._wait_for_limit(job, end)
            if wait > 0:
                raise failure.error if failure else _limit_used_up(job.request, wait)
            outcome = self._attempt(job)
            if isinstance(outcome, Response):
                return outcome
            failure = outcome
            backoff = min(_FIRST_PAUSE * 2**pauses, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)
            pause = max(failure.pause, backoff)
            if failure.too_early:
                # Other processes may use the same credential, and share its limit.
                job.queue.limiter.block_for(pause)
            else:
                failed += 1
            over = self._clock.monotonic() + pause > end
            if not failure.again or failed == self._settings.attempts or over:
                raise failure.error
            self._sleep(job.tracker, pause)
            pauses += 1

    def _wait_for_limit(self, job: _Job, end: float) -> float:
        """Wait for the rate limit; return 0.0, or the seconds of a wait beyond `end`."""
        path = urlsplit(job.request.url).path
        while (wait := job.queue.limiter.try_acquire(path)) > 0:
            if self._clock.monotonic() + wait > end:
                return wait
            self._sleep(job.tracker, wait)
        return 0.0

    def _sleep(self, tracker: RequestTracker, seconds: float) -> None:
        tracker.waited += seconds
        if self._clock.wait(tracker.stop, seconds):
            raise Interrupted

    def _attempt(self, job: _Job) -> Response | _Failure:
        request, connection, tracker, _, queue = job
        if tracker.stop.is_set():
            raise Interrupted
        if connection.redact.is_in(f"{request.url} {request.query} {request.body}"):
            raise BadValue(
                f"{describe_request(request)} cannot be sent: it would have the token in its URL"
            )
        tracker.spend()
        tracker.sent += 1
        reply = self._exchange(job)
        if isinstance(reply, NoResponse):
            return _Failure(_no_response(request, connection, reply), reply.again)
        queue.limiter.update_from(reply.headers)
        if reply.status == 200:
            media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
            names = {*RESPONSE_HEADERS} & {*request.keep_headers} & {*reply.headers}
            headers = {name: reply.headers[name] for name in names}
            between = connection.between(reply.proxy)
            return Response(reply.body, media_type, headers, between)
        pause = retry_after(reply.headers, self._clock.now())
        is_early = (
            reply.status == 429
            or means_later(connection, reply)
            or (reply.status in (400, 403) and (pause is not None or is_used_up(reply.headers)))
        )
        return _Failure(
            error_from_response(request, connection, reply, is_early=is_early),
            again=is_early
            or _is_passing(reply.status)
            or reply.status in connection.provider.retry,
            pause=pause or 0.0,
            too_early=is_early,
        )

    def _exchange(self, job: _Job) -> HttpResponse | NoResponse:
        request, connection, tracker, *_ = job
        headers = connection.headers_for(request)
        if self._log is not None:
            self._log(_request_log.format_request(request, connection, tracker.sent))
        start = self._clock.monotonic()
        outcome: HttpResponse | NoResponse
        try:
            outcome = self._backend.exchange(request, headers, tracker.stop)
        except NoResponse as why:
            outcome = why
        if self._log is not None:
            took = self._clock.monotonic() - start
            self._log(_request_log.format_response(request, connection, outcome, took))
        return outcome


def _is_passing(status: int) -> bool:
    """Return whether another attempt at the same request may have another status."""
    return status in (408, 429) or status >= 500


def _no_response(request: Request, connection: ApiConnection, why: NoResponse) -> ConnectionFailed:
    readdressed = connection.readdressed
    advice = f"Check the network, and {readdressed}." if readdressed else "Check the network."
    return ConnectionFailed(
        f"{describe_request(request)} got no answer: {why}", hint=why.hint or advice
    )


def _limit_used_up(request: Request, wait: float) -> ApiError:
    return ApiError(
        f"The limit of requests to {urlsplit(request.url).hostname} is used up for another "
        f"{wait:.0f} seconds",
        status=429,
        method=request.method,
        url=request.url,
        hint=LIMIT_ADVICE,
    )
