"""Errors as responses: a status, and JSON with a code, a message and a hint."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from billql.errors import Error, Exit, SqlError, StatementTimeout

_STATUSES = {
    Exit.INTERNAL: 500,
    Exit.CREDENTIAL: 502,
    Exit.API: 502,
    Exit.NETWORK: 502,
    Exit.LIMIT: 422,
    Exit.DEFINITION: 500,
    Exit.OUTPUT: 500,
    Exit.INTERRUPTED: 503,
}
"""The status of an error by its exit code; any other is the client's own."""


class Refusal(Exception):  # noqa: N818 - it describes a response
    """A request that is not carried out."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = headers or {}

    def response(self) -> Response:
        """Return it as a response."""
        found = {"code": self.code, "message": self.message, "hint": self.hint}
        return _response(self.status, found, self.headers)


def described(error: Exception) -> dict[str, Any]:
    """Return an error as JSON has it; a fault of billql's own is named by its kind alone."""
    if not isinstance(error, Error):
        message = f"internal error in billql: {type(error).__name__}"
        return {"code": "internal", "message": message, "hint": None}
    found: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, SqlError) and error.offset is not None:
        found["offset"] = error.offset
    return found


def response_to(error: Exception) -> Response:
    """Return the response to a statement that has failed before its first row was sent."""
    if isinstance(error, Refusal):
        return error.response()
    status = 500
    if isinstance(error, StatementTimeout):
        status = 504
    elif isinstance(error, Error):
        status = _STATUSES.get(error.exit_code, 400)
    return _response(status, described(error), {})


def _response(status: int, found: dict[str, Any], headers: dict[str, str]) -> Response:
    content = orjson.dumps({"error": found}) + b"\n"
    return Response(content, status, headers, "application/json")
