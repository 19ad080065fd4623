"""What requests cost: it is announced, counted and limited, retries included."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.errors import CostLimit
from billql.fetching.scan_stats import ScanStats
from billql.messages import Charge
from billql.output.progress import render
from billql.sqlite._statement_log import StatementLog
from support.server import Traffic
from support.shop import RESOURCES, Shop, opened, select

CENT = {"amount": 0.01, "currency": "USD"}


def priced(**prices: dict[str, Any]) -> dict[str, Any]:
    """Return the resources of a shop, some of which cost something for each request."""
    found = copy.deepcopy(RESOURCES)
    for name, price in prices.items():
        found[name]["methods"]["read"]["price"] = price
    return found


def cents(count: int) -> Charge:
    return Charge(Decimal(count) / 100, "USD")


@pytest.mark.parametrize("name", ["things", "events"])
def test_the_request_that_would_pass_the_limit_is_not_sent(tmp_path: Path, name: str) -> None:
    shop = Shop(**{name: 95})
    settings = Settings(max_cost=0.07)
    resources = priced(**{name: CENT})
    with opened(shop, tmp_path, resources=resources, settings=settings) as session:
        with pytest.raises(CostLimit) as raised:
            select(session, f"SELECT * FROM @{name}")
        (scan,) = session.scans
    assert len(shop.asked) == 7
    assert scan.cost == cents(7)
    assert raised.value.code == "cost-limit"
    assert raised.value.message == (
        "The statement needs another request for USD 0.01, and would then have cost USD 0.08: "
        "more than the USD 0.07 that it may cost"
    )
    assert "--max-cost" in str(raised.value.hint)


@pytest.mark.parametrize("most", [0.1, 0.3, 5, None])
def test_a_limit_that_is_just_reached_is_none(tmp_path: Path, most: float | None) -> None:
    shop = Shop(things=95)
    settings = Settings(max_cost=most)
    with opened(shop, tmp_path, resources=priced(things=CENT), settings=settings) as session:
        assert len(select(session, "SELECT * FROM @things")) == 95
        (scan,) = session.scans
    assert scan.cost == cents(10)
    assert scan.as_dict() == {
        "resource": "shop.all.things",
        **{"requests": 10, "pages": 10, "rows": 95, "cache_hits": 0, "retries": 0},
        **{"cost": 0.1, "currency": "USD", "waited": 0.0},
    }


def test_the_limit_is_one_for_all_scans_of_a_statement(tmp_path: Path) -> None:
    shop = Shop(things=30, events=30)
    resources = priced(things=CENT, events=CENT)
    with opened(shop, tmp_path, resources=resources, settings=Settings(max_cost=0.05)) as session:
        with pytest.raises(CostLimit):
            select(session, "SELECT id FROM @things UNION ALL SELECT id FROM @events")
        assert len(shop.asked) == 5
        shop.asked.clear()
        select(session, "SELECT id FROM @events")
        assert len(shop.asked) == 3


def test_what_costs_nothing_is_not_limited(tmp_path: Path) -> None:
    shop = Shop(things=95, balance=1)
    with opened(shop, tmp_path, resources=priced(balance=CENT), settings=Settings(max_cost=0)) as (
        session
    ):
        assert len(select(session, "SELECT * FROM @things")) == 95
        assert [scan.cost for scan in session.scans] == [None]
        assert "cost" not in session.scans[0].as_dict()
        with pytest.raises(CostLimit):
            select(session, "SELECT * FROM @balance")


def test_currencies_are_limited_each_by_itself(tmp_path: Path) -> None:
    shop = Shop(things=30, events=30)
    resources = priced(things=CENT, events={"amount": 0.02, "currency": "EUR"})
    with opened(shop, tmp_path, resources=resources, settings=Settings(max_cost=0.06)) as session:
        select(session, "SELECT id FROM @things UNION ALL SELECT id FROM @events")
        found = {scan.resource: str(scan.cost) for scan in session.scans}
        assert found == {"shop.all.things": "USD 0.03", "shop.all.events": "EUR 0.06"}


def test_a_retry_costs_as_much_again(tmp_path: Path) -> None:
    shop = Shop()
    shop.before = lambda request, number: httpx.Response(503, headers={"retry-after": "0"})
    settings = Settings(attempts=5, max_cost=0.02)
    with opened(shop, tmp_path, resources=priced(balance=CENT), settings=settings) as session:
        with pytest.raises(CostLimit):
            select(session, "SELECT * FROM @balance")
        (scan,) = session.scans
    assert len(shop.asked) == 2
    assert (scan.requests, scan.cost) == (2, cents(2))


def test_a_cached_response_costs_nothing(tmp_path: Path) -> None:
    shop = Shop(things=30)
    settings = Settings(max_cost=0.03)
    with opened(shop, tmp_path, resources=priced(things=CENT), settings=settings) as session:
        select(session, "SELECT id FROM @things")
        for _ in range(2):
            select(session, "SELECT a.id FROM @things a JOIN @things b ON a.id = b.id")
            assert [scan.cost for scan in session.scans] == [None, None]
    assert len(shop.asked) == 3


def test_explain_and_the_catalog_announce_it(tmp_path: Path) -> None:
    with opened(Shop(), tmp_path, resources=priced(things=CENT)) as session:
        ((*_, detail),) = select(session, "EXPLAIN QUERY PLAN SELECT * FROM @things")
        assert detail.endswith("read; about 100 requests for USD 1.00")
        ((*_, detail),) = select(session, "EXPLAIN QUERY PLAN SELECT * FROM @events")
        assert detail.endswith("read; about 100 requests")
        methods = select(
            session,
            "SELECT price, currency, description FROM billql.catalog.methods "
            "WHERE resource IN ('things', 'events') AND provider = 'shop' ORDER BY resource",
        )
        assert methods == [
            (None, None, "Reads it."),
            (0.01, "USD", "Reads it. Each request costs USD 0.01."),
        ]


def test_the_last_statement_is_accounted_for_in_the_catalog(tmp_path: Path) -> None:
    shop = Shop(things=30, events=1)
    with opened(shop, tmp_path, resources=priced(things=CENT)) as session:
        select(session, "SELECT id FROM @things UNION ALL SELECT id FROM @events")
        scans = select(session, "SELECT resource, cost, currency FROM billql.catalog.scans")
    assert scans == [("shop.all.things", 0.03, "USD"), ("shop.all.events", None, None)]


def test_the_log_of_a_statement_has_what_it_cost() -> None:
    lines: list[str] = []
    euro = Charge(Decimal("0.06"), "EUR")
    scans = [
        ScanStats("shop.all.things", requests=3, rows=30, cost=cents(3)),
        ScanStats("shop.all.events", requests=3, rows=30, cost=euro),
        ScanStats("shop.all.things", requests=1, rows=3, cost=cents(1)),
        ScanStats("shop.all.rates", requests=1, rows=3),
    ]
    StatementLog(lines.append, "SELECT 1").ended(scans)
    assert lines[-1].endswith(" s: 8 requests for USD 0.04 and for EUR 0.06, 66 rows read")


def test_progress_shows_what_was_spent_so_far() -> None:
    scan = ScanStats("shop.all.things", requests=3, cost=cents(3))
    table = render([scan, ScanStats("shop.all.events", requests=1)], 1.0)
    assert list(table.columns[3].cells) == ["3 requests, USD 0.03", "1 request"]


@pytest.mark.parametrize("name", ["things", "events"])
@pytest.mark.parametrize(("limit", "asked"), [(1, 1), (8, 1), (10, 1), (11, 2), (18, 2), (25, 3)])
def test_no_page_is_paid_for_that_a_limit_does_not_need(
    tmp_path: Path, name: str, limit: int, asked: int
) -> None:
    shop = Shop(**{name: 95})
    with opened(shop, tmp_path, resources=priced(**{name: CENT})) as session:
        # SQLite checks the condition, so it alone knows when there are enough rows.
        found = select(session, f"SELECT id FROM @{name} WHERE length(name) > 0 LIMIT {limit}")
        (scan,) = session.scans
    assert len(found) == limit
    assert (len(shop.asked), scan.cost) == (asked, cents(asked))


def test_no_key_is_paid_for_that_a_limit_does_not_need(tmp_path: Path) -> None:
    shop = Shop(things=30)
    sql = "SELECT d.size FROM @things t CROSS JOIN @details d ON d.thing_id = t.id"
    held = Traffic(6)

    def hold_keys(request: httpx.Request, number: int) -> None:
        if request.url.path != "/things":
            with held():
                pass

    with opened(shop, tmp_path, resources=priced(details=CENT)) as session:
        assert len(select(session, f"{sql} LIMIT 3")) == 3
        (paid,) = [scan for scan in session.scans if scan.cost is not None]
        assert paid.cost == cents(3)
        # Without a limit all are needed, and are fetched at once.
        shop.before = hold_keys
        assert len(select(session, sql)) == 30
        assert held.most >= 6
