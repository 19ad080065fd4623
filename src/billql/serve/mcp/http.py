"""The server of agents over HTTP: a bearer token, and the names by which it may be called."""

from __future__ import annotations

from mcp.server.transport_security import TransportSecuritySettings

from billql.serve.address import LOOPBACK_NAMES
from billql.serve.http.guard import Guard
from billql.serve.http.server import HttpOptions
from billql.serve.mcp.calls import Calls
from billql.serve.mcp.server import make
from billql.serve.uvicorn_thread import UvicornThread

PATH = "/mcp"
_IDLE = 1_800.0
"""How many seconds a session of a client may be silent."""
_SESSIONS = 1_000
"""How many sessions there are at most."""


class McpHttpServer:
    """Serves agents at one address; raise InterfaceError as `UvicornThread` does."""

    def __init__(self, calls: Calls, options: HttpOptions) -> None:
        app = make(calls).streamable_http_app(
            streamable_http_path=PATH,
            session_idle_timeout=_IDLE,
            max_sessions=_SESSIONS,
            # The guard below checks Host and Origin.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        names = {*LOOPBACK_NAMES, *(name.lower() for name in options.hosts), options.address.host}
        self._thread = UvicornThread(
            Guard(app, options.token, names),
            options.address,
            options.certificate,
            options.key,
            lifespan=True,
            interrupt=calls.interrupt,
        )

    @property
    def url(self) -> str:
        """Return the address that clients are configured with."""
        return f"{self._thread.url.rstrip('/')}{PATH}"

    def start(self) -> None:
        """Accept clients from now on."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Accept no more clients, let calls go on for so many seconds, and end."""
        self._thread.stop(grace)
