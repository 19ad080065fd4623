"""Functions that are added when a statement names one, and hints for those that SQLite lacks."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql import errors
from billql.errors import BadValue, SqlError
from billql.sqlite import later_functions
from billql.sqlite.later_functions import NAMES, generate_series, stddev, stddev_pop
from billql.sqlite.session import Session
from support.paths import ROOT
from support.shop import Shop, opened, select


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with opened(Shop(things=12), tmp_path) as session:
        yield session


def one(session: Session, expression: str) -> Any:
    ((value,),) = select(session, f"SELECT {expression}")
    return value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("split_part('a/b/c', '/', 1)", "a"),
        ("split_part('a/b/c', '/', 3)", "c"),
        ("split_part('a/b/c', '/', 4)", ""),
        ("split_part('a/b/c', '/', -1)", "c"),
        ("split_part('a/b/c', '/', -4)", ""),
        ("split_part('a--b', '--', 2)", "b"),
        ("split_part('abc', '', 1)", "abc"),
        ("split_part('abc', '', 2)", ""),
        ("split_part(12.5, '.', 2)", "5"),
        ("split_part(NULL, '/', 1)", None),
        ("split_part('a', NULL, 1)", None),
        ("split_part('a', '/', NULL)", None),
        ("'web-01' REGEXP '^web-[0-9]{2}$'", 1),
        ("'db-01' REGEXP '^web'", 0),
        ("'a b' REGEXP '\\bb\\b'", 1),
        ("'WEB' REGEXP 'web'", 0),
        ("regexpi('web', 'WEB')", 1),
        ("NULL REGEXP 'a'", None),
        ("'Abc' NOT REGEXP 'x|y'", 1),
    ],
)
def test_texts(session: Session, expression: str, value: object) -> None:
    assert one(session, expression) == value


@pytest.mark.parametrize("number", ["0", "1.5", "'1'"])
def test_what_is_no_part(session: Session, number: str) -> None:
    with pytest.raises(BadValue, match="takes the number of a part"):
        one(session, f"split_part('a', '/', {number})")


def test_an_expression_that_is_not_closed(session: Session) -> None:
    with pytest.raises(SqlError, match="unmatched"):
        one(session, "'a' REGEXP '('")


NUMBERS = st.lists(st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9), min_size=2, max_size=20)


@given(NUMBERS)
def test_deviations(numbers: list[float]) -> None:
    for kind, expected in ((stddev, statistics.stdev), (stddev_pop, statistics.pstdev)):
        found = kind()
        for number in numbers:
            found.step(number)
        assert found.value() == pytest.approx(expected(numbers), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        ("variance", "(2), (4), (4), (6)", 8 / 3),
        ("var_samp", "(2), (4), (4), (6)", 8 / 3),
        ("var_pop", "(2), (NULL), (4), (4), (6)", 2),
        ("stddev", "(1), (3)", 2**0.5),
        ("stddev_samp", "(1), (3)", 2**0.5),
        ("stddev_pop", "(1), (3)", 1),
        ("stddev", "(1)", None),
        ("stddev_pop", "(5)", 0),
        ("stddev_pop", "(NULL)", None),
        # SQLite's own, which need nothing of ours.
        ("median", "(1), (3), (10)", 3),
    ],
)
def test_aggregates(session: Session, function: str, values: str, expected: float | None) -> None:
    found = one(session, f"{function}(column1) FROM (VALUES {values})")
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_window_slides(session: Session) -> None:
    sql = (
        "SELECT stddev_pop(x) OVER (ORDER BY x ROWS 1 PRECEDING) "
        "FROM (SELECT column1 AS x FROM (VALUES (1), (3), (9)))"
    )
    assert select(session, sql) == [(0,), (1,), (3,)]


def test_a_deviation_of_texts(session: Session) -> None:
    with pytest.raises(BadValue, match=r"stddev\(\) takes numbers, and 'a' is none"):
        one(session, "stddev('a')")


@pytest.mark.parametrize(
    ("call", "values"),
    [
        ("1, 3", [1, 2, 3]),
        ("3, 1, -1", [3, 2, 1]),
        ("1, 10, 4", [1, 5, 9]),
        ("0, 1, 0.5", [0, 0.5, 1]),
        ("3, 1", []),
        ("1, NULL", []),
        ("'2025-11', '2026-02'", ["2025-11", "2025-12", "2026-01", "2026-02"]),
        ("'2026-02', '2025-08', -3", ["2026-02", "2025-11", "2025-08"]),
        ("'2024-02-28', '2024-03-01'", ["2024-02-28", "2024-02-29", "2024-03-01"]),
        ("'2026-01-01', '2026-01-15', 7", ["2026-01-01", "2026-01-08", "2026-01-15"]),
    ],
)
def test_series(session: Session, call: str, values: list[object]) -> None:
    assert [
        row[0] for row in select(session, f"SELECT value FROM generate_series({call})")
    ] == values


@pytest.mark.parametrize(
    "call",
    ["1", "1, 2, 0", "1, 2, 'x'", "'2026-01', '2026-01-05'", "'2026-13', '2026-14'", "'a', 2"],
)
def test_what_is_no_series(session: Session, call: str) -> None:
    with pytest.raises(BadValue, match=r"generate_series\(\) takes"):
        select(session, f"SELECT value FROM generate_series({call})")


def test_a_series_has_all_its_days() -> None:
    assert len(list(generate_series("2024-01-01", "2025-12-31"))) == 366 + 365


def test_series_in_joins(session: Session) -> None:
    sql = (
        "SELECT n.value, t.name FROM generate_series(11, 13) n "
        "LEFT JOIN @things t ON t.id = n.value"
    )
    assert select(session, sql) == [(11, "t11"), (12, "t12"), (13, None)]
    sql = "SELECT value FROM generate_series(1, 9) WHERE value IN (2, 4) OR value > 8"
    assert select(session, sql) == [(2,), (4,), (9,)]


# Whoever names one has it.


def functions(session: Session) -> set[str]:
    return {row[0] for row in session.database.execute("SELECT name FROM pragma_function_list")}


def test_nothing_is_added_before(session: Session) -> None:
    select(session, "SELECT name FROM @things WHERE name LIKE 't%'")
    assert functions(session).isdisjoint(NAMES)
    with pytest.raises(SqlError):
        select(session, "SELECT nought")
    assert functions(session).isdisjoint(NAMES)


def test_over_a_resource(session: Session) -> None:
    sql = "SELECT id FROM @things WHERE name REGEXP '[02]$' AND split_part(name, 't', 2) > '1'"
    assert select(session, sql) == [(2,), (10,), (12,)]


def test_the_log_has_one_run(tmp_path: Path) -> None:
    log: list[str] = []
    session = Session(":memory:", lambda: pytest.fail("no resource is named"), log=log.append)
    assert select(session, "SELECT split_part('a-b', '-', 2)") == [("b",)]
    session.close()
    assert [line.partition(" after")[0] for line in log] == [
        "* SELECT split_part('a-b', '-', 2)",
        "* planned",
        "* first row",
        "* ended",
    ]


def test_in_what_is_stored(tmp_path: Path) -> None:
    path = str(tmp_path / "mine.db")
    for create in (True, False):
        session = Session(path, lambda: pytest.fail("no resource is named"))
        if create:
            select(session, "CREATE TABLE t (x, y AS (split_part(x, '-', 1)))")
            select(session, "CREATE VIEW v AS SELECT x FROM t WHERE x REGEXP '1$'")
            select(session, "CREATE INDEX i ON t (split_part(x, '-', 2))")
        select(session, "INSERT INTO t (x) VALUES ('a-1')")
        assert set(select(session, "SELECT x FROM v")) == {("a-1",)}
        assert set(select(session, "SELECT y FROM t")) == {("a",)}
        session.close()


def test_in_every_kind_of_statement(session: Session) -> None:
    select(session, "EXPLAIN QUERY PLAN SELECT stddev(1)")
    select(session, "CREATE TABLE n AS SELECT value FROM generate_series(1, 5)")
    select(session, "DELETE FROM n WHERE split_part(value, 'x', 1) = '3'")
    assert select(session, "SELECT count(*) FROM n WHERE value REGEXP '.'") == [(4,)]


def test_a_failure_is_told_once_and_right(session: Session) -> None:
    with pytest.raises(SqlError, match="no such column: nought"):
        select(session, "SELECT split_part(nought, 'a', 1) FROM @things")
    select(session, "CREATE TABLE u (x UNIQUE)")
    with pytest.raises(errors.IntegrityError):
        select(session, "INSERT INTO u SELECT 1 FROM generate_series(1, 2)")
    assert select(session, "SELECT count(*) FROM u") == [(0,)]


def test_they_are_suggested(session: Session) -> None:
    with pytest.raises(SqlError) as caught:
        select(session, "SELECT splitpart('a', 'b', 1)")
    assert caught.value.hint == "Did you mean split_part()?"


def test_examples_of_the_page_run(session: Session) -> None:
    """All but those over resources, which the reference's own test runs."""
    examples = re.findall(
        r"```sql\n(.*?)```", (ROOT / "docs" / "reference" / "functions.md").read_text(), re.DOTALL
    )
    own = [sql for sql in examples if "digitalocean." not in sql]
    assert len(own) >= 6
    for sql in own:
        assert select(session, sql.replace("@", "")), sql


def test_sqlite_has_none_of_them_itself() -> None:
    database = apsw.Connection("")
    shipped = {row[0] for row in database.execute("SELECT name FROM pragma_function_list")}
    assert shipped.isdisjoint(later_functions.NAMES)
    database.close()
