"""DigitalOcean's API as a whole: its credential, its errors, its headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from billql.sandbox.api import ApiError, Json, Request, Response, Routes
from billql.sandbox.books import Book, Books, Part
from billql.sandbox.digitalocean.billing_books import BillingBooks
from billql.sandbox.digitalocean.bills import Bills
from billql.sandbox.digitalocean.fleet import Fleet
from billql.sandbox.digitalocean.insights import Insights
from billql.sandbox.digitalocean.inventory import Inventory
from billql.sandbox.digitalocean.ledger import Ledger
from billql.sandbox.digitalocean.paging import part_of
from billql.sandbox.digitalocean.resource_books import ResourceBooks
from billql.sandbox.digitalocean.restating import restated
from billql.sandbox.limits import Quota
from billql.sandbox.timestamps import end_of_data

_EARLIEST: Final = date(2018, 1, 1)

_ERRORS: Final = {
    400: ("bad_request", "The request could not be understood."),
    401: ("unauthorized", "Unable to authenticate you."),
    403: ("forbidden", "You are not authorized to perform this operation"),
    404: ("not_found", "The resource you requested could not be found."),
    405: ("method_not_allowed", "This method is not allowed here."),
    429: ("too_many_requests", "API rate limit exceeded."),
    500: ("server_error", "Unexpected server-side error"),
    503: ("service_unavailable", "Service Unavailable"),
}
_WITHOUT_ID: Final = {401, 429}
"""The errors whose bodies have no request id."""


class DigitalOcean(Books):
    """The sandbox of DigitalOcean's API for one team."""

    name = "digitalocean"
    by_second = False
    is_lenient = True

    def __init__(
        self,
        serve: Callable[[Books], Routes],
        seed: int,
        scale: int,
        until: date,
        *,
        restate: bool = False,
    ) -> None:
        if until < _EARLIEST:
            raise ValueError(f"until must not be before {_EARLIEST}, but it is {until}")
        super().__init__(serve)
        self.token = "dop_v1_" + sha256(f"sandbox/{seed}".encode()).hexdigest()
        fleet = Fleet(seed, scale)
        bills = (
            Bills(fleet, until, lambda bill: restated(bill, seed, until))
            if restate
            else Bills(fleet, until)
        )
        self._billing = BillingBooks(bills, Ledger(bills, until), Insights(fleet, until))
        self._resources = ResourceBooks(Inventory(fleet, end_of_data(until)))

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        return {**self._billing.tables(), **self._resources.tables()}

    def page(self, request: Request, total: int) -> Part:
        """Return a page with the links to others."""
        return part_of(request, total)

    def credential(self, request: Request) -> str:
        """Return the bearer token; raise ApiError if it is not valid."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(HTTPStatus.UNAUTHORIZED)
        return self.token

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return the API's error: an id, a message, and mostly the request's id."""
        id_, message = _ERRORS.get(error.status, ("error", str(error)))
        body: Json = {"id": id_, "message": error.message or message}
        if error.status not in _WITHOUT_ID:
            body["request_id"] = request.id
        return Response.json(body, error.status)

    def headers(self, request: Request, quota: Quota) -> dict[str, str]:
        """Return the request's id and what is left of the limits."""
        headers = {
            "x-request-id": request.id,
            "ratelimit-limit": str(quota.limit),
            "ratelimit-remaining": str(quota.remaining),
            "ratelimit-reset": str(quota.reset),
        }
        if quota.retry_after is not None:
            headers["retry-after"] = str(quota.retry_after)
        return headers
