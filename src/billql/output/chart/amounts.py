"""What makes the numbers of a chart amounts of money, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from billql.errors import DataError
from billql.util.currencies import digits_of

if TYPE_CHECKING:
    from billql.output import Columns


class Money(NamedTuple):
    """All numbers of a chart are amounts in one currency."""

    currency: str | None
    """Its code; None if it is not known."""

    @classmethod
    def of(
        cls, columns: Columns, places: Sequence[int], rows: Sequence[Sequence[Any]]
    ) -> Self | None:
        """Return what the columns at some places are, None if they are not all amounts.

        Raise DataError if they are amounts in several currencies.
        """
        beside = [place for place, column in enumerate(columns) if column[0].lower() == "currency"]
        found = sorted({str(row[at]).upper() for row in rows for at in beside if row[at]})
        if len(found) > 1:
            raise DataError(
                f"A chart has one currency, and the result has {', '.join(found)}",
                hint=f"Draw one at a time: WHERE currency = '{found[0]}'.",
            )
        declared = [str(columns[place][1]).upper().startswith("DECIMAL") for place in places]
        return cls(found[0] if found else None) if found or all(declared) else None


def shown(value: int | float, money: Money) -> str:
    """Return an amount with the digits of its currency, at least two if it is not known."""
    known = None if money.currency is None else digits_of(money.currency)
    exact = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
    digits = max(-int(exact.normalize().as_tuple().exponent), 2 if known is None else known, 0)
    return f"{exact:,.{digits}f}"
