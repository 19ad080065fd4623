"""Currencies: how many digits an amount of one has after the point (ISO 4217)."""

from __future__ import annotations

from billql.util.iso_4217 import BY_DIGITS

_WITHDRAWN = {
    0: "BYR",
    2: "ANG BGN CUC HRK MRO SLL STD VEF ZWL",
}
"""Codes that lists since 2016 had and the present one has not; old invoices are still in them."""

_DIGITS = {
    code: digits
    for codes_by_digits in (_WITHDRAWN, BY_DIGITS)
    for digits, codes in codes_by_digits.items()
    for code in codes.split()
}


def digits_of(currency: str) -> int | None:
    """Return the digits of a currency's minor unit: 2 for usd, 0 for JPY, 3 for KWD.

    None if it has no minor unit, as gold (XAU), or is no code of ISO 4217. Capitals do not matter.
    """
    return _DIGITS.get(currency.upper())
