"""Insights: days, windows, pages without links."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from .client import INSIGHTS, TEAM, Client


def everything(api: Client, start: str, end: str, per_page: int = 200) -> list[Any]:
    points: list[Any] = []
    number = 0
    while True:
        number += 1
        response = api.json(f"{INSIGHTS}/{start}/{end}", per_page=per_page, page=number)
        assert set(response) == {"data_points", "total_items", "total_pages", "current_page"}
        assert response["current_page"] == number
        points += response["data_points"]
        if number >= response["total_pages"]:
            assert len(points) == response["total_items"]
            return points


def test_every_day_of_the_two_years_has_points(api: Client) -> None:
    day, last = date(2024, 3, 1), date(2026, 3, 14)
    days: Counter[int] = Counter()
    while day <= last:
        end = min(day + timedelta(days=30), last)
        total = api.json(f"{INSIGHTS}/{day}/{end}", per_page=1)["total_items"]
        length = (end - day).days + 1
        assert total % length == 0
        days.update({total // length: length})
        day = end + timedelta(days=1)
    assert days == {next(iter(days)): 744}
    assert next(iter(days)) > 50


def test_a_month_is_several_pages(api: Client) -> None:
    points = everything(api, "2026-01-01", "2026-01-31")
    assert len(points) > 2000
    days = [point["start_date"] for point in points]
    assert days == sorted(days)
    assert set(days) == {f"2026-01-{day:02d}" for day in range(1, 32)}
    assert {point["usage_team_urn"] for point in points} == {f"do:team:{TEAM}"}
    assert sum(Decimal(point["total_amount"]) for point in points) > 100
    assert any(point["group_description"] for point in points)


def test_windows_agree(api: Client) -> None:
    month = everything(api, "2026-01-01", "2026-01-31")
    week = everything(api, "2026-01-10", "2026-01-16", per_page=77)
    assert week == [p for p in month if "2026-01-10" <= p["start_date"] <= "2026-01-16"]
    day = everything(api, "2026-01-12", "2026-01-12")
    assert day == [p for p in week if p["start_date"] == "2026-01-12"]


def test_twenty_points_a_page_by_default(api: Client) -> None:
    assert len(api.json(f"{INSIGHTS}/2026-01-01/2026-01-31")["data_points"]) == 20


def test_beyond_the_last_page(api: Client) -> None:
    response = api.json(f"{INSIGHTS}/2026-01-01/2026-01-01", page=1000)
    assert response["data_points"] == []
    assert response["current_page"] == 1000


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-03-10", "2026-04-09", 5),
        ("2026-03-15", "2026-03-20", 0),
        ("2024-02-20", "2024-03-02", 2),
        ("1999-01-01", "1999-01-31", 0),
    ],
)
def test_days_outside_of_the_story_have_no_points(
    api: Client, start: str, end: str, days: int
) -> None:
    points = everything(api, start, end)
    assert len({point["start_date"] for point in points}) == days


def test_documented_example_of_a_urn(api: Client) -> None:
    path = "/v2/billing/do:team:12345678-1234-1234-1234-123456789012/insights"
    assert api.json(f"{path}/2025-01-01/2025-01-31?per_page=20&page=1")["total_items"] > 0
    encoded = path.replace("do:team:", "do%3Ateam%3A")
    assert api.json(f"{encoded}/2025-01-01/2025-01-31")["total_items"] > 0


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        ("2026-01-01", "2026-02-01", "end_date"),
        ("2024-01-01", "2026-01-01", "end_date"),
        ("2026-01-02", "2026-01-01", "end_date"),
        ("2026-1-1", "2026-01-02", "start_date"),
        ("20260101", "2026-01-02", "start_date"),
        ("2026-01-01", "2026-02-30", "end_date"),
        ("2026-01-01", "2026-01-02T00:00:00Z", "end_date"),
    ],
)
def test_invalid_windows(api: Client, start: str, end: str, name: str) -> None:
    response = api.get(f"{INSIGHTS}/{start}/{end}")
    assert response.status_code == 400
    assert response.json()["id"] == "bad_request"
    assert name in response.json()["message"]


@pytest.mark.parametrize(
    ("urn", "status", "word"),
    [
        ("do:team:00000000-0000-4000-8000-000000000000", 404, "not_found"),
        (f"do:teamgroup:{TEAM}", 404, "not_found"),
        (TEAM, 400, "bad_request"),
        ("do:droplet:1", 400, "bad_request"),
    ],
)
def test_other_accounts(api: Client, urn: str, status: int, word: str) -> None:
    response = api.get(f"/v2/billing/{urn}/insights/2026-01-01/2026-01-31")
    assert response.status_code == status
    assert response.json()["id"] == word
