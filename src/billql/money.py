"""Amounts in decimal: exact sums, and minor units of a currency.

On its own so that `decimal` is loaded when it is used.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

from billql.errors import BadValue
from billql.values import SQLValue

_CONTEXT = Context(prec=80)
"""More digits than the sum of any list of 64-bit numbers has."""


class MoneySum:
    """`money_sum(x)`: the sum of amounts, added exactly in decimal.

    An amount counts with the 15 significant digits that SQLite prints of it, so 0.1 + 0.2 is 0.3.
    Integers give an integer; no amounts at all give NULL. Works as a window function too.
    """

    def __init__(self) -> None:
        self._total = Decimal(0)
        self._count = 0
        self._fractions = 0

    def step(self, value: SQLValue) -> None:
        """Add an amount."""
        self._change(value, 1)

    def inverse(self, value: SQLValue) -> None:
        """Take an amount away that has left the window."""
        self._change(value, -1)

    def value(self) -> int | float | None:
        """Give the sum so far."""
        if self._count == 0:
            return None
        return float(self._total) if self._fractions else int(self._total)

    final = value

    def _change(self, value: SQLValue, sign: int) -> None:
        if value is None:
            return
        amount = exact(value)
        self._total = _CONTEXT.add(self._total, amount * sign)
        self._count += sign
        if not isinstance(value, int):
            self._fractions += sign


def exact(value: SQLValue) -> Decimal:
    """Give the decimal that a SQL value shows; raises BadValue where it shows none."""
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(f"{value:.15g}")
    try:
        amount = Decimal(value) if isinstance(value, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise BadValue(f"{value!r:.80} is not an amount", hint="money_sum() adds numbers.")
    return amount


_EXPONENTS = {
    **dict.fromkeys(
        ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv"), 0
    ),
    **dict.fromkeys(("xaf", "xof", "xpf"), 0),
    **dict.fromkeys(("bhd", "iqd", "jod", "kwd", "lyd", "omr", "tnd"), 3),
}
"""How many decimals a currency's minor unit has, where it is not two (ISO 4217). ISK and UGX have
none either, but APIs that count minor units, such as Stripe's, still send them with two."""


def major_units(amount: SQLValue, currency: SQLValue) -> float | None:
    """`money(amount, currency)`: an amount in minor units as one in major units.

    1050 usd is 10.5, 1050 jpy is 1050, 1050 kwd is 1.05. NULL in either gives NULL; raises
    BadValue for what is not an amount or not a currency.
    """
    if amount is None or currency is None:
        return None
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii()):
        raise BadValue(
            f"{currency!r:.80} is not a currency", hint="money() takes a code such as 'usd'."
        )
    return float(exact(amount).scaleb(-_EXPONENTS.get(currency.lower(), 2)))
