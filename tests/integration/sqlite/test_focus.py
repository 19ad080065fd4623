"""The views of FOCUS: what holds of every part, and the sums that are those of invoices."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from billql.cli.focus_datasets import DATASETS, VERSIONS
from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.views import ViewTable
from billql.sandbox import Sandbox
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from support import focus
from support.rows import records

CATALOG = Catalog()
WHOLE = {
    name: view
    for name in DATASETS
    if (view := views.find(CATALOG, f"billql.focus.{name}")) is not None
}
PARTS = [part for view in WHOLE.values() for part in view.parts]
Read = Callable[[str], list[dict[str, Any]]]


class WithoutLimits(Catalog):
    """The catalog without the rate limits of the real APIs, for which a test would wait."""

    def table(self, name: str) -> Table:
        table = super().table(name)
        provider = msgspec.structs.replace(table.provider, limits=())
        return msgspec.structs.replace(table, provider=provider)


@pytest.fixture(scope="module")
def options() -> Iterator[Options]:
    with Sandbox(size="small", catalog=CATALOG) as sandbox:
        yield Options({}, sandbox.tokens, sandbox.urls, WithoutLimits())


@pytest.fixture(scope="module")
def session(options: Options) -> Iterator[Session]:
    with closing(Session(":memory:", lambda: options)) as session:
        yield session


@pytest.fixture(scope="module")
def read(session: Session) -> Read:
    """Read a whole view, once."""
    return functools.cache(lambda name: records(session, f"SELECT * FROM {name}"))


def exact(amounts: Iterator[Any]) -> Decimal:
    return sum((Decimal(str(amount)) for amount in amounts), Decimal())


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_row_of_a_part_keeps_to_the_specification(read: Read, part: ViewTable) -> None:
    rows = read(part.name)
    if "record_created(" in (part.view.select or ""):
        assert not rows, "only a history knows these times, and its test has the rows"
        return
    assert rows
    if not DATASETS[part.view_name].unstated(VERSIONS[-1], part.stated):
        assert focus.lint(part.view_name, focus.as_text(rows, focus.in_file(part))) == {}
    assert focus.faults(part.view_name, rows) == {}


def test_each_dataset_has_a_part_that_states_what_the_newest_version_requires() -> None:
    whole = {
        part.view_name
        for part in PARTS
        if not DATASETS[part.view_name].unstated(VERSIONS[-1], part.stated)
    }
    assert whole == set(DATASETS)


@pytest.mark.parametrize("view", ["cost_and_usage", "revenue", "daily_estimates"])
def test_a_service_has_one_category_whoever_sells_it(read: Read, view: str) -> None:
    rows = [row for part in WHOLE[view].parts for row in read(part.name)]
    services = {name for name in focus.faults(view, rows) if name.endswith("categories")}
    assert services == set()


def test_every_invoice_of_digitalocean_is_the_sum_of_its_rows(session: Session, read: Read) -> None:
    invoiced = {
        row["invoice_id"]: (row["invoice_period"], Decimal(str(row["amount"])))
        for row in records(session, "SELECT * FROM digitalocean.billing.invoices")
    }
    preview = records(session, "SELECT * FROM digitalocean.billing.invoice_preview")
    rows = read("digitalocean.focus.cost_and_usage")
    found = defaultdict[str, list[dict[str, Any]]](list)
    for row in rows:
        found[row["InvoiceId"]].append(row)
    estimated = {row["invoice_id"]: Decimal(str(row["amount"])) for row in preview}
    assert found.keys() == invoiced.keys() | estimated.keys()
    for invoice, (period, amount) in invoiced.items():
        assert exact(row["BilledCost"] for row in found[invoice]) == amount
        assert {row["BillingPeriodStart"] for row in found[invoice]} == {f"{period}-01T00:00:00Z"}
    for invoice, amount in estimated.items():
        assert exact(row["BilledCost"] for row in found[invoice]) == amount
        assert {row["x_CostBasis"] for row in found[invoice]} == {"estimated"}
    assert {row["x_Residual"] for row in rows} == {0}


def test_the_fees_of_stripe_are_those_of_its_balance_transactions(
    session: Session, read: Read
) -> None:
    fees = defaultdict[str, Decimal](Decimal)
    for row in records(session, "SELECT * FROM stripe.core.balance_transactions"):
        cost = -row["amount"] if row["type"] == "stripe_fee" else row["fee"]
        fees[row["currency"].upper()] += Decimal(cost) / (1 if row["currency"] == "jpy" else 100)
    found = defaultdict[str, Decimal](Decimal)
    for row in read("stripe.focus.cost_and_usage"):
        found[row["BillingCurrency"]] += Decimal(str(row["BilledCost"]))
    assert found == fees
    assert len(found) > 1


INVOICES = {
    "linode": "SELECT CAST(id AS TEXT), total FROM linode.billing.invoices",
    "mongodb_atlas": "SELECT i.id, i.amount_billed FROM mongodb_atlas.organization.organizations o "
    "JOIN mongodb_atlas.billing.invoices i ON i.org_id = o.id",
    "vultr": "SELECT CAST(id AS TEXT), amount FROM vultr.billing.invoices",
}
"""The identifiers and the totals of the invoices of each provider that sends some."""


@pytest.mark.parametrize("provider", INVOICES)
def test_every_invoice_is_the_sum_of_its_rows(session: Session, read: Read, provider: str) -> None:
    invoiced = {id: Decimal(str(total)) for id, total in session.execute(INVOICES[provider])}
    rows = read(f"{provider}.focus.cost_and_usage")
    found = by_invoice([row for row in rows if row["InvoiceId"] is not None])
    assert found == invoiced
    assert {row["x_Residual"] for row in rows} == {0}


COSTS = {
    "anthropic": "SELECT amount FROM anthropic.billing.costs WHERE day >= '2020-01-01'",
    "aws": "SELECT unblended_cost FROM aws.costs.totals "
    "WHERE day >= date('now', 'start of month', '-12 months')",
    "cloudflare": "SELECT h.amount FROM cloudflare.account.accounts a "
    "JOIN cloudflare.billing.history h ON h.account_id = a.id",
    "confluent": "SELECT amount FROM confluent.billing.costs "
    "WHERE start_date >= date('now', 'start of month', '-11 months') AND start_date <= date('now')",
    "datadog": "SELECT cost FROM datadog.billing.historical_costs "
    "WHERE month >= '2020-01' AND charge_type = 'total'",
    "github": "SELECT u.net_amount FROM github.account.organizations o "
    "JOIN github.organizations.usage u ON u.organization = o.login "
    "WHERE u.day >= date('now', 'start of month', '-23 months')",
    "openai": "SELECT amount FROM openai.billing.costs WHERE day >= '2020-01-01'",
    "twilio": "SELECT m.price FROM twilio.account.accounts a JOIN twilio.usage.monthly m "
    "ON m.account_sid = a.sid WHERE m.category = 'totalprice'",
    "vercel": "SELECT c.billed_cost FROM vercel.account.teams t JOIN vercel.billing.charges c "
    "ON c.team_id = t.id WHERE c.day >= '2020-01-01'",
}
"""The amounts of each provider whose report is its bill."""


@pytest.mark.parametrize("provider", COSTS)
def test_the_costs_of_a_report_are_those_of_its_rows(
    session: Session, read: Read, provider: str
) -> None:
    costs = [amount for (amount,) in session.execute(COSTS[provider])]
    rows = read(f"{provider}.focus.cost_and_usage")
    assert exact(row["BilledCost"] for row in rows) == exact(iter(costs)) != 0
    assert {row["x_Residual"] for row in rows} == {0}


MOST_REQUESTS = {
    "anthropic": 6,
    "aws": 2,
    "cloudflare": 3,
    "confluent": 4,
    "datadog": 3,
    "digitalocean": 4,
    "github": 3,
    "linode": 3,
    "mongodb_atlas": 3,
    "openai": 7,
    "stripe": 1,
    "twilio": 4,
    "vercel": 3,
    "vultr": 2,
}
"""How many requests the last month takes at most, pages and names of sub accounts included."""


@pytest.mark.parametrize("provider", MOST_REQUESTS)
def test_a_month_is_requested_alone(options: Options, read: Read, provider: str) -> None:
    part = f"{provider}.focus.cost_and_usage"
    month = "date('now', 'start of month', '-1 month')"
    sql = (
        f"SELECT {month} || 'T00:00:00Z' AS month, * FROM {part} WHERE BillingPeriodStart = {month}"
    )
    with closing(Session(":memory:", lambda: options)) as session:
        found = records(session, sql)
        requests = sum(scan.requests for scan in session.scans)
    last = found[0].pop("month")
    assert len(found) == sum(row["BillingPeriodStart"] == last for row in read(part))
    assert requests <= MOST_REQUESTS[provider]


def test_every_provider_with_costs_has_a_part() -> None:
    parts = {part.provider_name for part in WHOLE["cost_and_usage"].parts}
    assert parts == set(MOST_REQUESTS)
    # Google's API has no costs, and Metronome is how customers are invoiced.
    assert set(CATALOG.providers()) - parts == {"gcp", "metronome"}


def by_invoice(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    found = defaultdict[str, Decimal](Decimal)
    for row in rows:
        found[row["InvoiceId"]] += Decimal(str(row["BilledCost"]))
    return found


def test_every_invoice_of_stripe_is_the_sum_of_its_rows(session: Session, read: Read) -> None:
    digits = {"usd": 2, "eur": 2, "jpy": 0, "kwd": 3}
    invoiced = {
        row["id"]: Decimal(row["total"]).scaleb(-digits[row["currency"]])
        for row in records(session, "SELECT * FROM stripe.billing.invoices")
        if row["status"] in ("paid", "open", "uncollectible")
    }
    invoiced |= {
        row["id"]: -Decimal(row["total"]).scaleb(-digits[row["currency"]])
        for row in records(session, "SELECT * FROM stripe.billing.credit_notes")
        if row["status"] == "issued" and row["invoice"] in invoiced
    }
    rows = read("stripe.focus.revenue")
    found = by_invoice(rows)
    assert {id: found.get(id, Decimal()) for id in invoiced} == invoiced
    assert found.keys() <= invoiced.keys()
    assert {row["x_Residual"] for row in rows} == {0}
    assert {row["BillingCurrency"] for row in rows} == {one.upper() for one in digits}
    assert {row["ChargeCategory"] for row in rows} == {"Usage", "Purchase", "Tax", "Credit"}


METRONOME = "metronome.customers.customers c JOIN metronome.invoices"


def test_every_invoice_of_metronome_in_dollars_is_the_sum_of_its_rows(
    session: Session, read: Read
) -> None:
    invoices = records(session, f"SELECT i.* FROM {METRONOME}.invoices i ON i.customer_id = c.id")
    invoiced = {
        row["id"]: Decimal(str(row["total_usd"]))
        for row in invoices
        if row["status"] == "FINALIZED" and row["total_usd"] is not None
    }
    rows = read("metronome.focus.revenue")
    found = by_invoice(rows)
    assert {id: round(found.get(id, Decimal()), 2) for id in invoiced} == {
        id: round(amount, 2) for id, amount in invoiced.items()
    }
    assert found.keys() <= invoiced.keys()
    assert {row["x_Residual"] for row in rows} == {0}


def test_lines_in_other_units_are_left_out_and_shown(session: Session) -> None:
    lines = records(session, f"SELECT l.* FROM {METRONOME}.invoice_lines l ON l.customer_id = c.id")
    others = [
        Decimal(str(line["total"]))
        for line in lines
        if line["invoice_status"] == "FINALIZED" and line["total_usd"] is None
    ]
    row, commits = records(session, "SELECT * FROM focus.left_out WHERE provider = 'Metronome'")
    assert (row["rows"], row["unit"]) == (len(others), "Credits")
    assert Decimal(str(row["amount"])) == sum(others) > 0
    shown = records(session, "SELECT * FROM focus.contract_commitments WHERE x_View = 'revenue'")
    known = records(
        session,
        "SELECT b.id FROM metronome.customers.customers c "
        "JOIN metronome.contracts.balances b ON b.customer_id = c.id WHERE b.type <> 'CREDIT'",
    )
    assert shown
    assert commits["rows"] + len(shown) == len(known)


def test_the_lines_of_invoices_are_the_charges_of_revenue(read: Read) -> None:
    charges, lines = read("stripe.focus.revenue"), read("stripe.focus.invoice_details")
    key = ("InvoiceId", "InvoiceDetailId", "BilledCost", "BillingCurrency", "ChargeCategory")
    assert sorted([row[name] for name in key] for row in lines) == sorted(
        [row[name] for name in key] for row in charges if row["InvoiceDetailId"] is not None
    )
    assert {row["PaymentTerms"] for row in lines} == {"Charged automatically", "Net 30"}
    assert all((row["PaymentDueDate"] is None) == (row["PaymentTerms"][0] == "C") for row in lines)


def test_charges_are_in_the_billing_periods_of_who_sends_the_invoices(read: Read) -> None:
    periods = read("mongodb_atlas.focus.billing_periods")
    key = ("BillingPeriodStart", "BillingPeriodEnd", "InvoiceIssuerName", "x_Connection")
    charges = read("mongodb_atlas.focus.cost_and_usage")
    assert {tuple(row[name] for name in key) for row in charges} <= {
        tuple(row[name] for name in key) for row in periods
    }
    assert {row["BillingPeriodStatus"] for row in periods} == {"Open", "Closed"}
    for row in periods:
        assert row["BillingPeriodCreated"] <= row["BillingPeriodLastUpdated"]


def test_the_estimates_of_days_are_those_of_insights(session: Session, read: Read) -> None:
    rows = read("digitalocean.focus.daily_estimates")
    (insights,) = records(
        session,
        "SELECT count(*) AS count, money_sum(d.total_amount) AS amount "
        "FROM digitalocean.account.account a JOIN digitalocean.billing.insights d "
        "ON d.account_urn = 'do:team:' || a.team_uuid WHERE d.start_date >= '2024-01-01'",
    )
    assert len(rows) == insights["count"]
    assert exact(row["BilledCost"] for row in rows) == Decimal(str(insights["amount"])) > 0
    assert "Other charges" not in {row["ServiceName"] for row in rows}


def test_commitments_are_paid_for_as_their_invoices_say(read: Read) -> None:
    rows = read("metronome.focus.contract_commitments")
    assert {row["ContractCommitmentBenefitCategory"] for row in rows} == {"Entitlement", "Other"}
    for row in rows:
        upfront = row["ContractCommitmentPaymentUpfrontPercentage"]
        if row["ContractCommitmentBenefitCategory"] == "Other":
            assert (upfront, row["ContractCommitmentPaymentModel"]) == (0, "No Upfront")
        if row["ContractCommitmentPaymentModel"] == "All Upfront":
            assert row["ContractCommitmentPaymentInterval"] == "One-Time"
        assert row["ContractCommitmentCost"] > 0


def test_the_daily_costs_of_finance_have_the_same_services(session: Session) -> None:
    costs = "SELECT DISTINCT sku, service FROM digitalocean.finops.daily_costs"
    estimates = "SELECT DISTINCT SkuId, ServiceName FROM digitalocean.focus.daily_estimates"
    period = "date('now', 'start of month', '-8 months')"
    known = sorted(session.execute(f"{estimates} WHERE ChargePeriodStart >= {period}"))
    assert sorted(session.execute(costs)) == known
    assert len(known) > 5
