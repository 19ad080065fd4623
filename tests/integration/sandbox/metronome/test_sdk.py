"""The official client reads everything, page by page, and finds nothing wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

import pytest
from metronome import BadRequestError, Metronome, NotFoundError, RateLimitError

from billql.sandbox import Limits, Sandbox
from support.shipped import CATALOG

from .client import EVERYTHING, UNTIL, USD, YEAR, Client
from .conftest import Cast

# The client's methods take their parameters by type, which is checked elsewhere: here they are
# whatever is given.
Read = Callable[[Any, Cast], Any]


def first(rows: Iterable[Any]) -> Any:
    return next(iter(rows))


def contract(cast: Cast) -> dict[str, str]:
    return {"customer_id": cast.enterprise, "contract_id": cast.contract}


def card(v1: Any) -> str:
    return str(first(v1.contracts.rate_cards.list()).id)


FLAGS = {name: True for name in EVERYTHING if name != "include_contract_balances"}

METHODS = [
    method
    for name in CATALOG.names()
    if name.startswith("metronome.")
    for method in CATALOG.table(name).resource.methods.values()
]
LISTS: dict[str, Read] = {
    "customers": lambda c, cast: c.v1.customers.list(limit=7),
    "archived customers": lambda c, cast: c.v1.customers.list(only_archived=True),
    "customer metrics": lambda c, cast: c.v1.customers.list_billable_metrics(
        customer_id=cast.scale, include_archived=True, limit=2
    ),
    "costs": lambda c, cast: c.v1.customers.list_costs(
        customer_id=cast.enterprise, limit=100, **YEAR
    ),
    "costs on a plan": lambda c, cast: c.v1.customers.list_costs(
        customer_id=cast.planned, limit=100, **YEAR
    ),
    "customer plans": lambda c, cast: c.v1.customers.plans.list(customer_id=cast.planned, limit=1),
    "invoices": lambda c, cast: c.v1.customers.invoices.list(customer_id=cast.enterprise, limit=4),
    "invoices on a plan": lambda c, cast: c.v1.customers.invoices.list(customer_id=cast.planned),
    "breakdowns": lambda c, cast: c.v1.customers.invoices.list_breakdowns(
        customer_id=cast.scale, **YEAR
    ),
    "breakdowns by hour": lambda c, cast: c.v1.customers.invoices.list_breakdowns(
        customer_id=cast.enterprise,
        starting_on="2026-02-01T00:00:00Z",
        ending_before="2026-02-03T00:00:00Z",
        window_size="HOUR",
    ),
    "breakdowns on a plan": lambda c, cast: c.v1.customers.invoices.list_breakdowns(
        customer_id=cast.planned, **YEAR
    ),
    "commits": lambda c, cast: c.v1.customers.commits.list(
        customer_id=cast.enterprise, include_contract_commits=True, limit=2, **FLAGS
    ),
    "credits": lambda c, cast: c.v1.customers.credits.list(
        customer_id=cast.team, include_contract_credits=True, **FLAGS
    ),
    "balances": lambda c, cast: c.v1.contracts.list_balances(customer_id=cast.team, **EVERYTHING),
    "contracts": lambda c, cast: c.v2.contracts.list(
        customer_id=cast.enterprise, include_archived=True
    ),
    "alerts": lambda c, cast: c.v1.customers.alerts.list(
        customer_id=cast.enterprise, alert_statuses=["ENABLED", "DISABLED", "ARCHIVED"]
    ),
    "grants": lambda c, cast: c.v1.credit_grants.list(limit=100),
    "entries": lambda c, cast: c.v1.credit_grants.list_entries(),
    "pricing units": lambda c, cast: c.v1.pricing_units.list(limit=5),
    "plans": lambda c, cast: c.v1.plans.list(limit=1),
    "packages": lambda c, cast: c.v1.packages.list(archive_filter="ALL", limit=1),
    "products": lambda c, cast: c.v1.contracts.products.list(archive_filter="ALL", limit=4),
    "rate cards": lambda c, cast: c.v1.contracts.rate_cards.list(limit=1),
    "rates": lambda c, cast: c.v1.contracts.rate_cards.rates.list(
        rate_card_id=card(c.v1), at="2026-01-01T00:00:00Z", limit=2
    ),
    "metrics": lambda c, cast: c.v1.billable_metrics.list(include_archived=True, limit=2),
    "usage": lambda c, cast: c.v1.usage.list(
        starting_on="2026-02-01T00:00:00Z",
        ending_before="2026-02-08T00:00:00Z",
        window_size="DAY",
    ),
    "usage groups": lambda c, cast: c.v1.usage.list_with_groups(
        customer_id=cast.enterprise,
        billable_metric_id=first(c.v1.billable_metrics.list()).id,
        window_size="HOUR",
        starting_on="2026-02-01T00:00:00Z",
        ending_before="2026-02-03T00:00:00Z",
        group_by={"key": "region"},
    ),
}


@pytest.fixture(scope="module")
def client(api: Client) -> Iterator[Metronome]:
    with api.official() as client:
        yield client


@pytest.mark.parametrize("name", LISTS)
def test_list(client: Metronome, cast: Cast, name: str) -> None:
    page = LISTS[name](client, cast)
    rows = list(page)
    assert rows
    assert page.data == rows[: len(page.data)]
    if "limit" in str(page._options.params) + str(page._options.json_data):
        assert len(rows) > len(page.data) or len(rows) < 100


def seat_pages(v1: Any, cast: Cast) -> list[Any]:
    pages = [v1.contracts.list_seat_balances(**contract(cast), limit=12)]
    while token := pages[-1].pagination.next_page:
        pages.append(v1.contracts.list_seat_balances(**contract(cast), limit=12, cursor=token))
    return pages


OBJECTS: dict[str, Read] = {
    "customer": lambda c, cast: c.v1.customers.retrieve(customer_id=cast.team),
    "invoice": lambda c, cast: c.v1.customers.invoices.retrieve(
        customer_id=cast.team,
        invoice_id=first(c.v1.customers.invoices.list(customer_id=cast.team)).id,
    ),
    "alert": lambda c, cast: c.v1.customers.alerts.retrieve(
        customer_id=cast.team,
        alert_id=first(c.v1.customers.alerts.list(customer_id=cast.team)).alert.id,
    ),
    "net balance": lambda c, cast: c.v1.contracts.get_net_balance(customer_id=cast.enterprise),
    "seat balances": lambda c, cast: seat_pages(c.v1, cast),
    "seat credits": lambda c, cast: c.v1.contracts.list_seat_balances(
        **contract(cast), include_credits_and_commits=True
    ),
    "contract": lambda c, cast: c.v2.contracts.retrieve(**contract(cast)),
    "rate card": lambda c, cast: c.v1.contracts.rate_cards.retrieve(id=card(c.v1)),
    "product": lambda c, cast: c.v1.contracts.products.retrieve(
        id=first(c.v1.contracts.products.list(archive_filter="ALL")).id
    ),
    "package": lambda c, cast: c.v1.packages.retrieve(
        package_id=first(c.v1.packages.list(archive_filter="ALL")).id
    ),
    "plan": lambda c, cast: c.v1.plans.get_details(plan_id=first(c.v1.plans.list()).id),
    "metric": lambda c, cast: c.v1.billable_metrics.retrieve(
        billable_metric_id=first(c.v1.billable_metrics.list()).id
    ),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_object(client: Metronome, cast: Cast, name: str) -> None:
    response = OBJECTS[name](client, cast)
    rows = getattr(response, "data", response)
    assert rows


def test_audit_logs_always_have_a_token(client: Metronome, api: Client) -> None:
    """The client would ask for ever; the end is a page without rows, which has a token too."""
    pages = client.v1.audit_logs.list(limit=100, sort="date_desc").iter_pages()
    read = list(takewhile(lambda page: page.data, islice(pages, 100)))
    logs = [log for page in read for log in page.data]
    assert len(read) > 3
    assert [len(page.data) for page in read[:-1]] == [100] * (len(read) - 1)
    assert len({log.id for log in logs}) == len(logs)
    assert sorted(logs, key=lambda log: log.timestamp, reverse=True) == logs
    end = api.call("/v1/auditLogs", sort="date_desc", next_page=read[-1].next_page)
    assert end["data"] == []
    assert end["next_page"]


def test_every_operation_is_read_by_the_client(api: Client, client: Metronome, cast: Cast) -> None:
    known = {tuple(method.request.split(" ")) for method in METHODS}
    api.sandbox.requests.clear()
    for read in [*LISTS.values(), *OBJECTS.values()]:
        read(client, cast)
    client.v1.audit_logs.list(sort="date_desc")
    requested = {(entry.method, entry.target.partition("?")[0]) for entry in api.sandbox.requests}
    missing = {
        (method, template)
        for method, template in known
        if not any(
            method == verb and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
            for verb, path in requested
        )
    }
    assert not missing


def test_errors(client: Metronome, cast: Cast) -> None:
    with pytest.raises(BadRequestError, match="limit must be at most 25"):
        client.v1.contracts.list_balances(customer_id=cast.team, limit=26)
    with pytest.raises(NotFoundError, match="Customer not found"):
        client.v1.contracts.get_net_balance(customer_id=USD)


def test_limits() -> None:
    sandbox = Sandbox(size="small", until=UNTIL, limits=Limits(per_minute=1))
    with sandbox, Client(sandbox).official() as client:
        client.v1.plans.list()
        with pytest.raises(RateLimitError, match="Too many requests"):
            client.v1.plans.list()
