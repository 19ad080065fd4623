"""The noise of sums and differences in floating point, and where nothing is taken away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.sql.float_noise import only_adds, without_noise
from billql.sql.statements import parse


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1234567.89 - 1234567.84, 0.05),
        (0.1 + 0.2 - 0.3, 0.0),
        (148.049999999999, 148.05),
        (100000148.05 - 100000000, 148.05),
        (5.26310884691849, 5.26310884691849),
        (100 / 3, 100 / 3),
        (0.00744, 0.00744),
        (123456789012.34, 123456789012.34),
        (1e-7, 1e-7),
        (1e20, 1e20),
        (float("inf"), float("inf")),
        (5, 5),
        ("0.30000000000000004", "0.30000000000000004"),
        (None, None),
    ],
)
def test_noise(value: object, expected: object) -> None:
    assert without_noise(value) == expected


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_a_difference_of_cents_has_cents(left: int, right: int) -> None:
    found = without_noise(left / 100 - right / 100)
    assert isinstance(found, float)
    assert f"{found:.15g}" == f"{(left - right) / 100:.15g}"


@pytest.mark.parametrize(
    ("sql", "adds"),
    [
        ("SELECT a - b FROM t", True),
        ("SELECT sum(a) FROM t WHERE d >= date('now')", True),
        ("SELECT coalesce(sum(a), 0) FROM t WHERE x IN (1, 2)", True),
        ("SELECT a FROM t", False),
        ("SELECT a / b - c FROM t", False),
        ("SELECT avg(a) - 1 FROM t", False),
        ("SELECT sqrt(a) + 1 FROM t", False),
        ('SELECT "sqrt"(a) + 1 FROM t', False),
        ("SELECT a - 1.00000000000001 FROM t", False),
    ],
)
def test_what_only_adds(sql: str, adds: bool) -> None:
    assert only_adds(parse(sql)) is adds
