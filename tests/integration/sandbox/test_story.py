"""The same seed tells the same story, and a month's invoice does not depend on when it is read."""

from __future__ import annotations

import ast
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import billql.sandbox
from billql.sandbox import Sandbox

from .client import INSIGHTS, MY, Client
from .conftest import UNTIL

PATHS = [
    "/v2/account",
    "/v2/apps/tiers/instance_sizes",
    "/v2/databases",
    "/v2/droplets?per_page=200",
    "/v2/droplets?type=gpus",
    "/v2/kubernetes/clusters",
    "/v2/load_balancers",
    "/v2/projects",
    "/v2/registry/subscription",
    "/v2/reserved_ips",
    "/v2/sizes?per_page=200",
    "/v2/snapshots",
    "/v2/volumes",
    f"{MY}/balance",
    f"{MY}/billing_history?per_page=200",
    f"{MY}/invoices?per_page=200",
    f"{MY}/invoices/preview/csv",
    f"{MY}/invoices/preview/pdf",
    f"{MY}/invoices/preview/summary",
    f"{INSIGHTS}/2026-01-01/2026-01-31?page=2",
]


def tables(**options: Any) -> dict[str, bytes]:
    with Sandbox(**options) as sandbox, Client(sandbox) as api:
        return {path: api.get(path).content for path in PATHS}


def test_same_seed_same_bytes() -> None:
    assert tables(seed=5, until=UNTIL) == tables(seed=5, until=UNTIL)


def test_the_order_of_requests_does_not_matter(api: Client) -> None:
    with Sandbox(seed=1, until=UNTIL) as sandbox, Client(sandbox) as other:
        backwards = {path: other.get(path).content for path in reversed(PATHS)}
    assert backwards == {path: api.get(path).content for path in PATHS}


def test_another_seed_another_story() -> None:
    first, second = (tables(seed=seed, size="small", until=UNTIL) for seed in (1, 2))
    same = {path for path in PATHS if first[path] == second[path]}
    assert same == {
        "/v2/account",
        "/v2/apps/tiers/instance_sizes",
        "/v2/registry/subscription",
        "/v2/sizes?per_page=200",
    }


def month(api: Client, period: str) -> Any:
    (invoice,) = (i for i in api.invoices() if i["invoice_period"] == period)
    path = f"{MY}/invoices/{invoice['invoice_uuid']}"
    return [
        invoice,
        api.rows(path, "invoice_items"),
        *(api.get(path + end).content for end in ("/summary", "/csv", "/pdf")),
    ]


@pytest.mark.parametrize("until", [date(2025, 10, 1), date(2026, 12, 31), date(2027, 9, 9)])
def test_a_month_stays_as_it_is(api: Client, until: date) -> None:
    with Sandbox(seed=1, until=until) as sandbox, Client(sandbox) as other:
        assert month(other, "2025-09") == month(api, "2025-09")


def test_insights_and_history_stay_as_they_are(api: Client) -> None:
    path = f"{INSIGHTS}/2025-09-01/2025-09-30?per_page=200&page=3"
    with Sandbox(seed=1, until=date(2026, 2, 2)) as sandbox, Client(sandbox) as other:
        assert other.json(path) == api.json(path)
        earlier, later = (
            {entry["date"]: entry for entry in one.rows(f"{MY}/billing_history", "billing_history")}
            for one in (other, api)
        )
    assert all(later.get(day, entry) == entry for day, entry in earlier.items())
    assert len(set(earlier) & set(later)) > 40


def test_small_normal_and_large() -> None:
    counts = []
    for size in ("small", "normal", "large", 3):
        with Sandbox(size=size, until=UNTIL) as sandbox, Client(sandbox) as api:
            assert len(api.invoices()) == 25
            counts.append(len(api.rows("/v2/droplets", "droplets")))
    small, normal, large, three = counts
    assert 5 <= small < three < normal < large
    assert normal > 40
    assert large > 300


@pytest.mark.parametrize("size", [0, -1, 401])
def test_impossible_sizes(size: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 400"):
        Sandbox(size=size, until=UNTIL)


def test_impossible_days() -> None:
    with pytest.raises(ValueError, match="before 2018-01-01"):
        Sandbox(until=date(2017, 12, 31))


@pytest.mark.parametrize("until", [date(2018, 1, 1), date(2024, 2, 29), date(2099, 12, 31)])
def test_possible_days(until: date) -> None:
    with Sandbox(size="small", until=until) as sandbox, Client(sandbox) as api:
        assert len(api.invoices()) == 25
        assert all(droplet["id"] > 0 for droplet in api.rows("/v2/droplets", "droplets"))


def test_until_is_today_by_default() -> None:
    with Sandbox(size="small") as sandbox, Client(sandbox) as api:
        preview = api.json(f"{MY}/invoices")["invoice_preview"]
    assert preview["updated_at"].startswith(preview["invoice_period"])


def test_the_stories_stand_alone() -> None:
    home = Path(billql.sandbox.__file__).parent
    # The mock reads definitions, and the package itself opens both.
    paths = set(home.rglob("*.py")) - {*(home / "mock").rglob("*.py"), home / "__init__.py"}
    assert len(paths) > 20
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                assert (
                    name.startswith("billql.sandbox")
                    or top == "orjson"
                    or (top in sys.stdlib_module_names)
                ), f"{path.name} imports {name}"
