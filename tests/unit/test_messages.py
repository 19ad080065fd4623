"""What goes to an API and comes back, as plain data."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billql.definitions.methods import Price
from billql.messages import Charge, Request, constant_text, get_path


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.01", "USD 0.01"),
        ("0.1", "USD 0.10"),
        ("3", "USD 3.00"),
        ("300", "USD 300.00"),
        ("0.0025", "USD 0.0025"),
        ("0.0100", "USD 0.01"),
        ("0", "USD 0.00"),
    ],
)
def test_a_charge_has_as_many_places_as_it_needs_and_two_at_least(amount: str, text: str) -> None:
    assert str(Charge(Decimal(amount), "USD")) == text


def test_a_price_is_multiplied_exactly() -> None:
    price = Price(amount=0.01, currency="USD")
    assert price.charge(3) == Charge(Decimal("0.03"), "USD")
    assert price.sentence == "Each request costs USD 0.01."


@pytest.mark.parametrize(
    ("members", "body"),
    [
        ({"a.b": 1, "a.c": 2}, {"a": {"b": 1, "c": 2}}),
        ({"a[0].b": 1, "a[0].c": 2}, {"a": [{"b": 1, "c": 2}]}),
        ({"a[1].b": 2, "a[0].b": 1}, {"a": [{"b": 1}, {"b": 2}]}),
        ({"a.b[0]": 1, "a.b[1]": 2}, {"a": {"b": [1, 2]}}),
        ({"a[b]": 1, "a[]": 2}, {"a[b]": 1, "a[]": 2}),
    ],
)
def test_members_of_a_body(members: dict[str, Any], body: dict[str, Any]) -> None:
    request = Request("POST", "", body={})
    for name, value in members.items():
        request = request.with_body(name, value)
    assert request.body == body


def test_a_body_is_not_shared_by_requests_that_are_made_of_one() -> None:
    first = Request("POST", "", body={}).with_body("a[0].b", 1)
    first.with_body("a[0].b", 2)
    first.with_body("a[1].b", 3)
    assert first.body == {"a": [{"b": 1}]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("keys[0]", "x"),
        ("keys[1]", "y"),
        ("keys[2]", None),
        ("none[0]", None),
        ("text[0]", None),
        ("items[1].name", "second"),
        ("odd[1]", "as it stands"),
    ],
)
def test_items_are_found_by_their_position(path: str, found: str | None) -> None:
    data = {
        "keys": ["x", "y"],
        "text": "x",
        "items": [{"name": "first"}, {"name": "second"}],
        "odd": [1, 2],
        "odd[1]": "as it stands",
    }
    assert get_path(data, path) == found


def test_constants_for_people() -> None:
    assert constant_text(("a", 1, True)) == "a, 1, true"
    assert constant_text("a") == "a"
