"""OFFSET where pages can be asked for by number: the very rows that SQL means, or an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.errors import ApiError
from support.defined import Api, opened, resource, select

Item = dict[str, Any]
PAGED = {"kind": "page_number", "total": "total", "size": 10}
OFFSETS = [0, 1, 5, 9, 10, 11, 19, 20, 21, 29, 30, 35, 40, 41, 50, 99, 100, 101, 250]


def paged(
    items: list[Any],
    most: int = 10,
    past: str = "empty",
    least: int = 0,
) -> Api:
    """Give an API whose pages have so many items at most, whatever is asked for.

    `past` is what it does where a page lies beyond the end.
    """

    def respond(request: httpx.Request) -> Any:
        query = request.url.params
        size = max(least, min(most, int(query["per_page"])))
        page = int(query.get("page", "1"))
        shown = items[(page - 1) * size : page * size]
        if not shown and page > 1:
            match past:
                case "clamped":
                    last = max(1, -(-len(items) // size))
                    shown = items[(last - 1) * size :]
                case "no total":
                    return {"items": []}
                case "null":
                    return {"items": None, "total": len(items)}
                case "empty":
                    pass
                case status:
                    return httpx.Response(int(status), json={"message": "No such page"})
        return {"items": shown, "total": len(items)}

    return Api(respond)


def listed(rows: Any = "items[]", columns: Any = None, **method: Any) -> dict[str, Any]:
    read = {"request": "GET /things", "rows": rows, "paging": PAGED, **method}
    return {"things": resource(columns or {"id": "integer"}, {"list": read})}


ITEMS = [{"id": n} for n in range(35)]


def same(session: Any, expected: list[tuple[Any, ...]], limit: int, offset: int) -> None:
    rows = select(session, f"SELECT * FROM @things LIMIT {limit} OFFSET {offset}")
    assert rows == expected[offset : offset + limit], (limit, offset)


@pytest.mark.parametrize(
    "past", ["empty", "404", "400", "422", "500", "clamped", "no total", "null"]
)
@pytest.mark.parametrize("most", [1, 3, 4, 7, 9, 10, 20])
def test_offset_where_the_server_has_pages_of_its_own(tmp_path: Path, past: str, most: int) -> None:
    with opened(paged(ITEMS, most, past), tmp_path, listed(), cache_ttl=0) as session:
        for offset in OFFSETS:
            for limit in (1, 25):
                same(session, [(one["id"],) for one in ITEMS], limit, offset)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 14, 20, 21, 25, 30])
@pytest.mark.parametrize("most", [5, 10])
def test_offset_in_lists_of_telling_lengths(tmp_path: Path, count: int, most: int) -> None:
    """A last page that is not full may as well be a page of a smaller size."""
    with opened(paged(ITEMS[:count], most), tmp_path, listed()) as session:
        for offset in range(0, 32):
            same(session, [(one["id"],) for one in ITEMS[:count]], 3, offset)


def test_offset_costs_no_pages_before_it(tmp_path: Path) -> None:
    api = paged([{"id": n} for n in range(1000)])
    with opened(api, tmp_path, listed()) as session:
        select(session, "SELECT * FROM @things LIMIT 5 OFFSET 502")
        assert api.asked == ["/things?per_page=10&page=51"]
        api.asked.clear()
        select(session, "SELECT * FROM @things LIMIT 5 OFFSET 2000")
        assert api.asked == ["/things?per_page=10&page=201"]


def test_offset_into_a_last_page_costs_the_page_before(tmp_path: Path) -> None:
    api = paged([{"id": n} for n in range(995)])
    with opened(api, tmp_path, listed()) as session:
        assert len(select(session, "SELECT * FROM @things LIMIT 5 OFFSET 990")) == 5
    assert api.asked == [f"/things?per_page=10&page={page}" for page in (100, 99)]


def test_an_error_of_every_page_stays_one(tmp_path: Path) -> None:
    api = Api(lambda _: httpx.Response(403, json={"message": "Not allowed"}))
    with opened(api, tmp_path, listed()) as session:
        with pytest.raises(ApiError, match="Not allowed"):
            select(session, "SELECT * FROM @things LIMIT 5 OFFSET 502")
        assert len(api.asked) == 2


# Rows that are not the items of a page.

PARENTS: list[Item] = [
    {"id": n, "lines": [{"line": 10 * n + i} for i in range((n * 7) % 4)]} for n in range(35)
]
LINES = [(line["line"], one["id"]) for one in PARENTS for line in one["lines"]]
MAPS: list[Item] = [{"by": {f"k{i}": {"n": 10 * n + i} for i in range(n % 3)}} for n in range(35)]
PARTS: list[Item] = [{"part": {"n": n}} if n % 3 else {"other": n} for n in range(35)]


def both(page: list[Item]) -> list[tuple[Any, ...]]:
    """Give the rows of a page by two sources, one after the other."""
    lines = [line for one in page for line in one["lines"]]
    return [("whole", one["id"], None) for one in page] + [
        ("line", None, line["line"]) for line in lines
    ]


NESTED: dict[str, tuple[Any, Any, list[Item], list[tuple[Any, ...]]]] = {
    "lines": (
        "items[].lines[]",
        {"line": "integer", "parent": {"type": "integer", "path": "$parent.id"}},
        PARENTS,
        LINES,
    ),
    "a map": (
        "items[].by{}",
        {"n": "integer"},
        MAPS,
        [(part["n"],) for one in MAPS for part in one["by"].values()],
    ),
    "a part of some": (
        "items[].part",
        {"n": "integer"},
        PARTS,
        [(one["part"]["n"],) for one in PARTS if "part" in one],
    ),
    "optional": (
        [{"at": "items[].part", "optional": True}],
        {"n": "integer"},
        PARTS,
        [(one["part"]["n"],) for one in PARTS if "part" in one],
    ),
    "two sources": (
        [
            {"at": "items[]", "values": {"kind": "whole"}},
            {"at": "items[].lines[]", "values": {"kind": "line"}},
        ],
        {"kind": "text", "id": "integer", "line": "integer"},
        PARENTS,
        [row for start in range(0, 35, 10) for row in both(PARENTS[start : start + 10])],
    ),
}


@pytest.mark.parametrize("form", NESTED)
@pytest.mark.parametrize("limit", [1, 3, 30, -1])
def test_offset_counts_rows_and_not_what_holds_them(tmp_path: Path, form: str, limit: int) -> None:
    rows, columns, items, expected = NESTED[form]
    with opened(paged(items), tmp_path, listed(rows, columns)) as session:
        for offset in OFFSETS:
            found = select(session, f"SELECT * FROM @things LIMIT {limit} OFFSET {offset}")
            assert found == expected[offset : None if limit < 0 else offset + limit]


def test_the_members_of_a_map_are_what_its_pages_count(tmp_path: Path) -> None:
    def respond(request: httpx.Request) -> Any:
        first = (int(request.url.params.get("page", "1")) - 1) * 10
        return {
            "items": {f"k{n}": {"n": n} for n in range(first, min(first + 10, 35))},
            "total": 35,
        }

    columns = {"key": {"type": "text", "path": "$key"}, "n": "integer"}
    with opened(Api(respond), tmp_path, listed("items{}", columns)) as session:
        for offset in OFFSETS:
            found = select(session, f"SELECT n FROM @things LIMIT 100 OFFSET {offset}")
            assert found == [(n,) for n in range(offset, 35)]


def test_a_limit_does_not_make_pages_of_what_holds_rows_smaller(tmp_path: Path) -> None:
    """Three parents may well have no line at all."""
    rows, columns, items, _ = NESTED["lines"]
    api = paged(items)
    with opened(api, tmp_path, listed(rows, columns)) as session:
        select(session, "SELECT * FROM @things LIMIT 3")
    assert api.asked == ["/things?per_page=10"]
