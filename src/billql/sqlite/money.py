"""Amounts in decimal: exact sums, and minor units of a currency.

On its own so that `decimal` is loaded when it is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation

from billql.definitions.types import SQLValue
from billql.errors import BadValue
from billql.util.currencies import digits_of

_CONTEXT = Context(prec=800)
"""More digits than the sum of any list of numbers that SQL can hold has. All that is counted goes
by it, and not by the context of a thread, which a program may have set for its own ends."""

_INTEGERS = range(-(2**63), 2**63)


class MoneySum:
    """`money_sum(amount, currency)`: the sum of amounts in one currency, added exactly in decimal.

    `money_sum(amount)` takes the currency from the column beside the amount, if the amount is a
    plain column. Amounts in several currencies are an error, which names them. An amount counts
    with the 15 significant digits that SQLite prints of it, so 0.1 + 0.2 is 0.3. The sum of
    integers is an integer, and that of no amounts NULL. Works as a window function too.
    """

    def __init__(self) -> None:
        self._total = Decimal(0)
        self._count = 0
        self._fractions = 0
        self._currencies: dict[SQLValue, int] = {}
        """How many amounts there are in each currency, by how it is written."""

    def step(self, value: SQLValue, *currency: SQLValue) -> None:
        """Add an amount."""
        self._change(value, currency, 1)

    def inverse(self, value: SQLValue, *currency: SQLValue) -> None:
        """Subtract an amount that has left the window."""
        self._change(value, currency, -1)

    def value(self) -> int | float | None:
        """Return the sum so far; raise BadValue for several currencies, or a sum beyond SQL."""
        if self._count == 0:
            return None
        if len(self._currencies) > 1 and len(codes := codes_of(self._currencies)) > 1:
            raise BadValue(
                f"money_sum() would add amounts in {named(codes)}",
                hint=one_by_one(self._currencies),
            )
        if self._fractions and math.isfinite(found := float(self._total)):
            return found
        if not self._fractions and int(self._total) in _INTEGERS:
            return int(self._total)
        raise BadValue(
            f"The sum {self._total:.6g} is beyond what SQL can hold",
            hint="money_sum(x * 1.0) adds integers as reals, which reach farther.",
        )

    final = value

    def _change(self, value: SQLValue, currency: tuple[SQLValue, ...], sign: int) -> None:
        if value is None:
            return
        for code in currency:
            self._currencies[code] = self._currencies.get(code, 0) + sign
            if not self._currencies[code]:
                del self._currencies[code]
        change = _CONTEXT.add if sign > 0 else _CONTEXT.subtract
        self._total = change(self._total, exact(value))
        self._count += sign
        if not isinstance(value, int):
            self._fractions += sign


def codes_of(currencies: Iterable[SQLValue]) -> set[SQLValue]:
    """Return the codes of currencies, which may be written in small letters too."""
    return {one.upper() if isinstance(one, str) else one for one in currencies}


def one_by_one(currencies: Iterable[SQLValue], column: str = "currency") -> str:
    """Return what to do about amounts in several currencies, which are written like this."""
    chosen = max((one for one in currencies if isinstance(one, str)), default="USD")
    return f"Add them up one by one: GROUP BY {column}, or choose one: WHERE {column} = '{chosen}'."


def named(currencies: Iterable[SQLValue]) -> str:
    """Return several currencies as a list for people; NULL is no currency."""
    names = sorted("no currency" if code is None else str(code) for code in currencies)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def exact(value: SQLValue) -> Decimal:
    """Return the decimal that a SQL value shows; raise BadValue where it shows none."""
    if isinstance(value, int):
        return Decimal(value)
    try:
        text = f"{value:.15g}" if isinstance(value, float) else value
        amount = Decimal(text) if isinstance(text, str) else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount.is_nan() or math.isinf(float(amount)):
        raise BadValue(f"{value!r:.80} is not an amount", hint="money_sum() adds numbers.")
    return amount


_COUNTED = {"ISK": 2, "MGA": 0, "UGX": 2}
"""Where the minor unit that APIs count is not the one of ISO 4217, and how many digits it has:
https://docs.stripe.com/currencies#special-cases, and #zero-decimal for the ariary. For 5 UGX, as
for 5 ISK, Stripe counts 500, though neither has hundredths any more."""

_MOST_DIGITS = 18
"""The most digits of a minor unit: that of ether, which has more than any currency."""


def major_units(amount: SQLValue, currency: SQLValue, digits: SQLValue = None) -> float | None:
    """`money(amount, currency)`: an amount in minor units as one in major units.

    1050 usd is 10.5, 1050 jpy is 1050, 1050 kwd is 1.05 (ISO 4217). `money(amount, currency,
    digits)` sets how many digits the minor unit has, for what is no currency of ISO 4217:
    `money(amount, 'usdc', 6)`. The result of NULL in the amount or the currency is NULL; raises
    BadValue for what is not an amount, and for a currency whose digits are not known.
    """
    if amount is None or currency is None:
        return None
    known = _minor_digits(currency) if digits is None else _checked(digits)
    return float(_CONTEXT.scaleb(exact(amount), Decimal(-known)))


def _minor_digits(currency: SQLValue) -> int:
    """Return the digits of the minor unit that APIs count; raise BadValue if they are not known."""
    if isinstance(currency, str):
        known = _COUNTED.get(currency.upper(), digits_of(currency))
        if known is not None:
            return known
    raise BadValue(
        f"{currency!r:.80} is no currency of ISO 4217 with a minor unit",
        hint="Use one such as 'usd', or set how many digits the minor unit has: "
        "money(amount, currency, 2).",
    )


def _checked(digits: SQLValue) -> int:
    if isinstance(digits, int) and 0 <= digits <= _MOST_DIGITS:
        return digits
    raise BadValue(
        f"{digits!r:.80} is no number of digits of a minor unit",
        hint=f"Give a whole number from 0 to {_MOST_DIGITS}: money(amount, currency, 2).",
    )
