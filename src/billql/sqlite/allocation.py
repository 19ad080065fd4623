"""The SQL aggregate allocate(): an amount in parts of which nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation, localcontext

from billql.definitions.types import SQLValue
from billql.errors import BadValue
from billql.sqlite.money import exact
from billql.util.currencies import digits_of

_DIGITS = 100
"""Enough for the product of an amount and a share."""


def parts_of(amount: Decimal, shares: Mapping[str, Decimal], digits: int) -> dict[str, Decimal]:
    """Return an amount in parts by shares that add up to 1, each with so many digits.

    What rounding down has left goes to the parts that lost most by it, one unit each, and of equal
    ones to the first by its key (the method of the largest remainder). So the parts add up to the
    amount, which has no more digits than that.
    """
    with localcontext(prec=_DIGITS):
        unit = Decimal(1).scaleb(-digits)
        whole = {key: abs(amount) * share / unit for key, share in shares.items()}
        units = {key: value.to_integral_value(ROUND_FLOOR) for key, value in whole.items()}
        left = int(abs(amount) / unit - sum(units.values()))
        for key in sorted(whole, key=lambda key: (units[key] - whole[key], key))[:left]:
            units[key] += 1
        sign = -1 if amount < 0 else 1
        return {key: sign * count * unit for key, count in units.items()}


class allocate:  # noqa: N801 - it is named as in SQL
    """`allocate(amount, currency, key, share)`: an amount in parts by shares, as a JSON object.

    An aggregate of rows with a key and a share each, and with one amount and one currency. The
    parts have the digits of the currency, or those of the amount if it has more, and add up to it:
    what rounding leaves goes to the parts that lost most by it. Raises BadValue for shares that do
    not add up to 1, for one that is negative, and for a key that stands there twice. Shares are
    decimals, as texts for more than 15 digits.

    ```sql
    SELECT allocate(100, 'USD', column1, column2)
    FROM (VALUES ('storefront', '0.335'), ('research', '0.335'), ('staging', '0.33'))
    ```
    """

    def __init__(self) -> None:
        self._amount: Decimal | None = None
        self._currency = ""
        self._shares: dict[str, Decimal] = {}

    def step(self, amount: SQLValue, currency: SQLValue, key: SQLValue, share: SQLValue) -> None:
        """Add a share; an amount of NULL has no parts."""
        if amount is None:
            return
        if not isinstance(key, str):
            raise BadValue(
                f"allocate() takes a text as the key of a share, and {key!r:.40} is none"
            )
        if key in self._shares:
            raise BadValue(f"allocate() has two shares of {key!r:.80}")
        value = exact(amount)
        if self._amount not in (None, value):
            raise BadValue(
                f"allocate() has one amount, and not both {self._amount} and {value}",
                hint="GROUP BY what the amounts belong to.",
            )
        self._amount, self._currency = value, str(currency)
        self._shares[key] = _share(share)

    def final(self) -> str | None:
        """Return the parts of all rows; NULL for none."""
        if self._amount is None:
            return None
        with localcontext(prec=_DIGITS):
            total = sum(self._shares.values(), Decimal())
        if total != 1:
            keys = ", ".join(sorted(self._shares))
            raise BadValue(
                f"The shares of {keys:.200} add up to {total}, and not to 1",
                hint="Write shares as decimals, such as 0.25; the last one is what is left to 1.",
            )
        exponent = self._amount.normalize().as_tuple().exponent
        own = -exponent if isinstance(exponent, int) else 0
        usual = digits_of(self._currency)
        parts = parts_of(self._amount, self._shares, max(own, 2 if usual is None else usual))
        return json.dumps({key: float(part) for key, part in parts.items()})


def _share(value: SQLValue) -> Decimal:
    try:
        share = Decimal(value.strip()) if isinstance(value, str) else exact(value)
    except InvalidOperation:
        share = Decimal(-1)
    if not (share.is_finite() and share >= 0):
        raise BadValue(
            f"allocate() takes shares from 0 to 1, and {value!r:.40} is none",
            hint="Write a share as a decimal, such as 0.25.",
        )
    return share
