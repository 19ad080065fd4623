"""Numeric: decimals with PostgreSQL's rules of scale (src/backend/utils/adt/numeric.c)."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation

from billql.output.text_cells import SHORT_REAL
from billql.serve.postgres.errors import PostgresError, invalid_text

Stored = int | float | str
"""A numeric in SQLite: a REAL counts with the 15 digits that SQLite prints of it."""

CONTEXT = Context(prec=1000, rounding=ROUND_HALF_UP, Emin=-999_999, Emax=999_999)
_LEAST_DIGITS = 16
_MOST_SCALE = 1000


def exact(value: Stored) -> Decimal:
    """Return a stored numeric as a decimal."""
    if isinstance(value, float):
        return plain(Decimal(f"{value:.15g}"))
    return Decimal(value)


def plain(value: Decimal) -> Decimal:
    """Return a decimal without an exponent: 1E+2 is 100."""
    exponent = value.as_tuple().exponent
    return (
        value.quantize(Decimal(1), context=CONTEXT)
        if isinstance(exponent, int) and exponent > 0
        else value
    )


def parse(text: str) -> Decimal:
    """Return the decimal that a text writes; raise PostgresError if it writes none."""
    try:
        return plain(Decimal(text.strip().replace("_", "x")))
    except InvalidOperation:
        raise invalid_text("numeric", text) from None


def write(value: Decimal) -> str:
    """Return a decimal as PostgreSQL writes it: without an exponent, without a negative zero."""
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return "Infinity" if value > 0 else "-Infinity"
    text = f"{value:f}"
    return text[1:] if text.startswith("-") and not value else text


def write_stored(value: Stored) -> str:
    """Return a stored numeric as PostgreSQL writes it; raise ArithmeticError for a text of none."""
    if isinstance(value, float) and 1e-4 <= abs(value) < 1e15:
        digits = repr(value)  # without an exponent
        if len(digits) < SHORT_REAL:
            return digits.removesuffix(".0")
    return write(exact(value))


def scale(value: Decimal) -> int:
    """Return how many digits stand after the point."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def rounded(value: Decimal, digits: int, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Return a decimal with so many digits after the point; fewer than none round before it."""
    if not value.is_finite():
        return value
    if digits >= 0:
        return value.quantize(Decimal(1).scaleb(-digits), rounding, CONTEXT)
    return value.quantize(Decimal(1).scaleb(-digits), rounding, CONTEXT).quantize(
        Decimal(1), context=CONTEXT
    )


def truncated(value: Decimal, digits: int) -> Decimal:
    """Return a decimal cut off after so many digits."""
    return rounded(value, digits, ROUND_DOWN)


def _weight(value: Decimal) -> tuple[int, int]:
    """Return the place of the first digit in base 10,000, and that digit."""
    if not value:
        return 0, 0
    _, digits, exponent = value.as_tuple()
    first = len(digits) - 1 + int(exponent)
    weight = first // 4
    return weight, int(value.copy_abs().scaleb(-4 * weight, CONTEXT))


def _division_scale(left: Decimal, right: Decimal) -> int:
    """Return the scale of a quotient (`select_div_scale`)."""
    (weight1, first1), (weight2, first2) = _weight(left), _weight(right)
    weight = weight1 - weight2 - (1 if first1 <= first2 else 0)
    wanted = _LEAST_DIGITS - weight * 4
    return min(max(wanted, scale(left), scale(right), 0), _MOST_SCALE)


def divided(left: Decimal, right: Decimal) -> Decimal:
    """Return a quotient; raise PostgresError for a division by zero."""
    if not right:
        raise division_by_zero()
    return rounded(CONTEXT.divide(left, right), _division_scale(left, right))


def remainder(left: Decimal, right: Decimal) -> Decimal:
    """Return what a division leaves, with the sign of the first number."""
    if not right:
        raise division_by_zero()
    found = CONTEXT.remainder(left, right)
    return rounded(found, max(scale(left), scale(right)))


def square_root(value: Decimal) -> Decimal:
    """Return a square root; raise PostgresError for that of a negative number."""
    if value < 0:
        raise PostgresError(
            "2201F", "cannot take square root of a negative number", hint="Filter such rows out."
        )
    weight = (_weight(value)[0] + 1) * 4 // 2 - 1
    digits = min(max(_LEAST_DIGITS - weight, scale(value), 0), _MOST_SCALE)
    return rounded(CONTEXT.sqrt(value), digits)


def fitted(value: Decimal, precision: int, digits: int) -> Decimal:
    """Return a decimal as `numeric(precision, digits)`; raise PostgresError if it is too large."""
    found = rounded(value, digits)
    if found.is_finite() and found.copy_abs() >= Decimal(10) ** (precision - digits):
        raise PostgresError(
            "22003",
            "numeric field overflow",
            hint=f"It has room for {precision - digits} digits before the point.",
        )
    return found


def division_by_zero() -> PostgresError:
    """Return the error for a division by zero."""
    return PostgresError("22012", "division by zero", hint="Divide by nullif(x, 0).")


def variance(count: int, total: Decimal, squares: Decimal, *, sample: bool) -> Decimal | None:
    """Return the variance of numbers from their count, sum and sum of squares; None of too few."""
    if count < (2 if sample else 1):
        return None
    number = Decimal(count)
    difference = CONTEXT.subtract(CONTEXT.multiply(number, squares), CONTEXT.multiply(total, total))
    if difference <= 0:
        return Decimal(0)
    divisor = number * (number - 1 if sample else number)
    return divided(difference, divisor)
