"""The known traps of pushing filters, bounds, order, LIMIT and OFFSET down, one by one."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from billql.errors import BadValue, ParameterMissing

from .shapes import Column, Filter, Paging
from .small import TEN, columns, numbers, small

NAME = Filter("name", "name")
N = Filter("n", "n")
N_FROM = Filter("n_from", "n", operator=">=")
N_TO = Filter("n_to", "n", operator="<=")
DAY_FROM = Filter("day_from", "day", operator=">=")
DAY_TO = Filter("day_to", "day", operator="<")
KEY = Filter("key", "key", location="path", required=True)
ITEMS = (Column("key", "text", echo=True), *columns("n integer, name text"))


def test_an_inexact_filter_with_limit() -> None:
    rows = [(n, "aA"[n % 2]) for n in range(50)]
    caseless = replace(NAME, match="caseless")
    with small("n integer, name text", rows, caseless, paging=TEN) as world:
        world.same("SELECT n, name FROM @things WHERE name = 'A' LIMIT 7")
        world.same("SELECT n, name FROM @things WHERE name = 'A' LIMIT 7 OFFSET 12")
        world.same("SELECT n FROM @things WHERE name = 'A' ORDER BY n DESC LIMIT 3 OFFSET 2")


def test_a_filter_that_is_not_pushed_with_limit() -> None:
    with small("n integer, name text", numbers(60), N_FROM, paging=TEN) as world:
        world.same("SELECT n FROM @things WHERE name = 'c' LIMIT 5 OFFSET 11")
        world.same("SELECT n FROM @things WHERE name LIKE 'C' LIMIT 5 OFFSET 11")
        world.same("SELECT n FROM @things WHERE n >= 10 AND n % 2 LIMIT 5 OFFSET 11")
        world.same("SELECT n FROM @things WHERE name IS 'c' LIMIT 5 OFFSET 11")


@pytest.mark.parametrize("declares", [True, False])
def test_an_order_that_is_left_to_sqlite_with_limit(declares: bool) -> None:
    rows = [(n * 7 % 50, "abc"[n % 3]) for n in range(50)]
    with small(
        "n integer, name text", rows, paging=TEN, order=("-n",), declares_order=declares
    ) as world:
        for terms in (
            "n",
            "n DESC",
            "name, n",
            "name COLLATE NOCASE, n",
            "-n",
            "n DESC NULLS FIRST",
        ):
            world.same(f"SELECT n FROM @things ORDER BY {terms} LIMIT 4", ordered=True)
            world.same(f"SELECT n FROM @things ORDER BY {terms} LIMIT 4 OFFSET 23", ordered=True)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 25])
@pytest.mark.parametrize("offset", [0, 1, 9, 10, 11, 19, 20, 21, 30])
def test_an_offset_is_applied_once(count: int, offset: int) -> None:
    with small("n integer, name text", numbers(count), NAME, paging=TEN, order=("n",)) as world:
        for limit in (-1, 0, 1, 5, 10, 15):
            tail = f"LIMIT {limit} OFFSET {offset}"
            world.same(f"SELECT n FROM @things ORDER BY n {tail}", ordered=True)
            world.same(f"SELECT n FROM @things WHERE name = 'a' ORDER BY n {tail}", ordered=True)
            world.same(f"SELECT n FROM (SELECT n FROM @things ORDER BY n {tail}) LIMIT 3 OFFSET 1")


def test_an_offset_skips_the_pages_before_it() -> None:
    with small("n integer, name text", numbers(100), paging=TEN) as world:
        assert world.ask("SELECT n FROM @things LIMIT 5 OFFSET 73") == [(n,) for n in range(73, 78)]
        assert len(world.api.asked) == 1


@pytest.mark.parametrize(
    ("limit", "offset"), [("?", "?"), ("?1", "?2"), ("+?", "? + 0"), ("'5'", "'3'")]
)
def test_a_limit_that_is_not_a_literal(limit: str, offset: str) -> None:
    with small("n integer, name text", numbers(40), paging=TEN, order=("n",)) as world:
        bindings = [5, 12] if "?" in limit else []
        tail = f"LIMIT {limit} OFFSET {offset}"
        world.same(f"SELECT n FROM @things ORDER BY n {tail}", bindings, ordered=True)


def test_limit_and_offset_of_a_union() -> None:
    with small("n integer, name text", numbers(12), NAME, paging=TEN, order=("n",)) as world:
        for word in ("UNION ALL", "UNION"):
            for offset in (0, 3, 10, 12, 15, 23):
                a, b = "SELECT n FROM @things WHERE name = 'a'", "SELECT n FROM @things"
                tail = f"LIMIT 4 OFFSET {offset}"
                world.same(f"{a} {word} {b} ORDER BY 1 {tail}", ordered=True)
                world.same(f"SELECT count(*), min(n) FROM ({b} {word} {a} ORDER BY 1 {tail})")
                assert len(world.ask(f"{a} {word} {b} {tail}")) == len(
                    world.expected(f"{a} {word} {b} {tail}")
                )


def test_two_bounds_on_one_column() -> None:
    with small("n integer, name text", numbers(30), N_FROM, N_TO, paging=TEN) as world:
        for condition in (
            "n >= 5 AND n <= 8",
            "n > 5 AND n < 8",
            "n >= 5 AND n >= 7 AND n < 20 AND n <= 9",
            "n BETWEEN 8 AND 5",
            "n > 5 AND n < 6",
            "n >= 4.5 AND n < 8.5",
            "n = 5 AND n >= 5 AND n <= 4",
            "n IN (3, 5, 8, 29, 30) AND n > 3 AND n <= 29",
            "NOT (n < 5 OR n > 8)",
        ):
            world.same(f"SELECT n FROM @things WHERE {condition}")
            world.same(f"SELECT n FROM @things WHERE {condition} ORDER BY n LIMIT 2 OFFSET 1")


def test_the_bounds_of_one_column_are_not_given_to_another() -> None:
    rows = [(n, 30 - n, f"2025-01-{n + 1:02}", f"2025-02-{28 - n % 20:02}") for n in range(30)]
    told = "n integer, m integer, day date, due date"
    with small(told, rows, N_FROM, N_TO, DAY_FROM, DAY_TO, paging=TEN) as world:
        for condition in (
            "m >= 20",
            "n >= 5 AND m <= 8",
            "due < '2025-02-20'",
            "day >= '2025-01-10' AND due < '2025-02-20'",
            "n < m AND day < due",
            "n >= m",
        ):
            world.same(f"SELECT * FROM @things WHERE {condition}")


def test_a_start_date_column_beside_start_and_end_parameters() -> None:
    rows = [(f"2025-01-{n:02}", f"2025-01-{n + 3:02}", n) for n in range(1, 20)]
    first = Filter("start_date", "start_date", operator=">=", location="path", required=True)
    last = Filter("end_date", "start_date", "<=", location="path", default="today")
    told = "start_date date, end_date date, n integer"
    with small(told, rows, first, last, paging=TEN, days=7) as world:
        world.same(
            "SELECT * FROM @things WHERE start_date >= '2025-01-05' AND end_date <= '2025-01-12'"
        )
        world.same("SELECT * FROM @things WHERE start_date = '2025-01-05'")
        world.same(
            "SELECT n FROM @things WHERE start_date IN ('2025-01-05', '2025-01-06', '2025-03-01')"
        )
        world.same(
            "SELECT n FROM @things WHERE start_date > '2025-01-05' AND start_date < '2025-01'"
        )
        with pytest.raises(ParameterMissing):
            world.ask("SELECT * FROM @things WHERE end_date >= '2025-01-05'")


@pytest.mark.parametrize("lists", [None, "comma", "repeat", "brackets"])
def test_null_in_a_list(lists: str | None) -> None:
    rows: list[tuple[int | None, str | None]] = [
        (1, "a"),
        (2, None),
        (None, "b"),
        (3, "a"),
        (3, "a"),
    ]
    several = replace(N, lists=lists)  # type: ignore[arg-type]
    with small("n integer, name text", rows, several, NAME, local=[("k",), (None,)]) as world:
        for condition in (
            "n IN (1, NULL, 3)",
            "n IN (NULL)",
            "n NOT IN (1, NULL)",
            "n NOT IN (1)",
            "n = NULL",
            "n IS NULL",
            "n IN (SELECT n FROM local)",
            "name IN (SELECT key FROM local)",
            "name NOT IN (SELECT key FROM local)",
            "n IN (1, NULL) OR n IS NULL",
            "name IN ('a', NULL) AND n IN (3, NULL)",
            "n IN (?, ?)",
        ):
            bindings = [None, 3] if "?" in condition else []
            world.same(f"SELECT * FROM @things WHERE {condition}", bindings)


def test_an_empty_list() -> None:
    with small("n integer, name text", numbers(5), N, NAME) as world:
        for condition in (
            "n IN ()",
            "n NOT IN ()",
            "n IN () OR n = 2",
            "n IN (SELECT n FROM local)",
            "name IN (SELECT s FROM local WHERE key = 'none')",
            "n NOT IN (SELECT n FROM local)",
            "n IN (SELECT n FROM local) AND name = 'a'",
        ):
            world.same(f"SELECT * FROM @things WHERE {condition}")
            world.same(f"SELECT count(*) FROM @things WHERE {condition}")


def test_an_empty_list_of_keys() -> None:
    with small(ITEMS, [("k1", 1, "a")], KEY) as world:
        world.same("SELECT * FROM @things WHERE key IN ()")
        world.same("SELECT * FROM @things WHERE key IN (SELECT key FROM local)")
        world.same("SELECT * FROM local LEFT JOIN @things ON @things.key = local.key")
        world.same("SELECT count(*) FROM @things WHERE key IN (SELECT key FROM local)")


@pytest.mark.parametrize("match", ["exact", "caseless", "prefix"])
def test_comparisons_in_another_collation(match: str) -> None:
    rows = [(n, name) for n, name in enumerate(["a", "A", "a ", "ab", "", None, "Ä", "ä", "b"])]
    inexact = replace(NAME, match=match)  # type: ignore[arg-type]
    local = [("k", "A"), ("k", "a "), ("k", None), (None, "ä", None, None, None, "A")]
    with small("n integer, name text", rows, inexact, local=local) as world:
        for condition in (
            "name = 'A' COLLATE NOCASE",
            "name COLLATE NOCASE = 'A'",
            "'A' = name COLLATE NOCASE",
            "name COLLATE NOCASE IN ('A', 'b')",
            "name = 'a' COLLATE RTRIM",
            "name COLLATE RTRIM IN ('a')",
            "name LIKE 'A'",
            "name LIKE 'a%'",
            "name GLOB 'a*'",
            "lower(name) = 'a'",
            "name = 'a' COLLATE BINARY",
            "name COLLATE NOCASE = 'a' OR name = 'b'",
            "name BETWEEN 'A' AND 'B' COLLATE NOCASE",
        ):
            world.same(f"SELECT n FROM @things WHERE {condition}")
            world.same(f"SELECT n FROM @things WHERE {condition} ORDER BY n LIMIT 2 OFFSET 1")
        for condition in ("name = c", "c = name", "name = s COLLATE NOCASE", "name = s"):
            world.same(f"SELECT t.n, s FROM local JOIN @things t ON {condition}")
            world.same(f"SELECT t.n, s FROM local LEFT JOIN @things t ON {condition}")


def test_rows_that_several_terms_of_an_or_find_come_once() -> None:
    rows = [(n % 4, "abc"[n % 3]) for n in range(24)]
    with small("n integer, name text", rows, N, NAME, paging=TEN) as world:
        for condition in (
            "n = 1 OR name = 'a'",
            "n = 1 OR n = 2 OR name = 'a'",
            "n IN (1, 2) OR name IN ('a', 'b')",
            "(n = 1 AND name = 'a') OR (n = 2 AND name = 'b') OR n = 1",
            "n = 1 OR name = 'a' OR n = 1",
        ):
            world.same(f"SELECT n, name FROM @things WHERE {condition}")
            world.same(f"SELECT name FROM @things WHERE {condition}")
            world.same(f"SELECT count(*) FROM @things WHERE {condition}")
            world.same("SELECT a.n FROM @things a JOIN @things b ON a.n = b.n OR a.name = b.name")


@pytest.mark.parametrize("join", ["RIGHT", "FULL", "LEFT"])
def test_outer_joins_keep_what_has_no_partner(join: str) -> None:
    rows: list[tuple[int | None, str]] = [(1, "a"), (1, "a"), (2, "b"), (None, "c"), (4, "a")]
    local = [("k", "a", 1), ("k", "a", 1), ("k", "b", 3), ("k", None, None)]
    with small("n integer, name text", rows, N, NAME, local=local) as world:
        for condition in ("l.n = t.n", "l.s = t.name AND t.n = 1", "l.n = t.n OR l.s = t.name"):
            world.same(f"SELECT l.n, t.* FROM local l {join} JOIN @things t ON {condition}")
            world.same(f"SELECT l.n, t.* FROM @things t {join} JOIN local l ON {condition}")
            world.same(
                f"SELECT a.*, b.* FROM @things a {join} JOIN @things b "
                "ON a.n = b.n AND b.name = 'a'"
            )
        world.same(
            f"SELECT l.n, t.n FROM local l {join} JOIN @things t USING (n) WHERE t.n IS NULL"
        )
        world.same(f"SELECT * FROM local NATURAL {join} JOIN @things")
        for value in ("(SELECT b.n WHERE b.name = 'a')", "(b.n)", "(2)"):
            world.same(
                f"SELECT l.n, t.n, b.n FROM local l {join} JOIN @things t ON t.n = l.n "
                f"JOIN @things b ON b.name = t.name WHERE t.n = {value}"
            )


@pytest.mark.parametrize("join", ["RIGHT", "FULL"])
def test_what_has_no_partner_needs_a_key(join: str) -> None:
    with (
        small(ITEMS, [("k1", 1, "a")], KEY, local=[("k1",)]) as world,
        pytest.raises(ParameterMissing),
    ):
        world.ask(f"SELECT * FROM local l {join} JOIN @things t ON t.key = l.key")


def test_duplicates_are_kept() -> None:
    rows = [(1, "a")] * 7 + [(2, "b")] * 5
    with small(
        "n integer, name text", rows, N, NAME, paging=TEN, local=[("k", "a", 1)] * 2
    ) as world:
        world.same("SELECT n, name FROM @things")
        world.same("SELECT name FROM @things WHERE n = 1 OR name = 'a'")
        world.same("SELECT t.name FROM local l JOIN @things t ON t.n = l.n")
        world.same("SELECT t.name FROM local l RIGHT JOIN @things t ON t.n = l.n")
        world.same("SELECT a.n FROM @things a JOIN @things b USING (n)")


@pytest.mark.parametrize("days", [1, 2, 7, 31])
@pytest.mark.parametrize("low", [">=", ">"])
@pytest.mark.parametrize("high", ["<=", "<"])
@pytest.mark.parametrize("format", [None, "epoch"])
def test_the_boundaries_of_windows(days: int, low: str, high: str, format: str | None) -> None:
    rows = [(f"2025-01-{n:02}", n) for n in range(1, 31)] * 2
    first = Filter("first", "day", operator=low, required=True, format=format)  # type: ignore[arg-type]
    last = replace(first, name="last", operator=high)  # type: ignore[arg-type]
    with small("day date, n integer", rows, first, last, days=days, paging=TEN) as world:
        for condition in (
            "day BETWEEN '2025-01-03' AND '2025-01-20'",
            "day > '2025-01-03' AND day < '2025-01-20'",
            "day >= '2025-01-03' AND day < '2025-01-04'",
            "day = '2025-01-30'",
            "day > '2025-01' AND day < '2025-01-31 00:00:01'",
        ):
            world.same(f"SELECT * FROM @things WHERE {condition}")
            world.same(
                f"SELECT n FROM @things WHERE {condition} ORDER BY day DESC, n LIMIT 5 OFFSET 3"
            )


def test_a_window_with_too_many_slices_is_an_error() -> None:
    first = Filter("first", "day", operator=">=", required=True)
    last = replace(first, name="last", operator="<=")
    with small("day date, n integer", [], first, last, days=2) as world, pytest.raises(BadValue):
        world.ask("SELECT * FROM @things WHERE day BETWEEN '2020-01-01' AND '2025-01-01'")


def test_the_same_statement_with_other_bindings() -> None:
    with small(
        "n integer, name text", numbers(40), N, NAME, N_FROM, paging=TEN, order=("n",)
    ) as world:
        statements: tuple[tuple[Any, ...], ...] = (
            (
                "SELECT n FROM @things WHERE name = ? LIMIT 3",
                ["a"],
                ["b"],
                [None],
                [5],
                ["zz"],
                ["a"],
            ),
            (
                "SELECT n FROM @things WHERE n >= ? ORDER BY n LIMIT ? OFFSET ?",
                [3, 5, 20],
                ["abc", 5, 0],
                [0, -1, 31],
                [None, 1, 1],
                [3, 5, 20],
            ),
            ("SELECT n FROM @things WHERE n = ? OR name = ?", [1, "a"], ["1", 5], [None, None]),
            ("SELECT n FROM @things WHERE n IN (?, ?)", [1, 2], [1, 1], [None, "x"], ["2", 2.0]),
        )
        for sql, *several in statements:
            for _ in range(2):
                for bindings in several:
                    ordered = "ORDER" in sql
                    if "LIMIT 3" in sql:
                        assert len(world.ask(sql, bindings)) == len(world.expected(sql, bindings))
                    else:
                        world.same(sql, bindings, ordered=ordered)


def test_several_cursors_of_one_session_at_once() -> None:
    with small(
        ITEMS,
        [(f"k{n % 5}", n, "a") for n in range(60)],
        KEY,
        local=[(f"k{n}",) for n in range(5)],
        paging=Paging("token", 3),
    ) as world:
        sql = "SELECT l.key, t.n FROM local l JOIN @things t ON t.key = l.key"
        text = sql.replace("@", "mock.shop.")
        running = [world.session.execute(text) for _ in range(3)]
        answers: list[list[object]] = [[] for _ in running]
        for step in range(60):
            for place, execution in enumerate(running):
                if step % (place + 1) == 0:
                    answers[place] += [row for row in [next(execution, None)] if row]
        for answer, execution in zip(answers, running, strict=True):
            answer += execution
        expected = sorted(world.expected(sql))
        assert [sorted(answer) for answer in answers] == [expected] * 3  # type: ignore[type-var]


def test_the_scout_changes_nothing() -> None:
    rows = [(f"k{n % 20}", n, "ab"[n % 2]) for n in range(100)]
    local: list[tuple[str | None]] = [*((f"k{n}",) for n in range(25)), (None,), ("k1",)]
    for select in (
        "SELECT l.key, t.n FROM local l JOIN @things t ON t.key = l.key",
        "SELECT l.key, t.n FROM local l LEFT JOIN @things t ON t.key = l.key AND t.name = 'a'",
        "SELECT l.key, t.n FROM (SELECT DISTINCT key FROM local) l "
        "CROSS JOIN @things t ON t.key = l.key",
        "SELECT l.key, (SELECT count(*) FROM @things t WHERE t.key = l.key) FROM local l",
        "SELECT l.key, t.n FROM local l JOIN @things t ON t.key = l.key "
        "JOIN @things u ON u.key = l.key AND u.n = t.n",
    ):
        with small(ITEMS, rows, KEY, local=local, paging=Paging("next_url", 3)) as world:
            expected = world.same(select)
            scouted = len(world.api.asked)
        with small(ITEMS, rows, KEY, local=local, paging=Paging("next_url", 3)) as world:
            # Nothing is run beside a statement that changes something.
            world.on_both("CREATE TABLE kept (answer)")
            world.on_both("INSERT INTO kept VALUES (NULL)")
            world.on_both(
                f"WITH found(a, b) AS ({select}) "
                "UPDATE kept SET answer = (SELECT json_group_array(json_array(a, b)) FROM found)"
            )
            ((answer,),) = world.ask("SELECT answer FROM kept")
            assert Counter(map(tuple, json.loads(answer))) == Counter(expected)
            assert len(world.api.asked) == scouted


FLAG = Filter("flag", "flag")


def test_a_column_that_is_a_condition() -> None:
    """A row without a value satisfies neither it nor its negation."""
    rows = [(n, (1, 0, None)[n % 3], "ab"[n % 2]) for n in range(60)]
    told = "n integer, flag boolean, name text"
    local = [(f"k{n}", None, n) for n in range(0, 60, 7)]
    whole = 6
    statements = {
        **dict.fromkeys(("flag", "NOT flag", "flag <> 0", "1 <> flag", "NOT flag = 0"), 2),
        **dict.fromkeys(("flag IS TRUE", "NOT (flag)", "flag > 0", "flag < 0.5"), 2),
        **dict.fromkeys(("flag AND n > 3", "flag IS TRUE AND NOT flag = 0 AND name = 'a'"), 2),
        **dict.fromkeys(("flag OR NOT flag", "NOT flag OR flag IS NULL"), whole),
        **dict.fromkeys(("flag IS NOT TRUE", "NOT flag IS TRUE", "(flag) = '1'"), whole),
        **dict.fromkeys(("flag <> 2", "flag <> '1x'", "flag >= 0", "flag < 1e300"), whole),
        **dict.fromkeys(("flag AND NOT flag", "flag <> NULL", "flag > 1", "flag < 0"), 0),
        "CASE WHEN flag THEN n > 5 ELSE NOT flag END": whole,
        "NOT (flag AND n > 3)": whole,
        "n BETWEEN 0 AND flag": whole,
    }
    for condition, most in statements.items():
        for tail in ("", " ORDER BY n LIMIT 3 OFFSET 2"):
            with small(told, rows, FLAG, paging=TEN, local=local) as world:
                world.same(f"SELECT n, flag FROM @things WHERE {condition}{tail}")
                assert len(world.api.asked) <= most, condition
    with small(told, rows, FLAG, paging=TEN, local=local) as world:
        for sql in (
            "SELECT l.key, t.n FROM local l LEFT JOIN @things t ON t.n = l.n AND t.flag",
            "SELECT l.key, t.n FROM local l LEFT JOIN @things t ON t.n = l.n WHERE NOT t.flag",
            "SELECT t.n FROM local l LEFT JOIN @things t ON t.n = l.n WHERE t.flag IS NOT TRUE",
            "SELECT t.n, u.n FROM @things t FULL JOIN @things u ON t.flag AND u.n = t.n + 1",
            "SELECT name, flag, count(*) FROM @things GROUP BY 1, 2 HAVING flag AND name = 'a'",
            "SELECT count(*) FILTER (WHERE flag), count(*) FROM @things",
            "WITH c AS (SELECT flag AS f, n FROM @things) SELECT n FROM c WHERE NOT f AND n > 3",
            "SELECT n FROM local WHERE n IN (SELECT n FROM @things WHERE NOT flag)",
            "SELECT n, EXISTS (SELECT 1 FROM @things t WHERE flag AND t.n = l.n) FROM local l",
            "SELECT n, n > 3 AND flag, n > 3 OR NOT flag FROM @things",
        ):
            world.same(sql)


def test_rows_that_are_equal_in_a_promised_order() -> None:
    """Only the pages up to the last row that is equal to the one at the LIMIT are read."""
    texts = ("b", "B", "a", None, "a ", "\u00e4", "")
    rows = [
        (n, texts[n * 5 % 7], f"2025-01-{28 - n // 7:02}T00:00:00Z" if n < 50 else None, n % 3 / 2)
        for n in range(60)
    ]
    told = "n integer, name text, at timestamp, x decimal"
    for terms in (
        *("at DESC, name, n", "at DESC, name DESC, n DESC", "at DESC, x, name DESC, n"),
        *("at DESC, +name, n", "at DESC, name COLLATE NOCASE, n", "at DESC, name NULLS LAST, n"),
        *("at DESC, n % 4, n", "at DESC, at, n DESC", "at DESC, n", "date(at) DESC, n"),
    ):
        for tail, most in (
            *(("LIMIT 3", 1), ("LIMIT 5 OFFSET 6", 3), ("LIMIT 7 OFFSET 7", 3), ("LIMIT 0", 1)),
            *(("LIMIT 1 OFFSET 54", 6), ("LIMIT -1", 6), ("LIMIT 90 OFFSET 3", 6)),
        ):
            with small(told, rows, N_FROM, paging=TEN, order=("-at",)) as world:
                world.same(f"SELECT n FROM @things ORDER BY {terms} {tail}", ordered=True)
                if terms in ("at DESC, name, n", "at DESC, n", "at DESC, x, name DESC, n"):
                    assert len(world.api.asked) <= most
    with small(told, rows, N_FROM, paging=TEN, order=("-at",), local=[("k", "b")]) as world:
        for sql in (
            "SELECT n FROM @things WHERE n >= 5 ORDER BY at DESC, name, n LIMIT 4 OFFSET 1",
            "SELECT n FROM @things WHERE x > 0 ORDER BY at DESC, name, n LIMIT 4 OFFSET 1",
            "SELECT n FROM (SELECT * FROM @things ORDER BY at DESC, n LIMIT 9) ORDER BY n LIMIT 3",
            "SELECT t.n, l.key FROM @things t JOIN local l ON l.s = t.name "
            "ORDER BY t.at DESC, t.n DESC LIMIT 4",
            "SELECT at, name, count(*) FROM @things GROUP BY at, name ORDER BY 1 DESC, 2 LIMIT 3",
            "SELECT DISTINCT at, name FROM @things ORDER BY at DESC, name DESC LIMIT 5",
            "SELECT n, row_number() OVER (ORDER BY at DESC, n) FROM @things LIMIT 5",
            "SELECT l.key, (SELECT n FROM @things t WHERE t.name = l.s ORDER BY at DESC, x, n "
            "LIMIT 1) FROM local l",
        ):
            world.same(sql, ordered=True)


def test_equal_computed_times_are_in_no_promised_order() -> None:
    rows = [(n % 4, f"2025-01-01T0{n // 4}:00:00Z") for n in range(12)]
    with small("n integer, at timestamp", rows, paging=TEN, order=("at", "n")) as world:
        world.same("SELECT date(at), n, count(*) FROM @things GROUP BY date(at), n")
        world.same(
            "SELECT d, n FROM (SELECT date(at) AS d, n FROM @things) ORDER BY d, n LIMIT 5",
            ordered=True,
        )


@pytest.mark.parametrize("few", [True, False])
def test_rows_are_counted_by_a_total(few: bool) -> None:
    """Only rows that are alike to the statement are, and under filters that are exact."""
    rows = [(n, "aAb"[n % 3], (1, 0, None)[n % 3]) for n in range(65)]
    told = "n integer, name text, flag boolean"
    name = NAME if few else replace(NAME, match="caseless")
    for sql, most in (
        ("SELECT count(*) FROM @things", 1),
        ("SELECT count(*), 5 FROM @things WHERE name = 'a'", 1 if few else 5),
        ("SELECT name, count(*) FROM @things WHERE name = 'b' GROUP BY 1", 1 if few else 3),
        ("SELECT count(*) FROM @things WHERE name = 'a' AND flag", 1 if few else 5),
        ("SELECT count(*) FROM @things WHERE name IN ('a', 'b')", 2 if few else 8),
        ("SELECT count(*) FROM @things WHERE name = 'zz'", 1),
        ("SELECT count(*) FROM @things WHERE name = NULL OR flag IS NULL", 9),
        ("SELECT count(*) FROM @things WHERE name = 'a' AND name = 'b'", 0),
        ("SELECT count(*) FROM @things WHERE name = 'a' AND name > 'A'", 5),
        ("SELECT count(*) FROM @things WHERE name = 'a' AND n >= 7", 7),
        ("SELECT count(*) FROM @things WHERE lower(name) = 'a'", 7),
        ("SELECT count(DISTINCT n), count(*) FROM @things", 7),
        ("SELECT count(*) FROM @things WHERE name = 'a' OR name = 'b'", 8),
        ("SELECT count(*) FROM @things WHERE name = 'a' OR flag = 0", 9),
        ("SELECT count(*), max(rowid) IS NULL FROM @things", 7),
        ("SELECT count(*) FROM @things a FULL JOIN @things b ON a.name = b.name", 14),
        ("SELECT count(*) FROM @things a, @things b", 1),
        ("SELECT EXISTS (SELECT 1 FROM @things), NOT EXISTS (SELECT 1 FROM @things)", 1),
        ("SELECT 1 FROM @things LIMIT 7 OFFSET 31", 7),
        ("SELECT count(*) FROM (SELECT 1 FROM @things LIMIT 23)", 3),
        ("SELECT key, (SELECT count(*) FROM @things t WHERE t.name = l.s) FROM local l", 9),
        ("SELECT key FROM local WHERE n < (SELECT count(*) FROM @things)", 1),
    ):
        local = [("k1", "a", 64), ("k2", "b", 65), ("k3", "c", None)]
        with small(told, rows, name, FLAG, paging=TEN, local=local) as world:
            world.same(sql)
            assert len(world.api.asked) <= most, sql
