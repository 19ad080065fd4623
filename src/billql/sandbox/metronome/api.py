"""Metronome's API as a whole: its credential, its errors, its headers."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from billql.sandbox.api import ApiError, Request, Response, Routes
from billql.sandbox.books import Book, Books
from billql.sandbox.limits import Quota
from billql.sandbox.story import Story

_MESSAGES: Final = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    415: "Content-Type must be application/json",
    429: "Too many requests",
    500: "Internal server error",
    503: "Service unavailable",
}

PERMISSIONS: Final = {
    "contracts": "contracts",
    "contract-pricing": "contract-pricing",
    "packages": "contracts",
    "credits": "credits",
    "credit-types": "credit-types",
    "customers": "customers",
    "plans": "plans",
    "planDetails": "plans",
    "usage": "usage",
    "billable-metrics": "billable-metrics",
    "customer-alerts": "alerts",
    "auditLogs": "audit-logs",
}
"""What a restricted token may be permitted, by the first part of the path; invoices are apart."""


class Metronome(Books):
    """The sandbox of Metronome's API for one account; data are computed when requested."""

    name = "metronome"
    usual = 25
    by_second = False

    def __init__(self, serve: Callable[[Books], Routes], story: Story) -> None:
        super().__init__(serve)
        self._story = story
        self.token = sha256(f"metronome/{story.seed}".encode()).hexdigest()
        self._restricted: dict[str, frozenset[str]] = {}

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        # Imported here because a sandbox is mostly made for one of its providers.
        from billql.sandbox.metronome.tables import tables_of

        return tables_of(self._story)

    def beside(self, request: Request, start: int, stop: int, total: int) -> Mapping[str, Any]:
        """Return how many seats a page has, and how many are left."""
        if not request.path.endswith("/seatBalances/list"):
            return {}
        stop = min(stop, total)
        return {
            "pagination.seats_included": max(0, stop - start),
            "pagination.seats_available_for_next_page": total - stop,
        }

    def restrict(self, permissions: Collection[str]) -> str:
        """Return a token that is accepted for some permissions alone."""
        known = {"invoices", *PERMISSIONS.values()}
        if unknown := set(permissions) - known:
            raise ValueError(f"unknown permissions: {', '.join(sorted(unknown))}")
        seed = "/".join(["metronome", str(self._story.seed), *sorted(permissions)])
        token = sha256(seed.encode()).hexdigest()
        self._restricted[token] = frozenset(permissions)
        return token

    def credential(self, request: Request) -> str:
        """Return the bearer token; raise ApiError if it is not valid."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or (token != self.token and token not in self._restricted):
            raise ApiError(HTTPStatus.UNAUTHORIZED)
        if token != self.token:
            required = _permission(request.path)
            if required not in self._restricted[token]:
                message = f"The token does not have access to this resource: {required}"
                raise ApiError(HTTPStatus.FORBIDDEN, message)
        return token

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return the API's error object: a message alone."""
        message = error.message or _MESSAGES.get(error.status, str(error))
        return Response.json({"message": message}, error.status)

    def headers(self, request: Request, quota: Quota) -> dict[str, str]:
        """Return the request's id, and how long to wait if it was one too many."""
        headers = {"x-request-id": request.id}
        if quota.refused:
            wait = quota.retry_after or max(1, quota.reset - int(time.time()))
            headers["retry-after"] = str(wait)
        return headers


def _permission(path: str) -> str:
    """Return what a token needs for a path."""
    parts = path.strip("/").split("/")
    if len(parts) > 3 and parts[1] == "customers" and parts[3] == "invoices":
        return "invoices"
    return PERMISSIONS.get(parts[1] if len(parts) > 1 else "", "nothing")
