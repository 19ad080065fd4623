"""The operations about invoices, whole and by day or hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.documents import pdf_of
from billql.sandbox.metronome.endpoints import AnyInvoice, Endpoints, data, get, not_found
from billql.sandbox.metronome.formats import on
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Asked,
    Form,
    flag,
    maybe,
    moment,
    needed,
    one_of,
    text,
    uuid,
    wrong,
)
from billql.sandbox.timestamps import DAY, HOUR

_QUERY: Final = Paging("query")
_BREAKDOWNS: Final = Paging("query", usual=100)

REACH: Final = {"DAY": 35 * DAY, "HOUR": DAY}
"""How much time a page of breakdowns covers at most."""


class Window(NamedTuple):
    """What of an invoice falls into a day or an hour."""

    start: int
    end: int
    invoice: AnyInvoice


class InvoiceEndpoints(Endpoints):
    """InvoiceEndpoints, their breakdowns and documents."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        path = "/v1/customers/{customer_id}/invoices"
        skip = {"skip_zero_qty_line_items": maybe(flag)}
        common = {
            **skip,
            "status": maybe(one_of("DRAFT", "FINALIZED", "VOID", shouting=True)),
            "sort": maybe(one_of("date_asc", "date_desc")),
            "credit_type_id": maybe(text),
        }
        filters = {
            **common,
            "contract_id": maybe(uuid),
            "starting_on": maybe(moment),
            "ending_before": maybe(moment),
            "type": maybe(one_of("USAGE", "USAGE_CONSOLIDATED", "SCHEDULED")),
            "include_historical_commit_invoices": maybe(flag),
            "webhook_notification_id": maybe(text),
        }
        get(routes, path, _QUERY.form(filters), self._list)
        windows = {
            **common,
            "starting_on": needed(moment),
            "ending_before": needed(moment),
            "window_size": maybe(one_of("HOUR", "DAY", shouting=True)),
        }
        get(routes, f"{path}/breakdowns", _BREAKDOWNS.form(windows), self._list_breakdowns)
        get(routes, f"{path}/{{invoice_id}}", Form(skip), self._get)
        get(routes, f"{path}/{{invoice_id}}/pdf", Form(), self._get_pdf)

    def _chosen(self, asked: Asked) -> list[AnyInvoice]:
        """Return the invoices that pass the filters which lists and breakdowns have."""
        rows = [
            invoice
            for invoice in self.records.invoices(self.account(asked))
            if asked.get("status") in (None, invoice.status)
            and asked.get("credit_type_id") in (None, invoice.unit.id)
        ]
        return rows[::-1] if asked.get("sort") == "date_desc" else rows

    def _list(self, request: Request, asked: Asked) -> Response:
        since, before = asked.get("starting_on"), asked.get("ending_before")
        rows = []
        for invoice in self._chosen(asked):
            start = invoice.issued if invoice.start is None else invoice.start
            end = invoice.issued if invoice.end is None else invoice.end
            contract = invoice.contract.id if invoice.contract else None
            if (
                (since is None or start >= since)
                and (before is None or end < before)
                and asked.get("contract_id") in (None, contract)
                and asked.get("type") in (None, invoice.type)
            ):
                rows.append(invoice)
        return _QUERY.answer(request, asked, rows, lambda row: _shown(row.json(), asked))

    def _find(self, asked: Asked) -> AnyInvoice:
        for invoice in self.records.invoices(self.account(asked)):
            if invoice.id == asked["invoice_id"]:
                return invoice
        raise not_found("Invoice")

    def _get(self, request: Request, asked: Asked) -> Response:
        return data(_shown(self._find(asked).json(), asked))

    def _get_pdf(self, request: Request, asked: Asked) -> Response:
        invoice = self._find(asked)
        return Response(pdf_of(invoice.json()), content_type="application/pdf")

    def _list_breakdowns(self, request: Request, asked: Asked) -> Response:
        size = asked.get("window_size", "DAY")
        if asked["ending_before"] <= asked["starting_on"]:
            raise wrong("ending_before must be after starting_on")
        rows = list(self._windows(asked, DAY if size == "DAY" else HOUR))

        def reach(left: Sequence[Window]) -> int:
            first = left[0].start if left else 0
            return sum(abs(window.start - first) < REACH[size] for window in left)

        def write(window: Window) -> Json:
            row = window.invoice.breakdown(window.start, window.end) | {
                "breakdown_start_timestamp": on(window.start),
                "breakdown_end_timestamp": on(window.end),
            }
            return _shown(row, asked)

        return _BREAKDOWNS.answer(request, asked, rows, write, reach)

    def _windows(self, asked: Asked, size: int) -> Iterator[Window]:
        """Yield the windows within the time that was asked for that have begun by now."""
        since, before = asked["starting_on"], asked["ending_before"]
        backwards = asked.get("sort") == "date_desc"
        for invoice in self._chosen(asked):
            if invoice.start is None or invoice.end is None:
                continue
            first = max(invoice.start, -int(-since // size) * size)
            last = min(invoice.end, int(before // size) * size, -(-self.now // size) * size)
            starts = range(first, last, size)
            for start in reversed(starts) if backwards else starts:
                window = Window(start, start + size, invoice)
                if not asked.get("skip_zero_qty_line_items") or _any_usage(window):
                    yield window


def _any_usage(window: Window) -> bool:
    lines = window.invoice.breakdown(window.start, window.end)["line_items"]
    return any(line.get("quantity") for line in lines)


def _shown(invoice: Json, asked: Asked) -> Json:
    """Return an invoice without the lines of nothing, if they are not wanted."""
    if not asked.get("skip_zero_qty_line_items"):
        return invoice
    lines = [line for line in invoice["line_items"] if line.get("quantity") != 0]
    return invoice | {"line_items": lines}
