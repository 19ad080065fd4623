"""The errors of APIs: every status but 200 becomes one, with the API's message, without secrets."""

from __future__ import annotations

from typing import Any

from billql.errors import ApiError, BadResponse, CredentialRefused, Error
from billql.http.credentials import ApiConnection
from billql.http.reply import HttpResponse, describe_request
from billql.messages import Request, get_path

LIMIT_ADVICE = "Wait, or ask for less: fewer days, fewer keys, a LIMIT."

_LONGEST_TEXT = 500
"""How many characters of an API's message are shown."""

_MOST_TEXTS = 3
"""How many of an API's messages are shown."""

_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "x-amz-request-id")


def error_from_response(
    request: Request,
    connection: ApiConnection,
    reply: HttpResponse,
    *,
    is_early: bool = False,
    is_of_credential: bool = False,
) -> Error:
    """Return the error for a response.

    `is_early` means that the API asks for a later request, `is_of_credential` that the credential
    itself was sent to be exchanged, so that a 400 refuses it (RFC 6749, section 5.2).
    """
    status = reply.status
    if 300 <= status < 400 and "location" in reply.headers:
        return BadResponse(
            f"{describe_request(request)} answered {status}, a redirect, which is not followed",
            hint=_elsewhere(connection.between(reply.proxy)),
        )
    body = _ErrorBody(connection, reply)
    text = f"{describe_request(request)} answered {status}{_to_whom(connection)}"
    if body.message:
        text += f": {body.message}"
    if body.code:
        text += f" ({body.code})"
    if body.request_id:
        text += f" [request {body.request_id}]"
    # AWS puts a namespace before its codes.
    code = (body.code or "").rpartition("#")[2]
    meant = connection.provider.errors.means.get(code, status) if status == 400 else status
    refusals = (400, 401, 403) if is_of_credential else (401, 403)
    is_refused = meant in refusals and not is_early
    kind = CredentialRefused if is_refused else ApiError
    advised = 401 if is_of_credential and is_refused else meant
    return kind(
        text,
        status=status,
        method=request.method,
        url=request.url,
        api_code=body.code,
        api_message=body.message,
        request_id=body.request_id,
        unknown=body.unknown,
        hint=LIMIT_ADVICE if is_early else _advice(advised, connection),
    )


def _elsewhere(between: str | None) -> str:
    never = "A token is sent to no other address."
    return f"{never} Check what may have answered: {between}." if between else never


def _is_named(connection: ApiConnection) -> bool:
    return connection.name != connection.provider_name


def _to_whom(connection: ApiConnection) -> str:
    """Return the connection's name in words, if the config file names it."""
    return f" to the connection {connection.name}" if _is_named(connection) else ""


def means_later(connection: ApiConnection, reply: HttpResponse) -> bool:
    """Return whether an error has a code or a message that, by the definition, means "later"."""
    later = connection.provider.errors.later
    if not (later.codes or later.messages) or reply.status < 400:
        return False
    body = _ErrorBody(connection, reply)
    # AWS puts a namespace before its codes.
    code, text = (body.code or "").rpartition("#")[2], (body.message or "").lower()
    return code in later.codes or any(one.lower() in text for one in later.messages)


class _ErrorBody:
    """The fields of an error body: at the definition's paths, else where APIs usually have them."""

    def __init__(self, connection: ApiConnection, reply: HttpResponse) -> None:
        from billql.http import _error_body

        data = _error_body.parsed(reply.body)
        # Some APIs repeat the token that they reject.
        self._hide = connection.redact
        paths = connection.provider.errors
        message = "; ".join(_texts(data, paths.message)[:_MOST_TEXTS]) or _error_body.message(data)
        self.message = self._clean(message)
        known = _at(data, paths.code)
        code = known or _error_body.code(data, message) or _code_of_aws(reply)
        self.code = self._clean(None if code == str(reply.status) else code)
        self.request_id = self._clean(
            _at(data, paths.request_id)
            or next((reply.headers[one] for one in _REQUEST_IDS if one in reply.headers), None)
            or _error_body.request_id(data)
        )
        unknown = paths.unknown_value
        self.unknown = None
        if unknown is not None and reply.status == 400 and known == unknown.code:
            self.unknown = self._clean(_at(data, unknown.parameter))

    def _clean(self, found: str | None) -> str | None:
        if not found:
            return None
        text = self._hide(found)[:_LONGEST_TEXT]
        return "".join(letter if letter.isprintable() else " " for letter in text)


def _code_of_aws(reply: HttpResponse) -> str | None:
    return reply.headers.get("x-amzn-errortype", "").partition(":")[0] or None


def _at(data: Any, path: str | None) -> str | None:
    """Return the text or the number at a path of the definition, or None."""
    return next(iter(_texts(data, path)), None)


def _texts(data: Any, path: str | None) -> list[str]:
    """Return the texts and numbers at a path; `a[].b` is b of each element of the array a, and
    `a[]` the element itself.
    """
    array, is_array, inner = (path or "").partition("[]")
    found = get_path(data, array) if array else None
    if is_array:
        elements = found if isinstance(found, list) else ()
        texts = (
            text
            for one in elements
            for text in (_texts(one, inner.removeprefix(".")) if inner else _text(one))
        )
        return list(dict.fromkeys(texts))
    return _text(found)


def _text(found: Any) -> list[str]:
    """Return a text or a number as the only text of a list, which is empty for anything else."""
    return [str(found)] if isinstance(found, str | int) and found != "" else []


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
