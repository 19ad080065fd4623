"""The API's own error: every status but 200 becomes one, in the API's words, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billql.credentials import Connection
from billql.errors import ApiError, BadAnswer, CredentialRefused, Error
from billql.exchange import Request, member
from billql.wire import Reply, told

LIMIT_ADVICE = "Wait, or ask for less: fewer days, fewer keys, a LIMIT."

_LONGEST_WORDS = 500


def refusal(request: Request, connection: Connection, reply: Reply) -> Error:
    """Make the error that a reply is."""
    status = reply.status
    if 300 <= status < 400 and "location" in reply.headers:
        return BadAnswer(
            f"{told(request)} answered {status}, which sends its caller elsewhere",
            hint=_elsewhere(connection.between(reply.proxy)),
        )
    said = _Said(connection, reply)
    words = f"{told(request)} answered {status}{_to_whom(connection)}"
    if said.message:
        words += f": {said.message}"
    if said.code:
        words += f" ({said.code})"
    if said.request_id:
        words += f" [request {said.request_id}]"
    kind = CredentialRefused if status in (401, 403) else ApiError
    return kind(
        words,
        status=status,
        method=request.method,
        url=request.url,
        api_code=said.code,
        api_message=said.message,
        request_id=said.request_id,
        unknown=said.unknown,
        hint=_advice(status, connection),
    )


def _elsewhere(between: str | None) -> str:
    never = "A token is never taken to another address."
    return f"{never} Check what may be answering: {between}." if between else never


def _is_named(connection: Connection) -> bool:
    return connection.name != connection.provider_name


def _to_whom(connection: Connection) -> str:
    """Name the connection, where somebody has named it."""
    return f" to the connection {connection.name}" if _is_named(connection) else ""


class _Said:
    """What an error body says; one of another shape says nothing."""

    def __init__(self, connection: Connection, reply: Reply) -> None:
        import orjson

        try:
            data: Any = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            data = {}
        # Some APIs repeat the token that they refuse.
        self._hide = connection.hide
        paths = connection.provider.errors
        self.message = self._words(data, paths.message)
        self.code = self._words(data, paths.code)
        self.request_id = (
            self._words(data, paths.request_id)
            or self._words(reply.headers, "x-request-id")
            or self._words(reply.headers, "request-id")
        )
        unknown = paths.unknown_value
        self.unknown = None
        if unknown is not None and reply.status == 400 and self.code == unknown.code:
            self.unknown = self._words(data, unknown.parameter)

    def _words(self, data: Any, path: str | None) -> str | None:
        found = member(dict(data), path) if path and isinstance(data, Mapping) else None
        if not isinstance(found, str | int) or found == "":
            return None
        words = self._hide(str(found))[:_LONGEST_WORDS]
        return "".join(letter if letter.isprintable() else " " for letter in words)


def _advice(status: int, connection: Connection) -> str | None:
    help_text = connection.provider.auth.help
    if status == 401:
        return f"The token in {connection.source} was refused. {help_text}"
    if status == 403:
        return f"The token in {connection.source} may not read this. {help_text}"
    if status == 429:
        return LIMIT_ADVICE
    if status in (400, 404) and _is_named(connection):
        return "If another connection has what was asked for, add: AND connection = '…'"
    return None
