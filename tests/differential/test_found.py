"""What the differential test has found, each in its smallest form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from .shapes import STATES, Column, Filter, Nesting, Paging, Row, Shape
from .small import TEN, Values, columns, numbers, small
from .statements import Write
from .troubles import Delay, Troubles
from .world import World

KEY = Filter("key", "key", location="path", required=True)
NAME = Filter("name", "name")
N = Filter("n", "n")
ITEMS = (Column("key", "text", echo=True), *columns("n integer, name text"))


def test_a_key_in_the_body_of_a_join() -> None:
    key = replace(KEY, location="body")
    with small(
        ITEMS, [("k1", 1, "a"), ("k2", 2, "b")], key, verb="POST", local=[("k2",), ("k1",), ("k3",)]
    ) as world:
        world.same("SELECT l.key, t.n FROM local l JOIN @things t ON t.key = l.key")


@pytest.mark.parametrize("value", ["Zürich", "a\nb", " a", "a ", "", "日本"])
@pytest.mark.parametrize("match", ["exact", "caseless"])
def test_a_text_that_no_header_can_carry(value: str, match: str) -> None:
    region = Filter("x-region", "name", match=match, location="header")  # type: ignore[arg-type]
    rows = [(n, name) for n, name in enumerate([value, "a", None, value, value.strip()])]
    with small("n integer, name text", rows, region, paging=TEN) as world:
        world.same("SELECT * FROM @things WHERE name = ?", [value])
        for tail in ("LIMIT 1 OFFSET 1", "LIMIT 9 OFFSET 1", ""):
            literal = value.replace("'", "''")
            world.same(f"SELECT n FROM @things WHERE name = '{literal}' ORDER BY n {tail}")
            world.same(f"SELECT n FROM @things WHERE name IN ('{literal}', 'a') ORDER BY n {tail}")
            got = world.ask(f"SELECT n FROM @things WHERE name = '{literal}' {tail}")
            assert len(got) == len(
                world.expected(f"SELECT n FROM @things WHERE name = '{literal}' {tail}")
            )


def test_a_text_with_a_comma_in_a_list_of_texts() -> None:
    rows = [(n, name) for n, name in enumerate(["a", "b", "a,b", "a,b", "", None, ","])]
    with small("n integer, name text", rows, replace(NAME, lists="comma"), paging=TEN) as world:
        for condition in ("= 'a,b'", "IN ('a,b', 'a')", "IN ('', 'a')", "= ','", "= ''"):
            world.same(f"SELECT * FROM @things WHERE name {condition}")
            world.same(f"SELECT n FROM @things WHERE name {condition} ORDER BY n LIMIT 1 OFFSET 1")
            found = world.ask(f"SELECT n FROM @things WHERE name {condition} LIMIT 3 OFFSET 1")
            assert len(found) == len(
                world.expected(f"SELECT n FROM @things WHERE name {condition} LIMIT 3 OFFSET 1")
            )


def test_a_list_of_values_beside_bounds_of_the_same_column() -> None:
    several = replace(N, lists="comma")
    low, high = Filter("n_from", "n", operator=">="), Filter("n_to", "n", operator="<=")
    with small("n integer, name text", numbers(20), several, low, high) as world:
        world.same("SELECT n FROM @things WHERE n IN (3, 9, 15)")
        world.same("SELECT n FROM @things WHERE n IN (3, 9, 15) AND n > 3")
        world.same("SELECT n FROM @things WHERE n IN (3, 9, 15) AND n < 15")


def test_numbers_that_python_hashes_alike_are_different_rows() -> None:
    amount = Filter("amount", "amount")
    rows = [(-1.0, -1), (-2.0, -2), (-1.0, 2**61 - 1), (0.0, 0)]
    with small("amount decimal, n integer", rows, amount, N, paging=TEN) as world:
        world.same("SELECT amount FROM @things WHERE amount = -1 OR amount = -2")
        world.same("SELECT n FROM @things WHERE n = -1 OR n = -2 OR amount = -1")
        world.same("SELECT n FROM @things WHERE n = 0 OR n = 2305843009213693951")
        world.same("SELECT t.amount FROM local l FULL JOIN @things t ON t.amount = l.n")


def test_a_bound_that_every_value_satisfies_leaves_out_null() -> None:
    rows: list[tuple[int | None, str]] = [(None, "a"), (1, "b"), (2, "c"), (None, "d"), (3, "e")]
    high = Filter("n_to", "n", operator="<=")
    with small("n integer, name text", rows, high, paging=Paging("page", 2)) as world:
        for value in ("'abc'", "x'61'", "'9e999'", "9e999"):
            sql = f"SELECT name FROM @things WHERE n < {value} LIMIT 2 OFFSET 1"
            assert len(world.ask(sql)) == len(world.expected(sql)) == 2
            world.same(f"SELECT name FROM @things WHERE n < {value}")


def test_keys_beside_an_or() -> None:
    # SQLite reads a table once for each term of an OR, if that is cheaper, and then forgets what it
    # knows of a key from a BETWEEN or a subquery.
    rows = [(f"k{n % 3}", n % 5, "abc"[n % 3]) for n in range(30)]
    with small(ITEMS, rows, KEY, N, NAME, paging=TEN, local=[("k1",), ("k2",)]) as world:
        world.same(
            "SELECT * FROM @things WHERE key IN (SELECT key FROM local) AND (n = 1 OR n = 2)"
        )
        world.same("SELECT * FROM @things WHERE key = 'k1' AND (n = 1 OR name = 'b')")
    days = [(f"2025-01-{n:02}", n % 5) for n in range(1, 30)]
    first = Filter("first", "day", operator=">=", required=True)
    last = replace(first, name="last", operator="<=")
    with small("day date, n integer", days, first, last, N, paging=TEN, days=31) as world:
        window = "day BETWEEN '2025-01-03' AND '2025-01-20'"
        world.same(f"SELECT * FROM @things WHERE {window} AND (n = 0 OR n = 3)")
        world.same(f"SELECT * FROM @things WHERE {window} AND (n = 0 OR day = '2025-01-07')")


def test_bounds_at_the_end_of_time() -> None:
    rows: list[tuple[str | None, int]] = [
        (None, 0),
        ("2025-01-01", 1),
        ("9999-12-31", 2),
        (None, 3),
    ]
    rows += [("0001-01-01", 4), ("2025-01-01", 5)]
    for low, high in ((">=", "<="), (">", "<")):
        filters = [Filter("low", "day", operator=low), Filter("high", "day", operator=high)]  # type: ignore[arg-type]
        with small("day date, n integer", rows, *filters, paging=Paging("page", 2)) as world:
            for condition in ("<= '9999-12-31'", ">= '0001'", "< '9999-12-31T12:00Z'"):
                world.same(f"SELECT * FROM @things WHERE day {condition}")
                sql = f"SELECT n FROM @things WHERE day {condition} LIMIT 2 OFFSET 2"
                assert len(world.ask(sql)) == len(world.expected(sql))


def test_a_text_column_is_compared_with_numbers_as_the_other_side_wants() -> None:
    rows = [("5", 1), ("05", 2), ("5.0", 3), (" 5", 4), ("a", 5), (None, 6)]
    local: list[Values] = [
        ("k", "5", 5, None, 5),
        ("k", "05", 5, None, 5.0),
        ("k", "5", None, None, "5"),
    ]
    with small("name text, n integer", rows, NAME, local=local) as world:
        for condition in (
            "t.name = l.n",
            "t.name = l.x",
            "t.name = l.s",
            "t.name = l.n + 0",
            "t.name = CAST(l.s AS INTEGER)",
        ):
            world.same(f"SELECT t.n, l.x FROM local l JOIN @things t ON {condition}")
        for condition in (
            "= 5",
            "= 5.0",
            "= '05'",
            "IN (5, 'a')",
            "IN (SELECT n FROM local)",
            "IN (SELECT x FROM local)",
            "= (SELECT n FROM local LIMIT 1)",
            "= +5",
        ):
            world.same(f"SELECT n FROM @things WHERE name {condition}")
        world.same("SELECT n FROM @things WHERE name = ?", [5])


@pytest.mark.parametrize("order", [("n",), ("day", "n"), ("-day",), ("day",)])
def test_windows_and_an_order_on_another_column(order: tuple[str, ...]) -> None:
    rows = [(f"2025-01-{n:02}", n * 7 % 30) for n in range(1, 31)]
    first = Filter("first", "day", operator=">=", required=True)
    last = replace(first, name="last", operator="<=")
    with small("day date, n integer", rows, first, last, days=7, order=order) as world:
        window = "WHERE day BETWEEN '2025-01-01' AND '2025-01-30'"
        for terms in ("n", "n DESC", "day", "day DESC", "day, n"):
            world.same(f"SELECT n FROM @things {window} ORDER BY {terms}", ordered=True)


def test_windows_of_an_api_that_rounds_them_outwards() -> None:
    rows = [(f"2025-0{1 + n // 28}-{1 + n % 28:02}", n) for n in range(56)]
    first = Filter("first", "day", operator=">=", match="coarse", required=True)
    last = replace(first, name="last", operator="<=")
    with small("day date, n integer", rows, first, last, days=7) as world:
        world.same("SELECT n FROM @things WHERE day BETWEEN '2025-01-20' AND '2025-02-10'")


def test_windows_of_instants_with_fractions() -> None:
    # The end of one window is the beginning of the next.
    first = Filter("first", "at", operator=">=", required=True)
    last = replace(first, name="last", operator="<=")
    rows = [("2025-01-03T00:00:00Z", 1), ("2025-01-02T23:59:59Z", 2), ("2025-01-05T00:00:00Z", 3)]
    with small("at timestamp, n integer", rows, first, last, days=2) as world:
        world.same("SELECT n FROM @things WHERE at BETWEEN '2025-01-01' AND '2025-01-08T00:00:00Z'")


def test_a_statement_is_run_once_whatever_it_changes() -> None:
    with small(ITEMS, [("k1", 1, "a"), ("k2", 2, "b")], KEY, local=[("k1",), ("k2",)]) as world:
        world.on_both("CREATE TABLE kept (a, b)")
        join = "SELECT l.key, t.n FROM found l JOIN @things t ON t.key = l.key"
        world.on_both(f"WITH found AS (SELECT key FROM local) INSERT INTO kept {join}")
        world.same("SELECT * FROM kept")
        world.on_both(
            "WITH found AS (SELECT key FROM local) "
            f"UPDATE kept SET b = b + (SELECT count(*) FROM ({join}))"
        )
        world.same("SELECT * FROM kept")
        world.on_both(f"WITH found AS (SELECT key FROM local) REPLACE INTO kept {join}")
        world.same("SELECT * FROM kept")


def test_a_default_does_not_narrow_what_several_requests_give() -> None:
    status = Filter("name", "name", default="all")
    rows = [(n, "ab"[n % 2]) for n in range(6)]
    with small("n integer, name text", rows, status, N) as world:
        world.same("SELECT * FROM @things WHERE n IN (1, 2, 5)")


def test_defaults_of_several_values() -> None:
    made = (*columns("n integer, name text"), Column("state", "text", echo=True, hidden=True))
    rows = [(n, "ab"[n % 2], STATES[n % 3 // 2]) for n in range(12)]
    state = Filter("state", "state", default=STATES)
    with small(made, rows, state, NAME, paging=TEN, order=("n",)) as world:
        world.same("SELECT n FROM @things ORDER BY n", ordered=True)
        world.same("SELECT n FROM @things ORDER BY n LIMIT 5 OFFSET 4", ordered=True)
        for sql in (
            "SELECT n FROM @things",
            "SELECT n FROM @things WHERE name IN ('a', 'b')",
            "SELECT n FROM @things WHERE state = 'closed'",
            "SELECT n, state FROM @things",
            "SELECT n FROM @things WHERE state > 'closed'",
        ):
            world.same(sql)


def test_keys_that_are_equal_but_not_of_one_type() -> None:
    rows = [("5", 1), ("5.0", 2), ("1", 3)]
    local: list[Values] = [
        ("k", None, None, None, 5),
        ("k", None, None, None, 5.0),
        ("k", None, None, None, "5.0"),
        ("k", None, None, None, True),
    ]
    with small("name text, n integer", rows, NAME, local=local) as world:
        world.same("SELECT l.x, t.n FROM local l CROSS JOIN @things t ON t.name = l.x")


def test_a_number_is_less_than_every_text() -> None:
    rows: list[tuple[int | None, str]] = [(n, "a") for n in (-1, 0, 5)] + [(None, "b")]
    low, high = Filter("n_from", "n", operator=">="), Filter("n_to", "n", operator="<=")
    with small("n integer, name text", rows, N, low, high) as world:
        for value in (
            "'abc'",
            "''",
            "' 5 '",
            "'5abc'",
            "x'35'",
            "'5'",
            "'5.5'",
            "'1e1'",
            "'0x5'",
            "'5\n'",
            "'+5'",
            "'5.'",
            "'.5'",
            "' '",
            "'inf'",
            "'nan'",
            "9e999",
            "-9e999",
        ):
            for operator in ("=", "<", "<=", ">", ">=", "<>"):
                world.same(f"SELECT n FROM @things WHERE n {operator} {value}")


@pytest.mark.parametrize("unique", [(), ("id",)])
def test_rows_that_two_methods_give_are_counted_once(unique: tuple[str, ...]) -> None:
    rows = [(f"r{n}", n % 3, f"2025-01-{n + 1:02}T00:00:00Z") for n in range(12)]
    low = Filter("low", "at", operator=">=", format="epoch")
    high = replace(low, name="high", operator="<=")
    more: dict[str, Any] = {"order": ("-at",), "cut": "at", "by_id": "exact", "unique": unique}
    told = "id text, n integer, at timestamp"
    with small(told, rows, N, low, high, paging=Paging("last_row", 2), **more) as world:
        world.same("SELECT count(*) FROM @things WHERE n = 1 OR id = 'r4'")
        world.same("SELECT count(*) FROM @things WHERE n = 1 OR id = (SELECT max(id) FROM @things)")
        for join in ("RIGHT", "FULL"):
            world.same(f"SELECT a.n, b.n FROM @things a {join} JOIN @things b ON a.id = b.id")
        world.same(
            "SELECT c.n FROM @things a FULL JOIN @things b ON a.n = b.n + 1 "
            "JOIN @things c ON b.id IS c.id"
        )


def test_a_write_that_fails_leaves_nothing() -> None:
    troubles = Troubles("403", fails=5)
    with small("n integer, name text", numbers(25), N, paging=TEN, troubles=troubles) as world:
        world.on_both("INSERT INTO local (key, n) VALUES ('k', 1)")
        for text in (
            "INSERT INTO filled (a) SELECT n FROM @things",
            "INSERT INTO filled (a) SELECT n FROM @things RETURNING a",
            "CREATE TABLE made AS SELECT n FROM @things",
            "UPDATE local SET x = (SELECT count(n) FROM @things)",
            "UPDATE local SET x = f.n FROM (SELECT count(n) AS n FROM @things) AS f",
            "DELETE FROM local WHERE n IN (SELECT n FROM @things WHERE n > 0)",
        ):
            for in_transaction in (True, False):
                world.write(Write(text, in_transaction=in_transaction))
        assert world.api.asked, "a page comes before the one that fails"
        assert world.tally.failed == world.tally.statements == 12


def test_defaults_of_several_values_of_which_one_gives_too_much() -> None:
    made = (*columns("n integer, name text"), Column("state", "text"))
    rows = [(n, "ab"[n % 2], STATES[n % 3 // 2]) for n in range(15)]
    state = Filter("state", "state", default=STATES, match="inclusive")
    for paging in (None, TEN):
        with small(made, rows, state, NAME, paging=paging, order=("n",)) as world:
            for condition in ("1", "name = 'a'", "state = 'closed'", "name IN ('a', 'b')"):
                world.same(f"SELECT n, state FROM @things WHERE {condition}")
                world.same(f"SELECT count(*) FROM @things WHERE {condition}")
                tail = "ORDER BY n LIMIT 4 OFFSET 3"
                world.same(f"SELECT n FROM @things WHERE {condition} {tail}", ordered=True)


@pytest.mark.parametrize("nesting", ["lines", "deep", "map", "sources"])
@pytest.mark.parametrize("kind", ["page", "next_url", "token", "last_row"])
def test_rows_within_the_items_that_pages_count(nesting: Nesting, kind: Any) -> None:
    made = (
        Column("id", "text", of_parent=True),
        *columns("number integer, n integer"),
        *([Column("line", "text")] if nesting in ("map", "sources") else []),
    )
    rows: list[Row] = []
    for parent in range(10):
        outer: Row = {"^": parent, "@": "mock", "id": f"p{parent}", "~": 0}
        for step in range(parent % 4):
            line = "abcd"[step] if nesting == "map" else ("lines", "taxes")[step % 2]
            rows.append({**outer, "#": len(rows), "number": step, "n": step * 3, "line": line})
        if parent % 4 == 0:
            rows.append({**outer, "number": None, "n": None, "line": None, "-": 1})
    unique = ("id", "line", "number") if len(made) == 4 else ("id", "number")
    shape = Shape("things", made, paging=Paging(kind, 2), nesting=nesting, unique=unique)
    with World([(shape, rows)]) as world:
        world.same("SELECT id, number, n FROM @things")
        for limit, offset in ((3, 0), (3, 4), (3, 8), (5, 12), (-1, 14), (2, 30)):
            sql = f"SELECT id, number FROM @things LIMIT {limit} OFFSET {offset}"
            if nesting == "sources":
                assert len(world.ask(sql)) == len(world.expected(sql))
            else:
                world.same(sql, ordered=True)


@pytest.mark.parametrize("delay", ["429", "503", "403 later", "400 later"])
def test_what_comes_too_early_is_sent_again(delay: Delay) -> None:
    troubles = Troubles(delay=delay, delays=1)
    with small("n integer, name text", numbers(25), N, paging=TEN, troubles=troubles) as world:
        world.same("SELECT * FROM @things")
        world.same("SELECT count(*) FROM @things WHERE n IN (1, 2, 30)")


@pytest.mark.parametrize("count", [9, 10, 25])
@pytest.mark.parametrize("ends", [True, False])
def test_an_offset_where_pages_are_smaller_than_asked_for(count: int, ends: bool) -> None:
    paging = Paging("page", 10, gives=4, ends=ends)
    with small("n integer, name text", numbers(count), N, paging=paging, order=("n",)) as world:
        for offset in (0, 3, 8, 10, 20, 24, 25, 40):
            world.same(f"SELECT n FROM @things LIMIT 5 OFFSET {offset}", ordered=True)


def test_numbers_of_any_length() -> None:
    made = (Column("serial", "text", numbers=True), Column("extra", "json"), Column("n", "integer"))
    rows = [(str(10**24 + n), f'{{"n":[{2**64 + n}]}}', n) for n in range(4)]
    with small(made, rows, Filter("serial", "serial"), paging=TEN) as world:
        world.same("SELECT serial, extra FROM @things")
        world.same("SELECT n FROM @things WHERE serial = '1000000000000000000000002'")
        world.same("SELECT count(*) FROM @things a JOIN @things b ON a.serial = b.serial")


@pytest.mark.parametrize("kind", ["next_url", "last_row"])
def test_answers_that_are_untidy(kind: Any) -> None:
    paging = Paging(kind, 4, public=True, numbers=True)
    for count in (0, 9):
        rows = numbers(count)
        with small("n integer, name text", rows, N, paging=paging, null_lists=True) as world:
            world.same("SELECT * FROM @things")
            world.same("SELECT * FROM @things WHERE n = 100")


@pytest.mark.parametrize("location", ["path", "query"])
def test_what_cannot_be_a_key_has_no_rows(location: Any) -> None:
    key = replace(KEY, location=location)
    keys = ("", " ", ".", "..", "a/../b", "k1\n", "5", "05", "5.0", None, "k1")
    with small(
        ITEMS, [("k1", 1, "a"), ("5", 2, "b")], key, local=[(one,) for one in keys]
    ) as world:
        world.same("SELECT l.key, t.n FROM local l LEFT JOIN @things t ON t.key = l.key")
        world.same("SELECT n FROM @things WHERE key IN (SELECT key FROM local)")
        world.same("SELECT n FROM @things WHERE key IN ('k1', '', '..', 5)")
        for value in (5, 5.0, "''", "x'6b31'", "NULL"):
            world.same(f"SELECT n FROM @things WHERE key = {value}")


@pytest.mark.parametrize("kind", ["TABLE", "TEMP TABLE"])
def test_a_table_of_an_outer_join_whose_where_names_the_key(kind: str) -> None:
    with small(
        ITEMS, [("k1", 1, "a"), ("k2", 2, "b")], KEY, local=[("k", "a"), ("k", "b")]
    ) as world:
        for join in ("LEFT", "RIGHT", "FULL"):
            joined = f"local l {join} JOIN @things t ON l.s >= t.name WHERE t.key = 'k1'"
            world.on_both(f"CREATE {kind} made AS SELECT l.s, t.n FROM {joined}")
            world.same("SELECT * FROM made")
            world.on_both("DROP TABLE made")
