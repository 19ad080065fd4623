"""What is wrong with `settles` is found before anything is read by it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from billql.definitions.model import Column, Settles, ViewColumn
from billql.definitions.settling_rules import settling_problems

COLUMNS = {
    "id": Column(type="text", description="It."),
    "invoice": Column(type="text", description="It.", references="acme.billing.invoices.id"),
    "day": Column(type="date", description="It."),
    "status": Column(type="text", description="It."),
}
HEADER = {"resource": "acme.billing.invoices"}


@pytest.mark.parametrize(
    ("settles", "problems"),
    [
        ({"scope": "invoice", "header": HEADER}, []),
        ({"scope": "id", "header": HEADER | {"also": ["preview"]}, "when": {"status": "done"}}, []),
        ({"scope": "day", "days": 0}, []),
        ({"scope": "day", "when": {"status": ["done", "void"]}, "retains": 13}, []),
        ({"scope": "nothing", "days": 1}, ["there is no column nothing"]),
        ({"scope": "day", "when": {"state": 1}}, ["there is no column state"]),
        ({"scope": "day"}, ["needs a `header`, `days` or `when`"]),
        ({"scope": "id", "days": 1}, ["or a column of type date, month or timestamp"]),
        ({"scope": "invoice", "header": HEADER, "days": 1}, ["is about months"]),
        ({"scope": "invoice", "header": HEADER, "retains": 1}, ["is about months"]),
        (
            {"scope": "invoice", "header": {"resource": "acme.billing.bills"}},
            ["refers to acme.billing.invoices.id"],
        ),
        (
            {"scope": "invoice", "header": HEADER | {"open": True, "when": {"status": 1}}},
            ["nothing is settled that is `open`"],
        ),
    ],
)
def test_what_contradicts_is_a_problem(settles: dict[str, Any], problems: list[str]) -> None:
    found = [
        message for _, message in settling_problems(msgspec.convert(settles, Settles), COLUMNS)
    ]
    assert len(found) == len(problems)
    assert all(part in message for part, message in zip(problems, found, strict=True))


def test_a_view_has_months_alone() -> None:
    columns = {"Start": ViewColumn(type="timestamp", description="It.")}
    good = msgspec.convert({"scope": "Start", "days": 14}, Settles)
    assert list(settling_problems(good, columns)) == []
    wrong = msgspec.convert({"scope": "Start", "header": HEADER}, Settles)
    ((place, message),) = settling_problems(wrong, columns)
    assert place == ("header",)
    assert "its scope is a month" in message


@pytest.mark.parametrize(
    "settles",
    [
        {"scope": "day", "days": -1},
        {"scope": "day", "retains": 0},
        {"scope": "day", "header": {"resource": "invoices"}},
        {"scope": "day", "after": 3},
        {"days": 3},
    ],
)
def test_what_is_not_of_the_grammar_is_refused(settles: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settles, Settles)
