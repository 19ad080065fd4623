"""The API's own error: every status but 200 becomes one, in the API's words, without secrets."""

from __future__ import annotations

from typing import Any

from billql.errors import ApiError, BadAnswer, CredentialRefused, Error
from billql.http.credentials import ApiConnection
from billql.http.reply import HttpResponse, describe_request
from billql.messages import Request, get_path

LIMIT_ADVICE = "Wait, or ask for less: fewer days, fewer keys, a LIMIT."

_LONGEST_WORDS = 500

_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "x-amz-request-id")


def error_from_response(
    request: Request, connection: ApiConnection, reply: HttpResponse, *, is_early: bool = False
) -> Error:
    """Make the error that a reply is; `is_early` says that it means "later"."""
    status = reply.status
    if 300 <= status < 400 and "location" in reply.headers:
        return BadAnswer(
            f"{describe_request(request)} answered {status}, which sends its caller elsewhere",
            hint=_elsewhere(connection.between(reply.proxy)),
        )
    said = _ErrorBody(connection, reply)
    words = f"{describe_request(request)} answered {status}{_to_whom(connection)}"
    if said.message:
        words += f": {said.message}"
    if said.code:
        words += f" ({said.code})"
    if said.request_id:
        words += f" [request {said.request_id}]"
    kind = CredentialRefused if status in (401, 403) and not is_early else ApiError
    return kind(
        words,
        status=status,
        method=request.method,
        url=request.url,
        api_code=said.code,
        api_message=said.message,
        request_id=said.request_id,
        unknown=said.unknown,
        hint=LIMIT_ADVICE if is_early else _advice(status, connection),
    )


def _elsewhere(between: str | None) -> str:
    never = "A token is never taken to another address."
    return f"{never} Check what may be answering: {between}." if between else never


def _is_named(connection: ApiConnection) -> bool:
    return connection.name != connection.provider_name


def _to_whom(connection: ApiConnection) -> str:
    """Name the connection, where somebody has named it."""
    return f" to the connection {connection.name}" if _is_named(connection) else ""


def means_later(connection: ApiConnection, reply: HttpResponse) -> bool:
    """Tell whether an error says in its words, as the definition knows them, to come later."""
    later = connection.provider.errors.later
    if not (later.codes or later.messages) or reply.status < 400:
        return False
    said = _ErrorBody(connection, reply)
    # AWS puts a namespace before its codes.
    code, words = (said.code or "").rpartition("#")[2], (said.message or "").lower()
    return code in later.codes or any(one.lower() in words for one in later.messages)


class _ErrorBody:
    """What an error body says: where the definition knows it, else where such words usually are."""

    def __init__(self, connection: ApiConnection, reply: HttpResponse) -> None:
        from billql.http import error_body

        data = error_body.parsed(reply.body)
        # Some APIs repeat the token that they refuse.
        self._hide = connection.redact
        paths = connection.provider.errors
        message = _at(data, paths.message) or error_body.sentence(data)
        self.message = self._words(message)
        known = _at(data, paths.code)
        code = known or error_body.code(data, message) or _code_of_aws(reply)
        self.code = self._words(None if code == str(reply.status) else code)
        self.request_id = self._words(
            _at(data, paths.request_id)
            or next((reply.headers[one] for one in _REQUEST_IDS if one in reply.headers), None)
            or error_body.request_id(data)
        )
        unknown = paths.unknown_value
        self.unknown = None
        if unknown is not None and reply.status == 400 and known == unknown.code:
            self.unknown = self._words(_at(data, unknown.parameter))

    def _words(self, found: str | None) -> str | None:
        if not found:
            return None
        words = self._hide(found)[:_LONGEST_WORDS]
        return "".join(letter if letter.isprintable() else " " for letter in words)


def _code_of_aws(reply: HttpResponse) -> str | None:
    return reply.headers.get("x-amzn-errortype", "").partition(":")[0] or None


def _at(data: Any, path: str | None) -> str | None:
    """Give the text or the number at a path that the definition knows."""
    found = get_path(data, path) if path else None
    return str(found) if isinstance(found, str | int) and found != "" else None


def _advice(status: int, connection: ApiConnection) -> str | None:
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
