"""The cookbook's answers are right: each is computed again in Python, from what the APIs send."""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

import pytest

import billql
from billql.sandbox import Sandbox
from integration.sandbox import client as digitalocean
from integration.sandbox.metronome import client as metronome
from integration.sandbox.stripe import client as stripe
from support.paths import ROOT
from support.shipped import UNLIMITED
from support.synced import SYNCED

Row = dict[str, Any]
Answer = list[tuple[Any, ...]]

RECIPES = {
    question: sql
    for question, sql in re.findall(
        r"^## (.+?)$.*?^```sql\n(.+?)^```$",
        (ROOT / "docs" / "cookbook.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    if not sql.startswith(SYNCED)
}
DIGITS = {"usd": 2, "eur": 2, "jpy": 0, "kwd": 3}
MY = digitalocean.MY


class Books:
    """What the three APIs send up to a day."""

    def __init__(self, day: date) -> None:
        self.day = day
        self._sandbox = Sandbox(until=day)
        self.digitalocean = digitalocean.Client(self._sandbox)
        self.stripe = stripe.Client(self._sandbox)
        self.metronome = metronome.Client(self._sandbox)
        clock = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        self.connection = billql.connect(sandbox=True, clock=lambda: clock, limits=UNLIMITED)

    def close(self) -> None:
        self.connection.close()
        for api in (self.digitalocean, self.stripe, self.metronome):
            api.http.close()
        self._sandbox.close()

    def month(self, back: int) -> str:
        """Return the month that is so many before the running one."""
        number = self.day.year * 12 + self.day.month - 1 - back
        return f"{number // 12:04}-{number % 12 + 1:02}"

    def days_before(self, months: int) -> int:
        """Return the day so many months ago in seconds since 1970."""
        year, month = map(int, self.month(months).split("-"))
        # As SQLite counts: 31 February is 3 March.
        first = datetime(year, month, 1, tzinfo=UTC) + timedelta(days=self.day.day - 1)
        return int(first.timestamp())

    def first_day(self, months: int) -> int:
        """Return the first second of the month so many ago in seconds since 1970."""
        return int(datetime.fromisoformat(f"{self.month(months)}-01T00:00Z").timestamp())

    @cached_property
    def invoices(self) -> list[Row]:
        return self.digitalocean.invoices()[1:]

    @cached_property
    def items(self) -> list[tuple[str, Row]]:
        """Items of the last fourteen months' invoices, each with its month."""
        return [
            (invoice["invoice_period"], item)
            for invoice in self.invoices
            if invoice["invoice_period"] >= self.month(13)
            for item in self.digitalocean.rows(
                f"{MY}/invoices/{invoice['invoice_uuid']}", "invoice_items"
            )
        ]

    @cached_property
    def customers(self) -> list[Row]:
        return self.metronome.customers()

    @cached_property
    def stripe_invoices(self) -> list[Row]:
        return self.stripe.rows("invoices")

    @cached_property
    def paid(self) -> dict[str, int]:
        """Return what was paid on each invoice of Stripe's, in minor units."""
        found: Counter[str] = Counter()
        for payment in self.stripe.rows("invoice_payments"):
            if payment["status"] == "paid":
                found[payment["invoice"]] += payment["amount_paid"]
        return found

    def insights(self, first: date) -> Iterator[Row]:
        path, page = f"{digitalocean.INSIGHTS}/{first}/{self.day}", 1
        while True:
            found = self.digitalocean.json(path, page=page, per_page=200)
            yield from found["data_points"]
            if page >= int(found["total_pages"]):
                return
            page += 1


def money(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-DIGITS[currency.lower()])


def cents(amount: Decimal) -> Decimal:
    return round(amount, 2)


def total(amounts: Iterable[str]) -> Decimal:
    return sum(map(Decimal, amounts), Decimal(0))


def day_of(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


# The answers.


def owed(books: Books) -> Answer:
    balance = books.digitalocean.json(f"{MY}/balance")
    names = ("account_balance", "month_to_date_usage", "month_to_date_balance")
    return [(*(Decimal(balance[name]) for name in names), "USD")]


def month_s_end(books: Books) -> Answer:
    so_far = Decimal(books.digitalocean.invoices()[0]["amount"])
    days = calendar.monthrange(books.day.year, books.day.month)[1]
    (last,) = [one for one in books.invoices if one["invoice_period"] == books.month(1)]
    return [(so_far, cents(so_far / books.day.day * days), Decimal(last["amount"]))]


def changed_products(books: Books) -> Answer:
    before, after = Counter[str](), Counter[str]()
    sums: dict[str, Any] = {books.month(2): before, books.month(1): after}
    for month, item in books.items:
        if month in sums:
            sums[month][item["product"]] += Decimal(item["amount"])
    rows = [
        (product, before[product], after[product], after[product] - before[product])
        for product in {*before, *after}
        if before[product] != after[product]
    ]
    return sorted(rows, key=lambda row: (-abs(row[3]), row[0]))[:5]


def expensive_days(books: Books) -> Answer:
    first = date.fromisoformat(day_of(books.days_before(1)))
    days: defaultdict[str, Decimal] = defaultdict(Decimal)
    for point in books.insights(first):
        days[point["start_date"]] += Decimal(point["total_amount"])
    return sorted(days.items(), key=lambda row: (-row[1], row[0]))[:5]


def unused(books: Books) -> Answer:
    volumes = books.digitalocean.rows("/v2/volumes", "volumes")
    addresses = books.digitalocean.rows("/v2/reserved_ips", "reserved_ips")
    return [
        *(("volume", v["name"], v["region"]["slug"]) for v in volumes if not v["droplet_ids"]),
        *(("reserved IP", a["ip"], a["region"]["slug"]) for a in addresses if not a["droplet"]),
    ]


def fees(books: Books) -> Answer:
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in books.stripe.rows("balance_transactions"):
        if row["type"] == "charge" and row["created"] >= books.first_day(2):
            group = sums[day_of(row["created"])[:7], row["currency"]]
            group[0] += row["amount"]
            group[1] += row["fee"]
    rows = [
        (month, code, money(amount, code), money(fee, code), cents(Decimal(100 * fee) / amount))
        for (month, code), (amount, fee) in sorted(sums.items())
    ]
    return sorted(rows, key=lambda row: row[0], reverse=True)


def failing_payments(books: Books) -> Answer:
    names = {row["id"]: row["name"] for row in books.stripe.rows("customers")}
    failed: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in books.stripe.rows("charges"):
        if row["status"] == "failed" and row["created"] >= books.days_before(6):
            failed[row["customer"], row["failure_message"]].append(day_of(row["created"]))
    rows = [
        (names[customer], len(days), max(days), why)
        for (customer, why), days in failed.items()
        if customer is not None  # a guest has no name
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0], row[3]))[:5]


def subscriptions(books: Books) -> Answer:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for subscription in stripe.everything(books.stripe, "subscriptions"):
        for item in subscription["items"]["data"]:
            price = item["price"]
            every = price["recurring"]
            if (
                subscription["status"] in ("active", "past_due")
                and every["interval"] in ("month", "year")
                and every["usage_type"] == "licensed"
            ):
                code = price["currency"]
                months = every["interval_count"] * (12 if every["interval"] == "year" else 1)
                ids[code].add(subscription["id"])
                sums[code] += item["quantity"] * money(price["unit_amount"], code) / months
    return [(code, len(ids[code]), cents(sums[code])) for code in sorted(sums)]


def unpaid(books: Books) -> Answer:
    rows = [
        (row["customer_name"], row["number"], day_of(row["created"]), left, row["currency"])
        for row in books.stripe_invoices
        if row["status"] in ("open", "uncollectible")
        and (left := money(row["amount_due"] - books.paid.get(row["id"], 0), row["currency"])) > 0
    ]
    return sorted(rows, key=lambda row: (row[4], -row[3], row[1]))[:10]


def disagreeing_payments(books: Books) -> Answer:
    return [
        (row["id"], row["amount_paid"], books.paid[row["id"]])
        for row in books.stripe_invoices
        if row["id"] in books.paid and books.paid[row["id"]] != row["amount_paid"]
    ]


def expiring_credits(books: Books) -> Answer:
    last = (books.day + timedelta(days=30)).isoformat()
    rows = [
        (customer["name"], balance["name"], end, cents(Decimal(balance["balance"]) / 100))
        for customer in books.customers
        for balance in books.metronome.balances(customer["id"])
        if balance["balance"] > 0
        and balance["access_schedule"]["credit_type"]["id"] == metronome.USD
        for segment in balance["access_schedule"]["schedule_items"]
        if books.day.isoformat() <= (end := segment["ending_before"][:10]) <= last
    ]
    return sorted(rows, key=lambda row: (row[2], -row[3], row[0]))


def left_before_a_job(books: Books) -> Answer:
    found = []
    for customer in books.customers:
        net = books.metronome.call(metronome.NET, {"customer_id": customer["id"]})["data"]
        if net["balance"] > 0:
            found.append((customer["name"], cents(Decimal(net["balance"]) / 100), "USD"))
    return sorted(found, key=lambda row: (-row[1], row[0]))[:10]


def margins(books: Books) -> Answer:
    found = books.digitalocean.rows("/v2/projects", "projects")
    names: dict[Any, str] = {one["id"]: one["name"] for one in found}
    revenue, cost = Counter[str](), defaultdict[str, Decimal](Decimal)
    for row in books.stripe_invoices:
        is_within = books.first_day(12) <= row["created"] < books.first_day(0)
        if is_within and row["currency"] == "usd":
            revenue[row["customer"]] += row["amount_paid"]
    for month, item in books.items:
        if month >= books.month(12) and item.get("project_name"):
            cost[item["project_name"]] += Decimal(item["amount"])
    rows = []
    for customer in books.customers:
        project = names.get(customer["custom_fields"].get("digitalocean_project_id"))
        for alias in customer["ingest_aliases"]:
            if project is not None and alias in revenue and project in cost:
                earned, spent = money(revenue[alias], "usd"), cost[project]
                percent = round(100 * (earned - spent) / earned, 1)
                rows.append((customer["name"], earned, spent, percent))
    return sorted(rows, key=lambda row: -row[3])


def unbilled(books: Books) -> Answer:
    known = {row["id"] for row in books.stripe_invoices}
    return [
        (customer["name"], row["id"], sent)
        for customer in books.customers
        for row in books.metronome.invoices(customer["id"])
        if (sent := (row.get("external_invoice") or {}).get("invoice_id")) and sent not in known
    ]


def projects(books: Books) -> Answer:
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for month, item in books.items:
        if month >= books.month(2) and item.get("project_name"):
            sums[month, item["project_name"]] += Decimal(item["amount"])
    rows = sorted(((*group, usd) for group, usd in sums.items()), key=lambda row: -row[2])
    return sorted(rows, key=lambda row: row[0], reverse=True)


ANSWERS: dict[str, Callable[[Books], Answer]] = {
    "What do I owe right now?": owed,
    "Where will this month end?": month_s_end,
    "Which products changed the bill?": changed_products,
    "Which days were the most expensive?": expensive_days,
    "What is billed, but used by nobody?": unused,
    "What do payments cost in fees?": fees,
    "Whose payments fail?": failing_payments,
    "What do subscriptions bring in each month?": subscriptions,
    "Which invoices has nobody paid yet?": unpaid,
    "Do the payments of an invoice agree with Stripe's paid amount?": disagreeing_payments,
    "Which credits expire within 30 days?": expiring_credits,
    "What does a customer have left before a large job runs?": left_before_a_job,
    "What is the margin of a customer?": margins,
    "Are Metronome's invoices the ones that Stripe bills?": unbilled,
    "What did each project cost, month by month?": projects,
}
EMPTY = {disagreeing_payments, unbilled}
"""Those that find what must not be."""


@pytest.fixture(
    scope="module", params=[date(2026, 3, 15), date(2026, 7, 31)], ids=lambda day: day.isoformat()
)
def books(request: pytest.FixtureRequest) -> Iterator[Books]:
    books = Books(request.param)
    yield books
    books.close()


def test_every_recipe_has_an_answer() -> None:
    assert list(RECIPES) == list(ANSWERS)


@pytest.mark.parametrize("question", ANSWERS)
def test_a_recipe(books: Books, question: str) -> None:
    answer = ANSWERS[question](books)
    assert bool(answer) == (ANSWERS[question] not in EMPTY)
    sql = RECIPES[question].replace("'now'", f"'{books.day}'")
    rows = books.connection.execute(sql).fetchall()
    if "ORDER BY" not in sql.rpartition("FROM")[2]:
        rows, answer = sorted(rows), sorted(answer)
    assert [tuple(map(plain, row)) for row in rows] == [tuple(map(plain, row)) for row in answer]


def plain(value: Any) -> Any:
    """Return an amount as a number that equals what SQL has of it; it has 15 digits."""
    return float(f"{value:.15g}") if isinstance(value, Decimal | float | int) else value


def test_a_product_on_one_invoice_alone_is_no_special_case() -> None:
    """In some month one appears or goes, and its recipe finds it."""
    books = Books(date(2026, 3, 15))
    rows = [(month, item["product"]) for month, item in books.items]
    months = sorted({month for month, _ in rows})
    products = {month: {product for one, product in rows if one == month} for month in months}
    lone = [
        (month, product)
        for before, month in pairwise(months)
        for product in products[before] ^ products[month]
    ]
    books.close()
    assert lone, "the sandbox has none, and the recipe is not tried"
    month, product = lone[-1]
    year, number = map(int, month.split("-"))
    later = Books(date(year + number // 12, number % 12 + 1, 5))
    sql = RECIPES["Which products changed the bill?"].replace("'now'", f"'{later.day}'")
    found = later.connection.execute(sql.replace(" LIMIT 5", "")).fetchall()
    later.close()
    assert product in {row[0] for row in found}
