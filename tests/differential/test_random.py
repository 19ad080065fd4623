"""Random SELECTs and writes over random resources: the answer is always that of plain tables, or
an error where the API fails.

`BILLQL_EXAMPLES` is the number of worlds of each kind, `BILLQL_FIRST` the number of the first one.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from .dice import Dice
from .drawing import SHAPES, accounts, local_rows, rows, troubles
from .queries import all_rows, queries, writes
from .tally import Tally
from .world import World

FIRST = int(os.environ.get("BILLQL_FIRST", "0"))
EXAMPLES = int(os.environ.get("BILLQL_EXAMPLES", "100"))

STATEMENTS = 4
"""How many statements a world is asked."""

TELLING = 0.4
"""The share of answers that are not trivial."""

KINDS = (
    "lists",
    "lists lists",
    "keyed keyed",
    "lists keyed",
    "windows",
    "windows keyed",
    "feeds",
    "feeds keyed",
    "nested",
    "nested lists",
)
"""The kinds of the resources that a world has."""


def live(world_name: str, kinds: str) -> Tally:
    """Make a world, and ask it some statements."""
    dice = Dice(world_name)
    owners = accounts(dice)
    shapes = [
        SHAPES[kind](dice, name)
        for kind, name in zip(kinds.split(), ("things", "others"), strict=False)
    ]
    tables = [(shape, rows(dice, shape, owners)) for shape in shapes]
    local = local_rows(dice, tables)
    with World(
        tables, local, troubles(dice), owners, cache_ttl=dice.one(300.0, 300.0, 0.0)
    ) as world:
        for _ in range(STATEMENTS):
            if dice.chance(10):
                world.write(writes(dice, tables))
            elif dice.chance(10):
                world.check_view(queries(dice, tables))
            else:
                world.check(queries(dice, tables))
        # The whole of a table says little of what is pushed down, so it does not count.
        tally = replace(world.tally)
        query = all_rows(Dice(f"{world_name}, all rows"), tables)
        if query is not None:
            world.check(query)
    return tally


@pytest.mark.parametrize("kinds", KINDS)
def test_random_statements(kinds: str) -> None:
    tally = Tally()
    for number in range(FIRST, FIRST + EXAMPLES):
        name = f"{kinds} {number}"
        try:
            tally += live(name, kinds)
        except AssertionError as error:
            raise AssertionError(f"in the world {name!r}: {error}") from error
    print(f"{kinds}: {tally}")
    assert tally.share > TELLING, tally
