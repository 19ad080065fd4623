"""Which scans of a statement depend on the rows of which, by the program that SQLite runs."""

from __future__ import annotations

import apsw
import pytest

from billql.fetching._scan_places import DryPath, ScanPlaces

A = "(SELECT value FROM json_each('[1]'))"
B = "(SELECT value FROM json_each('[2]'))"
OF_ROW = "(SELECT value FROM json_each(t.a))"


def places(sql: str) -> tuple[ScanPlaces, list[int]]:
    """Return the places of a statement's scans, which SQLite's own json_each stands for."""
    database = apsw.Connection(":memory:")
    database.execute("CREATE TABLE t (a, b)")
    program = list(database.execute(f"EXPLAIN {sql}"))
    return ScanPlaces(program), [step[0] for step in program if step[1] == "VFilter"]


@pytest.mark.parametrize(
    ("sql", "first", "second"),
    [
        (f"SELECT {A}, {B}", False, False),
        (f"SELECT {OF_ROW}, {B} FROM t", False, True),  # the second is read once, for all rows
        (f"SELECT {OF_ROW}, (SELECT value FROM json_each(t.b)) FROM t", False, False),
        (f"SELECT {A} UNION ALL SELECT {B}", False, False),
        (f"SELECT 1 WHERE {A} = 1 AND {B} = 2", True, False),
        (f"SELECT CASE WHEN {A} THEN {B} END", True, False),
        (f"SELECT coalesce({A}, {B})", True, False),
        ("SELECT 1 FROM t JOIN json_each(t.a) JOIN json_each(t.b)", True, False),
        ("SELECT 1 FROM t LEFT JOIN json_each(t.a) LEFT JOIN json_each(t.b)", True, False),
        (f"SELECT (SELECT value FROM json_each(coalesce({A}, '[]')))", True, False),
    ],
)
def test_a_scan_depends_on_what_decides_whether_and_how_it_begins(
    sql: str, first: bool, second: bool
) -> None:
    found, (one, other) = places(sql)
    assert found.is_affected(other, one) == found.leads(one) == first
    assert found.is_affected(one, other) == found.leads(other) == second


def path(sql: str) -> tuple[DryPath, list[int]]:
    """Return the way through a statement, and the numbers of its plans, made up for each scan."""
    found, at = places(sql)
    found._of_plan = {place: [place] for place in at}
    return DryPath(found), at


def test_a_row_that_was_missed_is_past_with_the_loop_around_it() -> None:
    dry, (one, other) = path(
        "SELECT 1 FROM t WHERE NOT EXISTS (SELECT 1 FROM json_each(t.a)) "
        "AND EXISTS (SELECT 1 FROM json_each(t.b))"
    )
    own: dict[int, int | None] = {}
    dry.visit(one, own)
    dry.miss()
    dry.visit(other, own)
    assert not dry.is_certain
    dry.visit(one, own)
    dry.visit(other, own)
    assert dry.is_certain


def test_a_row_that_was_missed_in_a_loop_that_has_ended_is_not_past() -> None:
    dry, (one, other) = path(
        "SELECT 1 FROM t WHERE (SELECT count(*) FROM t s JOIN json_each(s.a)) = 0 "
        "AND EXISTS (SELECT 1 FROM json_each(t.b))"
    )
    own: dict[int, int | None] = {}
    dry.visit(one, own)
    dry.miss()
    for _ in range(3):
        dry.visit(one, own)
    dry.visit(other, own)
    assert not dry.is_certain
    dry.visit(other, own)  # of the next row, for which it is not counted again
    assert not dry.is_certain


def test_without_a_program_every_scan_is_certain() -> None:
    dry = DryPath(ScanPlaces(()))
    dry.visit(1, {})
    dry.miss()
    dry.visit(2, {})
    assert dry.is_certain
    assert dry.hides([2])
