"""Hints hold: what they say can be done, and cures what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from billql import errors
from billql.sql.joins import advice
from billql.sql.statements import parse
from billql.sqlite.session import Session
from support.shop import Shop, opened, select


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(Shop(things=3), tmp_path) as session:
        select(session, "CREATE TABLE n (id INTEGER)")
        select(session, "CREATE TABLE mine (FullName TEXT)")
        select(session, "INSERT INTO n VALUES (1), (2), (9)")
        yield session


def hint(session: Session, sql: str) -> str | None:
    with pytest.raises(errors.Error) as caught:
        select(session, sql)
    return caught.value.hint


ON = "ON d.thing_id = n.id"
LEFT = [
    f"SELECT n.id, d.size FROM @details d RIGHT JOIN n {ON}",
    f"SELECT n.id, d.size FROM @details AS d RIGHT OUTER JOIN n {ON}",
    "SELECT n.id, d.size FROM (SELECT * FROM @details) d RIGHT JOIN n ON d.thing_id = n.id",
    "SELECT n.thing_id, size FROM @details NATURAL RIGHT JOIN (SELECT id AS thing_id FROM n) n",
    f"SELECT n.id, d.size FROM (@details d) RIGHT JOIN n {ON}",
    f"SELECT * FROM n WHERE id IN (SELECT n.id FROM @details d RIGHT JOIN n {ON})",
]


@pytest.mark.parametrize("sql", LEFT)
def test_the_left_side_of_a_right_join(session: Session, sql: str) -> None:
    assert hint(session, sql) == (
        "A RIGHT JOIN reads its left side as a whole. Swap the sides: "
        "FROM … LEFT JOIN shop.all.details ON …"
    )


def test_swapped_sides_can_be_read(session: Session) -> None:
    found = select(session, f"SELECT n.id, d.size FROM n LEFT JOIN @details d {ON}")
    assert found == [(1, 100), (2, 200), (9, None)]


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT n.id, d.size FROM n RIGHT JOIN @details d {ON}",
        f"SELECT n.id, d.size FROM n FULL JOIN @details d {ON}",
        f"SELECT n.id, d.size FROM @details d FULL OUTER JOIN n {ON}",
        f"SELECT n.id, d.size FROM n a JOIN n ON a.id = n.id FULL JOIN @details d {ON}",
        f"SELECT n.id, d.size FROM n FULL JOIN (SELECT * FROM @details) d {ON}",
    ],
)
def test_a_side_that_a_join_asks_for_as_a_whole(session: Session, sql: str) -> None:
    said = hint(session, sql)
    assert said is not None
    assert "Write LEFT JOIN shop.all.details" in said
    assert "WITH k AS MATERIALIZED (SELECT * FROM shop.all.details WHERE thing_id IN (…))" in said


@pytest.mark.parametrize(
    ("join", "found"),
    [
        ("n FULL JOIN k", [(1, 100), (2, 200), (9, None), (None, 300)]),
        ("n RIGHT JOIN k", [(1, 100), (2, 200), (None, 300)]),
        ("k FULL JOIN n", [(1, 100), (2, 200), (None, 300), (9, None)]),
    ],
)
def test_what_was_read_before_can_be_joined(
    session: Session, join: str, found: list[tuple[int | None, int | None]]
) -> None:
    cte = "WITH k AS MATERIALIZED (SELECT * FROM @details WHERE thing_id IN (1, 2, 3)) "
    sql = f"{cte} SELECT n.id, k.size FROM {join} ON k.thing_id = n.id"
    assert select(session, sql) == found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM @details",
        "SELECT * FROM @details d LEFT JOIN n ON d.size = n.id",
        "SELECT * FROM @details d, n a JOIN n b WHERE d.thing_id > a.id",
        "SELECT * FROM @details WHERE size IN (SELECT a.id FROM n a RIGHT JOIN n b ON a.id = b.id)",
        "SELECT * FROM n a RIGHT JOIN n b ON a.id = b.id WHERE b.id IN (SELECT size FROM @details)",
        "SELECT size FROM @details UNION SELECT a.id FROM n a FULL JOIN n b ON a.id = b.id",
    ],
)
def test_elsewhere_a_condition_is_what_is_missing(session: Session, sql: str) -> None:
    assert hint(session, sql) == "Add a condition such as: WHERE thing_id = 1"


def test_only_joins_of_the_table_count() -> None:
    assert advice(parse('SELECT * FROM "a.b.c" x FULL JOIN y ON 1'), "a.b.d", "key") is None
    assert advice(parse("SELECT 'a.b.c' FULL JOIN y"), "a.b.c", "key") is None
    assert advice(parse('SELECT * FROM ("a.b.c"'), "a.b.c", "key") is None


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT sume(id) FROM @things", "Did you mean sum()?"),
        ("SELECT mony_sum(id) FROM @things", "Did you mean money_sum()?"),
        ("SELECT qqq(id) FROM @things", None),
        ("SELECT sum(id, 1) FROM @things", None),
        ("SELECT id FROM @things WHERE sum(id) > 1", None),
        ("SELECT rank() FROM @things", None),
        ("SELECT idd FROM @things", "Did you mean id?"),
        ("SELECT full_name FROM mine", "Did you mean FullName?"),
        ("SELECT zzzz FROM mine", "Known columns: FullName."),
        ("SELECT zzzz FROM @things", "Known columns: id, name, kind, connection."),
    ],
)
def test_columns_are_suggested_for_columns(session: Session, sql: str, said: str | None) -> None:
    assert hint(session, sql) == said


@pytest.mark.parametrize("name", ["m.fullnam", 'm."fullnam"', "fullnam", "m . fullnam"])
def test_a_column_in_on_has_a_place(session: Session, name: str) -> None:
    sql = f"SELECT 1 FROM n LEFT JOIN mine m ON n.id = {name}"
    with pytest.raises(errors.SqlError, match="no such column") as caught:
        select(session, sql)
    assert caught.value.offset == sql.index(name)
    assert (caught.value.hint or "").endswith("FullName?")
