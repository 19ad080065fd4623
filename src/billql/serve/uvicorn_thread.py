"""An application over HTTP on a socket of its own: Uvicorn in a thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from billql.errors import InterfaceError
from billql.serve._slow_headers import ImpatientProtocol
from billql.serve.address import Address

_CLIENTS = 500
"""How many connections of clients are open at once; more are answered with the status 503."""
_START = 10.0
"""How many seconds the server may take to start."""
_AGAIN = 0.1
"""How many seconds pass until statements are interrupted again."""
_ENDING = 5.0
"""How many seconds responses have to end in once their statements are interrupted."""


class UvicornThread:
    """Serves an application; raise InterfaceError if the address or a certificate cannot be used.

    `lifespan` means that the application is started and ended too. `interrupt` ends what goes on
    after the grace of `stop`. `patience` is how many seconds the headers of a request may take.
    """

    def __init__(
        self,
        app: ASGIApp,
        address: Address,
        certificate: Path | None = None,
        key: Path | None = None,
        *,
        lifespan: bool = False,
        interrupt: Callable[[], object] = lambda: None,
        patience: float = 30.0,
    ) -> None:
        self._address = address
        self._scheme = "http" if certificate is None else "https"
        self._interrupt = interrupt
        config = uvicorn.Config(
            app,
            http=type("_Protocol", (ImpatientProtocol,), {"patience": patience}),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on" if lifespan else "off",
            ws="none",
            limit_concurrency=_CLIENTS,
            timeout_graceful_shutdown=None,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        # A response that is broken off raises on purpose; faults are reported where they happen.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        try:
            config.load()
        except OSError as error:  # ssl.SSLError among them
            raise InterfaceError(f"The certificate cannot be used: {error.strerror}") from error
        self._server = uvicorn.Server(config)
        self._socket = address.bind()
        self._thread = threading.Thread(target=self._run, name="billql-http", daemon=True)

    @property
    def url(self) -> str:
        """Return the address, with the port that it has found."""
        port = self._socket.getsockname()[1]
        return f"{self._scheme}://{self._address._replace(port=port)}/"

    def start(self) -> None:
        """Accept clients from now on."""
        self._thread.start()
        end = time.monotonic() + _START
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise InterfaceError(f"{self._address}: the server has not started")
            time.sleep(0.01)

    def stop(self, grace: float) -> None:
        """Accept no more clients, let requests under way go on for so many seconds, and end."""
        self._server.should_exit = True
        self._thread.join(grace)
        end = time.monotonic() + _ENDING
        while self._thread.is_alive() and time.monotonic() < end:
            self._interrupt()
            self._thread.join(_AGAIN)
        self._server.force_exit = True
        self._thread.join(_ENDING)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])
