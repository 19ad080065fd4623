"""The progress of a statement on a terminal: the pages, rows and requests so far.

It appears after half a second, is drawn a few times a second, and is erased before anything else is
written. It is off if the stream is no terminal.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from billql.output.screen import height, width
from billql.util.lock import Lock
from billql.util.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TextIO

    from rich.live import Live
    from rich.table import Table

    from billql.fetching.scan_stats import ScanStats

_AFTER = 0.5
"""After how many seconds it is drawn first."""
_PER_SECOND = 4
"""How often it is drawn in a second; drawing takes time from the threads that read."""
_MOST = 8
"""How many scans are shown, the last ones of a statement."""


class Progress:
    """Shows the progress of statements on a stream, one statement after the other.

    It shows nothing if the stream is no terminal, or with `off`, because something else is written
    there meanwhile. `after` is in seconds.
    """

    def __init__(self, stream: TextIO, *, off: bool = False, after: float = _AFTER) -> None:
        self._off = off or not stream.isatty() or os.environ.get("TERM") == "dumb"
        self._stream = stream
        self._after = after
        self._shown: _Shown | None = None

    @contextmanager
    def of(self, scans: Callable[[], Sequence[ScanStats]]) -> Iterator[None]:
        """Show the statistics of a statement during the block; another thread calls `scans`."""
        if self._off:
            yield
            return
        self._shown = _Shown(scans, self._stream, self._after)
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Erase the progress, and show no more of this statement."""
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.end()


class _Shown:
    """The progress of one statement; a thread shows it."""

    def __init__(
        self, scans: Callable[[], Sequence[ScanStats]], stream: TextIO, after: float
    ) -> None:
        self._scans = scans
        self._stream = stream
        self._began = time.monotonic()
        self._lock = Lock()
        self._ended = False
        self._live: Live | None = None
        self._timer = threading.Timer(after, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._ended = True
        if self._live is not None:
            self._live.stop()

    def _appear(self) -> None:
        from rich.console import Console
        from rich.live import Live

        live = Live(
            console=Console(
                file=self._stream,
                highlight=False,
                # rich takes them from the environment, and fails for some values.
                width=width(self._stream),
                height=height(self._stream),
            ),
            get_renderable=lambda: render(self._scans(), time.monotonic() - self._began),
            refresh_per_second=_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._lock:
            if not self._ended:
                self._live = live
                live.start()


def render(scans: Sequence[ScanStats], seconds: float) -> Table:
    """Return a table with a line for each scan; `seconds` is how long the statement has run."""
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
        table.add_row(
            scan.resource,
            _counted(scan.pages, "page", scan.expected_pages),
            _counted(scan.rows, "row"),
            _counted(scan.requests, "request")
            + (f", {scan.cost}" if scan.cost is not None else ""),
            scan.state,
        )
    return table


def _counted(number: int, noun: str, expected: int | None = None) -> str:
    """Return a number of things, and the expected number if it is known."""
    if expected is not None and expected >= number:
        return f"{number:,} of {counted(expected, noun, ',')}"
    return counted(number, noun, ",")
