"""The answers to the questions of finance are right: each is computed again in plain Python, from
what the APIs of the sandbox send on the day of the page.

What the page's statements return stands on the page, and `test_results` holds that they do.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from statistics import fmean, median
from typing import Any

import httpx
import pytest

from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.docs.samples import DAY
from billql.sandbox import Sandbox
from billql.sql.statements import parse
from billql.sqlite import exchange_rates
from integration.sandbox import client as digitalocean
from integration.sandbox.metronome import client as metronome
from integration.sandbox.stripe import client as stripe
from support.paths import ROOT

Row = dict[str, Any]
Rows = list[tuple[Any, ...]]

TODAY = DAY.date()
LAST, MONTH = "2026-02", "2026-03"
DIGITS = {"usd": 2, "eur": 2, "jpy": 0, "kwd": 3}
MY = digitalocean.MY
UNTIL = TODAY - timedelta(2)
"""The last day that is settled."""

PAGE = (ROOT / "docs" / "finance.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?\?)\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL))


def cell(text: str) -> Any:
    if text == "NULL":
        return None
    return float(text) if re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", text) else text


def shown(question: str) -> Rows:
    """Return the rows that the page shows of an answer."""
    lines = re.findall(r"^\| (.+) \|$", SECTIONS[question], re.MULTILINE)
    return [tuple(map(cell, line.split(" | "))) for line in lines[2:]]


def instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def money(minor: int | Decimal, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-DIGITS[currency.lower()])


def total(amounts: Iterable[Any]) -> Decimal:
    return sum((Decimal(str(amount)) for amount in amounts), Decimal())


class Books:
    """What the APIs send."""

    def __init__(self) -> None:
        self._sandbox = Sandbox(until=TODAY, catalog=Catalog())
        self.digitalocean = digitalocean.Client(self._sandbox)
        self.stripe = stripe.Client(self._sandbox)
        self.metronome = metronome.Client(self._sandbox)

    def close(self) -> None:
        for api in (self.digitalocean, self.stripe, self.metronome):
            api.http.close()
        self._sandbox.close()

    @cached_property
    def invoices(self) -> list[Row]:
        return self.digitalocean.invoices()[1:]

    @cached_property
    def preview(self) -> Decimal:
        return Decimal(self.digitalocean.invoices()[0]["amount"])

    @cached_property
    def items(self) -> dict[str, list[Row]]:
        """The items of each month, and of the preview."""
        found = {one["invoice_period"]: one["invoice_uuid"] for one in self.invoices}
        return {
            month: self.digitalocean.rows(f"{MY}/invoices/{uuid}", "invoice_items")
            for month, uuid in {**found, MONTH: "preview"}.items()
        }

    @cached_property
    def insights(self) -> list[tuple[date, str, Decimal]]:
        """The day, SKU and amount of each estimate since July."""
        found, first = [], date(2025, 7, 1)
        while first <= TODAY:
            last = min(first + timedelta(30), TODAY)
            page = 1
            while True:
                path = f"{digitalocean.INSIGHTS}/{first}/{last}"
                points = self.digitalocean.json(path, page=page, per_page=200)
                found += [
                    (
                        date.fromisoformat(one["start_date"]),
                        one["sku"],
                        Decimal(one["total_amount"]),
                    )
                    for one in points["data_points"]
                ]
                if page >= int(points["total_pages"]):
                    break
                page += 1
            first = last + timedelta(1)
        return found

    @cached_property
    def customers(self) -> list[Row]:
        return self.metronome.customers()

    @cached_property
    def metronome_invoices(self) -> list[Row]:
        """Those in dollars, each with the name of its customer."""
        return [
            {**invoice, "customer": customer["name"]}
            for customer in self.customers
            for invoice in self.metronome.invoices(customer["id"])
            if invoice["credit_type"]["id"] == metronome.USD
        ]

    @cached_property
    def balance_transactions(self) -> list[Row]:
        return self.stripe.rows("balance_transactions")

    def fees(self, month: str) -> dict[str, Decimal]:
        found = Counter[str]()
        for one in self.balance_transactions:
            if instant(one["created"])[:7] == month:
                fee = -one["amount"] if one["type"] == "stripe_fee" else one["fee"]
                found[one["currency"]] += fee
        return {code.upper(): money(fee, code) for code, fee in found.items()}

    def openai(self, since: str) -> list[tuple[str, Row]]:
        """The month and the row of each cost since a month."""
        query = {
            "start_time": int(datetime.fromisoformat(f"{since}-01T00:00Z").timestamp()),
            "limit": 180,
            "group_by": ["project_id", "line_item", "api_key_id"],
        }
        key = {"authorization": f"Bearer {self._sandbox.tokens['openai']}"}
        found = self._report("openai", "/v1/organization/costs", query, key)
        return [
            (instant(bucket["start_time"])[:7], row)
            for bucket in found
            for row in bucket["results"]
        ]

    def anthropic(self, since: str) -> list[tuple[str, Row]]:
        query = {
            "starting_at": f"{since}-01T00:00:00Z",
            "limit": 31,
            "group_by[]": ["workspace_id", "description"],
        }
        key = {
            "x-api-key": self._sandbox.tokens["anthropic"],
            "anthropic-version": "2023-06-01",
        }
        found = self._report("anthropic", "/v1/organizations/cost_report", query, key)
        return [(bucket["starting_at"][:7], row) for bucket in found for row in bucket["results"]]

    def _report(self, name: str, path: str, query: Row, key: dict[str, str]) -> Iterator[Row]:
        with httpx.Client(base_url=self._sandbox.urls[name], headers=key, trust_env=False) as http:
            while True:
                page = http.get(path, params=query).raise_for_status().json()
                yield from page["data"]
                if not page["has_more"]:
                    return
                query = {**query, "page": page["next_page"]}


# The answers --------------------------------------------------------------------------------------


def reconciled(books: Books) -> Rows:
    agreeing = [
        one
        for one in books.invoices
        if total(item["amount"] for item in books.items[one["invoice_period"]])
        == Decimal(one["amount"])
    ]
    history = books.digitalocean.rows(f"{MY}/billing_history", "billing_history")
    left: list[Decimal] = []
    for entry in sorted(history, key=lambda one: (one["date"], one["type"] != "Invoice")):
        if entry["type"] == "Invoice":
            left.append(Decimal())
        if left:
            left[-1] += Decimal(entry["amount"])
    settled = sum(one == 0 for one in left)
    return [("DigitalOcean", len(books.invoices), len(agreeing), settled, sum(left), "USD")]


def month_of(month: str, back: int) -> date:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def next_month(month: date) -> date:
    return (month + timedelta(31)).replace(day=1)


def remaining(days: dict[date, float], until: date) -> float:
    """Return what a month is expected to cost after one of its days."""
    recent = [until - timedelta(back) for back in range(56)]
    usual = {
        weekday: median(days.get(day, 0) for day in recent if day.weekday() == weekday)
        for weekday in range(7)
    }
    mean = fmean(usual.values())
    level = median(days.get(day, 0) * mean / usual[day.weekday()] for day in recent[:7])
    end, day, found = next_month(until.replace(day=1)), until, 0.0
    while (day := day + timedelta(1)) < end:
        found += level * usual[day.weekday()] / mean
    return found


def forecast(books: Books) -> Rows:
    days = defaultdict[date, float](float)
    for day, _, amount in books.insights:
        days[day] = round(days[day] + float(amount), 6)
    first = month_of(MONTH, 0)
    so_far = sum(amount for day, amount in days.items() if first <= day <= UNTIL)
    rest = remaining(days, UNTIL)
    errors = []
    for back in range(1, 13):
        month = month_of(MONTH, back)
        until = month + (UNTIL - first)
        if (until - min(days)).days + 1 >= 56:
            actual = sum(x for day, x in days.items() if until < day < next_month(month))
            errors.append(actual / remaining(days, until) - 1)
    assert len(errors) == 6
    # Student's t for six errors, and one more that is to come.
    spread = rest * 1.440 * (sum(error**2 for error in errors) / 6 * (1 + 1 / 6)) ** 0.5
    ends = (round(so_far + rest + sign * spread, 2) for sign in (0, -1, 1))
    return [("DigitalOcean", str(UNTIL), round(so_far, 2), *ends, 6, "USD")]


def changes(books: Books) -> Rows:
    def charges(month: str) -> dict[Any, tuple[Decimal, float | None]]:
        found: dict[Any, tuple[Decimal, float | None]] = {}
        for item in books.items[month]:
            has_price = item["product"] not in ("Taxes", "Credits") and bool(item.get("duration"))
            key = (
                item["product"],
                item.get("resource_uuid") or item.get("resource_id"),
                item.get("project_name"),
                has_price,
            )
            amount, hours = found.get(key, (Decimal(), None))
            more = float(item["duration"]) if has_price else None
            hours = more if hours is None else hours if more is None else hours + more
            found[key] = amount + Decimal(item["amount"]), hours
        return found

    before, after = charges(f"{month_of(MONTH, 2):%Y-%m}"), charges(LAST)
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * 6)
    for key in {*before, *after}:
        (was, old), (now, new) = before.get(key, (None, None)), after.get(key, (None, None))
        change = round(float(now or 0) - float(was or 0), 2)
        driver, parts = sums[key[0]], [change, 0.0, 0.0, 0.0, 0.0, 0.0]
        if was is None:
            parts[1] = change
        elif now is None:
            parts[2] = change
        elif old and new is not None:
            parts[3] = round((new - old) * float(was) / old, 2)
            parts[4] = change - parts[3]
        else:
            parts[5] = change
        sums[key[0]] = [round(one + more, 2) for one, more in zip(driver, parts, strict=True)]
    rows: Rows = [(product, *parts, "USD") for product, parts in sums.items()]
    return sorted(rows, key=lambda row: (-abs(row[1]), row[0]))[:5]


def accruals(books: Books) -> Rows:
    costs = "Costs; the API states no invoices"
    openai = total(row["amount"]["value"] for _, row in books.openai(LAST))
    anthropic = total(row["amount"] for _, row in books.anthropic(LAST)) / 100
    drafts = total(one["total"] for one in books.metronome_invoices if one["status"] == "DRAFT")
    pending = Counter[str]()
    for item in books.stripe.rows("invoiceitems", {"pending": "true"}):
        pending[item["currency"]] += item["amount"]
    return [
        ("cost", "Anthropic", costs, anthropic, "USD"),
        ("cost", "DigitalOcean", "Preview of the next invoice", books.preview, "USD"),
        ("cost", "OpenAI", costs, openai, "USD"),
        ("revenue", "Metronome", "Drafts of invoices", drafts / 100, "USD"),
        *(
            ("revenue", "Stripe", "Invoice items that are pending", money(x, code), code.upper())
            for code, x in sorted(pending.items())
        ),
    ]


def showback(books: Books) -> Rows:
    rules = {
        None: {"storefront": "0.5", "mobile-backend": "0.3", "research": "0.2"},
        "internal-tools": {"storefront": "1"},
    }
    costs, shared = defaultdict[Any, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for item in books.items[LAST]:
        costs[item.get("project_name")] += Decimal(item["amount"])
    for source, shares in rules.items():
        amount = costs.pop(source)
        parts = {name: (amount * Decimal(share)) for name, share in shares.items()}
        floor = {name: part // Decimal("0.01") / 100 for name, part in parts.items()}
        cents = int((amount - sum(floor.values())) * 100)
        for name in sorted(parts, key=lambda name: (floor[name] - parts[name], name))[:cents]:
            floor[name] += Decimal("0.01")
        for name, part in floor.items():
            shared[name] += part
    rows = [(one, costs[one], shared[one], costs[one] + shared[one], "USD") for one in costs]
    assert total(row[3] for row in rows) == Decimal(books.invoices[0]["amount"])
    return sorted(rows, key=lambda row: -row[3])


def odd_days(books: Books) -> Rows:
    series: defaultdict[str, defaultdict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for day, sku, amount in books.insights:
        series[sku][day] += amount
    rows = []
    for sku, amounts in series.items():
        start, far = min(amounts), dict[date, Decimal]()
        for number in range(56, (UNTIL - start).days + 1):
            day = start + timedelta(number)
            before = [amounts.get(day - timedelta(7 * weeks), Decimal()) for weeks in range(1, 9)]
            usual = median(before)
            spread = median(abs(value - usual) for value in before)
            difference = amounts.get(day, Decimal()) - usual
            if (
                abs(difference) >= max(Decimal("5.9304") * spread, Decimal("0.15") * usual)
                and difference
            ):
                far[day] = difference
        for day, difference in far.items():
            months = [month_of(f"{day:%Y-%m}", back) for back in (1, 2)]
            same = [
                month.replace(day=min(day.day, calendar.monthrange(month.year, month.month)[1]))
                for month in months
            ]
            monthly = all((far.get(one, 0) > 0) == (difference > 0) and one in far for one in same)
            if difference >= 15 and day >= month_of(MONTH, 3) and not monthly:
                rows.append((str(day), "Droplets", sku, amounts[day], amounts[day] - difference,
                             difference, "USD"))  # fmt: skip
    return sorted(rows, key=lambda row: (-row[5], row[0], row[2]))[:5]


def spending(books: Books) -> Rows:
    (invoice,) = [one for one in books.invoices if one["invoice_period"] == LAST]
    openai = total(x["amount"]["value"] for month, x in books.openai(LAST) if month == LAST)
    anthropic = total(x["amount"] for month, x in books.anthropic(LAST) if month == LAST) / 100
    return [
        ("Anthropic", anthropic, "USD"),
        ("DigitalOcean", Decimal(invoice["amount"]), "USD"),
        ("OpenAI", openai, "USD"),
        *(("Stripe", fee, code) for code, fee in sorted(books.fees(LAST).items())),
    ]


def nothing(books: Books) -> Rows:
    return []


def unit_costs(books: Books) -> Rows:
    costs, hours = defaultdict[str, Decimal](Decimal), Counter[str]()
    for item in books.items[LAST]:
        known = ("Taxes", "Credits", "Spaces Subscription", "Container Registry")
        if item["product"] not in known and item.get("duration"):
            costs[item["product"]] += Decimal(item["amount"])
            hours[item["product"]] += int(item["duration"])
    rows = [
        (product, cost, hours[product], "Hours", round(float(cost) / hours[product], 4), "USD")
        for product, cost in costs.items()
    ]
    return sorted(rows, key=lambda row: -row[1])[:5]


def lines(invoice: Row) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Yield the type of each line that counts, what it bills and what of it is earned, in cents."""
    for line in invoice["line_items"]:
        amount = Decimal(str(line["total"]))
        applied = (line.get("applied_commit_or_credit") or {}).get("type")
        if applied != "POSTPAID":
            earned = line["type"] != "commit_purchase" and applied != "PREPAID"
            yield line["type"], amount, amount * earned
    for adjustment in invoice.get("invoice_adjustments") or ():
        yield "adjustment", Decimal(str(adjustment["total"])), Decimal(str(adjustment["total"]))


def month_of_invoice(invoice: Row) -> str:
    return str(invoice.get("start_timestamp") or invoice["issued_at"])[:7]


def margins(books: Books) -> Rows:
    projects = {
        one["id"]: one["name"] for one in books.digitalocean.rows("/v2/projects", "projects")
    }
    costs, revenue = defaultdict[Any, Decimal](Decimal), defaultdict[str, Decimal](Decimal)
    for item in books.items[LAST]:
        costs[item.get("project_name")] += Decimal(item["amount"])
    for invoice in books.metronome_invoices:
        if invoice["status"] == "FINALIZED" and month_of_invoice(invoice) == LAST:
            revenue[invoice["customer"]] += total(earned for _, _, earned in lines(invoice)) / 100
    rows = []
    for customer in books.customers:
        project = projects.get(customer["custom_fields"].get("digitalocean_project_id"))
        if project is not None and customer["name"] in revenue:
            earned, spent = revenue[customer["name"]], costs[project]
            percent = round(100 * (earned - spent) / earned, 1)
            rows.append((customer["name"], earned, spent, percent))
    return sorted(rows, key=lambda row: row[3])


def tokens(books: Books) -> Rows:
    sums: defaultdict[tuple[str, str, str], list[Decimal]] = defaultdict(
        lambda: [Decimal(), Decimal()]
    )
    for invoice in books.metronome_invoices:
        if invoice["status"] == "FINALIZED" and month_of_invoice(invoice) == LAST:
            for line in invoice["line_items"]:
                is_use = line["name"] == "Inference tokens" and line["type"] == "usage"
                if is_use and line["total"] > 0:
                    model = (line.get("pricing_group_values") or {}).get("model", "-")
                    group = sums["revenue", invoice["customer"], model]
                    group[0] += Decimal(str(line["quantity"]))
                    group[1] += Decimal(str(line["total"])) / 100
    for month, row in books.openai(LAST):
        if month == LAST and row.get("quantity_unit") == "tokens" and row.get("quantity"):
            group = sums["cost", "OpenAI", row["line_item"]]
            group[0] += Decimal(str(row["quantity"]))
            group[1] += Decimal(str(row["amount"]["value"]))
    return [
        (*key, count, usd, round(10**6 * usd / count, 4))
        for key, (count, usd) in sorted(sums.items())
    ]


def burn_down(books: Books) -> Rows:
    rows = []
    used = defaultdict[str, Decimal](Decimal)
    for invoice in books.metronome_invoices:
        if invoice["status"] == "FINALIZED" and (invoice.get("start_timestamp") or "")[:7] == LAST:
            for line in invoice["line_items"]:
                applied = (line.get("applied_commit_or_credit") or {}).get("type")
                in_dollars = line["credit_type"]["id"] == metronome.USD
                if applied in ("PREPAID", "CREDIT") and in_dollars:
                    used[invoice["customer"]] -= Decimal(str(line["total"])) / 100
    for customer in books.customers:
        found = []
        for balance in books.metronome.balances(customer["id"]):
            schedule = balance["access_schedule"]
            if balance["balance"] > 0 and schedule["credit_type"]["id"] == metronome.USD:
                now = DAY.isoformat()
                ends = [
                    one["ending_before"][:10]
                    for one in schedule["schedule_items"]
                    if one["starting_at"] <= now < one["ending_before"]
                ]
                left = Decimal(str(balance["balance"])) / 100
                found.append((balance["priority"], min(ends), balance["id"], balance["name"], left))
        queue, a_day = Decimal(), used[customer["name"]] / 28
        for place, (_, end, _, name, left) in enumerate(sorted(found), 1):
            queue += left
            if a_day > 0:
                days = (date.fromisoformat(end) - TODAY).days
                lost = max(Decimal(), min(left, queue - a_day * days))
                empty = TODAY + timedelta(int(queue / a_day))
                rows.append((customer["name"], name, place, left, round(a_day, 2), str(empty),
                             end, round(lost, 2), "USD"))  # fmt: skip
    return sorted(rows, key=lambda row: (row[5], row[0], row[2]))[:8]


def budgets(books: Books) -> Rows:
    (whole,) = forecast(books)
    costs = defaultdict[tuple[str | None, str | None], Decimal](Decimal)
    for item in books.items[MONTH]:
        for key in ((item.get("project_name"), None), (None, item["product"])):
            costs[key] += Decimal(item["amount"])
    rows = []
    for key, budget in (
        ((None, None), 5000),
        ((None, "GPU Droplets"), 1500),
        (("storefront", None), 1500),
    ):
        cost = books.preview if key == (None, None) else costs[key]
        expected = round(float(cost) * whole[3] / float(books.preview), 2)
        percent = round(float(100 * cost) / budget, 1)
        rows.append((*key, budget, cost, percent, round(1500 / 31, 1), expected, "USD"))
    return rows


def converted(books: Books) -> Rows:
    rates = {"usd": "1.18", "eur": "1", "jpy": "184", "kwd": "0.362"}
    count, usd = 0, Decimal()
    for invoice in books.stripe.rows("invoices"):
        issued = invoice["status_transitions"]["finalized_at"] or invoice["created"]
        if instant(issued)[:7] == LAST and invoice["status"] in ("paid", "open", "uncollectible"):
            code = invoice["currency"]
            usd += money(invoice["total"], code) * Decimal("1.18") / Decimal(rates[code])
            count += 1
    return [(count, round(usd, 2), 0)]


def quarters(books: Books) -> Rows:
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
    for invoice in books.metronome_invoices:
        month = month_of_invoice(invoice)
        if invoice["status"] == "FINALIZED" and month >= "2025-03":
            quarter = f"{month[:5]}{(int(month[5:]) - 1) // 3 * 3 + 1:02}"
            for _, billed, earned in lines(invoice):
                sums[quarter][0] += billed / 100
                sums[quarter][1] += earned / 100
    return [(quarter, *amounts, "USD") for quarter, amounts in sorted(sums.items())]


def drift(books: Books) -> Rows:
    rows = []
    for back in (3, 2, 1):
        month = month_of(MONTH, back)
        estimated = sum(x for day, _, x in books.insights if month <= day < next_month(month))
        found = books.items[f"{month:%Y-%m}"]
        invoiced = total(
            one["amount"] for one in found if one["product"] not in ("Taxes", "Credits")
        )
        rows.append((f"{month:%Y-%m}", estimated, invoiced, invoiced - estimated))
    return rows


def payments(books: Books) -> Rows:
    volume = Counter[str]()
    for one in books.balance_transactions:
        if instant(one["created"])[:7] == LAST and one["reporting_category"] == "charge":
            volume[one["currency"].upper()] += one["amount"]
    fees = books.fees(LAST)
    return [(code, money(volume[code], code), fees[code]) for code in sorted(fees)]


def charged_twice(books: Books) -> Rows:
    charges = sorted(
        (one["customer"], one["amount"], one["currency"], one["created"])
        for one in books.stripe.rows("charges")
        if one["status"] == "succeeded" and one["customer"]
    )
    return [
        second
        for first, second in pairwise(charges)
        if first[:3] == second[:3] and second[3] - first[3] < 3600
    ]


def last_year(books: Books) -> Rows:
    amounts = {one["invoice_period"]: Decimal(one["amount"]) for one in books.invoices}
    rows = []
    for month in sorted(amounts, reverse=True)[:5]:
        now, before = amounts[month], amounts[f"{int(month[:4]) - 1}{month[4:]}"]
        rows.append(
            (month, before, now, now - before, round(100 * (now - before) / before, 1), "USD")
        )
    return rows


def as_reported(books: Books) -> Rows:
    return [(MONTH, books.preview, books.preview, "USD")]


ANSWERS: dict[str, Callable[[Books], Rows]] = {
    "Do the invoice, its items and the payments agree?": reconciled,
    "Where will this month end?": forecast,
    "What changed against last month, and is it volume or price?": changes,
    "What must be accrued at month end?": accruals,
    "Which project owes what, with shared costs spread?": showback,
    "What was out of the ordinary?": odd_days,
    "What do we spend in all, over all providers?": spending,
    "Did a month that was closed change afterwards?": nothing,
    "What does one unit cost us?": unit_costs,
    "Which customer earns us money?": margins,
    "What do tokens bring in, and what do they cost?": tokens,
    "Which prepaid money runs out, or expires?": burn_down,
    "Are we within budget?": budgets,
    "What is it all in one currency?": converted,
    "What came in as cash, and what was earned?": quarters,
    "How far off were the estimates?": drift,
    "What do payments cost us?": payments,
    "Was anything charged twice?": charged_twice,
    "How does it compare with last year?": last_year,
    "What did we report then, and why is it another number now?": as_reported,
}
SOME_PROVIDERS = {
    "What must be accrued at month end?": 1,
    "What do we spend in all, over all providers?": 0,
}
"""The answers that have other providers too, whose books are not read here, by the column."""
READ = {"DigitalOcean", "Stripe", "Metronome", "OpenAI", "Anthropic"}


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    books = Books()
    yield books
    books.close()


def test_every_question_has_an_answer() -> None:
    assert list(SECTIONS) == list(ANSWERS)
    assert len(ANSWERS) == 20


@pytest.mark.parametrize("question", ANSWERS)
def test_an_answer(books: Books, question: str) -> None:
    rows, answer = shown(question), ANSWERS[question](books)
    if (column := SOME_PROVIDERS.get(question)) is not None:
        rows = [row for row in rows if row[column] in READ]
    assert rows == [tuple(map(plain, row)) for row in answer]
    expects_none = "-- expects no rows" in SECTIONS[question]
    assert bool(rows) != expects_none


def plain(value: Any) -> Any:
    """Return an amount as the number that SQL shows of it, which has 15 digits."""
    return float(f"{value:.15g}") if isinstance(value, Decimal | float | int) else value


def test_what_the_questions_cost_stands_on_the_page() -> None:
    costs = dict(re.findall(r"^\| (.+?\?) \| (\d+) \| [\d.]+ \|$", PAGE, re.MULTILINE))
    assert list(costs) == list(ANSWERS)


def test_the_tables_of_ones_own_are_those_of_the_views() -> None:
    def spelled(create: str) -> list[str]:
        return [token.text.upper() for token in parse(create).tokens if token.text != ";"]

    catalog, made = Catalog(), {"fx": exchange_rates.CREATE}
    for name in ("budget_status", "showback"):
        view = views.find(catalog, f"billql.finops.{name}")
        assert view is not None
        made |= view.view.tables
    for name, create in made.items():
        (shown,) = re.findall(rf"^CREATE TABLE {name} .*?;$(?=\nINSERT)", PAGE, re.M | re.S)
        assert spelled(shown) == spelled(create), name
