"""Amounts of money for the eye: with the digits of their currency, their points aligned.

An amount has at least the digits of its currency, and two if that is unknown. More are shown if it
has them, as prices do: 0.00744 dollars is 0.00744. An average, a quotient or a product, and any
REAL that is no short decimal, is rounded to the digits of its currency, but to no less than three
significant ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from billql.output import MoneyColumns
from billql.output.text_cells import HEAD, AmountCell
from billql.util.currencies import digits_of

if TYPE_CHECKING:
    from billql.output import Columns, Rows, Style
    from billql.sql.amounts import Amount

DIGIT_SPACE, POINT_SPACE = "\u2007", "\u2008"
"""Spaces as wide as a digit and as a point, where text is no grid."""

_UNKNOWN = 2
"""The digits of an amount whose currency is not known."""
_CLEAN = 12
"""How many significant digits a REAL may have to be the decimal that it shows: it holds 15, and
what arithmetic leaves of fractions has them all."""
_LEAST = 3
"""How many significant digits are left by rounding."""
_CONTEXT = Context(prec=400, rounding=ROUND_HALF_EVEN)


def shown_digits(
    value: float | Decimal,
    currency: str | None = None,
    *,
    is_minor: bool = False,
    is_rounded: bool = False,
) -> int:
    """Return how many digits after the point `shown_amount` shows, for a format of numbers."""
    text = shown_amount(value, currency, is_minor=is_minor, is_rounded=is_rounded, thousands=False)
    return len(text.partition(".")[2])


def shown_amount(
    value: float | Decimal,
    currency: str | None = None,
    *,
    is_minor: bool = False,
    is_rounded: bool = False,
    thousands: bool = True,
) -> str:
    """Return the text of an amount, with separators of thousands or without.

    `currency` is a code of ISO 4217; any other text is an unknown currency. What counts minor units
    has no digits after the point. `is_rounded` means that more digits than the currency has mean
    nothing, as in an average.
    """
    number = _shown(value, currency, is_minor=is_minor, is_rounded=is_rounded)
    return f"{number:{',' if thousands else ''}f}" if number.is_finite() else str(value)


def _shown(
    value: float | Decimal, currency: str | None, *, is_minor: bool, is_rounded: bool
) -> Decimal:
    """Return an amount as the decimal with just the digits that are shown."""
    number = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        return number
    known = None if currency is None else digits_of(currency)
    least = 0 if is_minor else _UNKNOWN if known is None else known
    number = number.normalize(_CONTEXT)
    if is_rounded or (isinstance(value, float) and len(number.as_tuple().digits) > _CLEAN):
        most = max(least, _UNKNOWN if known is None else 0, _LEAST - 1 - number.adjusted())
        number = number.quantize(Decimal(1).scaleb(-most), context=_CONTEXT).normalize(_CONTEXT)
    digits = max(least, -int(number.as_tuple().exponent))
    return number.quantize(Decimal(1).scaleb(-digits), context=_CONTEXT) + Decimal(0)


def amounts_of(columns: Columns) -> Sequence[Amount | None]:
    """Return for each column what makes it an amount; None for any other, or if nobody knows."""
    return columns.amounts() if isinstance(columns, MoneyColumns) else [None] * len(columns)


def currency_of(amount: Amount, row: Sequence[Any]) -> str | None:
    """Return the currency that an amount has in a row; None if it is not known."""
    currency = amount.currency if amount.place is None else row[amount.place]
    return currency if isinstance(currency, str) else None


def with_amounts(
    columns: Columns, rows: Rows, style: Style, *, point: str = " ", digit: str = " "
) -> Rows:
    """Return the rows of a result with an AmountCell for each amount.

    `point` and `digit` are the spaces that stand for a missing point and a missing digit. The first
    rows decide how much space there is.
    """
    found = enumerate(amounts_of(columns))
    places = [(place, amount) for place, amount in found if amount is not None]
    return _with_cells(rows, places, style.thousands(), point, digit) if places else rows


def _with_cells(
    rows: Rows, places: Sequence[tuple[int, Amount]], thousands: bool, point: str, digit: str
) -> Iterator[Sequence[Any]]:
    head = [_cells(row, places, thousands) for row in islice(rows, HEAD)]
    most = {place: max((_fraction(row[place]) for row in head), default=0) for place, _ in places}
    for row in chain(head, (_cells(row, places, thousands) for row in rows)):
        for place, _ in places:
            if isinstance(cell := row[place], AmountCell):
                missing = max(most[place] - _fraction(cell), 0)
                spaces = point + digit * (missing - 1) if missing else ""
                cell.pad = digit * missing if "." in cell.text else spaces
        yield row


def _cells(
    row: Sequence[Any], places: Sequence[tuple[int, Amount]], thousands: bool
) -> Sequence[Any]:
    cells = list(row)
    for place, amount in places:
        value = row[place]
        if isinstance(value, int | float | Decimal):
            text = shown_amount(
                value,
                currency_of(amount, row),
                is_minor=amount.is_minor,
                is_rounded=amount.is_rounded,
                thousands=thousands,
            )
            cells[place] = AmountCell(text)
    return cells


def _fraction(cell: Any) -> int:
    """Return the length of an amount from its point on."""
    if not isinstance(cell, AmountCell):
        return 0
    return len(cell.text) - cell.text.index(".") if "." in cell.text else 0
