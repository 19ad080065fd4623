"""The error responses of Stripe's sandbox: status, type, code and parameter."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from billql.sandbox import Limits, Sandbox
from billql.sandbox.api import ApiError, Request

from .client import LISTS, UNTIL, Client, Row

Tables = dict[str, list[Row]]


def bare(api: Client, authorization: str | None, path: str = "/v1/customers") -> httpx.Response:
    headers = {} if authorization is None else {"authorization": authorization}
    return httpx.get(api.url + path, headers=headers, trust_env=False)


class TestKeys:
    @pytest.mark.parametrize("authorization", [None, "", "Bearer", "Digest x", "Basic x"])
    def test_no_key(self, stripe_api: Client, authorization: str | None) -> None:
        response = bare(stripe_api, authorization)
        assert response.status_code == 401
        assert response.json()["error"]["type"] == "invalid_request_error"

    @pytest.mark.parametrize("wrong", ["sk_test_51" + "x" * 20 + "last", "oops"])
    def test_a_wrong_key_is_not_shown(self, stripe_api: Client, wrong: str) -> None:
        response = bare(stripe_api, f"Bearer {wrong}")
        assert response.status_code == 401
        assert response.json()["error"]["type"] == "invalid_request_error"
        assert wrong not in response.text

    def test_the_official_client_knows_a_wrong_key(self, stripe_api: Client) -> None:
        with pytest.raises(stripe.AuthenticationError):
            stripe_api.with_key("sk_test_wrong").v1.customers.list()

    def test_a_restricted_key(self) -> None:
        with Sandbox(size="small", until=UNTIL) as sandbox, Client(sandbox) as api:
            key = sandbox.restricted("stripe", "rak_customer_read", "rak_invoice_read")
            assert key.startswith("rk_test_")
            assert key == sandbox.restricted("stripe", "rak_invoice_read", "rak_customer_read")
            client = api.with_key(key)
            assert client.v1.customers.list().data
            invoice = client.v1.invoices.list().data[0]
            assert client.v1.invoices.line_items.list(invoice.id).data
            with pytest.raises(stripe.PermissionError) as refused:
                client.v1.charges.list()
            error = refused.value
            assert error.http_status == 403
            assert error.code is None
            assert key not in str(error.user_message)
            nothing = api.with_key(sandbox.restricted("stripe"))
            for listed in LISTS.values():
                with pytest.raises(stripe.PermissionError):
                    listed.first_page(nothing)
            for path in ("balance", "billing/credit_balance_summary", "customers/x", "plans/y"):
                with pytest.raises(stripe.PermissionError):
                    nothing.raw_request("get", f"/v1/{path}")


def test_ids_of_requests(stripe_api: Client) -> None:
    first, second = stripe_api.get("customers"), stripe_api.get("customers", limit=0)
    assert first.headers["request-id"].startswith("req_")
    assert first.headers["request-id"] != second.headers["request-id"]


@pytest.mark.parametrize("path", LISTS)
def test_ids_that_are_nobodys(stripe_api: Client, path: str) -> None:
    status, error = stripe_api.error(f"{path}/nobody")
    assert status == 404
    assert error["code"] == "resource_missing"
    status, error = stripe_api.error(path, starting_after="nobody")
    assert (status, error["code"], error["param"]) == (400, "resource_missing", "starting_after")


@pytest.mark.parametrize("path", LISTS)
def test_parameters_that_are_unknown(stripe_api: Client, tables: Tables, path: str) -> None:
    one = f"{path}/{tables[path][0]['id']}"
    for where, query, name in (
        (path, {"nonsense": "1"}, "nonsense"),
        (path, {"a[b]": "1", "c": "2"}, "a[b]"),
        (one, {"limit": "1"}, "limit"),
    ):
        status, error = stripe_api.error(where, **query)
        assert status == 400
        assert error["code"] == "parameter_unknown"
        assert error["param"] == name


@pytest.mark.parametrize(
    ("path", "query", "code", "param"),
    [
        ("charges", {"limit": "101"}, None, "limit"),
        ("charges", {"limit": "0"}, None, "limit"),
        ("charges", {"limit": "ten"}, None, "limit"),
        ("charges", {"limit": "1.0"}, None, "limit"),
        ("charges", {"created[gte]": "x"}, None, "created[gte]"),
        ("charges", {"created[not]": "1"}, "parameter_unknown", "created[not]"),
        ("charges", {"expand": "customer"}, "parameter_unknown", "expand"),
        ("invoices", {"status": "late"}, None, "status"),
        ("subscriptions", {"status": "x"}, None, "status"),
        ("products", {"active": "yes"}, None, "active"),
        ("prices", {"recurring": "month"}, "parameter_unknown", "recurring"),
        ("prices", {"recurring[interval]": "eon"}, None, "recurring[interval]"),
        ("subscription_items", {}, "parameter_missing", "subscription"),
    ],
)
def test_parameters_that_are_wrong(
    stripe_api: Client,
    path: str,
    query: dict[str, str],
    code: str | None,
    param: str,
) -> None:
    status, error = stripe_api.error(path, **query)
    assert status == 400
    assert error.get("code") == code
    assert error["param"] == param


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("invoices", "customer"),
        ("invoices", "subscription"),
        ("invoiceitems", "invoice"),
        ("subscriptions", "price"),
        ("subscriptions", "plan"),
        ("subscription_items", "subscription"),
        ("charges", "payment_intent"),
        ("refunds", "charge"),
        ("balance_transactions", "payout"),
        ("prices", "product"),
        ("promotion_codes", "coupon"),
        ("billing/credit_balance_transactions", "credit_grant"),
        ("billing/alerts", "meter"),
    ],
)
def test_filters_by_ids_that_are_nobodys(stripe_api: Client, path: str, name: str) -> None:
    status, error = stripe_api.error(path, **{name: "nobody"})
    assert (status, error["code"], error["param"]) == (400, "resource_missing", name)


class TestCredits:
    PATH = "billing/credit_balance_summary"

    def api(self, api: Client, **query: Any) -> tuple[int, str | None, str | None]:
        status, error = api.error(self.PATH, **query)
        return status, error.get("code"), error.get("param")

    def test_what_is_required(self, stripe_api: Client, tables: Tables) -> None:
        customer = tables["customers"][0]["id"]
        missing = "parameter_missing"
        assert self.api(stripe_api) == (400, None, "filter[type]")
        kind = {"filter[type]": "credit_grant"}
        assert self.api(stripe_api, **kind) == (400, missing, "filter[credit_grant]")
        grant = {**kind, "filter[credit_grant]": "x"}
        assert self.api(stripe_api, **grant) == (400, missing, "customer")
        only = {"customer": customer, "filter[credit_grant]": "x"}
        assert self.api(stripe_api, **only) == (400, None, "filter[type]")
        nobody = {**kind, "filter[credit_grant]": "x", "customer": "nobody"}
        assert self.api(stripe_api, **nobody) == (400, "resource_missing", "customer")

    def test_scopes(self, stripe_api: Client, tables: Tables) -> None:
        scoped = next(
            row
            for row in tables["billing/credit_grants"]
            if "prices" in row["applicability_config"]["scope"]
        )
        price = scoped["applicability_config"]["scope"]["prices"][0]["id"]
        inner = "filter[applicability_scope]"
        base = {"customer": scoped["customer"], "filter[type]": "applicability_scope"}
        query = {**base, f"{inner}[prices][0][id]": price}
        (balance,) = stripe_api.json(self.PATH, query)["balances"]
        assert balance["ledger_balance"]["monetary"]["currency"] == "usd"
        for wrong in (
            {f"{inner}[price_type]": "metered", f"{inner}[prices][0][id]": price},
            {f"{inner}[price_type]": "licensed"},
            {f"{inner}[prices][0][id]": "nobody"},
        ):
            assert self.api(stripe_api, **base, **wrong)[0] == 400

    def test_nobody_has_no_balances(self, stripe_api: Client, tables: Tables) -> None:
        owners = {row["customer"] for row in tables["billing/credit_grants"]}
        other = next(row["id"] for row in tables["customers"] if row["id"] not in owners)
        query = {
            "customer": other,
            "filter[type]": "applicability_scope",
            "filter[applicability_scope][price_type]": "metered",
        }
        assert stripe_api.json(self.PATH, query)["balances"] == []


class TestMeters:
    def path(self, tables: Tables) -> str:
        meter = next(row for row in tables["billing/meters"] if row["event_name"] == "tokens")
        return f"billing/meters/{meter['id']}/event_summaries"

    def test_what_is_required(self, stripe_api: Client, tables: Tables) -> None:
        path = self.path(tables)
        query: dict[str, Any] = {}
        for name, value in (
            ("customer", tables["customers"][0]["id"]),
            ("start_time", 1767225600),
            ("end_time", 1769904000),
        ):
            status, error = stripe_api.error(path, **query)
            assert (status, error["code"], error["param"]) == (400, "parameter_missing", name)
            query[name] = value
        assert len(stripe_api.json(path, query)["data"]) == 1
        assert stripe_api.error("billing/meters/nobody/event_summaries", **query)[0] == 404

    @pytest.mark.parametrize(
        ("window", "start", "end", "param"),
        [
            (None, 1767225601, 1769904000, "start_time"),
            (None, 1767225600, 1769904030, "end_time"),
            (None, 1767225600, 1767225600, "end_time"),
            ("hour", 1767225660, 1769904000, "start_time"),
            ("day", 1767225600, 1769907600, "end_time"),
            ("week", 1767225600, 1769904000, "value_grouping_window"),
        ],
    )
    def test_moments_must_be_aligned(
        self,
        stripe_api: Client,
        tables: Tables,
        window: str | None,
        start: int,
        end: int,
        param: str,
    ) -> None:
        query = {"customer": tables["customers"][0]["id"], "start_time": start, "end_time": end}
        if window:
            query["value_grouping_window"] = window
        status, error = stripe_api.error(self.path(tables), **query)
        assert (status, error["param"]) == (400, param)

    def test_windows_add_up(self, stripe_api: Client, tables: Tables) -> None:
        path = self.path(tables)
        used = 0
        for customer in tables["customers"]:
            query = {"customer": customer["id"], "start_time": 1767225600, "end_time": 1769904000}
            (whole,) = stripe_api.json(path, query)["data"]
            days = stripe_api.rows(path, {**query, "value_grouping_window": "day"})
            assert [day["start_time"] for day in days] == list(
                range(1769904000 - 86400, 1767225600 - 1, -86400)
            )
            assert sum(day["aggregated_value"] for day in days) == whole["aggregated_value"]
            if whole["aggregated_value"] and not used:
                hours = stripe_api.rows(path, {**query, "value_grouping_window": "hour"})
                assert len(hours) == 744
                assert sum(hour["aggregated_value"] for hour in hours) == whole["aggregated_value"]
            used += whole["aggregated_value"]
        assert used > 0

    def test_the_official_client_pages_through_windows(
        self, stripe_api: Client, tables: Tables
    ) -> None:
        meter = self.path(tables).split("/")[2]
        summaries = stripe_api.client.v1.billing.meters.event_summaries.list(
            meter,
            {
                "customer": tables["customers"][0]["id"],
                "start_time": 1767225600,
                "end_time": 1769904000,
                "value_grouping_window": "hour",
                "limit": 100,
            },
        )
        assert len(list(summaries.auto_paging_iter())) == 744


class TestElsewhere:
    def test_unknown_urls(self, stripe_api: Client) -> None:
        assert stripe_api.error("nowhere")[0] == 404
        posted = stripe_api.http.post("customers", data={"name": "x"})
        assert posted.status_code == 405
        for path in ("invoices/nobody/lines", "customers/nobody/balance_transactions"):
            assert stripe_api.error(path)[0] == 404

    def test_no_such_entry(self, stripe_api: Client, tables: Tables) -> None:
        path = f"customers/{tables['customers'][0]['id']}/balance_transactions/nobody"
        status, error = stripe_api.error(path)
        assert (status, error["code"]) == (404, "resource_missing")

    def test_faults_of_the_server(self) -> None:
        def intercept(request: Request) -> None:
            raise ApiError(503)

        with (
            Sandbox(size="small", until=UNTIL, intercept=intercept) as sandbox,
            Client(sandbox) as api,
        ):
            response = api.get("customers")
            assert response.status_code == 503
            assert response.json()["error"]["type"] == "api_error"
            with pytest.raises(stripe.APIError):
                api.client.v1.customers.list()


class TestLimits:
    def test_too_many_a_second(self) -> None:
        limits = Limits(per_second=0)
        with (
            Sandbox(size="small", until=UNTIL, limits=limits) as sandbox,
            Client(sandbox) as api,
        ):
            refused = api.get("coupons")
            assert refused.status_code == 429
            error = refused.json()["error"]
            assert (error["code"], error["type"]) == ("rate_limit", "invalid_request_error")
            assert refused.headers["stripe-should-retry"] == "true"
            assert refused.headers["stripe-rate-limited-reason"] == "global-rate"
            unknown = httpx.get(f"{api.url}/v1/coupons", trust_env=False)
            assert unknown.status_code == 401, "who has no key is not counted"

    def test_the_official_client_waits(self) -> None:
        seen: list[str] = []

        def intercept(request: Request) -> None:
            seen.append(request.path)
            if len(seen) == 1:
                raise ApiError(429)

        with (
            Sandbox(size="small", until=UNTIL, intercept=intercept) as sandbox,
            Client(sandbox) as api,
        ):
            with pytest.raises(stripe.RateLimitError):
                api.client.v1.coupons.list()
            seen.clear()
            assert len(api.with_key(api.token, retries=2).v1.coupons.list().data) == 5
            assert [entry.status for entry in sandbox.requests] == [429, 429, 200]

    def test_the_minutes_of_others_do_not_count(self) -> None:
        limits = Limits(per_hour=1, per_minute=1, per_second=1000)
        with (
            Sandbox(size="small", until=UNTIL, limits=limits) as sandbox,
            Client(sandbox) as api,
        ):
            assert {api.get("coupons").status_code for _ in range(5)} == {200}
