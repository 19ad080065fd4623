"""The endpoints: lists by cursor, single objects, searches, and the few that are neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Protocol

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.stripe import errors, meters, search
from billql.sandbox.stripe.credits import Grant, summary
from billql.sandbox.stripe.expansion import expand
from billql.sandbox.stripe.filters import Filter, within
from billql.sandbox.stripe.ledger import Ledger
from billql.sandbox.stripe.parameters import (
    EXPAND,
    PAGING,
    Kind,
    between,
    check,
    choice,
    decode,
    group,
    several,
    text,
    whole,
)
from billql.sandbox.stripe.resources import BY_PATH, RESOURCES, Resource

DEFAULT: Final = 10
"""Rows of a page without a limit."""

Permit = Callable[[Request, str], None]


class Rows(Protocol):
    """A sequence that can be paged: it has the place of each row."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> Any: ...
    def place(self, key: str) -> int | None:
        """Return where a row is."""


_ENTRIES: Final = {
    "created": within("created"),
    "invoice": Filter(text, lambda ledger, row, value: row["invoice"] == value, "invoices"),
}
_SCOPE: Final = group(price_type=choice("metered"), prices=several(group(id=text), 20))
_SUMMARY: Final[Mapping[str, Kind]] = {
    "customer": text,
    "customer_account": text,
    "filter": group(
        type=choice("applicability_scope", "credit_grant"),
        credit_grant=text,
        applicability_scope=_SCOPE,
    ),
}
_COUNTED: Final[Mapping[str, Kind]] = {
    "customer": text,
    "start_time": whole,
    "end_time": whole,
    "value_grouping_window": choice("hour", "day"),
}
_SEARCH: Final[Mapping[str, Kind]] = {"query": text, "limit": between(1, 100), "page": text}


class Endpoints:
    """All endpoints of one account."""

    def __init__(self, ledger: Ledger, permit: Permit) -> None:
        self._ledger = ledger
        self._permit = permit

    def add_to(self, routes: Routes) -> None:
        """Add the endpoints."""
        for resource in RESOURCES:
            path = f"/v1/{resource.path}"
            routes.add(path, self._lister(resource))
            routes.add(f"{path}/{{id}}", self._getter(resource))
            if resource.search is not None:
                routes.add(f"{path}/search", self._searcher(resource, resource.search))
        for owner, lines in (
            ("invoices", "lines"),
            ("credit_notes", "lines"),
            ("quotes", "line_items"),
        ):
            routes.add(f"/v1/{owner}/{{id}}/{lines}", self._line_lister(BY_PATH[owner]))
        entries = "/v1/customers/{id}/balance_transactions"
        routes.add(entries, self._list_entries)
        routes.add(f"{entries}/{{entry}}", self._get_entry)
        routes.add("/v1/balance", self._get_balance)
        routes.add("/v1/billing/credit_balance_summary", self._get_summary)
        routes.add("/v1/billing/meters/{id}/event_summaries", self._list_counted)

    # What every endpoint does

    def _read(self, request: Request, kinds: Mapping[str, Kind], *required: str) -> dict[str, Any]:
        """Return the checked parameters; raise StripeError for the first that is wrong."""
        values = check(decode(request.pairs), {**kinds, **EXPAND})
        for name in required:
            if name not in values:
                raise errors.missing(name)
        return values

    def _response(self, body: Json, values: Mapping[str, Any]) -> Response:
        return Response.json(expand(self._ledger, body, values.get("expand", ())))

    def _owner(self, resource: Resource, key: str) -> Json:
        """Return the object of a path."""
        row = self._ledger.tables[resource.path].get(key)
        if row is None:
            raise errors.no_such(resource.object_name, key, "id", HTTPStatus.NOT_FOUND)
        return row

    def _known(self, path: str, key: str, param: str) -> None:
        """Raise StripeError if a parameter is no id of a list."""
        if self._ledger.tables[path].get(key) is None:
            raise errors.no_such(BY_PATH[path].object_name, key, param)

    def _page(
        self,
        request: Request,
        values: Mapping[str, Any],
        rows: Rows,
        object_name: str,
        matches: Callable[[Json], bool] = lambda row: True,
    ) -> Response:
        """Return a page of rows that match, from the cursor on; the cursor's row need not match."""
        limit: int = values.get("limit", DEFAULT)
        after, before = values.get("starting_after"), values.get("ending_before")
        if after is not None and before is not None:
            message = "You may only specify one of these parameters: starting_after, ending_before."
            raise errors.StripeError(
                message, code="parameter_invalid_empty", param="starting_after"
            )
        places: Sequence[int] = range(len(rows))
        if after is not None:
            places = range(_place(rows, object_name, after, "starting_after") + 1, len(rows))
        if before is not None:
            places = range(_place(rows, object_name, before, "ending_before"))[::-1]
        found: list[Json] = []
        for place in places:
            row = rows[place]
            if matches(row):
                found.append(row)
                if len(found) > limit:
                    break
        page = found[:limit] if before is None else found[:limit][::-1]
        body = {
            "object": "list",
            "data": page,
            "has_more": len(found) > limit,
            "url": request.path,
        }
        return self._response(body, values)

    def _predicate(
        self, filters: Mapping[str, Filter], values: Mapping[str, Any]
    ) -> Callable[[Json], bool]:
        """Return the test of the requested filters; raise StripeError for ids that do not exist."""
        requested = [(filters[name], value) for name, value in values.items() if name in filters]
        for name, value in values.items():
            if name in filters and filters[name].of is not None:
                self._known(filters[name].of or "", value, name)
        ledger = self._ledger
        return lambda row: all(each.matches(ledger, row, value) for each, value in requested)

    # Lists, objects, searches

    def _lister(self, resource: Resource) -> Callable[[Request], Response]:
        kinds = {name: each.kind for name, each in resource.filters.items()} | dict(PAGING)

        def handler(request: Request) -> Response:
            self._permit(request, resource.permission)
            values = self._read(request, kinds, *resource.required)
            matches = self._predicate(resource.filters, values)
            hide = resource.hide
            rows = self._ledger.tables[resource.path]
            if hide is None:
                return self._page(request, values, rows, resource.object_name, matches)
            return self._page(
                request,
                values,
                rows,
                resource.object_name,
                lambda row: matches(row) and not hide(row, values),
            )

        return handler

    def _getter(self, resource: Resource) -> Callable[..., Response]:
        def handler(request: Request, id: str) -> Response:
            self._permit(request, resource.permission)
            values = self._read(request, {})
            return self._response(self._owner(resource, id), values)

        return handler

    def _searcher(
        self, resource: Resource, fields: Mapping[str, search.Field]
    ) -> Callable[[Request], Response]:
        def handler(request: Request) -> Response:
            self._permit(request, resource.permission)
            values = self._read(request, _SEARCH, "query")
            test = search.read(values["query"], resource.path, fields)
            start = search.page_of(values.get("page"))
            limit = values.get("limit", DEFAULT)
            rows = self._ledger.tables[resource.path]
            found = [row for row in rows if row.get("test_clock") is None and test(row)]
            more = start + limit < len(found)
            body: Json = {
                "object": "search_result",
                "data": found[start : start + limit],
                "has_more": more,
                "next_page": search.page_token(start + limit) if more else None,
                "url": request.path,
            }
            wanted = values.get("expand", [])
            if "total_count" in wanted:
                body["total_count"] = len(found)
            inner = [path for path in wanted if path != "total_count"]
            return self._response(body, {"expand": inner})

        return handler

    # What belongs to something else

    def _line_lister(self, owner: Resource) -> Callable[..., Response]:
        def handler(request: Request, id: str) -> Response:
            self._permit(request, owner.permission)
            values = self._read(request, PAGING)
            self._owner(owner, id)
            return self._page(request, values, self._ledger.lines[id], "line_item")

        return handler

    def _list_entries(self, request: Request, id: str) -> Response:
        self._permit(request, BY_PATH["customers"].permission)
        kinds = {name: each.kind for name, each in _ENTRIES.items()} | dict(PAGING)
        values = self._read(request, kinds)
        self._owner(BY_PATH["customers"], id)
        rows = self._ledger.entries[id]
        object_name = "customer_balance_transaction"
        return self._page(request, values, rows, object_name, self._predicate(_ENTRIES, values))

    def _get_entry(self, request: Request, id: str, entry: str) -> Response:
        self._permit(request, BY_PATH["customers"].permission)
        values = self._read(request, {})
        self._owner(BY_PATH["customers"], id)
        row = self._ledger.entries[id].get(entry)
        if row is None:
            object_name = "customer_balance_transaction"
            raise errors.no_such(object_name, entry, "transaction", HTTPStatus.NOT_FOUND)
        return self._response(row, values)

    def _list_counted(self, request: Request, id: str) -> Response:
        meter = BY_PATH["billing/meters"]
        self._permit(request, meter.permission)
        values = self._read(request, {**_COUNTED, **PAGING}, "customer", "start_time", "end_time")
        row = self._owner(meter, id)
        self._known("customers", values["customer"], "customer")
        customer = self._ledger.customers[values["customer"]]
        rows = meters.summaries(self._ledger.story, row, customer, values)
        return self._page(request, values, rows, "meter_event_summary")

    # What is alone

    def _get_balance(self, request: Request) -> Response:
        self._permit(request, "rak_balance_read")
        values = self._read(request, {})
        return self._response(self._balance(), values)

    def _balance(self) -> Json:
        # The balance is there when the tables are.
        return self._ledger.balance if self._ledger.tables else {}

    def _get_summary(self, request: Request) -> Response:
        self._permit(request, "rak_billing_credits_read")
        values = self._read(request, _SUMMARY, "filter")
        customer = self._summed(values)
        chosen = self._chosen(self._ledger.grants[customer["id"]], values["filter"])
        body = {
            "object": "billing.credit_balance_summary",
            "balances": summary(chosen, self._ledger.story.now),
            "customer": customer["id"],
            "customer_account": customer["customer_account"],
            "livemode": False,
        }
        return self._response(body, values)

    def _summed(self, values: Mapping[str, Any]) -> Json:
        """Return the customer of a summary, by the id of the customer or the account."""
        account = values.get("customer_account")
        if "customer" in values:
            self._known("customers", values["customer"], "customer")
        elif account is None:
            raise errors.missing("customer")
        for row in self._ledger.tables["customers"]:
            whose = (row["id"], row["customer_account"])
            if values.get("customer", whose[0]) == whose[0] and account in (None, whose[1]):
                return row
        raise errors.no_such("account", str(account), "customer_account")

    def _chosen(self, grants: Sequence[Grant], filters: Mapping[str, Any]) -> list[Grant]:
        """Return the grants that a summary is about."""
        if "type" not in filters:
            raise errors.missing("filter[type]")
        kind = filters["type"]
        if kind not in filters:
            raise errors.missing(f"filter[{kind}]")
        if kind == "credit_grant":
            self._known("billing/credit_grants", filters[kind], "filter[credit_grant]")
            return [grant for grant in grants if grant.id == filters[kind]]
        scope = filters[kind]
        if len(scope) != 1:
            message = "You must pass exactly one of price_type and prices."
            raise errors.StripeError(message, param="filter[applicability_scope]")
        if "price_type" in scope:
            return [grant for grant in grants if not grant.prices]
        wanted = [price["id"] for price in scope["prices"]]
        for place, price in enumerate(wanted):
            where = f"filter[applicability_scope][prices][{place}][id]"
            self._known("prices", price, where)
        return [grant for grant in grants if set(wanted) & set(grant.prices)]


def _place(rows: Rows, object_name: str, key: str, param: str) -> int:
    place = rows.place(key)
    if place is None:
        raise errors.no_such(object_name, key, param)
    return place
