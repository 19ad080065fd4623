"""What counts the attempts of one request, for the statistics of its scan."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec

from billql.messages import Response


class RequestTracker(msgspec.Struct, eq=False):
    """Counts the attempts of one request, for the statistics of its scan.

    `spend` is called before each attempt and may raise, `stop` is set when the statement ends, and
    `ended` is called with the response, or with None for an error, before the future has it.
    `sent` counts attempts; `waited` is in seconds, and `paced` the part of it that was for a limit
    of requests. `failure` is the status of the attempt that failed last, while it is sent again.
    """

    spend: Callable[[], None]
    stop: threading.Event
    ended: Callable[[Response | None], None] = lambda response: None
    sent: int = 0
    waited: float = 0.0
    paced: float = 0.0
    failure: int | None = None
