"""Progress: what a statement has read so far, on a terminal, while people wait for it.

It appears after half a second, is drawn a few times a second, and is erased before anything else is
written. Where nobody watches there is nothing of it.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from rich.live import Live
    from rich.table import Table

    from billql.statement import ScanFigures

_AFTER = 0.5
_PER_SECOND = 4
"""How often it is drawn: each time takes a moment from the threads that read."""
_MOST = 8
"""How many scans are shown, the last ones of a statement."""


class Progress:
    """Shows the figures of a statement's scans from `__enter__` to `end`.

    `scans` is called from another thread and gives the figures, which may still grow.
    """

    def __init__(
        self, scans: Callable[[], Sequence[ScanFigures]], stream: TextIO, after: float = _AFTER
    ) -> None:
        self._scans = scans
        self._stream = stream
        self._after = after
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._ended = False
        self._live: Live | None = None
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        """Begin to wait for the moment to appear."""
        if self._stream.isatty() and os.environ.get("TERM") != "dumb":
            self._timer = threading.Timer(self._after, self._appear)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.end()

    def end(self) -> None:
        """Vanish for good; ending again does nothing."""
        with self._lock:
            self._ended = True
            live, self._live = self._live, None
        if self._timer is not None:
            self._timer.cancel()
        if live is not None:
            live.stop()

    def _appear(self) -> None:
        from rich.console import Console
        from rich.live import Live

        live = Live(
            console=Console(file=self._stream, highlight=False),
            get_renderable=lambda: drawn(self._scans(), time.monotonic() - self._began),
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._lock:
            if self._ended:
                return
            self._live = live
            live.start()


def drawn(scans: Sequence[ScanFigures], seconds: float) -> Table:
    """Draw the figures of scans, a line for each; `seconds` is how long the statement has run."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2), pad_edge=False)
    table.add_column(no_wrap=True)
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    if not scans:
        table.add_row(f"running for {seconds:.0f} s")
    elif len(scans) > _MOST:
        table.add_row(f"… and {len(scans) - _MOST} more scans before")
    for scan in scans[-_MOST:]:
        waiting = scan.waiting
        table.add_row(
            scan.resource,
            _counted(scan.pages, "page", scan.expected),
            _counted(scan.rows, "row"),
            _counted(scan.requests, "request"),
            f"waiting for a limit: {waiting:.0f} s" if waiting else "",
        )
    return table


def _counted(number: int, word: str, most: int | None = None) -> str:
    """Write a number of things, of how many if that is known."""
    if most is not None and most >= number:
        return f"{number:,} of {most:,} {word}{'' if most == 1 else 's'}"
    return f"{number:,} {word}{'' if number == 1 else 's'}"
