"""A few examples of every property, the same ones on every run."""

from __future__ import annotations

import pytest

from billql.definitions.catalog import Table
from billql.messages import Response

from . import everything
from .answers import tables
from .prop import Property
from .sample import body, plausible
from .trial import read

METHODS = [(table, name) for table in tables() for name in table.resource.methods]


@pytest.mark.parametrize("found", everything().values(), ids=everything())
def test_it_holds(found: Property) -> None:
    found.test()()


@pytest.mark.parametrize(
    ("table", "name"), METHODS, ids=[f"{table.name} {name}" for table, name in METHODS]
)
def test_the_answers_that_are_changed_were_right(table: Table, name: str) -> None:
    method = table.resource.methods[name]
    content = read(table, method, Response(body(method, plausible(table, method)), ""))
    assert all(items.values for items in content.groups)
