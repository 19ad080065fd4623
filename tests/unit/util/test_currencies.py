"""The digits of currencies, against the list of ISO 4217."""

from __future__ import annotations

import iso4217
import pytest

from billql.util.currencies import digits_of


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("USD", 2),
        ("usd", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("UYI", 0),
        ("ISK", 0),
        ("MGA", 2),
        ("XAU", None),
        ("XXX", None),
        ("BGN", 2),  # until 2025
        ("usdc", None),
        ("", None),
    ],
)
def test_digits(currency: str, digits: int | None) -> None:
    assert digits_of(currency) == digits


def test_all_of_the_list() -> None:
    for code, entry in iso4217.raw_table.items():
        if code is not None:
            units = str(entry["CcyMnrUnts"])
            assert digits_of(code) == (int(units) if units.isdigit() else None), code
