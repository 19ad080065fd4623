"""What a mock refuses, and the bodies of its errors as the definition describes them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from billql.definitions.model import ErrorBody
from billql.sandbox.api import ApiError, Request, Response

_CODES: Final[Mapping[int, str]] = {
    400: "invalid_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    429: "too_many_requests",
    500: "server_error",
}


def bad_request(message: str, parameter: str | None = None, code: str | None = None) -> ApiError:
    """Return the error for a request that the API does not accept."""
    return ApiError(HTTPStatus.BAD_REQUEST, message, code, parameter)


def response(form: ErrorBody, request: Request, error: ApiError) -> Response:
    """Return an error in the form of the API."""
    body: dict[str, Any] = {}
    code = error.code or _CODES.get(error.status, "error")
    put(body, form.message, error.message or HTTPStatus(error.status).phrase)
    if form.code is not None:
        put(body, form.code, code)
    if form.request_id is not None:
        put(body, form.request_id, request.id)
    if form.unknown_value is not None and error.parameter is not None:
        put(body, form.unknown_value.parameter, error.parameter)
    return Response.json(body, error.status)


def put(data: dict[str, Any], path: str, value: Any) -> None:
    """Set a member of an object; `a.b` is a member of a member, `a[].b` one of an element, `a[]`
    the element itself.
    """
    *outer, last = path.split(".")
    for step in outer:
        name = step.removesuffix("[]")
        if name != step:
            data = data.setdefault(name, [{}])[0]
            continue
        inner = data.get(name)
        if not isinstance(inner, dict):
            inner = data[name] = {}
        data = inner
    name = last.removesuffix("[]")
    data[name] = value if name == last else [value]
