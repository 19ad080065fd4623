"""Which truth values a comparison leaves, as SQLite compares them."""

from __future__ import annotations

import math

import apsw
import pytest

from billql.definitions.types import SQLValue
from billql.planning.intervals import Span, interval_where, other_truth_value

VALUES: tuple[SQLValue, ...] = (
    *(0, 1, 2, -1, 0.5, 1.0, math.inf, -math.inf, 10**18, None),
    *("0", "1", " 1 ", "1.0", "0x1", "1x", "true", "", b"1", b""),
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_comparisons_of_truth_values(value: SQLValue) -> None:
    database = apsw.Connection(":memory:")
    database.execute("CREATE TABLE t (flag INTEGER); INSERT INTO t VALUES (0), (1), (NULL)")
    for operator in ("=", "<", "<=", ">", ">=", "<>"):
        found = database.execute(f"SELECT flag FROM t WHERE flag {operator} ?", (value,))
        true = [flag for (flag,) in found]
        if operator == "<>":
            span = other_truth_value(value)
        else:
            span = interval_where("boolean", operator, value)  # type: ignore[arg-type]
        if span is None:
            continue
        assert not span.null
        assert true == ([] if span.empty else [0, 1][int(span.low) : int(span.high) + 1])


def test_what_is_left_is_known() -> None:
    assert other_truth_value(0) == Span(True, True)
    assert other_truth_value("1") == Span(False, False)
    assert other_truth_value(2) is None
    assert interval_where("boolean", ">", 0) == Span(True, True)
    assert interval_where("boolean", "<=", 0.5) == Span(False, False)
    assert interval_where("boolean", ">=", 0) is None
