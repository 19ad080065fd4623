"""What `--verbose` tells of a request and of what became of it: a line each, without secrets.

A body that comes back is private, since it is somebody's bill: only its size is told. Headers are
not told at all, but for the API's id of the request.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from billql.http.credentials import Connection
from billql.http.reply import NoReply, Reply, told
from billql.messages import Request

_LONGEST = 500
"""How many characters of a query or of a body that is sent are told."""


def going(request: Request, connection: Connection, attempt: int) -> str:
    """Tell of a request that is about to be sent."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    body = "" if request.body is None else f" {json.dumps(request.body)}"
    again = f", attempt {attempt}" if attempt > 1 else ""
    line = connection.hide(f"{told(request)}{_short(query)}{_short(body)}")
    return f"> {line} ({connection.name}{again})"


def came(request: Request, connection: Connection, outcome: Reply | NoReply, seconds: float) -> str:
    """Tell what became of it, and how long that took."""
    line = told(request)
    if isinstance(outcome, NoReply):
        return connection.hide(f"< no answer: {outcome} in {seconds:.3f} s: {line}")
    known = (outcome.headers.get(name) for name in ("x-request-id", "request-id"))
    number = next((f", request {one}" for one in known if one), "")
    size = f"{len(outcome.body):,} bytes"
    return connection.hide(f"< {outcome.status} in {seconds:.3f} s, {size}{number}: {line}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
