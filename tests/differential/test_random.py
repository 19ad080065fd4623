"""Random SELECTs over random resources: the answer is always that of plain tables."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .drawing import keyed, lists, local_rows, rows, windows
from .queries import queries
from .shapes import Shape
from .world import World

EXAMPLES = int(os.environ.get("BILLQL_EXAMPLES", "300"))
many = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def answers_are_equal(data: st.DataObject, *shapes: Shape) -> None:
    tables = [(shape, data.draw(rows(shape))) for shape in shapes]
    with World(tables, data.draw(local_rows())) as world:
        for _ in range(4):
            world.check(data.draw(queries(shapes)))


@many
@given(st.data())
def test_a_list(data: st.DataObject) -> None:
    answers_are_equal(data, data.draw(lists("things")))


@many
@given(st.data())
def test_two_lists(data: st.DataObject) -> None:
    answers_are_equal(data, data.draw(lists("things")), data.draw(lists("others")))


@many
@given(st.data())
def test_a_keyed_list(data: st.DataObject) -> None:
    answers_are_equal(data, data.draw(keyed("items")))


@many
@given(st.data())
def test_a_list_and_a_keyed_one(data: st.DataObject) -> None:
    answers_are_equal(data, data.draw(lists("things")), data.draw(keyed("items")))


@many
@given(st.data())
def test_windows(data: st.DataObject) -> None:
    answers_are_equal(data, data.draw(windows("costs")))


@many
@given(st.data())
def test_windows_beside_a_keyed_list(data: st.DataObject) -> None:
    answers_are_equal(data, data.draw(windows("costs")), data.draw(keyed("items")))
