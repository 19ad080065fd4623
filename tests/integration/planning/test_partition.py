"""Several lists of one scan: each row comes once, whatever more their filters give."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.defined import Api, opened, resource, select

Item = dict[str, Any]
Wanted = Callable[[Item, httpx.QueryParams], bool]


def numbered(items: list[Item], wanted: Wanted, size: int = 4) -> Api:
    """Give an API that filters by a function, and gives pages by their number."""

    def respond(request: httpx.Request) -> Any:
        query = request.url.params
        found = [one for one in items if wanted(one, query)]
        page = int(query.get("page", "1"))
        return {"items": found[(page - 1) * size : page * size], "total": len(found)}

    return Api(respond)


PAGED = {"kind": "page_number", "total": "total", "size": 4}
COLUMNS = {"id": "integer", "archived": "boolean", "kind": "text"}
# Some are neither archived nor not.
ITEMS = [
    {"id": n, "archived": [True, False, None][n % 3 if n < 12 else 1], "kind": "ab"[n % 2]}
    for n in range(15)
]


def things(match: str, unique: list[str], **parameters: Any) -> dict[str, Any]:
    archived = {"default": [True, False], "match": match}
    read = {
        "request": "GET /things",
        "rows": "items[]",
        "paging": PAGED,
        "parameters": {"archived": archived, **parameters},
    }
    return {"things": resource(COLUMNS, {"list": read}, unique)}


def only_if_true(item: Item, query: httpx.QueryParams) -> bool:
    """`true` means all; `false` leaves out what is archived."""
    return query["archived"] == "true" or item["archived"] is not True


def any_at_all(item: Item, query: httpx.QueryParams) -> bool:
    return True


@pytest.mark.parametrize("unique", [["id"], []])
@pytest.mark.parametrize("wanted", [only_if_true, any_at_all])
@pytest.mark.parametrize("read", ["*", "id", "kind", "archived", "count(*)"])
def test_a_default_of_several_values_gives_each_row_once(
    tmp_path: Path, unique: list[str], wanted: Wanted, read: str
) -> None:
    with opened(numbered(ITEMS, wanted), tmp_path, things("superset", unique)) as session:
        rows = select(session, f"SELECT {read} FROM @things")
        expected = [(one["id"], one["archived"], one["kind"]) for one in ITEMS]
        if read == "*":
            assert sorted(rows) == sorted(expected)
        elif read == "count(*)":
            assert rows == [(15,)]
        else:
            assert len(rows) == 15
        for condition, count in (
            ("archived", 4),
            ("NOT archived", 7),
            ("archived = 1", 4),
            ("archived = 0", 7),
            ("archived IN (0, 1)", 11),
            ("archived IS NULL", 4),
            ("archived = 1 OR kind = 'a'", 10),
        ):
            sql = f"SELECT count(*) FROM @things WHERE {condition}"
            assert select(session, sql) == [(count,)], condition


@pytest.mark.parametrize("offset", [0, 1, 7, 14, 15, 20])
def test_offset_counts_what_is_left_of_several_lists(tmp_path: Path, offset: int) -> None:
    api = numbered(ITEMS, any_at_all)
    with opened(api, tmp_path, things("superset", ["id"])) as session:
        rows = select(session, f"SELECT id FROM @things LIMIT 100 OFFSET {offset}")
        assert len(set(rows)) == len(rows) == max(0, 15 - offset)


def test_equal_rows_in_no_part_come_as_often_as_one_list_has_them(tmp_path: Path) -> None:
    items = [{"id": 1, "archived": None, "kind": "a"}] * 3 + [
        {"id": 1, "archived": True, "kind": "a"}
    ]
    api = numbered(items, any_at_all)
    with opened(api, tmp_path, things("superset", [])) as session:
        assert select(session, "SELECT id FROM @things") == [(1,)] * 4


def test_defaults_that_are_exact_need_no_second_look(tmp_path: Path) -> None:
    def wanted(item: Item, query: httpx.QueryParams) -> bool:
        return (query["archived"] == "true") is bool(item["archived"])

    with opened(numbered(ITEMS, wanted), tmp_path, things("exact", [])) as session:
        assert select(session, "SELECT count(*) FROM @things") == [(15,)]


def test_several_values_of_a_filter_beside_defaults(tmp_path: Path) -> None:
    def wanted(item: Item, query: httpx.QueryParams) -> bool:
        """Both filters give more: that of the kind ignores its value."""
        return only_if_true(item, query)

    definition = things("superset", ["id"], kind={"match": "superset"})
    with opened(numbered(ITEMS, wanted), tmp_path, definition) as session:
        sql = "SELECT count(*) FROM @things WHERE kind IN ('a', 'b', 'c')"
        assert select(session, sql) == [(15,)]
        assert select(session, "SELECT count(*) FROM @things WHERE kind = 'b'") == [(7,)]


def only_what_is_asked(item: Item, query: httpx.QueryParams) -> bool:
    """`false` means all that is not archived, whether it says so or not."""
    return (query["archived"] == "true") is (item["archived"] is True)


@pytest.mark.parametrize("unique", [["id"], []])
@pytest.mark.parametrize("wanted", [any_at_all, only_if_true, only_what_is_asked])
@pytest.mark.parametrize("read", ["id", "kind", "archived"])
def test_a_list_that_moves_is_read_again_and_narrowed_as_before(
    tmp_path: Path, unique: list[str], wanted: Wanted, read: str
) -> None:
    items = list(ITEMS)
    answer = numbered(items, wanted).respond
    moves = {("false", "2"): {"id": 100, "archived": wanted is any_at_all}}

    def respond(request: httpx.Request) -> Any:
        query = request.url.params
        if (new := moves.pop((query["archived"], query.get("page", "1")), None)) is not None:
            items.insert(0, {**new, "kind": "c"})
        return answer(request)

    with opened(Api(respond), tmp_path, things("superset", unique)) as session:
        rows = select(session, f"SELECT {read} FROM @things")
    assert not moves
    # The first list may have been read before the new row was there.
    assert len(rows) in ((15, 16) if wanted is any_at_all else (16,))
    if read == "id":
        assert len(set(rows)) == len(rows)
        assert {(one["id"],) for one in ITEMS} <= set(rows)


# Windows of time.

DAYS: list[Item] = [{"id": n, "day": f"2026-01-{n + 1:02}"} for n in range(30)]


def windowed(match: str, unique: list[str], **to: Any) -> dict[str, Any]:
    read = {
        "request": "GET /usage",
        "rows": "items[]",
        "parameters": {
            "from": {"column": "day", "operator": ">=", "required": True, "match": match},
            "to": {"column": "day", "operator": "<=", "match": match, **to},
        },
        "window_limit": {"column": "day", "days": 7, "most": 100},
    }
    return {"usage": resource({"id": "integer", "day": "date"}, {"list": read}, unique)}


@pytest.mark.parametrize("unique", [["id"], []])
@pytest.mark.parametrize("read", ["id", "day", "count(*)"])
def test_windows_give_each_row_once(tmp_path: Path, unique: list[str], read: str) -> None:
    """The API gives all that it has for every window."""
    api = Api(lambda _: {"items": [*DAYS, {"id": 99, "day": None}]})
    with opened(api, tmp_path, windowed("superset", unique)) as session:
        for low, high, count in (("01", "30", 30), ("05", "25", 21), ("05", "06", 2)):
            window = f"day BETWEEN '2026-01-{low}' AND '2026-01-{high}'"
            rows = select(session, f"SELECT {read} FROM @usage WHERE {window}")
            assert rows == [(count,)] if read == "count(*)" else len(rows) == count


@pytest.mark.parametrize("low", ["2026-01-01", "2026-01-25"])
def test_a_default_end_cuts_nothing_off(tmp_path: Path, low: str) -> None:
    """In one window and in several: what the API has of later days is shown in both."""
    api = Api(lambda _: {"items": DAYS})
    definition = windowed("superset", ["id"], default="today")
    clock = datetime.datetime(2026, 1, 28, 12, tzinfo=datetime.UTC)
    with opened(api, tmp_path, definition, clock=lambda: clock) as session:
        rows = select(session, f"SELECT max(day) FROM @usage WHERE day >= '{low}'")
        assert rows == [("2026-01-30",)]


# Lists that are cut by time.


@pytest.mark.parametrize("unique", [["id"], []])
@pytest.mark.parametrize("bounds", ["exact", "superset"])
@pytest.mark.parametrize(
    ("condition", "count"),
    [("1", 400), ("status = 'paid'", 200), ("status IN ('paid', 'open')", 400)],
)
@pytest.mark.parametrize("read", ["id", "status", "created, status"])
def test_a_list_that_is_cut_by_time_beside_a_filter_that_gives_too_much(
    tmp_path: Path, unique: list[str], bounds: str, condition: str, count: int, read: str
) -> None:
    # Three of each second, so that the first page ends within one.
    items: list[Item] = [
        {"id": n, "created": 1767225600 + n // 3, "status": ["paid", "open"][n % 2]}
        for n in range(400)
    ][::-1]

    def respond(request: httpx.Request) -> Any:
        query = request.url.params
        low, high = int(query.get("from", "0")), int(query.get("to", "9999999999"))
        found = [one for one in items if low <= one["created"] <= high]
        ids = [one["id"] for one in found]
        start = ids.index(int(query["after"])) + 1 if "after" in query else 0
        page = found[start : start + 10]
        more = start + 10 < len(found)
        return {"items": page, "next": str(page[-1]["id"]) if more else None}

    read_all = {
        "request": "GET /things",
        "rows": "items[]",
        "paging": {"kind": "cursor_token", "path": "next", "parameter": "after", "size": 10},
        "split_by": "created",
        "order": ["-created"],
        "parameters": {
            "status": {"match": "superset"},
            "from": {"column": "created", "operator": ">=", "format": "epoch", "match": bounds},
            "to": {"column": "created", "operator": "<=", "format": "epoch", "match": bounds},
        },
    }
    columns: dict[str, Any] = {
        "id": "integer",
        "created": {"type": "timestamp", "format": "epoch"},
        "status": "text",
    }
    definition = {"things": resource(columns, {"list": read_all}, unique)}
    api = Api(respond)
    with opened(api, tmp_path, definition) as session:
        since = "created >= '2026-01-01T00:00:00Z'"
        rows = select(session, f"SELECT {read} FROM @things WHERE {condition} AND {since}")
        assert len(rows) == count
    if condition != "status IN ('paid', 'open')":
        assert any("to=" in one for one in api.asked)
