"""Runs the servers of a process until a signal stops it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from typing import Protocol


class Server(Protocol):
    """What serves one protocol, in threads of its own."""

    def start(self) -> None:
        """Accept clients from now on."""

    def stop(self, grace: float) -> None:
        """Accept no more clients, let statements under way go on for so many seconds, and end."""


def run(servers: Sequence[Server], ready: Callable[[], object], grace: float) -> None:
    """Run servers until SIGTERM or Ctrl-C; `ready` is called when all of them accept clients.

    A second signal ends the statements under way at once.
    """
    stopped = threading.Event()
    hurried = threading.Event()

    def note(*_: object) -> None:
        (hurried if stopped.is_set() else stopped).set()

    before = {kind: signal.signal(kind, note) for kind in (signal.SIGTERM, signal.SIGINT)}
    try:
        _serve(servers, ready, stopped, lambda: 0.0 if hurried.is_set() else grace)
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _serve(
    servers: Sequence[Server],
    ready: Callable[[], object],
    stopped: threading.Event,
    grace: Callable[[], float],
) -> None:
    started: list[Server] = []
    try:
        for server in servers:
            server.start()
            started.append(server)
        ready()
        while not stopped.wait(1):  # Windows notices a signal between two waits alone
            pass
    finally:
        ending = [threading.Thread(target=one.stop, args=(grace(),)) for one in started]
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join()
