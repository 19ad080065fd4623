"""The client of the APIs: sends requests under limits, with retries; returns responses or errors.

It decides how often a provider is asked and how long retries go on. Requests run on the threads of
a dispatcher; callers hold futures. No message has a secret: a token is sent in headers, and headers
are not shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from billql.config.settings import Settings
from billql.errors import ApiError, BadValue, ConnectionFailed, Error, Interrupted
from billql.http import _request_log
from billql.http._dispatcher import Dispatcher, Job
from billql.http.access_tokens import AccessTokens, NotGranted
from billql.http.api_errors import LIMIT_ADVICE, error_from_response, means_later
from billql.http.credentials import ApiConnection
from billql.http.exchange import NetworkBackend
from billql.http.rate_limiter import (
    RateLimiter,
    is_used_up,
    leave_limiters,
    limiter_of,
    retry_after,
)
from billql.http.rates import limits_by
from billql.http.reply import HttpBackend, HttpResponse, NoResponse, describe_request
from billql.http.request_tracker import RequestTracker
from billql.messages import RESPONSE_HEADERS, Request, Response
from billql.util.clock import REAL_TIME, Clock

_FIRST_PAUSE = 0.5
"""The longest pause before the second attempt, in seconds; it doubles with each attempt."""

_LONGEST_PAUSE = 15.0
"""The longest pause before any attempt, in seconds."""


class _Call(NamedTuple):
    """A request, the limit that it keeps to, and the future that its caller holds."""

    request: Request
    connection: ApiConnection
    tracker: RequestTracker
    future: Future[Response]
    limiter: RateLimiter


class _Failure(msgspec.Struct, frozen=True):
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
        rates: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        self._rates = rates or {}
        self._settings = settings or Settings()
        patience = self._settings.failure_patience
        self._failure_patience = math.inf if patience is None else patience
        self._clock = clock or REAL_TIME
        self._backend = backend or NetworkBackend(self._settings, clock=self._clock)
        self._access_tokens = AccessTokens(self._backend, self._clock)
        self._limiters: dict[str, RateLimiter] = {}
        self._dispatcher = Dispatcher(self._settings.concurrency, self._backend.close)

    def send(
        self, request: Request, connection: ApiConnection, tracker: RequestTracker
    ) -> Future[Response]:
        """Queue a request and return the future of its response; raise ClosedError.

        The future raises one of billql's errors.
        """
        future: Future[Response] = Future()
        key, provider = connection.fingerprint, connection.provider
        limiter = self._limiters.get(key)
        if limiter is None:
            rate = self._rates.get(connection.provider_name)
            limits = provider.limits if rate is None else limits_by(rate, provider.limits)
            limiter = limiter_of(self, key, limits, self._clock)
            self._limiters[key] = limiter
        call = _Call(request, connection, tracker, future, limiter)
        run = partial(self._run, call)
        self._dispatcher.submit(Job(key, provider.concurrency, tracker.stop, run, future))
        return future

    def note(self, text: str) -> None:
        """Log a note about a response."""
        if self._log is not None:
            self._log(f"! {text}")

    def close(self) -> None:
        """Interrupt the requests under way, and end the threads and the connections."""
        self._dispatcher.close()
        self._backend.close()
        self._limiters.clear()
        leave_limiters(self)

    def shutdown_nowait(self) -> None:
        """End the threads, and with them the connections, once they have nothing to do.

        The client is not used any more. It takes no lock: see `billql.sqlite._lifetime`.
        """
        self._dispatcher.shutdown_nowait()

    # One request.

    def _run(self, call: _Call) -> None:
        try:
            try:
                response = self._send_with_retries(call)
            except BaseException:
                call.tracker.ended(None)
                raise
            call.tracker.ended(response)
        except BaseException as error:
            if isinstance(error, Error):
                error.redact(call.connection.redact)
                error.redact(self._access_tokens.redaction(call.connection))
            call.future.set_exception(error)
        else:
            call.future.set_result(response)

    def _send_with_retries(self, call: _Call) -> Response:
        end = self._clock.monotonic() + self._settings.patience
        end_of_failures = end
        failed = pauses = 0
        failure: _Failure | None = None
        while True:
            wait = self._wait_for_limit(call, end)
            if wait > 0:
                raise failure.error if failure else _limit_used_up(call.request, wait)
            sent = self._clock.monotonic()
            outcome = self._attempt(call)
            if isinstance(outcome, Response):
                call.limiter.served()
                return outcome
            failure = outcome
            pause = max(failure.pause, _backoff(pauses))
            if failure.too_early:
                # Other processes may use the same credential, and share its limit.
                call.limiter.refused(sent, failure.pause)
                latest = end
            else:
                if failed == 0:
                    end_of_failures = min(end, self._clock.monotonic() + self._failure_patience)
                failed += 1
                latest = end_of_failures
            over = self._clock.monotonic() + pause > latest
            if not failure.again or failed == self._settings.attempts or over:
                raise failure.error
            if failure.too_early:
                call.tracker.paced += pause
            else:
                call.tracker.failure = getattr(failure.error, "status", None)
            self._sleep(call.tracker, pause)
            pauses += 1

    def _wait_for_limit(self, call: _Call, end: float) -> float:
        """Wait for the rate limit; return 0.0, or the seconds of a wait beyond `end`."""
        path = urlsplit(call.request.url).path
        while (wait := call.limiter.try_acquire(path)) > 0:
            if self._clock.monotonic() + wait > end:
                return wait
            call.tracker.paced += wait
            self._sleep(call.tracker, wait)
        return 0.0

    def _sleep(self, tracker: RequestTracker, seconds: float) -> None:
        tracker.waited += seconds
        if self._clock.wait(tracker.stop, seconds):
            raise Interrupted

    def _attempt(self, call: _Call) -> Response | _Failure:
        request, connection, tracker, _, limiter = call
        if tracker.stop.is_set():
            raise Interrupted
        if connection.redact.is_in(f"{request.url} {request.query} {request.body}"):
            raise BadValue(
                f"{describe_request(request)} cannot be sent: it would have the token in its URL"
            )
        headers = self._access_tokens.headers_for(request, connection, tracker.stop)
        if isinstance(headers, NotGranted):
            return self._failure(*headers, connection, is_of_credential=True)
        tracker.spend()
        tracker.sent += 1
        reply = self._exchange(call, headers)
        if isinstance(reply, NoResponse):
            return self._failure(request, reply, connection)
        limiter.update_from(reply.headers)
        if reply.status == 200:
            media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
            names = {*RESPONSE_HEADERS} & {*request.keep_headers} & {*reply.headers}
            exposed = {name: reply.headers[name] for name in names}
            between = connection.between(reply.proxy)
            return Response(reply.body, media_type, exposed, between)
        failure = self._failure(request, reply, connection)
        if reply.status == 401 and self._access_tokens.renew(connection, headers):
            return msgspec.structs.replace(failure, again=True)
        return failure

    def _failure(
        self,
        request: Request,
        reply: HttpResponse | NoResponse,
        connection: ApiConnection,
        *,
        is_of_credential: bool = False,
    ) -> _Failure:
        """Return what became of a request that has no response to read.

        `is_of_credential` means that it was for an access token.
        """
        if isinstance(reply, NoResponse):
            return _Failure(_no_response(request, connection, reply), reply.again)
        pause = retry_after(reply.headers, self._clock.now())
        is_early = (
            reply.status == 429
            or means_later(connection, reply)
            or (reply.status in (400, 403) and (pause is not None or is_used_up(reply.headers)))
        )
        return _Failure(
            error_from_response(
                request, connection, reply, is_early=is_early, is_of_credential=is_of_credential
            ),
            again=is_early
            or _is_passing(reply.status)
            or reply.status in connection.provider.retry,
            pause=pause or 0.0,
            too_early=is_early,
        )

    def _exchange(self, call: _Call, headers: dict[str, str]) -> HttpResponse | NoResponse:
        request, connection, tracker, *_ = call
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


def _backoff(pauses: int) -> float:
    """Return how many seconds to wait after so many pauses; at random, lest all clients wait
    alike.
    """
    import random  # which few statements need, and each would load

    doublings = min(pauses, 64)  # a float does not hold 1,024
    return min(_FIRST_PAUSE * 2.0**doublings, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)


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
