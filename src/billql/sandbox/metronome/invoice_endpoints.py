"""The operations about invoices, whole and by day or hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.endpoints import AnyInvoice, Endpoints, data, get, not_found
from billql.sandbox.metronome.fields import ANY_PERIOD, PERIOD
from billql.sandbox.metronome.formats import iso_millis
from billql.sandbox.metronome.paging import BY_QUERY, Paging
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    bad_request,
    boolean,
    one_of,
    optional,
    text,
    uuid,
)
from billql.sandbox.timestamps import DAY, HOUR

_BREAKDOWNS: Final = Paging("query", usual=100)

REACH: Final = {"DAY": 35 * DAY, "HOUR": DAY}
"""The most time that a page of breakdowns covers, in seconds."""


class Window(NamedTuple):
    """The part of an invoice in a day or an hour."""

    start: int
    end: int
    invoice: AnyInvoice


class InvoiceEndpoints(Endpoints):
    """Invoices and their breakdowns."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        path = "/v1/customers/{customer_id}/invoices"
        common = {
            "status": optional(one_of("DRAFT", "FINALIZED", "VOID", any_case=True)),
            "credit_type_id": optional(text),
        }
        filters = {
            **common,
            "contract_id": optional(uuid),
            **ANY_PERIOD,
            "include_historical_commit_invoices": optional(boolean),
        }
        get(routes, path, BY_QUERY.schema(filters), self._list)
        windows = {
            **common,
            **PERIOD,
            "window_size": optional(one_of("HOUR", "DAY", any_case=True)),
        }
        get(routes, f"{path}/breakdowns", _BREAKDOWNS.schema(windows), self._list_breakdowns)
        get(routes, f"{path}/{{invoice_id}}", RequestSchema(), self._get)

    def _chosen(self, params: Params) -> list[AnyInvoice]:
        """Return the invoices that pass the filters which lists and breakdowns have."""
        return [
            invoice
            for invoice in self.records.invoices(self.account(params))
            if params.get("status") in (None, invoice.status)
            and params.get("credit_type_id") in (None, invoice.unit.id)
        ]

    def _list(self, request: Request, params: Params) -> Response:
        since, before = params.get("starting_on"), params.get("ending_before")
        rows = []
        for invoice in self._chosen(params):
            start = invoice.issued if invoice.start is None else invoice.start
            end = invoice.issued if invoice.end is None else invoice.end
            contract = invoice.contract.id if invoice.contract else None
            if (
                (since is None or start >= since)
                and (before is None or end < before)
                and params.get("contract_id") in (None, contract)
            ):
                rows.append(invoice)
        return BY_QUERY.response(request, params, rows, lambda row: row.json())

    def _find(self, params: Params) -> AnyInvoice:
        for invoice in self.records.invoices(self.account(params)):
            if invoice.id == params["invoice_id"]:
                return invoice
        raise not_found("Invoice")

    def _get(self, request: Request, params: Params) -> Response:
        return data(self._find(params).json())

    def _list_breakdowns(self, request: Request, params: Params) -> Response:
        size = params.get("window_size", "DAY")
        if params["ending_before"] <= params["starting_on"]:
            raise bad_request("ending_before must be after starting_on")
        rows = list(self._windows(params, DAY if size == "DAY" else HOUR))

        def reach(left: Sequence[Window]) -> int:
            first = left[0].start if left else 0
            return sum(abs(window.start - first) < REACH[size] for window in left)

        def write(window: Window) -> Json:
            return window.invoice.breakdown(window.start, window.end) | {
                "breakdown_start_timestamp": iso_millis(window.start),
                "breakdown_end_timestamp": iso_millis(window.end),
            }

        return _BREAKDOWNS.response(request, params, rows, write, reach)

    def _windows(self, params: Params, size: int) -> Iterator[Window]:
        """Yield the windows of the requested period that have begun by now."""
        since, before = params["starting_on"], params["ending_before"]
        for invoice in self._chosen(params):
            if invoice.start is None or invoice.end is None:
                continue
            first = max(invoice.start, -int(-since // size) * size)
            last = min(invoice.end, int(before // size) * size, -(-self.now // size) * size)
            for start in range(first, last, size):
                yield Window(start, start + size, invoice)
