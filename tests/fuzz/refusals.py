"""Refusals: an API's error becomes billql's, whatever it says, without a secret or an escape."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from billql.definitions.model import ErrorBody, UnknownValue
from billql.errors import Error
from billql.http.api_errors import error_from_response
from billql.http.rate_limiter import remaining, retry_after
from billql.http.reply import HttpResponse
from support.api_client import TOKEN, connection, get

from .drawing import JSON, ODD_BYTES, TEXTS, changed
from .prop import Property

RIGHT = {"error": {"message": "No such thing", "code": "missing", "param": "id"}, "id": 7}
BODIES = ErrorBody(
    message="error.message",
    code="error.code",
    request_id="id",
    unknown_value=UnknownValue(code="missing", parameter="error.param"),
)
WORDS: SearchStrategy[str] = TEXTS | st.sampled_from((TOKEN, f"x{TOKEN}\x1b[2J", "9" * 5000, "٣"))
HEADERS = (
    *("retry-after", "ratelimit-remaining", "ratelimit-limit", "ratelimit-reset"),
    *("x-request-id", "location", "content-type"),
)


@st.composite
def replies(draw: DrawFn) -> HttpResponse:
    """Draw a reply that is no answer."""
    data = changed(RIGHT, JSON | WORDS).map(lambda one: json.dumps(one).encode())
    headers = draw(st.dictionaries(st.sampled_from(HEADERS), WORDS, max_size=3))
    status = draw(st.sampled_from((201, 204, 301, 302, 400, 401, 403, 404, 409, 429, 500, 503)))
    return HttpResponse(status, headers, draw(data | st.lists(ODD_BYTES).map(b"".join)))


def is_told(reply: HttpResponse) -> None:
    """A refusal is one of billql's errors, in a text that can be shown."""
    error: Any = error_from_response(get(), connection(errors=BODIES), reply)
    assert isinstance(error, Error)
    told = f"{error.message} {error.hint} {vars(error)}"
    assert TOKEN not in told
    assert error.message.isprintable()
    wait = retry_after(reply.headers, 1_800_000_000.0)
    assert wait is None or wait >= 0
    assert remaining(reply.headers) is None or "requests are left" in str(remaining(reply.headers))


PROPERTIES = (Property("refusals", replies(), is_told, 120),)
