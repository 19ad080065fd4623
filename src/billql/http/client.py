"""The way to the APIs: requests become answers, or errors that say what happened.

How often a provider is asked, how much at once, and how long it is worth trying, is decided here.
Requests run on a few daemon threads that only wait; callers hold futures. No secret is in any
message: a token travels in headers, and headers are not shown.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from billql.config.settings import Settings
from billql.errors import ApiError, BadValue, ClosedError, ConnectionFailed, Error, Interrupted
from billql.http import request_log
from billql.http.api_errors import LIMIT_ADVICE, error_from_response, means_later
from billql.http.credentials import ApiConnection
from billql.http.exchange import NetworkBackend
from billql.http.rate_limiter import RateLimiter, is_used_up, retry_after
from billql.http.reply import HttpBackend, HttpResponse, NoResponse, describe_request
from billql.messages import RESPONSE_HEADERS, Request, Response
from billql.util.clock import Clock
from billql.util.lock import Lock

_FIRST_PAUSE = 0.5
"""How many seconds pass at most before the second attempt; it doubles with each."""

_LONGEST_PAUSE = 15.0
"""Beyond this it doubles no more."""

_GOODBYE = 1.0
"""For how many seconds closing waits for threads that are still connecting."""


@dataclass(eq=False)
class RequestTracker:
    """What one request went through on its way, for the statement's figures.

    `spend` is called before each time that it is sent and may raise, `stop` is set when the
    statement ends, and `ended` is called with the answer, or None, before anybody else has it.
    """

    spend: Callable[[], None]
    stop: threading.Event
    ended: Callable[[Response | None], None] = lambda answer: None
    sent: int = 0
    waited: float = 0.0


class _Job(NamedTuple):
    """A request that somebody waits for."""

    request: Request
    connection: ApiConnection
    trip: RequestTracker
    future: Future[Response]
    lane: _ProviderQueue


class _ProviderQueue:
    """The way to a provider with one credential: how often, and how much at once.

    What finds no free place waits here and not in a thread, so that one provider's queue never
    blocks another's.
    """

    def __init__(self, connection: ApiConnection, clock: Clock) -> None:
        self.limiter = RateLimiter(connection.provider.limits, clock)
        self.free = connection.provider.concurrency
        self.waiting: deque[_Job] = deque()


@dataclass(frozen=True)
class _Failure:
    """An attempt that gave no answer: its error, and whether another one may do better.

    `too_early` says that the API has refused it only for the moment: that is no failed attempt.
    """

    error: Error
    again: bool
    pause: float = 0.0
    too_early: bool = False


class ApiClient:
    """Sends requests; shared by all statements of a session, safe for threads."""

    def __init__(
        self,
        settings: Settings | None = None,
        wire: HttpBackend | None = None,
        clock: Clock | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        self._log = log
        self._settings = settings or Settings()
        self._clock = clock or Clock()
        self._wire = wire or NetworkBackend(self._settings, clock=self._clock)
        self._lanes: dict[str, _ProviderQueue] = {}
        self._lock = Lock()
        self._work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way: set[RequestTracker] = set()
        self._closed = False
        self._is_let_go = False

    def send(
        self, request: Request, connection: ApiConnection, trip: RequestTracker
    ) -> Future[Response]:
        """Send a request; the future gives its answer, or raises one of billql's errors."""
        future: Future[Response] = Future()
        with self._lock:
            if self._closed:
                raise ClosedError("The connection is closed")
            key = connection.fingerprint
            if key not in self._lanes:
                self._lanes[key] = _ProviderQueue(connection, self._clock)
            lane = self._lanes[key]
            lane.waiting.append(_Job(request, connection, trip, future, lane))
            self._dispatch(lane)
        return future

    def note(self, text: str) -> None:
        """Tell `--verbose` something of an answer."""
        if self._log is not None:
            self._log(f"! {text}")

    def close(self) -> None:
        """End what is under way, the threads and the connections."""
        with self._lock:
            self._closed = True
            for trip in self._under_way:
                trip.stop.set()
            for lane in self._lanes.values():
                for job in lane.waiting:
                    job.trip.stop.set()
                    job.future.cancel()
                lane.waiting.clear()
            threads, self._threads = self._threads, []
        for _ in threads:
            self._work.put(None)
        end = time.monotonic() + _GOODBYE
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._wire.close()

    def shutdown_nowait(self) -> None:
        """End the threads, and with them the connections, as soon as they have nothing to do.

        Nobody may use it any more. It takes no lock: see `billql.sqlite.lifetime`.
        """
        self._is_let_go = True
        for _ in self._threads:
            self._work.put(None)

    # Threads: plain daemons, because an executor's threads are waited for when Python exits, and
    # Ctrl-C must not wait for a silent server.

    def _dispatch(self, lane: _ProviderQueue) -> None:
        """Give threads what has a place; called with the lock held."""
        while lane.free and lane.waiting:
            job = lane.waiting.popleft()
            lane.free -= 1
            self._under_way.add(job.trip)
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
                self._under_way.discard(job.trip)
                job.lane.free += 1
                self._dispatch(job.lane)
        if self._is_let_go:
            self._wire.close()

    def _run_job(self, job: _Job) -> None:
        try:
            try:
                answer = self._send_with_retries(job)
            except BaseException:
                job.trip.ended(None)
                raise
            job.trip.ended(answer)
        except BaseException as error:
            if isinstance(error, Error):
                error.redact(job.connection.redact)
            job.future.set_exception(error)
        else:
            job.future.set_result(answer)

    # One request.

    def _send_with_retries(self, job: _Job) -> Response:
        end = self._clock.monotonic() + self._settings.patience
        failed = pauses = 0
        failure: _Failure | None = None
        while True:
            wait = self._wait_for_limit(job, end)
            if wait > 0:
                raise failure.error if failure else _used_up(job.request, wait)
            outcome = self._attempt(job)
            if isinstance(outcome, Response):
                return outcome
            failure = outcome
            backoff = min(_FIRST_PAUSE * 2**pauses, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)
            pause = max(failure.pause, backoff)
            if failure.too_early:
                # Others who use the same credential, in other processes perhaps, get their share.
                job.lane.limiter.block_for(pause)
            else:
                failed += 1
            over = self._clock.monotonic() + pause > end
            if not failure.again or failed == self._settings.attempts or over:
                raise failure.error
            self._sleep(job.trip, pause)
            pauses += 1

    def _wait_for_limit(self, job: _Job, end: float) -> float:
        """Take a place under the limit; give how long it would take if that is too long."""
        path = urlsplit(job.request.url).path
        while (wait := job.lane.limiter.try_acquire(path)) > 0:
            if self._clock.monotonic() + wait > end:
                return wait
            self._sleep(job.trip, wait)
        return 0.0

    def _sleep(self, trip: RequestTracker, seconds: float) -> None:
        trip.waited += seconds
        if self._clock.wait(trip.stop, seconds):
            raise Interrupted

    def _attempt(self, job: _Job) -> Response | _Failure:
        request, connection, trip, _, lane = job
        if trip.stop.is_set():
            raise Interrupted
        if connection.redact.is_in(f"{request.url} {request.query} {request.body}"):
            raise BadValue(
                f"{describe_request(request)} cannot be sent: "
                "it would have the token in its address"
            )
        trip.spend()
        trip.sent += 1
        reply = self._exchange(job)
        if isinstance(reply, NoResponse):
            return _Failure(_no_answer(request, connection, reply), reply.again)
        lane.limiter.update_from(reply.headers)
        if reply.status == 200:
            media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
            kept = {*RESPONSE_HEADERS} & {*request.keep_headers} & {*reply.headers}
            headers = {name: reply.headers[name] for name in kept}
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
        request, connection, trip, *_ = job
        headers = connection.headers_for(request)
        if self._log is not None:
            self._log(request_log.format_request(request, connection, trip.sent))
        start = self._clock.monotonic()
        outcome: HttpResponse | NoResponse
        try:
            outcome = self._wire.exchange(request, headers, trip.stop)
        except NoResponse as why:
            outcome = why
        if self._log is not None:
            took = self._clock.monotonic() - start
            self._log(request_log.format_response(request, connection, outcome, took))
        return outcome


def _is_passing(status: int) -> bool:
    """Tell whether a status speaks of the moment and not of the request."""
    return status in (408, 429) or status >= 500


def _no_answer(request: Request, connection: ApiConnection, why: NoResponse) -> ConnectionFailed:
    given = connection.readdressed
    advice = f"Check the network, and {given}." if given else "Check the network."
    return ConnectionFailed(
        f"{describe_request(request)} got no answer: {why}", hint=why.hint or advice
    )


def _used_up(request: Request, wait: float) -> ApiError:
    return ApiError(
        f"The limit of requests to {urlsplit(request.url).hostname} is used up for another "
        f"{wait:.0f} seconds",
        status=429,
        method=request.method,
        url=request.url,
        hint=LIMIT_ADVICE,
    )
