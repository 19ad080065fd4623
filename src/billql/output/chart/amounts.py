"""What makes the numbers of a chart amounts of money, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from billql.errors import DataError
from billql.output.amounts import amounts_of, shown_amount

if TYPE_CHECKING:
    from billql.output import Columns


class Money(NamedTuple):
    """All numbers of a chart are amounts in one currency."""

    currency: str | None
    """Its code; None if it is not known."""
    is_minor: bool
    is_rounded: bool

    @classmethod
    def of(
        cls, columns: Columns, places: Sequence[int], rows: Sequence[Sequence[Any]]
    ) -> Self | None:
        """Return what the columns at some places are, None if they are not all amounts.

        Raise DataError if they are amounts in several currencies.
        """
        found = amounts_of(columns)
        amounts = [amount for place in places if (amount := found[place]) is not None]
        fixed = {amount.currency for amount in amounts if amount.place is None}
        beside = {amount.place for amount in amounts if amount.place is not None}
        beside |= {at for at, column in enumerate(columns) if column[0].lower() == "currency"}
        read = {row[at] for row in rows for at in beside}
        codes = sorted({code.upper() for code in fixed | read if isinstance(code, str)})
        if len(codes) > 1:
            raise DataError(
                f"A chart has one currency, and the result has {', '.join(codes)}",
                hint=f"Draw one at a time, as by WHERE currency = '{codes[0]}'.",
            )
        if len(amounts) < len(places) or not places:
            return None
        return cls(
            codes[0] if codes else None,
            any(amount.is_minor for amount in amounts),
            any(amount.is_rounded for amount in amounts),
        )

    def shown(self, value: int | float, *, thousands: bool) -> str:
        """Return the text of an amount."""
        return shown_amount(
            value,
            self.currency,
            is_minor=self.is_minor,
            is_rounded=self.is_rounded,
            thousands=thousands,
        )
