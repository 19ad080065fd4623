"""Access tokens: what a credential is exchanged for, where an API does not take it itself.

A token stays in memory alone, for as long as the API states that it holds. Asking for one is no
request of a statement: it is not counted, nor recorded.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import msgspec

from billql.definitions.auth import ClientCredentials
from billql.errors import BadResponse
from billql.http.credentials import ApiConnection
from billql.http.reply import HttpBackend, HttpResponse, NoResponse, describe_request
from billql.messages import Request
from billql.util.clock import Clock
from billql.util.lock import Lock
from billql.util.redaction import Redaction

_LIFETIME = 3600.0
"""How many seconds a token holds if the API does not state it."""

_SHARE = 0.9
"""The part of its lifetime for which a token is used: clocks differ, and requests take a while."""


class NotGranted(NamedTuple):
    """There is no access token: what was sent, and the response or why there is none."""

    request: Request
    reply: HttpResponse | NoResponse


class _Grant(msgspec.Struct, frozen=True):
    token: str
    until: float
    is_new: bool = True
    """Whether it has been used for one request alone."""


class AccessTokens:
    """The access tokens of connections; thread-safe."""

    def __init__(self, backend: HttpBackend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self._grants: dict[str, _Grant] = {}
        self._locks: dict[str, Lock] = {}

    def headers_for(
        self, request: Request, connection: ApiConnection, stop: threading.Event
    ) -> dict[str, str] | NotGranted:
        """Return the headers of a request, with an access token where the credential is exchanged
        for one.

        Raise BadResponse for a response without a token, or Interrupted at `stop`.
        """
        headers = connection.headers_for(request)
        auth = connection.provider.auth
        if not isinstance(auth, ClientCredentials):
            return headers
        key = connection.fingerprint
        with self._locks.setdefault(
            key, Lock()
        ):  # others wait for the token that one of them requests
            grant = self._grants.get(key)
            if grant is not None and self._clock.monotonic() < grant.until:
                grant = msgspec.structs.replace(grant, is_new=False)
            else:
                granted = self._request(auth, connection, stop)
                if isinstance(granted, NotGranted):
                    return granted
                grant = granted
            self._grants[key] = grant
        return {**headers, "Authorization": f"Bearer {grant.token}"}

    def renew(self, connection: ApiConnection, headers: dict[str, str]) -> bool:
        """Return whether another token may be accepted where the one in these headers was not.

        A token that was requested for this very request is as good as any other.
        """
        key = connection.fingerprint
        with self._locks.setdefault(key, Lock()):
            grant = self._grants.get(key)
            if grant is None:
                return False
            if headers.get("Authorization") != f"Bearer {grant.token}":
                return True  # another thread has renewed it
            if grant.is_new:
                return False
            del self._grants[key]
            return True

    def redaction(self, connection: ApiConnection) -> Redaction:
        """Return what removes a connection's access token from a text."""
        grant = self._grants.get(connection.fingerprint)
        return Redaction(() if grant is None else (grant.token,))

    def _request(
        self, auth: ClientCredentials, connection: ApiConnection, stop: threading.Event
    ) -> _Grant | NotGranted:
        request = auth.token_request(connection.url)
        try:
            reply = self._backend.exchange(request, auth.token_headers(connection.secret), stop)
        except NoResponse as why:
            return NotGranted(request, why)
        if reply.status != 200:
            return NotGranted(request, reply)
        token, seconds = _granted(request, reply)
        return _Grant(token, self._clock.monotonic() + seconds * _SHARE)


def _granted(request: Request, reply: HttpResponse) -> tuple[str, float]:
    """Return the token of a response, and for how many seconds it holds (RFC 6749, 5.1)."""
    import orjson

    try:
        data = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        data = None
    token = data.get("access_token") if isinstance(data, dict) else None
    if not isinstance(token, str) or not (token.isascii() and token.isprintable() and token):
        raise BadResponse(f"{describe_request(request)} returned no access token")
    seconds = data.get("expires_in") if isinstance(data, dict) else None
    return token, float(seconds) if isinstance(seconds, int | float) else _LIFETIME
