"""Stripe's API as a whole: its keys, its errors, its headers."""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Json, Request, Response, Routes
from billql.sandbox.limits import Quota
from billql.sandbox.rng import Rng
from billql.sandbox.story import Story
from billql.sandbox.stripe import errors

VERSION: Final = "2026-10-28.endive"
"""The API version whose shapes are served, whatever `Stripe-Version` requests."""

_VERSION: Final = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9](\.[a-z_]+)*")


class Stripe:
    """The sandbox of Stripe's API for one account, in test mode."""

    name = "stripe"
    by_second = True

    def __init__(self, story: Story) -> None:
        rng = Rng(story.seed, "stripe account")
        self._story = story
        self._account = f"acct_1{rng.alphanumeric(15)}"
        self.token = f"sk_test_51{Rng(story.seed, 'stripe key').alphanumeric(40)}"
        self._restricted: dict[str, frozenset[str]] = {}
        self._routes: Routes | None = None
        self._lock = threading.Lock()

    @property
    def routes(self) -> Routes:
        """The endpoints; most of this package is loaded when they are first needed."""
        with self._lock:
            if self._routes is None:
                from billql.sandbox.stripe.endpoints import Endpoints
                from billql.sandbox.stripe.ledger import Ledger

                self._routes = Routes()
                ledger = Ledger(self._story, self._account, VERSION)
                Endpoints(ledger, self.permit).add_to(self._routes)
            return self._routes

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
            raise ApiError(HTTPStatus.UNAUTHORIZED, errors.NO_KEY)
        if key != self.token and key not in self._restricted:
            message = f"Invalid API Key provided: {errors.masked(key)}"
            raise ApiError(HTTPStatus.UNAUTHORIZED, message)
        self._check_headers(request, key)
        return key

    def _check_headers(self, request: Request, key: str) -> None:
        version = request.headers.get("stripe-version", VERSION)
        if not _VERSION.fullmatch(version):
            raise errors.StripeError(f"Invalid Stripe API version: {version}")
        account = request.headers.get("stripe-account", self._account)
        if account != self._account:
            message = (
                f"The provided key '{errors.masked(key)}' does not have access to account "
                f"'{account}' (or that account does not exist). Application access may have been "
                "revoked."
            )
            raise errors.StripeError(message, status=HTTPStatus.FORBIDDEN, code="account_invalid")

    def permit(self, request: Request, permission: str) -> None:
        """Raise StripeError if the request's key is restricted and lacks a permission."""
        key = self.credential(request)
        allowed = self._restricted.get(key)
        if allowed is not None and permission not in allowed:
            message = (
                f"The provided key '{errors.masked(key, 6)}' does not have the required "
                f"permissions for this endpoint on account '{self._account}'. Having the "
                f"'{permission}' permission would allow this request to continue."
            )
            raise errors.StripeError(message, status=HTTPStatus.FORBIDDEN)

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return Stripe's error object for an error."""
        details: Json = {}
        if isinstance(error, errors.StripeError) and error.code:
            details["code"] = error.code
        message = error.message
        match error.status:
            case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED if message is None:
                message = (
                    f"Unrecognized request URL ({request.method}: {request.path}). Please see "
                    "https://stripe.com/docs or we can help at https://support.stripe.com/."
                )
            case HTTPStatus.TOO_MANY_REQUESTS:
                details["code"], message = "rate_limit", message or errors.TOO_MANY
        if "code" in details:
            details["doc_url"] = (
                f"https://stripe.com/docs/error-codes/{details['code'].replace('_', '-')}"
            )
        details["message"] = message or errors.FAILED
        if isinstance(error, errors.StripeError) and error.param:
            details["param"] = error.param
        if error.status != HTTPStatus.UNAUTHORIZED:
            details["request_log_url"] = (
                f"https://dashboard.stripe.com/{self._account}/test/logs/{_id(request)}"
                f"?t={self._story.now}"
            )
        details["type"] = "api_error" if error.status >= 500 else "invalid_request_error"
        response = Response.json({"error": details}, error.status)
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers = {"stripe-should-retry": "true", "stripe-rate-limited-reason": "global-rate"}
            return Response(response.body, response.status, response.content_type, headers)
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers = {"www-authenticate": 'Bearer realm="Stripe"'}
            return Response(response.body, response.status, response.content_type, headers)
        return response

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
