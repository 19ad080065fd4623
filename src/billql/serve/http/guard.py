"""Who may ask: the middleware that checks Host, Origin and the bearer token of each request.

A page of another site may make a browser send requests to this machine, or rebind its own name to
the address (DNS rebinding): neither has a Host and an Origin that are the server's.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from billql.serve.http.refusal import Refusal

OPEN = ("/", "/healthz")
"""The addresses without a token: neither has data."""
STATIC = "/static/"
"""The beginning of the addresses of the page's own files, which need no token either."""
HEALTH = "/healthz"
"""The address that asks whether the server is alive, by whatever name it is called."""


class Guard:
    """Passes on the requests of those who may ask, and refuses all others.

    `token` is None where anybody who reaches the address may ask; `hosts` are names without ports,
    in lower case.
    """

    def __init__(self, app: ASGIApp, token: str | None, hosts: Collection[str]) -> None:
        self._app = app
        self._digest = None if token is None else _digest(token.encode())
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http":
            try:
                self._check(scope["path"], Headers(scope=scope))
            except Refusal as refusal:
                await refusal.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, path: str, headers: Headers) -> None:
        if path != HEALTH:
            self._check_names(headers)
        is_open = path in OPEN or path.startswith(STATIC)
        if self._digest is not None and not is_open and not self._is_known(headers):
            raise Refusal(
                401,
                "unauthorized",
                "The request has no valid token",
                hint="Send the header: Authorization: Bearer TOKEN.",
                headers={"WWW-Authenticate": 'Bearer realm="billql"'},
            )

    def _check_names(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        host = hosts[0] if len(hosts) == 1 else ""
        if name_of(host) not in self._hosts:
            raise Refusal(
                421,
                "wrong-host",
                "The server does not have the name in the header Host",
                hint="Start it with --allow-host NAME if it shall have one more name.",
            )
        for origin in headers.getlist("origin"):
            # A proxy may speak TLS, so the scheme is not compared.
            if urlsplit(origin).netloc.lower() != host.lower():
                raise Refusal(
                    403,
                    "wrong-origin",
                    "Pages of other sites may not ask",
                    hint="Programs that are no browsers need not send the header Origin.",
                )

    def _is_known(self, headers: Headers) -> bool:
        found = headers.getlist("authorization")
        kind, _, token = found[0].partition(" ") if len(found) == 1 else ("", "", "")
        # Digests have one length, so that comparing takes one time.
        is_equal = hmac.compare_digest(_digest(token.strip().encode()), self._digest or b"")
        return is_equal and kind.lower() == "bearer"


def name_of(host: str) -> str:
    """Return the name or address of a header Host, without its port; empty if it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "") if "@" not in host else ""
    except ValueError:
        return ""


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()
