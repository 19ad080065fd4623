"""Stripe's API as a whole: its keys, its errors, its headers, and how it shows rows."""

from __future__ import annotations

import base64
import binascii
import re
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
"""The API version whose shapes are served, whatever `Stripe-Version` requests."""

_VERSION: Final = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](\.[a-z_]+)*")


_MESSAGES: Final[Mapping[int, str]] = {
    401: (
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://stripe.com/docs/api#authentication for details, or we can help at "
        "https://support.stripe.com/."
    ),
    429: (
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits."
    ),
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
        """Return the key, as a bearer token or as the user of basic authentication."""
        key = _key(request.headers.get("authorization", ""))
        if not key:
            raise ApiError(HTTPStatus.UNAUTHORIZED)
        if key != self.token and key not in self._restricted:
            message = f"Invalid API Key provided: {_masked(key)}"
            raise ApiError(HTTPStatus.UNAUTHORIZED, message)
        self._check_headers(request, key)
        if key != self.token:
            self._check_permission(request, key)
        return key

    def _check_headers(self, request: Request, key: str) -> None:
        version = request.headers.get("stripe-version", VERSION)
        if not _VERSION.fullmatch(version):
            raise ApiError(HTTPStatus.BAD_REQUEST, f"Invalid Stripe API version: {version}")
        account = request.headers.get("stripe-account", self._account)
        if account != self._account:
            message = (
                f"The provided key '{_masked(key)}' does not have access to account "
                f"'{account}' (or that account does not exist). Application access may have been "
                "revoked."
            )
            raise ApiError(HTTPStatus.FORBIDDEN, message, "account_invalid")

    def _check_permission(self, request: Request, key: str) -> None:
        parts = request.path.strip("/").split("/")[1:]
        place = "/".join(parts[: 2 if parts[:1] == ["billing"] else 1])
        permission = f"rak_{_PERMISSIONS.get(place, '')}_read"
        if place in _PERMISSIONS and permission not in self._restricted[key]:
            message = (
                f"The provided key '{_masked(key, 6)}' does not have the required "
                f"permissions for this endpoint on account '{self._account}'. Having the "
                f"'{permission}' permission would allow this request to continue."
            )
            raise ApiError(HTTPStatus.FORBIDDEN, message)

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return Stripe's error object for an error."""
        message = error.message or _MESSAGES.get(error.status, "An unknown error occurred.")
        code = "rate_limit" if error.status == HTTPStatus.TOO_MANY_REQUESTS else error.code
        if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            message = error.message or (
                f"Unrecognized request URL ({request.method}: {request.path}). Please see "
                "https://stripe.com/docs or we can help at https://support.stripe.com/."
            )
        details: Json = {"message": message}
        if code:
            page = code.replace("_", "-")
            details |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{page}"}
        if error.parameter:
            details["param"] = error.parameter
        if error.status != HTTPStatus.UNAUTHORIZED:
            details["request_log_url"] = (
                f"https://dashboard.stripe.com/{self._account}/test/logs/{_id(request)}"
                f"?t={self._story.now}"
            )
        details["type"] = "api_error" if error.status >= 500 else "invalid_request_error"
        headers = {}
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers = {"stripe-should-retry": "true", "stripe-rate-limited-reason": "global-rate"}
        elif error.status == HTTPStatus.UNAUTHORIZED:
            headers = {"www-authenticate": 'Bearer realm="Stripe"'}
        return replace(Response.json({"error": details}, error.status), headers=headers)

    def headers(self, request: Request, quota: Quota) -> dict[str, str]:
        """Return the request's id and the requested version."""
        return {
            "request-id": _id(request),
            "stripe-version": request.headers.get("stripe-version", VERSION),
        }


def _id(request: Request) -> str:
    return "req_" + request.id.replace("-", "")[-14:]


def _key(authorization: str) -> str:
    scheme, _, credentials = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            try:
                return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                return ""
        case _:
            return ""


def _masked(key: str, shown: int = 4) -> str:
    """Return an API key as messages show it: its prefix and its last characters."""
    if len(key) < 16:
        return "*" * len(key)
    return key[:8] + "*" * (len(key) - 8 - shown) + key[-shown:]
