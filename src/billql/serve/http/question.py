"""What a request asks for: a statement, its parameters and the format of the answer.

The body is SQL, or a JSON object that has parameters too:

    {"sql": "SELECT … WHERE id = ?", "parameters": ["x"], "format": "csv"}
"""

from __future__ import annotations

from typing import Any, NamedTuple

import anyio
import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from billql.output import CsvStyle
from billql.serve.http.formats import FORMATS, Format
from billql.serve.http.refusal import Refusal
from billql.util.struct_errors import MSGSPEC_LOCK

_LONGEST = 1024 * 1024
"""The largest body that is read, in bytes."""
_PATIENCE = 30.0
"""How many seconds a client may take to send its body."""
_JSON = "application/json"
_TEXTS = ("", "text/plain", "application/sql", "application/x-www-form-urlencoded")
"""The media types of SQL; curl sends the last one by default."""
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
_SWITCHES = {"1": True, "0": False}

_Scalar = None | bool | int | float | str


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    sql: str
    parameters: list[_Scalar] | dict[str, _Scalar] = []
    format: str | None = None


class Question(NamedTuple):
    """One statement, as a client asks for it."""

    sql: str
    parameters: list[Any] | dict[str, Any]
    format: Format
    csv: CsvStyle = CsvStyle()


async def read(request: Request) -> Question:
    """Return the question of a request; raise Refusal."""
    content = await _content(request)
    kind = _kind(request.headers)
    if kind == _JSON:
        body = _parsed(content)
    elif kind in _TEXTS:
        body = _Body(_text(content))
    else:
        raise _wrong_type(f"The body is of the type {kind[:80]!r}")
    if not body.sql.strip():
        raise _bad("The body has no SQL", "Send a statement, such as SELECT 1.")
    query = request.query_params
    for name in query:
        if name not in ("format", "safe"):
            raise _bad(f"There is no parameter {name[:80]!r} in the address", "Use format or safe.")
    return Question(
        body.sql,
        body.parameters,
        _format(query.get("format") or body.format, request.headers.get("accept", "")),
        CsvStyle(safe=_switch(query, "safe")),
    )


def _kind(headers: Headers) -> str:
    """Return the media type of a body; raise Refusal for one that is not UTF-8 as it stands."""
    kind, *parameters = headers.get("content-type", "").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in _CHARSETS:
            raise _wrong_type(f"The body is in the charset {value[:80]!r}, and not in UTF-8")
    if (encoding := headers.get("content-encoding", "identity").lower()) != "identity":
        raise _wrong_type(f"The body is encoded as {encoding[:80]!r}")
    return kind.strip()


def _wrong_type(message: str) -> Refusal:
    hint = f"Send SQL as text/plain, or an object as {_JSON}, in UTF-8."
    return Refusal(415, "media-type", message, hint=hint)


async def _content(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with anyio.fail_after(_PATIENCE):
            async for part in request.stream():
                size += len(part)
                if size > _LONGEST:
                    raise Refusal(
                        413,
                        "too-large",
                        f"The body has more than {_LONGEST:,} bytes",
                        headers={"Connection": "close"},
                    )
                parts.append(part)
    except TimeoutError:
        raise Refusal(
            408, "too-slow", "The body did not arrive in time", headers={"Connection": "close"}
        ) from None
    return b"".join(parts)


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _bad(f"The body is not UTF-8, from byte {error.start} on", None) from None


def _parsed(content: bytes) -> _Body:
    try:
        with MSGSPEC_LOCK:
            return msgspec.json.decode(content, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(
            f"The body is not what it shall be: {error}",
            'Send {"sql": "SELECT ?", "parameters": [1], "format": "json"}.',
        ) from None


def _format(named: str | None, accept: str) -> Format:
    if named is not None:
        if named not in FORMATS:
            raise _bad(f"There is no format {named[:80]!r}", f"Use one of {', '.join(FORMATS)}.")
        return FORMATS[named]
    kinds = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
    for kind in kinds:
        for one in FORMATS.values():
            if kind == one.media_type.partition(";")[0]:
                return one
    return FORMATS["json"]


def _switch(query: QueryParams, name: str) -> bool:
    value = query.get(name, "0")
    if value not in _SWITCHES:
        raise _bad(f"The parameter {name} is {value[:80]!r}", "It is 1 or 0.")
    return _SWITCHES[value]


def _bad(message: str, hint: str | None) -> Refusal:
    return Refusal(400, "bad-request", message, hint=hint)
