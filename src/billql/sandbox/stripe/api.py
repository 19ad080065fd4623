"""Stripe's API as a whole: its keys, its errors, its headers, and how it shows rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from billql.sandbox.api import ApiError, Json, Request, Response, Routes
from billql.sandbox.books import Book, Books, Query
from billql.sandbox.limits import Quota
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe.objects import KINDS, Objects

if TYPE_CHECKING:
    from billql.sandbox.stripe.ledger import Ledger

VERSION: Final = "2026-10-28.endive"
"""The API version whose shapes are served."""

_MESSAGES: Final[Mapping[int, str]] = {
    401: (
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    ),
    429: "Request rate limit exceeded.",
}

_PERMISSIONS: Final[Mapping[str, str]] = {
    "balance": "balance",
    "billing/credit_balance_summary": "billing_credits",
    **{kind.path: kind.permission for kind in KINDS.values()},
}
"""What a restricted key needs, by the first part of the path, or the first two of billing."""


class Stripe(Books):
    """The sandbox of Stripe's API for one account, in test mode."""

    name = "stripe"
    usual = 10
    by_second = True

    def __init__(self, serve: Callable[[Books], Routes], story: Story) -> None:
        super().__init__(serve)
        rng = Rng(story.seed, "stripe account")
        self._story = story
        self._account = f"acct_1{rng.alphanumeric(15)}"
        self.token = f"sk_test_51{Rng(story.seed, 'stripe key').alphanumeric(40)}"
        self._restricted: dict[str, frozenset[str]] = {}
        self._ledger: Ledger | None = None
        self._lock = threading.Lock()

    def _opened(self) -> Ledger:
        """Return the ledger, which is made when it is first needed."""
        from billql.sandbox.stripe.ledger import Ledger

        with self._lock:
            if self._ledger is None:
                objects = Objects(self.members)
                self._ledger = Ledger(self._story, self._account, VERSION, objects)
            return self._ledger

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        from billql.sandbox.stripe.books import books_of

        return books_of(self._opened)

    def beside(self, request: Request, start: int, stop: int, total: int) -> Mapping[str, Any]:
        """Return what a list is called, where it is, and whether there is more of it."""
        is_search = request.path.endswith("/search")
        name = "search_result" if is_search else "list"
        return {"object": name, "has_more": stop < total, "url": request.path}

    def shown(self, row: Json, query: Query, hidden: Sequence[str]) -> Json:
        """Return a row with the members expanded that a request names."""
        for path in query.sent.get("expand[]", ()):
            row = self._opened().expanded(row, path.removeprefix("data."))
        return row

    def knows(self, resource: str, value: Any) -> bool:
        """Return whether there is an object with an id."""
        return self._opened().knows(resource, value)

    def restrict(self, permissions: Collection[str]) -> str:
        """Return a restricted key; a permission is called like 'rak_customer_read'."""
        allowed = frozenset(permissions)
        tail = Rng(self._story.seed, "restricted key", *sorted(allowed)).alphanumeric(40)
        self._restricted[f"rk_test_51{tail}"] = allowed
        return f"rk_test_51{tail}"

    def credential(self, request: Request) -> str:
        """Return the key; raise ApiError if it is not valid, or does not permit the request."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise ApiError(HTTPStatus.UNAUTHORIZED)
        if key in self._restricted:
            self._check_permission(request, key)
        elif key != self.token:
            message = f"Invalid API Key provided: {_masked(key)}"
            raise ApiError(HTTPStatus.UNAUTHORIZED, message)
        return key

    def _check_permission(self, request: Request, key: str) -> None:
        parts = request.path.strip("/").split("/")[1:]
        place = "/".join(parts[: 2 if parts[:1] == ["billing"] else 1])
        permission = f"rak_{_PERMISSIONS.get(place, '')}_read"
        if place in _PERMISSIONS and permission not in self._restricted[key]:
            message = (
                f"The provided key '{_masked(key)}' does not have the required "
                f"permissions for this endpoint on account '{self._account}'. Having the "
                f"'{permission}' permission would allow this request to continue."
            )
            raise ApiError(HTTPStatus.FORBIDDEN, message)

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return Stripe's error object for an error."""
        message = error.message or _MESSAGES.get(error.status, "An unknown error occurred.")
        if error.message is None and error.status in (404, 405):
            message = f"Unrecognized request URL ({request.method}: {request.path})."
        code = "rate_limit" if error.status == HTTPStatus.TOO_MANY_REQUESTS else error.code
        kind = "api_error" if error.status >= 500 else "invalid_request_error"
        details = {"message": message, "type": kind, "code": code, "param": error.parameter}
        shown = {name: value for name, value in details.items() if value is not None}
        headers = {}
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers = {"stripe-should-retry": "true", "stripe-rate-limited-reason": "global-rate"}
        return replace(Response.json({"error": shown}, error.status), headers=headers)

    def headers(self, request: Request, quota: Quota) -> dict[str, str]:
        """Return the request's id."""
        return {"request-id": "req_" + request.id.replace("-", "")[-14:]}


def _masked(key: str) -> str:
    """Return an API key as messages show it: its prefix and its last characters."""
    return key[:8] + "*" * (len(key) - 12) + key[-4:] if len(key) >= 16 else "*" * len(key)
