"""billql reads a server that others wrote: localstripe, every list that both know.

What billql's SELECT gives is held against what the official client's own paging gives: the rows,
their order, and what their amounts add up to in each currency. Where localstripe (1.15) is not like
Stripe, the comparison keeps away from it:

- It is older than the price: there are plans, and no prices, credits, meters, quotes, credit notes,
  promotion codes, disputes or searches; those answer 404, which is an error and no empty table.
- It knows no `created[gte]` but for events, and refuses the other parameters that it does not know.
- It refuses to expand a field that it does not have, such as `discounts`, so that `SELECT *` from
  invoices, subscriptions and customers is an error there; the columns are named here.
- It lists most things oldest first, where Stripe promises newest first and billql relies on it; so
  nothing is asked for in the order of `created`.
- `/v1/subscription_items` refuses the `subscription` that Stripe requires, to the official client
  as well; an item can be read by its id.
- The lines of an invoice cannot be paged: `starting_after` is refused. No invoice has more than a
  page of them here.
- `/v1/balance` has an object where Stripe has an array; billql refuses it.
- A payment intent has the whole `latest_charge`, unasked, where Stripe has its id.
- The list of invoice items has only those that are not on an invoice yet.

It runs as it is, on a loopback port that the system picks; but the copy of its data that it writes
to one fixed file in /tmp after every change is left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import httpx
import pytest
import stripe
from stripe import StripeClient

import billql
from support.shipped import CATALOG

KEY = "sk_test_12345"
MANY = 205
"""How many objects each list has at least: more than two pages of a hundred."""

PAGE = 40
"""How many objects are expanded; each costs localstripe a search through all that it has."""

SERVER = """
import json, os, socket, sys, threading
from aiohttp import web
from localstripe.resources import Store
Store.dump_to_disk = lambda self: None
from localstripe.server import app

def end_with_the_tests():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=end_with_the_tests, daemon=True).start()
listening = socket.create_server(("127.0.0.1", 0))
reads = sorted({route.resource.canonical for route in app.router.routes() if route.method == "GET"})
print(json.dumps({"port": listening.getsockname()[1], "reads": reads}), flush=True)
web.run_app(app, sock=listening, print=None, access_log=None)
"""

CARD = {"object": "card", "exp_month": "12", "exp_year": "2040", "cvc": "123"}
GOOD = {f"source[{name}]": value for name, value in (CARD | {"number": "4242" * 4}).items()}
DECLINED = GOOD | {"source[number]": "4000000000000341"}
CURRENCIES = ("usd", "eur", "jpy")

Row = tuple[Any, ...]
Read = Callable[[StripeClient, Sequence[str]], Iterator[Any]]


class Compared(NamedTuple):
    """A list, and what of it is compared."""

    read: Read
    texts: str
    """Columns that the API has under the same name, or under the path behind the `=`."""
    amounts: str = ""
    """Columns that are added up for each currency, too."""
    ordered: bool = True
    only: str = "true"

    @property
    def columns(self) -> dict[str, str]:
        """The path of each SQL expression."""
        pairs = [word.partition("=") for word in f"{self.texts} {self.amounts}".split()]
        return {name: path or name for name, _, path in pairs}


def paged(service: str, **query: str) -> Read:
    """Return what pages through a list of the official client."""

    def read(client: StripeClient, _: Sequence[str]) -> Iterator[Any]:
        first: Any = getattr(client.v1, service).list({"limit": 100, **query})
        yield from first.auto_paging_iter()

    return read


def invoice_lines(client: StripeClient, invoices: Sequence[str]) -> Iterator[Any]:
    for invoice in invoices:
        yield from client.v1.invoices.line_items.list(invoice, {"limit": 100}).auto_paging_iter()


LISTS = {
    "core.customers": Compared(
        paged("customers"),
        "id name email currency delinquent default_source livemode city=address.city "
        "unixepoch(created)=created",
    ),
    "core.charges": Compared(
        paged("charges"),
        "id status currency customer payment_intent payment_method balance_transaction paid "
        "captured refunded failure_code unixepoch(created)=created",
        "amount amount_refunded",
    ),
    "core.payment_intents": Compared(
        paged("payment_intents"),
        "id status currency customer payment_method capture_method latest_charge=latest_charge.id "
        "error_code=last_payment_error.code unixepoch(created)=created",
        "amount",
    ),
    "core.refunds": Compared(
        paged("refunds"),
        "id status currency charge balance_transaction unixepoch(created)=created",
        "amount",
    ),
    "core.balance_transactions": Compared(
        paged("balance_transactions"),
        "id type reporting_category source currency exchange_rate status description "
        "unixepoch(available_on)=available_on unixepoch(created)=created",
        "amount fee net",
    ),
    "core.payouts": Compared(
        paged("payouts"),
        "id status currency automatic method type destination failure_code "
        "unixepoch(arrival_date)=arrival_date unixepoch(created)=created",
        "amount",
    ),
    "core.events": Compared(
        paged("events"),
        "id type object_type=data.object.object object_id=data.object.id api_version "
        "unixepoch(created)=created",
    ),
    "billing.invoices": Compared(
        paged("invoices"),
        "id status currency customer customer_email collection_method attempted "
        "subscription=parent.subscription_details.subscription "
        "unixepoch(finalized_at)=status_transitions.finalized_at "
        "unixepoch(period_end)=period_end unixepoch(created)=created",
        "subtotal total amount_due amount_paid starting_balance ending_balance",
    ),
    "billing.invoice_lines": Compared(
        invoice_lines,
        "id invoice currency description quantity subscription "
        "unixepoch(period_start)=period.start unixepoch(period_end)=period.end",
        "amount",
        ordered=False,
        only="invoice IN (SELECT value FROM json_each('{long}'))",
    ),
    "billing.invoice_items": Compared(
        paged("invoice_items"),
        "id invoice currency customer description proration quantity unixepoch(date)=date "
        "unixepoch(period_end)=period.end",
        "amount",
    ),
    "billing.subscriptions": Compared(
        paged("subscriptions", status="all"),
        "id status customer latest_invoice cancel_at_period_end unixepoch(ended_at)=ended_at "
        "unixepoch(start_date)=start_date unixepoch(created)=created",
    ),
    "catalog.products": Compared(
        paged("products"),
        "id name active type description url shippable unixepoch(created)=created",
    ),
    "catalog.plans": Compared(
        paged("plans"),
        "id product nickname active currency interval interval_count usage_type billing_scheme "
        "trial_period_days unixepoch(created)=created",
        "amount",
    ),
    "catalog.coupons": Compared(
        paged("coupons"),
        "id valid percent_off currency duration duration_in_months times_redeemed "
        "unixepoch(created)=created",
        "amount_off",
    ),
    "catalog.tax_rates": Compared(
        paged("tax_rates"),
        "id display_name active percentage inclusive jurisdiction unixepoch(created)=created",
    ),
}
UNREADABLE = {"billing.subscription_items"}
"""Lists of localstripe that the official client cannot read either."""


class Localstripe(NamedTuple):
    """A server that runs and is full."""

    url: str
    reads: list[str]
    """The paths that it answers."""
    long: list[str]
    """Its invoices of many lines."""
    client: StripeClient


def fill(url: str) -> list[str]:
    """Make a few hundred objects of every kind; give the invoices that have many lines."""
    with (
        httpx.Client(base_url=f"{url}/v1/", auth=(KEY, ""), trust_env=False) as http,
        ThreadPoolExecutor(4) as pool,
    ):

        def post(path: str, **data: Any) -> Any:
            answer = http.post(path, data=data)
            assert answer.status_code == 200, answer.text
            return answer.json()

        def times(path: str, data: Callable[[int], Mapping[str, Any]]) -> list[Any]:
            return list(pool.map(lambda number: post(path, **data(number)), range(MANY)))

        times("tax_rates", lambda n: {
            "display_name": f"Tax {n}", "percentage": n % 40 / 2, "inclusive": str(n % 2 == 0),
        })  # fmt: skip
        times("coupons", lambda n: {"id": f"off-{n}", "duration": "once"} | (
            {"percent_off": n % 100 + 0.5} if n % 3 else
            {"amount_off": 10 * n, "currency": CURRENCIES[n % 2]}
        ))  # fmt: skip
        times("payouts", lambda n: {
            "amount": 1000 + n, "currency": "eur", "status": ("paid", "pending", "failed")[n % 3],
        })  # fmt: skip
        products = times("products", lambda n: {"name": f"Anvil {n}", "active": str(n % 5 > 0)})
        plans = times("plans", lambda n: {
            "product": products[n // 2]["id"], "amount": 0 if n % 50 == 7 else 100 + 3 * n,
            "currency": CURRENCIES[n % 3], "interval": ("month", "year")[n % 2],
        })  # fmt: skip
        customers = times("customers", lambda n: {
            "name": f"Wile {n}", "email": f"wile{n}@acme.example",
            "address[city]": "Zürich", **(DECLINED if n % 20 == 13 else GOOD),
        })  # fmt: skip
        # Invoices of many lines; then a subscription and its paid invoice for every customer.
        for n in range(6):
            for number in range(99 if n == 0 else 25):
                post("invoiceitems", customer=customers[n]["id"], amount=number * 7 - 20,
                     currency=plans[n]["currency"])  # fmt: skip
        subscriptions = times("subscriptions", lambda n: {
            "customer": customers[n]["id"], "items[0][plan]": plans[n]["id"],
            "items[0][quantity]": n % 4 + 1,
        })  # fmt: skip
        for subscription in subscriptions[5::10]:
            assert http.delete(f"subscriptions/{subscription['id']}").status_code == 200
        for n in range(40):
            post("payment_intents", amount=500 + n, currency=CURRENCIES[n % 3],
                 customer=customers[1]["id"], payment_method=customers[1]["default_source"],
                 confirm="true", capture_method=("automatic", "manual")[n % 4 == 3])  # fmt: skip
        charges = http.get("charges", params={"limit": 50}).json()["data"]
        paid = [charge["id"] for charge in charges if charge["paid"]]
        times("refunds", lambda n: {"charge": paid[n % len(paid)], "amount": 1 + n})
        times("invoiceitems", lambda n: {
            "customer": customers[n]["id"], "amount": 40 - n, "currency": plans[n]["currency"],
        })  # fmt: skip
        for customer in customers[20:25]:
            post("invoices", customer=customer["id"])
        for customer in customers[20:25]:
            post("invoiceitems", customer=customer["id"], amount=0, currency="usd")
        return [subscription["latest_invoice"] for subscription in subscriptions[:6]]


@pytest.fixture(scope="module")
def localstripe() -> Iterator[Localstripe]:
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as server:
        try:
            assert server.stdout is not None
            # It listens before it says where, so there is nothing to wait for.
            told = json.loads(server.stdout.readline())
            url = f"http://127.0.0.1:{told['port']}"
            long = fill(url)
            session = stripe.RequestsClient()
            client = StripeClient(KEY, base_addresses={"api": url}, http_client=session)
            yield Localstripe(url, told["reads"], long, client)
            session.close()  # type: ignore[no-untyped-call]
        finally:
            server.kill()


@pytest.fixture(scope="module")
def connection(localstripe: Localstripe) -> Iterator[billql.Connection]:
    urls, tokens = {"stripe": localstripe.url}, {"stripe": KEY}
    with billql.connect(environ={}, urls=urls, tokens=tokens) as connection:
        yield connection


def plain(item: Any) -> Any:
    return item.to_dict()


def at(item: Any, path: str) -> Any:
    for name in path.split("."):
        item = None if item is None else item.get(name)
    return item


def expected(compared: Compared, localstripe: Localstripe) -> list[Row]:
    paths = compared.columns.values()
    items = compared.read(localstripe.client, localstripe.long)
    return [tuple(at(item, path) for path in paths) for item in map(plain, items)]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_what_the_official_client_pages_through(
    localstripe: Localstripe, connection: billql.Connection, name: str
) -> None:
    compared = LISTS[name]
    rows = expected(compared, localstripe)
    assert len({row[0] for row in rows}) == len(rows) >= MANY
    only = compared.only.format(long=json.dumps(localstripe.long))
    source = f"stripe.{name} WHERE {only}"
    found = connection.execute(f"SELECT {', '.join(compared.columns)} FROM {source}").fetchall()
    if not compared.ordered:
        rows, found = sorted(rows), sorted(found)
    assert found == rows

    columns, amounts = list(compared.columns), compared.amounts.split()
    if amounts:
        totals: dict[str | None, list[int]] = defaultdict(lambda: [0] * (1 + len(amounts)))
        for row in rows:
            total = totals[row[columns.index("currency")]]
            total[0] += 1
            for place, amount in enumerate(amounts, 1):
                total[place] += row[columns.index(amount)] or 0
        sums = ", ".join(f"coalesce(sum({amount}), 0)" for amount in amounts)
        summed = f"SELECT currency, count(*), {sums} FROM {source} GROUP BY currency"
        figures = {currency: told for currency, *told in connection.execute(summed).fetchall()}
        assert figures == totals
        assert any(total[1] for total in totals.values())


@pytest.mark.parametrize("name", [name for name in LISTS if name != "billing.invoice_lines"])
def test_an_object_is_the_same_by_its_id(connection: billql.Connection, name: str) -> None:
    listed = ", ".join(LISTS[name].columns)
    some = connection.execute(f"SELECT {listed} FROM stripe.{name} LIMIT 1 OFFSET 150").fetchone()
    assert some is not None
    by_id = f"SELECT {listed} FROM stripe.{name} WHERE id = '{some[0]}'"
    assert connection.execute(by_id).fetchall() == [some]
    unknown = f"SELECT id FROM stripe.{name} WHERE id = 'unknown'"
    assert connection.execute(unknown).fetchall() == []


def test_items_of_subscriptions_are_the_same_by_their_ids(
    localstripe: Localstripe, connection: billql.Connection
) -> None:
    found = connection.execute(
        "SELECT id, quantity, plan FROM stripe.billing.subscription_items WHERE id IN ("
        "SELECT items ->> '$.data[0].id' FROM stripe.billing.subscriptions LIMIT 20)"
    ).fetchall()
    assert len(found) == 20
    for key, quantity, plan in found:
        item = localstripe.client.v1.subscription_items.retrieve(str(key)).to_dict()
        assert (item["quantity"], item["plan"]["id"]) == (quantity, plan)


@pytest.mark.parametrize(
    ("name", "field", "paths"),
    [
        ("core.charges", "customer", "id name email"),
        ("core.charges", "balance_transaction", "id amount fee net"),
        ("core.refunds", "balance_transaction", "id amount net"),
        ("core.refunds", "charge", "id amount amount_refunded"),
        ("core.payment_intents", "latest_charge", "id amount status balance_transaction"),
        ("billing.invoices", "customer", "id name email"),
        ("billing.subscriptions", "latest_invoice", "id total status"),
    ],
)
def test_an_object_beside_its_id_is_the_one_that_the_official_client_expands(
    localstripe: Localstripe, connection: billql.Connection, name: str, field: str, paths: str
) -> None:
    service: Any = getattr(localstripe.client.v1, name.partition(".")[2])
    canceled = {"status": "all"} if name == "billing.subscriptions" else {}
    listed = service.list({"limit": PAGE, "expand": [f"data.{field}"], **canceled})
    parts = paths.split()
    rows = [
        (item["id"], *(at(item[field], part) for part in ("id", *parts)))
        for item in map(plain, listed.data)
    ]
    assert len(rows) == PAGE
    inner = ", ".join(f"{field}_object ->> '{part}'" for part in parts)
    found = connection.execute(
        f"SELECT id, {field}, {inner} FROM stripe.{name} LIMIT {PAGE}"
    ).fetchall()
    assert found == rows
    assert any(None not in row for row in rows)


def test_conditions_become_parameters_that_both_understand(
    localstripe: Localstripe, connection: billql.Connection
) -> None:
    def ids(source: str) -> list[Any]:
        return [key for (key,) in connection.execute(f"SELECT id FROM stripe.{source}").fetchall()]

    c = localstripe.client.v1
    customer = ids("core.customers WHERE email = 'wile1@acme.example'")[0]
    paired: list[tuple[str, Any]] = [
        (
            f"core.charges WHERE customer = '{customer}'",
            c.charges.list({"customer": customer, "limit": 100}),
        ),
        (
            f"billing.invoices WHERE customer = '{customer}'",
            c.invoices.list({"customer": customer, "limit": 100}),
        ),
        (
            "billing.subscriptions WHERE status = 'canceled'",
            c.subscriptions.list({"status": "canceled", "limit": 100}),
        ),
        (
            "billing.subscriptions WHERE status = 'incomplete'",
            c.subscriptions.list({"status": "incomplete", "limit": 100}),
        ),
        ("catalog.products WHERE active = 0", c.products.list({"active": False, "limit": 100})),
        ("catalog.products WHERE active = 1", c.products.list({"active": True, "limit": 100})),
        (
            "core.events WHERE type = 'plan.created'",
            c.events.list({"type": "plan.created", "limit": 100}),
        ),
    ]
    for source, listed in paired:
        found = [item.id for item in listed.auto_paging_iter()]
        assert found, source
        assert ids(source) == found, source


def test_a_range_of_time_is_the_apis(
    localstripe: Localstripe, connection: billql.Connection
) -> None:
    told = "SELECT unixepoch(created), created FROM stripe.catalog.products"
    moment, instant = connection.execute(told).fetchall()[-1]
    assert isinstance(moment, int)
    found = connection.execute(
        f"SELECT id FROM stripe.core.events WHERE created >= '{instant}' "
        f"AND created < strftime('%Y-%m-%dT%H:%M:%SZ', '{instant}', '+1 second')"
    ).fetchall()
    assert found
    listed = localstripe.client.v1.events.list(
        {"created": {"gte": moment, "lt": moment + 1}, "limit": 100}
    )
    assert [(event.id,) for event in listed.auto_paging_iter()] == found


def test_no_list_that_both_know_is_left_out(localstripe: Localstripe) -> None:
    def shape(path: str) -> str:
        return re.sub(r"\{\w+\}", "{}", path)

    theirs = {shape(path) for path in localstripe.reads}
    tables = [CATALOG.table(name) for name in CATALOG.names() if name.startswith("stripe.")]
    both = {
        table.name.removeprefix("stripe.")
        for table in tables
        for method in table.resource.methods.values()
        if method.paging is not None and shape(method.request.removeprefix("GET ")) in theirs
    }
    assert both == LISTS.keys() | UNREADABLE


def test_a_list_that_the_server_does_not_have_is_an_error(connection: billql.Connection) -> None:
    with pytest.raises(billql.ApiError, match="answered 404"):
        connection.execute("SELECT id FROM stripe.billing.quotes").fetchall()
