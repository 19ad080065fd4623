"""A server over HTTP: who may ask, where, and how much at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from billql.errors import InterfaceError
from billql.serve.address import LOOPBACK_NAMES, Address
from billql.serve.context import ServerContext
from billql.serve.http.app import Access, Front
from billql.serve.http.gate import Gate
from billql.serve.metrics import Metrics
from billql.serve.uvicorn_thread import UvicornThread

_SHORTEST_TOKEN = 16
"""The shortest bearer token that is accepted, in characters."""


@dataclass(frozen=True)
class HttpOptions:
    """Where a server listens, who may ask, and how much at once."""

    address: Address
    token: str | None
    """The bearer token; None where anybody on this machine may ask."""
    hosts: Sequence[str] = ()
    """More names by which clients call it."""
    certificate: Path | None = None
    """A certificate and its chain, in PEM; None means plain HTTP."""
    key: Path | None = None
    """The certificate's key, in PEM."""
    behind_proxy: bool = False
    """Whether a proxy before it speaks TLS, so that plain HTTP may leave this machine."""
    statements: int = 8
    """How many statements run at once."""
    waiting: int = 100
    """How many more may wait."""
    patience: float = 30.0
    """How many seconds a statement waits at most before it runs."""

    def __post_init__(self) -> None:
        """Raise InterfaceError for what is not safe."""
        if self.token is not None and len(self.token) < _SHORTEST_TOKEN:
            raise InterfaceError(
                f"The token for HTTP has fewer than {_SHORTEST_TOKEN} characters",
                hint="Make one with: openssl rand -hex 32",
            )
        if (self.certificate is None) != (self.key is None):
            raise InterfaceError("TLS needs both a certificate and its key")
        if self.address.is_loopback:
            return
        if self.token is None:
            raise InterfaceError(
                f"{self.address} can be reached by others, so that a token is needed",
                hint="Serve 127.0.0.1 without a token, or any address with one.",
            )
        if self.certificate is None and not self.behind_proxy:
            raise InterfaceError(
                f"{self.address} can be reached by others, and plain HTTP shows them the token",
                hint="Give --tls-certificate and --tls-key, or --behind-proxy if a proxy that "
                "speaks TLS passes on the requests.",
            )


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


class HttpServer:
    """Serves one address; raise InterfaceError if it is taken, or a certificate cannot be used.

    `metrics` has the counts of the process, to which the server adds its own.
    """

    def __init__(
        self,
        options: HttpOptions,
        context: ServerContext,
        metrics: Metrics,
    ) -> None:
        self._options = options
        gate = Gate(options.statements, options.waiting, options.patience)
        metrics.add_gauge("statements_running", "Statements that run.", lambda: gate.running)
        metrics.add_gauge("statements_waiting", "Statements that wait.", lambda: gate.waiting)
        names = {*LOOPBACK_NAMES, *(name.lower() for name in options.hosts), options.address.host}
        self._front = Front(context, Access(options.token, names), gate, metrics.exposed)
        self._thread = UvicornThread(
            self._front.app,
            options.address,
            options.certificate,
            options.key,
            interrupt=self._front.end_all,
        )

    @property
    def url(self) -> str:
        """Return the address of the page to ask."""
        return self._thread.url

    def start(self) -> None:
        """Accept clients from now on."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Accept no more clients, let statements under way go on for so many seconds, and end."""
        self._front.close_gate()
        self._thread.stop(grace)
