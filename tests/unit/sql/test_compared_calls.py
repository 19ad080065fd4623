"""Calls beside an operator."""

from __future__ import annotations

import pytest

from billql.sql.compared_calls import compared_calls
from billql.sql.statements import parse


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("max(created) >= datetime('now', '-7 days')", ("max(created)", "DATETIME(")),
        ("max(t.Created) > '2026-03'", ("max(t.Created)", "2026-03")),
        ("'2026-03' < max(created)", ("max(created)", "2026-03")),
        ("datetime('now', '-1 day') <= min(created)", ("min(created)", "DATETIME(")),
        ("coalesce(paid, created) BETWEEN '2026' AND '2027'", ("coalesce(paid,created)", "2026")),
        ("a = 'x' AND max(created) = date(b)", ("max(created)", "DATE(")),
        ("max(created) COLLATE time >= '2026-03'", None),
        ("'2026-03' < max(created) COLLATE time", None),
        ("max(created) >= at", None),
        ("max(created) IS NULL AND count(*) > 5", None),
        ("a = 'x' AND max(created) IS NOT NULL", None),
        ("length(created) > '5'", None),
        ("max(created", None),
        ("= max(created)", None),
        (") = max(created)", None),
    ],
)
def test_calls_that_are_compared(condition: str, expected: tuple[str, str] | None) -> None:
    found = list(compared_calls(parse(f"SELECT 1 FROM t HAVING {condition}").tokens))
    assert [(call.text, call.other) for call in found] == ([] if expected is None else [expected])
    assert all("created" in call.names for call in found)
