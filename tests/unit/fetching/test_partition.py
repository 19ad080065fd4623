"""Passing on the rows of a list's own part, and those alone that are new."""

from __future__ import annotations

from collections import Counter
from typing import Any

from billql.definitions.model import Column
from billql.fetching._partition import PartitionFilter
from billql.fetching.row_decoder import RowDecoder, TableRow
from billql.planning.partition import Part, Point, Window

DECODER = RowDecoder(
    {
        "id": Column(type="integer", description="The id."),
        "kind": Column(type="text", description="The kind."),
    },
    ["kind"],
    "things",
    ["id"],
)
BOTH = frozenset({"a", "b"})


def row(number: int, kind: str | None) -> TableRow:
    return (number, kind, (number,))


def passing(
    strays: Counter[TableRow] | None = None, earlier: list[TableRow] | None = None, **parts: Part
) -> PartitionFilter:
    return PartitionFilter(DECODER, parts, Counter() if strays is None else strays, earlier or ())


def passed(rows: list[TableRow], **options: Any) -> list[TableRow]:
    return passing(**options).pass_on(rows)


ROWS = [row(1, "a"), row(2, "b"), row(3, "c"), row(4, None)]


def test_without_parts_every_row_is_the_list_s_own() -> None:
    assert passed(ROWS) is ROWS


def test_a_value_that_the_statement_requests_has_its_rows_alone() -> None:
    assert passed(ROWS, kind=Point("a", frozenset(), True)) == [row(1, "a")]


def test_a_row_that_is_in_no_part_is_passed_on_once() -> None:
    strays: Counter[TableRow] = Counter()
    first = passing(strays, kind=Point("a", BOTH, False))
    assert first.pass_on(ROWS) == [row(1, "a"), row(3, "c"), row(4, None)]
    first.finish()
    second = passing(strays, kind=Point("b", BOTH, False))
    assert second.pass_on([*ROWS, row(5, "c")]) == [row(2, "b"), row(5, "c")]


def test_a_list_that_is_not_read_to_its_end_leaves_no_strays() -> None:
    strays: Counter[TableRow] = Counter()
    passing(strays, kind=Point("a", BOTH, False)).pass_on(ROWS)
    assert strays == Counter()


def test_equal_strays_without_a_key_are_counted() -> None:
    """Of equal rows there are as many as the list that has most of them."""
    stray = (None, "c", None)
    strays: Counter[TableRow] = Counter()
    first = passing(strays, kind=Point("a", BOTH, False))
    assert first.pass_on([stray, stray]) == [stray, stray]
    first.finish()
    second = passing(strays, kind=Point("b", BOTH, False))
    assert second.pass_on([stray, stray, stray]) == [stray]


def test_a_window_has_what_lies_in_it() -> None:
    part = Window("b", "c", True)
    assert passed(ROWS, kind=part) == [row(2, "b"), row(3, "c")]


def test_rows_of_an_earlier_reading_are_not_passed_on_again() -> None:
    reading = passing(earlier=[row(1, "a"), row(2, "a")])
    assert reading.pass_on([row(1, "a"), row(3, "b")]) == [row(3, "b")]
    assert reading.misses
    # The statement reads the kind alone, so that one "a" is as good as the other.
    assert reading.pass_on([row(9, "a"), row(8, "a")]) == [row(8, "a")]
    assert not reading.misses
