"""The views of finance's questions: what they request, and cases that the sandbox has not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from billql.config.settings import Settings
from billql.errors import ApiError, BadValue, OperationalError
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from support.defined import Api

NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
TEAM = "11111111-1111-4111-8111-111111111111"
CUSTOMER = "22222222-2222-4222-8222-222222222222"
INVOICES = [
    ("u-9", "9", "2026-09", "100.00"),
    ("u-8", "8", "2026-08", "81.00"),
    ("u-7", "7", "2026-07", "50.00"),
    ("u-12", "12", "2025-09", "40.00"),
]


def item(product: str, amount: str, hours: int | None = None, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = {"product": product, "amount": amount, "description": product, **more}
    return found if hours is None else {**found, "duration": str(hours), "duration_unit": "Hours"}


ITEMS = {
    "u-9": [
        item("Droplets", "60.00", 600, resource_id="1", project_name="shop"),
        item("Droplets", "25.00", 100, resource_id="3", project_name="lab"),
        item("Bandwidth", "5.01"),
        item("Taxes", "9.99"),
    ],
    "u-8": [
        item("Droplets", "50.00", 400, resource_id="1", project_name="shop"),
        item("Droplets", "20.00", 700, resource_id="2", project_name="shop"),
        item("Taxes", "10.00"),
    ],
    "u-7": [item("Droplets", "50.00", 400, resource_id="1", project_name="shop")],
    "u-12": [item("Droplets", "40.00", 400, resource_id="1", project_name="shop")],
    "preview": [item("Droplets", "30.00", 300, resource_id="1", project_name="shop")],
}


def entry(day: str, type: str, amount: str, uuid: str | None = None) -> dict[str, Any]:
    found = {"date": f"{day}T08:00:00Z", "type": type, "amount": amount, "description": type}
    return found if uuid is None else {**found, "invoice_uuid": uuid}


HISTORY = [
    entry("2026-07-15", "Payment", "-5.00"),  # before any invoice: it belongs to none
    entry("2026-08-01", "Invoice", "50.00", "u-7"),
    entry("2026-08-03", "Payment", "-30.00"),
    entry("2026-08-04", "Payment", "-20.00"),
    entry("2026-09-01", "Invoice", "81.00", "u-8"),
    entry("2026-09-01", "Credit", "-1.00"),
    entry("2026-09-03", "Payment", "-80.00"),
    entry("2026-09-04", "Chargeback", "80.00"),
    entry("2026-10-01", "Invoice", "100.00", "u-9"),
    entry("2026-10-02", "Payment", "-125.50"),
]
USD = {"id": "2714e483-4ff1-48e4-9e25-ac732e8f24f2", "name": "USD (cents)"}


def line(name: str, type: str, total: float, applied: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "type": type, "total": total, "credit_type": USD}
    if applied is not None:
        found["applied_commit_or_credit"] = {"id": "b", "type": applied}
    return found


def metronome_invoice(number: int, status: str, month: str, *lines: dict[str, Any]) -> Any:
    return {
        "id": f"33333333-3333-4333-8333-{number:012}",
        "customer_id": CUSTOMER,
        "type": "USAGE",
        "status": status,
        "total": sum(one["total"] for one in lines),
        "credit_type": USD,
        "start_timestamp": f"{month}-01T00:00:00Z",
        "end_timestamp": f"{month}-28T00:00:00Z",
        "issued_at": f"{month}-28T00:00:00Z",
        "line_items": list(lines),
    }


METRONOME = [
    metronome_invoice(
        1,
        "FINALIZED",
        "2026-09",
        line("Calls", "usage", 6000.5),
        line("Prepaid", "applied_commit_or_credit", -6000, "PREPAID"),
    ),
    metronome_invoice(2, "DRAFT", "2026-10", line("Calls", "usage", 1250)),
    {**metronome_invoice(3, "FINALIZED", "2026-08", line("Calls", "usage", 700)), "total": 800},
]


def balance(id: str, name: str, left: float, priority: float, *ends: str) -> dict[str, Any]:
    items = [
        {
            "amount": left,
            "starting_at": "2026-01-01T00:00:00+00:00",
            "ending_before": f"{end}T00:00:00+00:00",
        }
        for end in ends
    ]
    return {
        "id": f"44444444-4444-4444-8444-{id:0>12}",
        "type": "PREPAID",
        "name": name,
        "priority": priority,
        "balance": left,
        "access_schedule": {"credit_type": USD, "schedule_items": items},
    }


BALANCES = [
    balance("1", "Last", 10000, 100, "2027-01-01"),
    balance("2", "Soon", 1000, 50, "2026-12-01", "2026-10-18"),
    balance("3", "Next", 3000, 50, "2026-10-20"),
]


def charge(
    id: str, created: str, amount: int = 500, customer: str | None = "cus_1", **more: Any
) -> Any:
    return {
        "id": id,
        "status": "succeeded",
        "amount": amount,
        "amount_refunded": 0,
        "currency": "kwd",
        "customer": customer,
        "created": int(datetime.fromisoformat(created).timestamp()),
        "billing_details": {"name": "Amber"},
        **more,
    }


CHARGES = [
    charge("ch_8", "2026-10-09T00:00:00Z", customer=None),
    charge("ch_7", "2026-10-09T00:00:00Z", customer=None),
    charge("ch_6", "2026-10-03T00:00:01Z"),
    charge("ch_5", "2026-10-02T00:10:00Z", status="failed"),
    charge("ch_4", "2026-10-02T00:00:00Z", amount_refunded=500),
    charge("ch_3", "2026-10-01T23:59:00Z"),
    charge("ch_2", "2026-10-01T23:58:00Z", amount=501),
    charge("ch_1", "2026-10-01T23:58:00Z", customer="cus_2"),
]
STRIPE_INVOICE = {
    "id": "in_1",
    "number": "A-1",
    "total": 2070,
    "amount_paid": 1000,
    "amount_remaining": 770,
    "currency": "kwd",
    "status": "open",
    "customer": "cus_1",
    "customer_name": "Amber",
    "account_name": "Shark",
    "created": int(datetime(2026, 9, 30, 23, tzinfo=UTC).timestamp()),
    "status_transitions": {"finalized_at": int(NOW.timestamp())},
}
STRIPE_LINE = {
    "id": "il_1",
    "amount": 2000,
    "currency": "kwd",
    "pretax_credit_amounts": [],
    "taxes": [{"amount": 70, "tax_behavior": "exclusive"}],
}


def digitalocean(path: str) -> Any:
    if path == "/v2/account":
        team = {"uuid": TEAM, "name": "Team"}
        return {"account": {"uuid": "me", "name": "I", "email": "i@example.com", "team": team}}
    if path.endswith("/billing_history"):
        return {"billing_history": HISTORY, "meta": {"total": len(HISTORY)}, "links": {}}
    if path.endswith("/invoices"):
        names = ("invoice_uuid", "invoice_id", "invoice_period", "amount")
        found = [dict(zip(names, one, strict=True)) for one in INVOICES]
        preview = dict(zip(names, ("u-10", "10", "2026-10", "30.00"), strict=True))
        return {"invoices": found, "invoice_preview": preview, "meta": {"total": len(found)}}
    if "/invoices/" in path:
        found = ITEMS[path.rpartition("/")[2]]
        return {"invoice_items": found, "meta": {"total": len(found)}}
    first, last = (date.fromisoformat(one) for one in path.split("/")[-2:])
    days = [first + timedelta(n) for n in range((min(last, NOW.date()) - first).days + 1)]
    points = [
        {
            "start_date": str(day),
            "sku": sku,
            "total_amount": "9.00"
            if (sku, day.day, day.month) == ("1-DO-DROP-1", 9, 10)
            else "1.00",
            "description": "web-01",
        }
        for day in days
        for sku in ("1-DO-DROP-1", "1-XX-NEW-1")
    ]
    return {"data_points": points, "total_items": len(points), "total_pages": 1}


def answer(request: httpx.Request) -> Any:
    path, host = request.url.path, request.url.host
    if host == "api.digitalocean.com":
        return digitalocean(path)
    if host == "api.metronome.com":
        if path == "/v1/customers":
            archived = request.url.params.get("only_archived") == "true"
            return {"data": [] if archived else [{"id": CUSTOMER, "name": "Amber"}]}
        if path.endswith("/customerBalances/list"):
            return {"data": BALANCES, "next_page": None}
        status = request.url.params.get("status")
        return {"data": [one for one in METRONOME if status in (None, one["status"])]}
    if host == "api.stripe.com":
        if path.endswith("/lines"):
            return {"object": "list", "data": [STRIPE_LINE], "has_more": False}
        is_open = request.url.params.get("status", "open") == "open"
        found = {"/v1/charges": CHARGES, "/v1/invoices": [STRIPE_INVOICE] if is_open else []}
        return {"object": "list", "data": found.get(path, []), "has_more": False}
    return {"data": [], "has_more": False, "next_page": None}


@pytest.fixture
def api() -> Api:
    return Api(answer)


@contextmanager
def opened(api: Api) -> Iterator[Session]:
    names = ("digitalocean", "stripe", "openai", "anthropic", "metronome")
    options = Options(
        environ={},
        tokens=dict.fromkeys(names, "token-of-a-test"),
        http_transport=httpx.MockTransport(api),
        settings=Settings(attempts=1, patience=1),
        clock=lambda: NOW,
    )
    with closing(Session(":memory:", lambda: options)) as session:
        yield session


@pytest.fixture
def session(api: Api) -> Iterator[Session]:
    with opened(api) as session:
        yield session


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    """A session whose responses are cached, for tests that write nothing."""
    with opened(Api(answer)) as session:
        yield session


def rows(session: Session, sql: str) -> list[Any]:
    return list(session.execute(sql))


def paths(api: Api) -> list[str]:
    return sorted(asked.partition("?")[0] for asked in api.asked)


MY = "/v2/customers/my"


# What is requested --------------------------------------------------------------------------------


def test_without_items_a_reconciliation_reads_the_headers(session: Session, api: Api) -> None:
    sql = "SELECT r.invoice_id, r.unpaid FROM finops.reconciliation r WHERE r.kind = 'cost'"
    assert len(rows(session, sql)) == 4
    assert paths(api) == [f"{MY}/billing_history", f"{MY}/invoices"]


def test_the_items_of_one_month_are_requested(session: Session, api: Api) -> None:
    sql = "SELECT r.not_itemised FROM finops.reconciliation r "
    assert rows(session, f"{sql}WHERE r.kind = 'cost' AND r.month = '2026-08'") == [(1.0,)]
    assert [path for path in paths(api) if "invoices/" in path] == [f"{MY}/invoices/u-8"]


def test_the_lines_of_stripes_invoices_are_requested_if_they_are_read(
    session: Session, api: Api
) -> None:
    sql = "FROM finops.reconciliation r WHERE r.kind = 'revenue' AND r.issued >= '2026-09-01'"
    rows(session, f"SELECT r.invoiced, r.paid, r.unpaid {sql}")
    assert not [path for path in paths(api) if path.endswith("/lines")]
    assert any("created%5Bgte%5D=1788220800" in asked for asked in api.asked)
    rows(session, f"SELECT r.itemised {sql}")
    assert [path for path in paths(api) if path.endswith("/lines")] == ["/v1/invoices/in_1/lines"]


@pytest.mark.parametrize(
    ("sql", "path"),
    [
        ("SELECT * FROM finops.month_forecast WHERE provider = 'OpenAI'", "/v1/organization/costs"),
        ("SELECT * FROM finops.anomalies a WHERE a.provider = 'OpenAI'", "/v1/organization/costs"),
        ("SELECT * FROM finops.accruals WHERE provider = 'OpenAI'", "/v1/organization/costs"),
        (
            "SELECT * FROM finops.daily_costs WHERE provider = 'Stripe' AND day >= '2026-10-01'",
            "/v1/balance_transactions",
        ),
        (
            "SELECT f.expected FROM finops.month_forecast f WHERE f.provider IN ('Stripe')",
            "/v1/balance_transactions",
        ),
        ("SELECT * FROM finops.charges_twice", "/v1/charges"),
    ],
)
def test_only_one_provider_is_requested(session: Session, api: Api, sql: str, path: str) -> None:
    rows(session, sql)
    assert paths(api) == [path]


def test_eight_months_of_days_are_requested(session: Session, api: Api) -> None:
    sql = "SELECT expected FROM finops.month_forecast WHERE provider = 'DigitalOcean'"
    assert len(rows(session, sql)) == 1
    windows = [path.split("/")[-2:] for path in paths(api) if "insights" in path]
    assert windows[0][0] == "2026-02-01"
    assert windows[-1][1] >= "2026-10-13"
    assert len(windows) == 9
    # The days out of the ordinary are found in the same ones.
    before = len(api.asked)
    rows(session, "SELECT * FROM finops.anomalies WHERE provider = 'DigitalOcean'")
    assert len(api.asked) == before


@pytest.mark.parametrize(
    ("sql", "invoices"),
    [
        ("SELECT * FROM finops.changes_by_driver WHERE provider = 'DigitalOcean' "
         "AND month = '2026-09'", ["u-8", "u-9"]),
        ("SELECT c.month, money_sum(c.change) FROM finops.changes_by_driver c "
         "WHERE c.month = '2026-08' AND c.provider = 'DigitalOcean' GROUP BY 1", ["u-7", "u-8"]),
        ("SELECT * FROM finops.unit_costs WHERE provider = 'DigitalOcean' "
         "AND month = '2026-09'", ["u-9"]),
        ("SELECT * FROM finops.year_over_year WHERE provider = 'DigitalOcean' "
         "AND month = '2026-09'", ["u-12", "u-9"]),
    ],
)  # fmt: skip
def test_only_the_invoices_of_the_months_are_requested(
    session: Session, api: Api, sql: str, invoices: list[str]
) -> None:
    assert rows(session, sql)
    asked = {path for path in paths(api) if f"{MY}/invoices/" in path and "preview" not in path}
    assert sorted(path.rpartition("/")[2] for path in asked) == invoices
    assert {one.partition("/v")[2][0] for one in api.asked} == {"2"}  # DigitalOcean alone


# What is returned ---------------------------------------------------------------------------------


def test_payments_belong_to_the_invoice_before_them(shared: Session) -> None:
    sql = (
        "SELECT r.month, r.issued, r.invoiced, r.itemised, r.not_itemised, r.paid, r.credited, "
        "r.unpaid FROM finops.reconciliation r WHERE r.kind = 'cost' ORDER BY r.month"
    )
    assert rows(shared, sql) == [
        ("2025-09", None, 40.0, 40.0, 0.0, 0.0, 0.0, 40.0),  # the history does not reach that far
        ("2026-07", "2026-08-01T08:00:00Z", 50.0, 50.0, 0.0, 50.0, 0.0, 0.0),
        ("2026-08", "2026-09-01T08:00:00Z", 81.0, 80.0, 1.0, 0.0, 1.0, 80.0),
        ("2026-09", "2026-10-01T08:00:00Z", 100.0, 100.0, 0.0, 125.5, 0.0, -25.5),
    ]


def test_invoices_to_customers_are_reconciled(shared: Session) -> None:
    sql = (
        "SELECT r.issuer, r.customer, r.month, r.invoiced, r.itemised, r.not_itemised, r.paid, "
        "r.credited, r.unpaid, r.currency FROM finops.reconciliation r "
        "WHERE r.kind = 'revenue' ORDER BY r.issuer, r.month"
    )
    assert rows(shared, sql) == [
        ("Shark", "Amber", "2026-10", 2.07, 2.07, 0.0, 1.0, 0.3, 0.77, "KWD"),
        ("metronome", "Amber", "2026-08", 8.0, 7.0, 1.0, None, None, None, "USD"),
        ("metronome", "Amber", "2026-09", 0.005, 0.005, 0.0, None, None, None, "USD"),
    ]


def test_what_is_on_no_invoice_yet_is_accrued(shared: Session) -> None:
    sql = "SELECT kind, provider, month, amount, currency FROM finops.accruals ORDER BY kind"
    assert rows(shared, sql) == [
        ("cost", "DigitalOcean", "2026-10", 30.0, "USD"),
        ("revenue", "Metronome", "2026-10", 12.5, "USD"),
    ]


def test_balances_are_used_up_one_after_the_other(shared: Session) -> None:
    sql = (
        "SELECT b.place, b.balance, b.remaining, b.remaining_so_far, b.per_day, b.empty_on, "
        "b.expires_on, b.lost FROM finops.burn_down b ORDER BY b.place"
    )
    # 60 dollars were used in the thirty days of September.
    assert rows(shared, sql) == [
        (1, "Soon", 10.0, 10.0, 2.0, "2026-10-20", "2026-10-18", 4.0),
        (2, "Next", 30.0, 40.0, 2.0, "2026-11-04", "2026-10-20", 30.0),
        (3, "Last", 100.0, 140.0, 2.0, "2026-12-24", "2027-01-01", 0.0),
    ]


def test_a_change_is_the_sum_of_its_drivers(shared: Session) -> None:
    sql = (
        "SELECT service, resource_id, before, after, change, by_new, by_gone, by_volume, by_price, "
        "unexplained FROM finops.changes_by_driver "
        "WHERE provider = 'DigitalOcean' AND month = '2026-09' ORDER BY service, resource_id"
    )
    found = rows(shared, sql)
    assert found == [
        ("Bandwidth", None, 0.0, 5.01, 5.01, 5.01, 0.0, 0.0, 0.0, 0.0),
        # 200 hours more at 0.125, and then 600 hours at 0.10.
        ("Droplets", "1", 50.0, 60.0, 10.0, 0.0, 0.0, 25.0, -15.0, 0.0),
        ("Droplets", "2", 20.0, 0.0, -20.0, 0.0, -20.0, 0.0, 0.0, 0.0),
        ("Droplets", "3", 0.0, 25.0, 25.0, 25.0, 0.0, 0.0, 0.0, 0.0),
        ("Not itemised", None, 1.0, 0.0, -1.0, 0.0, -1.0, 0.0, 0.0, 0.0),
        ("Taxes", None, 10.0, 9.99, -0.01, 0.0, 0.0, 0.0, 0.0, -0.01),
    ]
    assert all(round(sum(row[5:]), 6) == row[4] for row in found)


def test_a_month_without_one_before_has_no_change_in_percent(shared: Session) -> None:
    sql = (
        "SELECT month, cost, year_before, change, percent FROM finops.year_over_year "
        "WHERE provider = 'DigitalOcean' ORDER BY month"
    )
    assert rows(shared, sql) == [
        ("2026-07", 50.0, None, None, None),
        ("2026-08", 81.0, None, None, None),
        ("2026-09", 100.0, 40.0, 60.0, 150.0),
    ]


def test_units_cost_what_they_cost_in_the_mean(shared: Session) -> None:
    sql = (
        "SELECT service, cost, quantity, unit, unit_cost FROM finops.unit_costs "
        "WHERE provider = 'DigitalOcean' AND month = '2026-09'"
    )
    assert rows(shared, sql) == [("Droplets", 85.0, 700.0, "Hours", 85 / 700)]


def test_charges_of_one_customer_over_one_amount_within_a_day_are_pairs(shared: Session) -> None:
    sql = (
        "SELECT first_charge, second_charge, customer, amount, currency, seconds, refunded "
        "FROM finops.charges_twice"
    )
    assert rows(shared, sql) == [("ch_3", "ch_4", "Amber", 0.5, "KWD", 60, 0.5)]


def test_a_day_out_of_the_ordinary(shared: Session) -> None:
    sql = "SELECT day, service, sku, cost, usual, difference, percent FROM finops.anomalies"
    assert rows(shared, f"{sql} WHERE provider = 'DigitalOcean'") == [
        ("2026-10-09", "Droplets", "1-DO-DROP-1", 9.0, 1.0, 8.0, 800.0)
    ]
    assert rows(shared, f"{sql} WHERE provider = 'DigitalOcean' AND difference > 8") == []


def test_a_forecast_has_an_interval(shared: Session) -> None:
    sql = "SELECT month, until, so_far, expected, past_months FROM finops.month_forecast"
    found = rows(shared, f"{sql} WHERE provider = 'DigitalOcean' AND low < expected")
    assert found == []  # all past months were as they were expected
    assert rows(shared, f"{sql} WHERE provider = 'DigitalOcean' AND low = expected") == [
        ("2026-10", "2026-10-13", 34.0, 70.0, 6)
    ]


ALLOCATION = (
    "CREATE TABLE allocation (source TEXT NOT NULL, project TEXT NOT NULL, share TEXT NOT NULL)"
)
SHOWN = (
    "SELECT project, direct, shared, total FROM finops.showback "
    "WHERE provider = 'DigitalOcean' AND month = '2026-09' ORDER BY project"
)


def test_shared_costs_are_spread_without_a_loss(session: Session) -> None:
    rows(session, ALLOCATION)
    assert rows(session, SHOWN) == [
        (None, 15.0, 0.0, 15.0),
        ("lab", 25.0, 0.0, 25.0),
        ("shop", 60.0, 0.0, 60.0),
    ]
    rows(session, "INSERT INTO allocation VALUES ('', 'shop', '0.333'), ('', 'new', '0.667')")
    rows(session, "INSERT INTO allocation VALUES ('lab', 'shop', 1)")
    assert rows(session, SHOWN) == [
        ("new", 0.0, 10.01, 10.01),
        ("shop", 60.0, 29.99, 89.99),
    ]
    rows(session, "DELETE FROM allocation WHERE project = 'new'")
    with pytest.raises(BadValue, match=r"The shares of shop add up to 0\.333, and not to 1"):
        rows(session, SHOWN)


BUDGET = (
    "CREATE TABLE budget (month TEXT, provider TEXT, project TEXT, service TEXT, amount REAL, "
    "currency TEXT)"
)


def test_budgets_of_the_last_the_running_and_coming_months(session: Session, api: Api) -> None:
    with pytest.raises(OperationalError, match="a table budget of your own"):
        rows(session, "SELECT * FROM finops.budget_status")
    rows(session, BUDGET)
    assert rows(session, "SELECT * FROM finops.budget_status") == []
    rows(
        session,
        "INSERT INTO budget VALUES (NULL, 'DigitalOcean', NULL, NULL, 60, 'USD'), "
        "('2026-09', NULL, 'shop', NULL, 50, 'usd'), ('2026-11', NULL, NULL, NULL, 10, 'USD'), "
        "('2026-08', NULL, NULL, NULL, 10, 'USD'), ('2026-10', NULL, NULL, NULL, 10, 'CHF'), "
        "('2026-10', NULL, NULL, 'Nothing', 0, 'USD')",
    )
    api.asked.clear()
    sql = "SELECT month, budget, so_far, remaining, percent, percent_of_month"
    source = "FROM finops.budget_status ORDER BY month, budget DESC"
    assert rows(session, f"{sql} {source}") == [
        ("2026-09", 50.0, 60.0, -10.0, 120.0, 100.0),
        ("2026-10", 60.0, 30.0, 30.0, 50.0, 48.4),
        ("2026-10", 10.0, 0.0, 10.0, 0.0, 48.4),
        ("2026-10", 0.0, 0.0, 0.0, None, 48.4),
        ("2026-11", 10.0, 0.0, 10.0, 0.0, 0.0),
    ]
    assert not [path for path in paths(api) if "insights" in path]
    assert rows(session, f"SELECT month, expected {source}") == [
        ("2026-09", 60.0),
        ("2026-10", 70.0),
        ("2026-10", None),
        ("2026-10", None),
        ("2026-11", None),
    ]


def test_a_part_that_fails_is_an_error(session: Session, api: Api) -> None:
    def failing(request: httpx.Request) -> Any:
        if request.url.path == "/v1/charges":
            return httpx.Response(403, json={"error": {"message": "No permission."}})
        return answer(request)

    api.respond = failing
    with pytest.raises(ApiError, match=r"No permission\."):
        rows(session, "SELECT * FROM finops.charges_twice")


# Two questions of history -------------------------------------------------------------------------


def test_what_was_reported_and_what_changed_after_the_close(tmp_path: Path) -> None:
    """The preview of March on the 5th and on the 15th, and an invoice that is restated."""
    amounts = {"preview": "10.00", "u-9": "100.00"}

    def respond(request: httpx.Request) -> httpx.Response:
        names = ("invoice_uuid", "invoice_id", "invoice_period", "amount")
        invoice = dict(zip(names, ("u-9", "9", "2026-09", amounts["u-9"]), strict=True))
        preview = dict(zip(names, ("u-10", "10", "2026-10", amounts["preview"]), strict=True))
        body = {"invoices": [invoice], "invoice_preview": preview, "meta": {"total": 1}}
        return httpx.Response(200, content=json.dumps(body))

    for day, preview, invoiced in ((5, "10.00", "100.00"), (15, "30.00", "101.00")):
        amounts |= {"preview": preview, "u-9": invoiced}
        with billql.connect(
            tmp_path / "bills.db",
            tokens={"digitalocean": "token-of-a-test"},
            environ={},
            http_transport=httpx.MockTransport(respond),
            clock=lambda day=day: NOW.replace(day=day),  # type: ignore[misc]
            autocommit=True,
        ) as connection:
            for name, source in (("running", "invoice_preview"), ("bills", "invoices")):
                columns = "invoice_period, amount, currency"
                columns += "" if name == "running" else ", invoice_uuid"
                connection.execute(
                    f"CREATE MATERIALIZED VIEW IF NOT EXISTS {name} AS "
                    f"SELECT {columns} FROM digitalocean.billing.{source}"
                    if day == 5
                    else f"REFRESH MATERIALIZED VIEW {name}"
                )
            if day == 15:
                reported = connection.execute(
                    "SELECT now.invoice_period, reported.amount, now.amount FROM running AS now "
                    "LEFT JOIN running FOR SYSTEM_TIME AS OF '2026-10-06' AS reported "
                    "USING (invoice_period)"
                ).fetchall()
                changed = connection.execute(
                    "SELECT c.invoice_period, c.old, c.new, c.difference FROM bills__changes c "
                    "WHERE c.first_read = 0 AND c.column = 'amount'"
                ).fetchall()
    assert reported == [("2026-10", 10.0, 30.0)]
    assert changed == [("2026-09", 100.0, 101.0, 1.0)]
