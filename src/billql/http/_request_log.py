"""The lines of requests and responses in the log that `--verbose` shows, without secrets.

The body of a response is private, since it is somebody's bill: only its size is shown. No header is
shown but those that a parameter fills, and the API's id of the request.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from billql.http.credentials import ApiConnection
from billql.http.reply import HttpResponse, NoResponse, describe_request
from billql.messages import Request

_LONGEST = 500
"""How many characters of a request's query and of its body are shown."""


def format_request(request: Request, connection: ApiConnection, attempt: int) -> str:
    """Return the line for a request that is about to be sent."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    body = "" if request.body is None else f" {json.dumps(request.body)}"
    own = "".join(f" {name}: {value}" for name, value in request.headers)
    again = f", attempt {attempt}" if attempt > 1 else ""
    line = connection.redact(
        f"{describe_request(request)}{_short(query)}{_short(body)}{_short(own)}"
    )
    return f"> {line} ({connection.name}{again})"


def format_response(
    request: Request, connection: ApiConnection, outcome: HttpResponse | NoResponse, seconds: float
) -> str:
    """Return the line for the response to a request, which took `seconds`."""
    line = describe_request(request)
    if isinstance(outcome, NoResponse):
        return connection.redact(f"< no answer: {outcome} in {seconds:.3f} s: {line}")
    known = (outcome.headers.get(name) for name in ("x-request-id", "request-id"))
    number = next((f", request {one}" for one in known if one), "")
    size = f"{len(outcome.body):,} bytes"
    return connection.redact(f"< {outcome.status} in {seconds:.3f} s, {size}{number}: {line}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
