"""Functions and operators on numbers.

https://www.postgresql.org/docs/15/functions-math.html
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from billql.serve.postgres import types
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.formats.text_output import overflow
from billql.serve.postgres.functions.registry import function
from billql.serve.postgres.values import numerics
from billql.serve.postgres.values.numerics import CONTEXT, Stored, exact, write


def fitting(number: int, kind: str) -> int:
    """Return a whole number that fits a type; raise PostgresError if it does not."""
    if not -types.INTEGERS[kind] <= number < types.INTEGERS[kind]:
        raise overflow(kind)
    return number


def _divided(left: int, right: int) -> int:
    if right == 0:
        raise numerics.division_by_zero()
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise numerics.division_by_zero()
    return left - right * _divided(left, right)


def _shifted(number: int, by: int, kind: str) -> int:
    width = 64 if kind == "int8" else 32
    by %= width if by >= 0 else -width
    found = number << by if by >= 0 else number >> -by
    half = 1 << (width - 1)
    return (found + half) % (2 * half) - half


def _numeric(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Stored, Stored], str]:
    def computed(left: Stored, right: Stored) -> str:
        return write(operation(exact(left), exact(right)))

    return computed


def _real(operation: Callable[[float, float], float]) -> Callable[[float, float], float]:
    def computed(left: float, right: float) -> float:
        try:
            found = operation(float(left), float(right))
        except OverflowError:
            raise overflow("float8") from None
        except ZeroDivisionError:
            raise numerics.division_by_zero() from None
        if isinstance(found, complex):
            raise _power_error()
        if math.isinf(found):
            raise overflow("float8")
        return found

    return computed


def _power_error() -> PostgresError:
    return PostgresError(
        "2201F",
        "a negative number raised to a non-integer power yields a complex result",
        hint="Filter such rows out.",
    )


def _power(left: Decimal, right: Decimal) -> Decimal:
    if left == 0 and right < 0:
        raise PostgresError(
            "2201F", "zero raised to a negative power is undefined", hint="Use nullif."
        )
    if right != int(right):
        if left < 0:
            raise _power_error()
        return _scaled_result(CONTEXT.power(left, right), left, right)
    return numerics.rounded(CONTEXT.power(left, right), max(16, numerics.scale(left)))


def _scaled_result(found: Decimal, *arguments: Decimal) -> Decimal:
    """Return a power with the digits that PostgreSQL shows: sixteen of them, or more."""
    whole = found.adjusted() if found else 0
    scale = max(16 - whole, *(numerics.scale(one) for one in arguments), 0)
    return numerics.rounded(found, min(scale, 1000))


def _logarithm(value: Decimal, base: Decimal | None) -> Decimal:
    if value <= 0:
        raise PostgresError(
            "2201E",
            "cannot take logarithm of a negative number or zero",
            hint="Filter such rows out.",
        )
    found = CONTEXT.log10(value) if base == 10 else CONTEXT.ln(value)
    if base is not None and base != 10:
        found = CONTEXT.divide(found, CONTEXT.ln(base))
    whole = found.adjusted() if found else 0
    return numerics.rounded(found, max(16 - max(whole, 0), numerics.scale(value), 0))


def _real_logarithm(value: float, compute: Callable[[float], float]) -> float:
    if value <= 0:
        raise PostgresError(
            "2201E",
            "cannot take logarithm of a negative number or zero",
            hint="Filter such rows out.",
        )
    return compute(value)


def _real_root(value: float) -> float:
    if value < 0:
        raise PostgresError(
            "2201F", "cannot take square root of a negative number", hint="Filter such rows out."
        )
    return math.sqrt(value)


def _real_exponential(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        raise overflow("float8") from None


def _to_whole(value: Stored, source: str, kind: str) -> int:
    if source == "numeric":
        number = int(numerics.rounded(exact(value), 0))
    elif source in types.INTEGERS:
        number = int(value)
    else:
        real = float(value)
        if not math.isfinite(real):
            raise overflow(kind)
        number = round(real)
    return fitting(number, kind)


def _round_real(value: float) -> float:
    return float(round(value)) if math.isfinite(value) else value


def _whole(rounding: str) -> Callable[[Stored], str]:
    return lambda value: write(numerics.rounded(exact(value), 0, rounding))


def _sign(value: Stored) -> str:
    number = exact(value)
    return "0" if not number else "1" if number > 0 else "-1"


def _bucket(value: float, low: float, high: float, count: int) -> int:
    if count <= 0:
        raise PostgresError("2201G", "count must be greater than zero", hint="Use 1 or more.")
    if low == high:
        raise PostgresError("2201G", "lower bound cannot equal upper bound", hint="Use two bounds.")
    if low < high:
        return (
            0
            if value < low
            else count + 1
            if value >= high
            else int((value - low) / (high - low) * count) + 1
        )
    return (
        0
        if value > low
        else count + 1
        if value <= high
        else int((low - value) / (low - high) * count) + 1
    )


def _integers(name: str, call: Callable[..., int], arguments: int) -> list[Any]:
    return [
        function(
            name,
            " ".join([kind] * arguments),
            kind,
            lambda *values, kind=kind: fitting(call(*values), kind),
        )
        for kind in ("int2", "int4", "int8")
    ]


FUNCTIONS = [
    *_integers("abs", abs, 1),
    function("abs", "numeric", "numeric", lambda value: write(exact(value).copy_abs())),
    function("abs", "float8", "float8", sql="abs({0})"),
    *_integers("mod", _remainder, 2),
    function("mod", "numeric numeric", "numeric", _numeric(numerics.remainder)),
    *_integers("gcd", math.gcd, 2),
    *_integers("lcm", math.lcm, 2),
    function(
        "div",
        "numeric numeric",
        "numeric",
        _numeric(
            lambda a, b: (
                numerics.truncated(CONTEXT.divide(a, b), 0) if b else numerics.divided(a, b)
            )
        ),
    ),
    function("round", "numeric", "numeric", _whole(ROUND_HALF_UP)),
    function("round", "float8", "float8", _round_real),
    function(
        "round",
        "numeric int4",
        "numeric",
        lambda value, digits: write(numerics.rounded(exact(value), digits)),
    ),
    *(function(name, "numeric", "numeric", _whole(ROUND_CEILING)) for name in ("ceil", "ceiling")),
    *(
        function(name, "float8", "float8", lambda value: float(math.ceil(value)))
        for name in ("ceil", "ceiling")
    ),
    function("floor", "numeric", "numeric", _whole(ROUND_FLOOR)),
    function("floor", "float8", "float8", lambda value: float(math.floor(value))),
    function(
        "trunc", "numeric", "numeric", lambda value: write(numerics.truncated(exact(value), 0))
    ),
    function("trunc", "float8", "float8", lambda value: float(math.trunc(value))),
    function(
        "trunc",
        "numeric int4",
        "numeric",
        lambda value, digits: write(numerics.truncated(exact(value), digits)),
    ),
    function("sign", "numeric", "numeric", _sign),
    function("sign", "float8", "float8", lambda value: float((value > 0) - (value < 0))),
    function("sqrt", "numeric", "numeric", lambda value: write(numerics.square_root(exact(value)))),
    function("sqrt", "float8", "float8", _real_root),
    function("cbrt", "float8", "float8", math.cbrt),
    *(function(name, "numeric numeric", "numeric", _numeric(_power)) for name in ("power", "pow")),
    *(
        function(name, "float8 float8", "float8", _real(lambda a, b: a**b))
        for name in ("power", "pow")
    ),
    function("exp", "float8", "float8", _real_exponential),
    function(
        "exp",
        "numeric",
        "numeric",
        lambda value: write(_scaled_result(CONTEXT.exp(exact(value)), exact(value))),
    ),
    function("ln", "numeric", "numeric", lambda value: write(_logarithm(exact(value), None))),
    function("ln", "float8", "float8", lambda value: _real_logarithm(value, math.log)),
    *(
        function(
            name, "numeric", "numeric", lambda value: write(_logarithm(exact(value), Decimal(10)))
        )
        for name in ("log", "log10")
    ),
    *(
        function(name, "float8", "float8", lambda value: _real_logarithm(value, math.log10))
        for name in ("log", "log10")
    ),
    function(
        "log", "numeric numeric", "numeric", _numeric(lambda base, value: _logarithm(value, base))
    ),
    function("pi", "", "float8", sql="3.141592653589793"),
    function("degrees", "float8", "float8", math.degrees),
    function("radians", "float8", "float8", math.radians),
    *(
        function(name, "float8", "float8", getattr(math, name))
        for name in ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh")
    ),
    function("atan2", "float8 float8", "float8", math.atan2),
    function("random", "", "float8", random.random, volatile=True),
    function("scale", "numeric", "int4", lambda value: numerics.scale(exact(value))),
    function(
        "trim_scale",
        "numeric",
        "numeric",
        lambda value: write(numerics.plain(exact(value).normalize(CONTEXT))),
    ),
    function("width_bucket", "float8 float8 float8 int4", "int4", _bucket),
]

OPERATORS: dict[str, Callable[..., Any]] = {
    "pg_plus": lambda left, right, kind: fitting(left + right, kind),
    "pg_minus": lambda left, right, kind: fitting(left - right, kind),
    "pg_times": lambda left, right, kind: fitting(left * right, kind),
    "pg_divided": _divided,
    "pg_remainder": _remainder,
    "pg_shifted": _shifted,
    "pg_numeric_plus": _numeric(CONTEXT.add),
    "pg_numeric_minus": _numeric(CONTEXT.subtract),
    "pg_numeric_times": _numeric(CONTEXT.multiply),
    "pg_numeric_divided": _numeric(numerics.divided),
    "pg_numeric_remainder": _numeric(numerics.remainder),
    "pg_numeric_power": _numeric(_power),
    "pg_real_plus": _real(lambda left, right: left + right),
    "pg_real_minus": _real(lambda left, right: left - right),
    "pg_real_times": _real(lambda left, right: left * right),
    "pg_real_divided": _real(lambda left, right: left / right),
    "pg_real_power": _real(lambda left, right: left**right),
    "pg_to_whole": _to_whole,
    "pg_to_numeric": lambda value: write(exact(value)),
    "pg_real": lambda value: float(exact(value)),
    "pg_fitted": lambda value, size, digits: write(numerics.fitted(exact(value), size, digits)),
}
"""What operators become; all are strict."""
