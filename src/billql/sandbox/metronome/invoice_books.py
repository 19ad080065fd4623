"""The books about invoices, whole and by day or hour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Lazy, Query
from billql.sandbox.metronome.formats import iso_millis
from billql.sandbox.metronome.records import AnyInvoice, Records, window
from billql.sandbox.timestamps import DAY, HOUR

REACH: Final = {DAY: 35 * DAY, HOUR: DAY}
"""The most time that a page of breakdowns covers, by the size of its windows, in seconds."""


class Window(NamedTuple):
    """The part of an invoice in a day or an hour."""

    start: int
    end: int
    invoice: AnyInvoice

    def json(self) -> Json:
        """Return it as the API does."""
        return self.invoice.breakdown(self.start, self.end) | {
            "breakdown_start_timestamp": iso_millis(self.start),
            "breakdown_end_timestamp": iso_millis(self.end),
        }


class InvoiceBooks:
    """Invoices and their breakdowns."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        own = ("customer_id", "starting_on", "ending_before")
        return {
            "invoices.invoices": Book(self._invoices, selects=own),
            "invoices.invoice_breakdowns": Book(
                self._breakdowns,
                selects=(*own, "status", "credit_type_id"),
                usual=100,
                reach=_reach,
            ),
        }

    def _invoices(self, query: Query) -> Sequence[Json]:
        """Return the invoices of a time; those without a period are of when they were issued."""
        since, before = query.get("starting_on"), query.get("ending_before")
        found = [
            invoice
            for invoice in self._records.invoices(self._records.account(query))
            if (since is None or (invoice.start or invoice.issued) >= since)
            and (before is None or (invoice.end or invoice.issued) < before)
        ]
        return Lazy(found, lambda invoice: invoice.json())

    def _breakdowns(self, query: Query) -> Sequence[Json]:
        windows = list(self._windows(query, _size(query)))
        return Lazy(windows, Window.json)

    def _windows(self, query: Query, size: int) -> Iterator[Window]:
        """Yield the windows of the requested period that have begun by now."""
        since, before = window(query)
        status, unit = query.get("status"), query.get("credit_type_id")
        for invoice in self._records.invoices(self._records.account(query)):
            if status not in (None, invoice.status) or unit not in (None, invoice.unit.id):
                continue
            if invoice.start is None or invoice.end is None:
                continue
            first = max(invoice.start, -int(-since // size) * size)
            last = min(
                invoice.end, int(before // size) * size, -(-self._records.now // size) * size
            )
            for start in range(first, last, size):
                yield Window(start, start + size, invoice)


def _size(query: Query) -> int:
    return HOUR if query.get("window_size", "DAY").upper() == "HOUR" else DAY


def _reach(query: Query, rows: Sequence[Json]) -> int:
    """Return how many windows lie within the time that a page covers."""
    assert isinstance(rows, Lazy), "rows are selected before they are written"
    windows: Sequence[Window] = rows.things
    return sum(abs(one.start - windows[0].start) < REACH[_size(query)] for one in windows)
