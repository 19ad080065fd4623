"""What goes to an API and comes back, as plain data."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billql.definitions.model import Price
from billql.messages import Charge


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
