"""The SQL functions that billql adds to SQLite."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

import apsw

from billql.errors import BadValue
from billql.values import SQLValue

_CONTEXT = Context(prec=80)
"""More digits than the sum of any list of 64-bit numbers has."""


def register(database: apsw.Connection) -> None:
    """Add the functions to a connection."""
    database.create_window_function("money_sum", MoneySum, 1)


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
