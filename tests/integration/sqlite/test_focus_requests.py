"""What the views of FOCUS request: the providers, periods and invoices that are asked for alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from billql.errors import ApiError
from billql.sqlite.session import Session
from support.defined import Api
from support.small_bills import answer, session_of


@pytest.fixture
def api() -> Api:
    return Api(answer)


@pytest.fixture
def own(api: Api) -> Iterator[Session]:
    with session_of(api) as session:
        yield session


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM focus.cost_and_usage "
        "WHERE BillingPeriodStart >= '2026-09-01' AND ProviderName = 'DigitalOcean'",
        "SELECT f.ServiceName, money_sum(f.BilledCost) FROM focus.cost_and_usage AS f "
        "WHERE f.ProviderName IN ('DigitalOcean') AND f.BillingPeriodStart >= '2026-09' GROUP BY 1",
        "SELECT count(*) FROM digitalocean.focus.cost_and_usage "
        "WHERE BillingPeriodStart BETWEEN '2026-09-01' AND '2026-12-01'",
    ],
)
def test_only_one_provider_and_its_invoices_are_requested(own: Session, api: Api, sql: str) -> None:
    assert list(own.execute(sql))
    paths = sorted(asked.partition("?")[0] for asked in api.asked)
    assert paths == [
        "/v2/account",
        "/v2/customers/my/invoices",  # the list
        "/v2/customers/my/invoices",  # the preview, which comes along with a page of one
        "/v2/customers/my/invoices/preview",
        "/v2/customers/my/invoices/u-9",
    ]


def test_a_provider_without_a_part_is_not_requested(own: Session, api: Api) -> None:
    sql = "SELECT count(*) FROM focus.cost_and_usage WHERE ProviderName = 'Nobody'"
    assert list(own.execute(sql)) == [(0,)]
    assert api.asked == []


@pytest.mark.parametrize(
    ("provider", "bounds"),
    [
        ("Stripe", ["created%5Bgte%5D=1788220800", "created%5Blt%5D=1790812800"]),
        ("OpenAI", ["start_time=1788220800", "end_time=1790812800"]),
        ("Anthropic", ["starting_at=2026-09-01", "ending_at=2026-10-01"]),
    ],
)
@pytest.mark.parametrize(
    "condition",
    [
        "ChargePeriodStart >= '2026-09-01' AND ChargePeriodStart < '2026-10-01'",
        "BillingPeriodStart = '2026-09-01'",
        "BillingPeriodStart BETWEEN '2026-09-01' AND '2026-09-30'",
        "BillingPeriodStart > date('2026-08-15') AND BillingPeriodEnd <= '2026-10-01'",
    ],
)
def test_a_condition_on_a_period_is_sent(
    own: Session, api: Api, condition: str, provider: str, bounds: list[str]
) -> None:
    sql = f"SELECT BilledCost FROM focus.cost_and_usage WHERE ProviderName = '{provider}'"
    list(own.execute(f"{sql} AND {condition}"))
    (asked,) = api.asked
    assert [bound for bound in bounds if bound not in asked] == []


def test_a_part_that_fails_is_an_error(own: Session, api: Api) -> None:
    def failing(request: httpx.Request) -> Any:
        if request.url.path == "/v2/account":
            return httpx.Response(403, json={"id": "forbidden", "message": "No scope."})
        return answer(request)

    api.respond = failing
    with pytest.raises(ApiError, match=r"No scope\."):
        list(own.execute("SELECT * FROM focus.cost_and_usage"))
