"""Lists that change while they are read: the rows of one reading, or an error."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.errors import ListChanged
from support.shop import SIZE, Item, Shop, items, opened, select

LISTS = ["things", "events", "links", "charges"]


def new(number: int) -> Item:
    return {"id": 1000 + number, "name": f"new{number}", "kind": "odd"}


def ids(rows: list[Any]) -> list[int]:
    return [row[0] for row in rows]


def all_ids(shop: Shop, name: str) -> list[int]:
    return [one["id"] for one in shop.lists[name]]


@pytest.mark.parametrize("name", ["things", "links"])
@pytest.mark.parametrize("at", [2, 3, 5])
@pytest.mark.parametrize("change", ["added first", "added last", "removed first", "removed last"])
def test_a_list_that_changes_once_is_read_again(
    tmp_path: Path, name: str, at: int, change: str
) -> None:
    """Its total moves; how late that is noticed depends on what the list tells."""
    shop = Shop(**{name: 45})

    def move(request: httpx.Request, number: int) -> None:
        if number == at:
            found = shop.lists[name]
            match change:
                case "added first":
                    found.insert(0, new(1))
                case "added last":
                    found.append(new(1))
                case "removed first":
                    del found[0]
                case "removed last":
                    del found[-1]

    shop.before = move
    with opened(shop, tmp_path) as session:
        # Sorting makes SQLite read all before it gives the first row; the rows that the scan has
        # given out by then must be in the new reading.
        try:
            rows = ids(select(session, f"SELECT id FROM @{name} ORDER BY name"))
        except ListChanged:
            assert change.startswith("removed")
        else:
            assert sorted(rows) == sorted(all_ids(shop, name))
    assert len(shop.asked) <= 3 * 5


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("at", [2, 3, 4, 5])
def test_a_row_that_is_added_first_moves_another_onto_the_next_page(
    tmp_path: Path, name: str, at: int
) -> None:
    """The total is of no help here: a row is added at the top and another taken from the end."""
    shop = Shop(**{name: 50})

    def move(request: httpx.Request, number: int) -> None:
        if number == at:
            shop.lists[name].insert(0, new(1))
            del shop.lists[name][-1]

    shop.before = move
    with opened(shop, tmp_path) as session:
        rows = ids(select(session, f"SELECT id FROM @{name}"))
    assert len(set(rows)) == len(rows)
    before, after = [one["id"] for one in items(50)], all_ids(shop, name)
    if name == "charges":
        # Pages that follow a row, and not a number, do not mind.
        assert rows in ([*before[:-1]], before)
    else:
        assert sorted(rows) in (sorted(before), sorted(after))


def test_rows_given_out_come_once_and_the_others_follow(tmp_path: Path) -> None:
    """The first rows are out already when the list moves; the new reading has them too."""
    shop = Shop(things=45)
    with opened(shop, tmp_path) as session:
        statement = session.execute("SELECT id FROM shop.all.things")
        rows = list(itertools.islice(statement, 3))
        shop.lists["things"].insert(0, new(1))
        rows += list(statement)
    assert ids(rows[:3]) == [1, 2, 3]
    assert sorted(ids(rows)) == sorted(all_ids(shop, "things"))
    assert len(set(rows)) == 46


def test_rows_given_out_that_are_gone_are_an_error(tmp_path: Path) -> None:
    shop = Shop(things=45)
    with opened(shop, tmp_path) as session:
        statement = session.execute("SELECT id FROM shop.all.things")
        assert ids(list(itertools.islice(statement, 3))) == [1, 2, 3]
        del shop.lists["things"][1]
        with pytest.raises(ListChanged, match="rows that were already returned are gone"):
            list(statement)


def test_equal_rows_are_counted(tmp_path: Path) -> None:
    """Of a column that repeats, as many rows come as the new reading has."""
    shop = Shop(things=45)
    with opened(shop, tmp_path) as session:
        statement = session.execute("SELECT kind FROM shop.all.things")
        rows = list(itertools.islice(statement, 4))
        shop.lists["things"].insert(0, new(1))
        rows += list(statement)
    assert len(rows) == 46
    assert rows.count(("odd",)) == 24


def test_rows_in_an_order_that_was_promised_cannot_be_mended(tmp_path: Path) -> None:
    shop = Shop(things=45)
    with opened(shop, tmp_path) as session:
        statement = session.execute("SELECT id FROM shop.all.things ORDER BY id")
        assert ids(list(itertools.islice(statement, 3))) == [1, 2, 3]
        shop.lists["things"].insert(0, {"id": 0, "name": "zero", "kind": "even"})
        with pytest.raises(ListChanged):
            list(statement)


@pytest.mark.parametrize("name", ["things", "links"])
def test_a_list_that_keeps_changing_is_an_error_in_the_end(tmp_path: Path, name: str) -> None:
    shop = Shop(**{name: 45})
    shop.before = lambda request, number: shop.lists[name].append(new(number))
    with opened(shop, tmp_path) as session:
        with pytest.raises(ListChanged, match="changed while it was read") as caught:
            select(session, f"SELECT count(name) FROM @{name}")
        assert caught.value.hint
        assert len(shop.asked) <= 3 * (2 * SIZE)
        # Nothing of it is kept, so a quiet moment gives an answer.
        shop.before = lambda request, number: None
        assert select(session, f"SELECT count(*) FROM @{name}") == [(len(shop.lists[name]),)]


def test_a_total_that_lies_is_an_error(tmp_path: Path) -> None:
    shop = Shop(things=25)

    def lie(request: httpx.Request, number: int) -> httpx.Response:
        body = shop._answer(request).read()
        return httpx.Response(200, content=body.replace(b'"total":25', b'"total":28'))

    shop.before = lie
    with (
        opened(shop, tmp_path) as session,
        pytest.raises(ListChanged, match="28 items, but returned"),
    ):
        select(session, "SELECT * FROM @things")
    assert len(shop.asked) == 9


def test_a_token_that_comes_again_is_an_error(tmp_path: Path) -> None:
    shop = Shop(events=45)

    def circle(request: httpx.Request, number: int) -> httpx.Response | None:
        if request.url.params.get("after") == "30":
            return httpx.Response(200, json={"items": items(3), "next": "10"})
        return None

    shop.before = circle
    with opened(shop, tmp_path) as session, pytest.raises(Exception, match="same next page twice"):
        select(session, "SELECT * FROM @events")
    assert len(shop.asked) == 4


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example.com/links?from=10",
        "http://shop.example.com/links?from=10",
        "https://shop.example.com:8443/links",
        "https://me@shop.example.com/links",
        "//evil.example.com/links",
        "https://[::1",
    ],
)
def test_a_link_to_another_server_is_not_followed(tmp_path: Path, link: str) -> None:
    shop = Shop()
    body = {"items": items(10), "total": 20, "links": {"next": link}}
    shop.before = lambda request, number: httpx.Response(200, json=body)
    with opened(shop, tmp_path) as session, pytest.raises(Exception, match="next page"):
        select(session, "SELECT * FROM @links")
    assert len(shop.asked) == 1


def test_two_scans_never_see_different_lists(tmp_path: Path) -> None:
    """The one that is read again would differ from the one that has been read."""
    shop = Shop(things=45)

    def move(request: httpx.Request, number: int) -> None:
        if number == 3:
            shop.lists["things"].append(new(1))

    shop.before = move
    with opened(shop, tmp_path) as session:
        sql = "SELECT a.id, b.id FROM @things a LEFT JOIN @things b ON a.id = b.id"
        try:
            rows = select(session, sql)
        except ListChanged:
            return
    assert len(rows) == 46
    assert all(one == other for one, other in rows)


@pytest.mark.parametrize("counts", [("count(*)", "count(id)"), ("count(id)", "count(*)")])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_total_and_the_rows_of_a_list_agree(
    tmp_path: Path, counts: tuple[str, str], at: int
) -> None:
    """`count(*)` needs the first page alone, which has the total; `count(id)` reads all pages."""
    shop = Shop(things=45)

    def move(request: httpx.Request, number: int) -> None:
        if number == at:
            shop.lists["things"].append(new(1))

    shop.before = move
    with opened(shop, tmp_path) as session:
        sql = ", ".join(f"(SELECT {one} FROM @things)" for one in counts)
        try:
            ((first, second),) = select(session, f"SELECT {sql}")
        except ListChanged:
            assert counts[0] == "count(*)"
        else:
            assert first == second == 45 + (at <= len(shop.asked))
