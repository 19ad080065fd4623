"""What a row is known by: unique columns of every form, or else what a statement sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.config.file import ConnectionConfig
from billql.errors import ListChanged
from support.defined import Api, opened, resource, select

Item = dict[str, Any]
PAGED = {"kind": "page_number", "total": "total", "size": 2}
ECHO = {"type": "text", "path": "$parameter", "hidden": True}


def one_or_list(items: list[Item], *filtered: str, lean: tuple[str, ...] = ()) -> Api:
    """Give an API with a list, which leaves some members out, and each item by its id."""

    def respond(request: httpx.Request) -> Any:
        *_, last = request.url.path.split("/")
        if last != "things":
            found = [item for item in items if str(item["id"]) == last]
            return found[0] if found else httpx.Response(404, json={"message": "No such thing"})
        query = request.url.params
        found = [one for one in items if all(one[k] == query.get(k, one[k]) for k in filtered)]
        return {"items": [{k: v for k, v in one.items() if k not in lean} for one in found]}

    return Api(respond)


LIST: Item = {"request": "GET /things", "rows": "items[]", "parameters": {"kind": {}}}
GET: Item = {
    "request": "GET /things/{id}",
    "parameters": {"id": {"in": "path", "required": True}},
    "single": True,
    "missing": "empty",
}
ITEMS = [{"id": n, "kind": "ab"[n % 2], "note": f"n{n % 3}"} for n in range(1, 8)]


@pytest.mark.parametrize("read", ["id", "kind", "note", "kind, note", "1"])
def test_unique_columns_know_a_row_that_a_list_gives_in_part(tmp_path: Path, read: str) -> None:
    """The list leaves the note out, so that only the id is the same in both forms."""
    things = resource(
        {"id": "integer", "kind": "text", "note": "text"}, {"list": LIST, "get": GET}, ["id"]
    )
    api = one_or_list(ITEMS, "kind", lean=("note",))
    with opened(api, tmp_path, {"things": things}) as session:
        count = f"SELECT count(*) FROM (SELECT {read} FROM @things WHERE"
        assert select(session, f"{count} kind = 'a' OR id = 2)") == [(3,)]
        assert select(session, f"{count} kind = 'a' OR id = 3)") == [(4,)]
        assert select(session, f"{count} id = 2 OR id = 3 OR id = 2 + 0)") == [(2,)]
        for join, expected in (("FULL", 8), ("RIGHT", 7)):
            sql = f"SELECT {read} FROM (VALUES (2), (3), (9)) v {join} JOIN @things ON id = column1"
            assert len(select(session, sql)) == expected


def test_equal_rows_without_unique_columns_are_counted(tmp_path: Path) -> None:
    items: list[Item] = [{"id": 1, "kind": "a", "note": "x"}] * 3
    items += [{"id": 2, "kind": "b", "note": "x"}] * 2
    things = resource({"kind": "text", "note": "text"}, {"list": LIST})
    with opened(one_or_list(items, "kind"), tmp_path, {"things": things}) as session:
        for read in ("kind", "note", "count(*)"):
            rows = select(session, f"SELECT {read} FROM @things WHERE kind = 'a' OR kind = 'b'")
            assert rows == [(5,)] if read == "count(*)" else len(rows) == 5
        rows = select(session, "SELECT note FROM @things WHERE kind = 'a' OR note = 'x'")
        assert len(rows) == 5


def test_rows_without_a_value_in_a_unique_column_are_different_rows(tmp_path: Path) -> None:
    items: list[Item] = [
        {"id": None, "kind": "a"},
        {"id": None, "kind": "b"},
        {"id": 1, "kind": "a"},
    ]
    things = resource({"id": "integer", "kind": "text"}, {"list": LIST}, ["id"])
    with opened(one_or_list(items, "kind"), tmp_path, {"things": things}) as session:
        sql = "SELECT count(*) FROM @things WHERE kind = 'a' OR kind = 'b'"
        assert select(session, sql) == [(3,)]


def test_equal_keys_of_two_connections_are_two_rows(tmp_path: Path) -> None:
    kinds = {"Bearer one": "a", "Bearer two": "b"}

    def respond(request: httpx.Request) -> Any:
        kind = kinds[request.headers["authorization"]]
        asked = request.url.params.get("kind", kind)
        return {"items": [{"id": 1, "kind": kind}] if asked == kind else []}

    things = resource({"id": "integer", "kind": "text"}, {"list": LIST}, ["id"])
    connections = {
        name: ConnectionConfig(provider="own", token_env=name.upper()) for name in ("one", "two")
    }
    environ = {"ONE": "one", "TWO": "two"}
    options: Item = {"tokens": {}, "connections": connections, "environ": environ}
    with opened(Api(respond), tmp_path, {"things": things}, **options) as session:
        for more in ("", ", connection"):
            sql = f"SELECT kind{more} FROM @things WHERE kind = 'a' OR kind = 'b' ORDER BY 1"
            assert [row[0] for row in select(session, sql)] == ["a", "b"]


def test_moments_that_are_shown_alike_are_different_rows(tmp_path: Path) -> None:
    moments = ["2026-01-01T00:00:00.25Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.75Z"]
    items: list[Item] = [{"id": n, "at": at, "kind": "aba"[n]} for n, at in enumerate(moments)]
    things = resource({"at": "timestamp", "kind": "text"}, {"list": LIST}, ["at"])
    with opened(one_or_list(items, "kind"), tmp_path, {"things": things}) as session:
        sql = "SELECT count(*) FROM @things WHERE kind = 'a' OR kind = 'b'"
        assert select(session, sql) == [(3,)]


def test_what_only_the_statement_knows_is_a_part_of_the_row(tmp_path: Path) -> None:
    """The same day by the hour and by the day: two rows with one start."""
    usage = resource(
        {"start": "date", "amount": "integer", "size": ECHO},
        {
            "list": {
                "request": "GET /usage",
                "rows": "items[]",
                "parameters": {"size": {"required": True, "default": "day"}},
            }
        },
        ["start"],
    )

    def respond(request: httpx.Request) -> Any:
        amount = {"day": 24, "hour": 1}[request.url.params["size"]]
        return {"items": [{"start": "2026-01-01", "amount": amount}]}

    with opened(Api(respond), tmp_path, {"usage": usage}) as session:
        sql = "SELECT amount FROM @usage WHERE size = 'day' OR size = 'hour' ORDER BY 1"
        assert select(session, sql) == [(1,), (24,)]


def test_columns_that_sqlite_does_not_tell_apart(tmp_path: Path) -> None:
    many = {f"c{n}": "text" for n in range(70)}
    things = resource({"id": "integer", "kind": "text", **many}, {"list": LIST, "get": GET}, ["id"])
    items = [{**item, "c69": "x"} for item in ITEMS]
    api = one_or_list(items, "kind", lean=("c68", "c69"))
    with opened(api, tmp_path, {"things": things}) as session:
        sql = "SELECT count(c69), count(*) FROM @things WHERE kind = 'a' OR id = 2"
        assert select(session, sql)[0][1] == 3


def test_rows_of_windows_that_overlap_are_one(tmp_path: Path) -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 31)]

    def respond(request: httpx.Request) -> Any:
        query = request.url.params
        return {"items": [{"day": day} for day in days if query["from"] <= day <= query["to"]]}

    read = {
        "request": "GET /usage",
        "rows": "items[]",
        "parameters": {
            "from": {"column": "day", "operator": ">=", "required": True},
            "to": {"column": "day", "operator": "<=", "required": True},
        },
        "window_limit": {"column": "day", "days": 4, "most": 100},
    }
    for unique in (["day"], []):
        usage = resource({"day": "date"}, {"list": read}, unique)
        with opened(Api(respond), tmp_path, {"usage": usage}) as session:
            sql = (
                "SELECT count(*) FROM @usage WHERE day BETWEEN '2026-01-02' AND '2026-01-15'"
                " OR day BETWEEN '2026-01-09' AND '2026-01-22'"
            )
            assert select(session, sql) == [(21,)]


@pytest.mark.parametrize("read", ["id", "archived", "owner_object", "1"])
def test_a_default_of_several_values_and_what_is_sent_only_when_read(
    tmp_path: Path, read: str
) -> None:
    """A list in two parts, which expands the owner, and a way by key that does not."""
    items: list[Item] = [
        {"id": n, "archived": n % 2 == 0, "kind": "ab"[n % 3 % 2]} for n in range(9)
    ]

    def respond(request: httpx.Request) -> Any:
        query = request.url.params
        *_, last = request.url.path.split("/")
        if last != "things":
            return items[int(last)]
        owner: Item = {"owner": {"id": "o"}} if "expand" in query else {"owner": "o"}
        found = [one for one in items if query.get("kind", one["kind"]) == one["kind"]]
        everything = query["archived"] == "true"
        return {"items": [{**one, **owner} for one in found if everything or not one["archived"]]}

    parameters = {
        "kind": {},
        "archived": {"default": [True, False], "match": "superset"},
        "expand": {"value": "owner", "when_read": ["owner_object"]},
    }
    owner = {"type": "json", "path": "owner", "format": "reference", "hidden": True}
    things = resource(
        {"id": "integer", "archived": "boolean", "kind": "text", "owner_object": owner},
        {"list": {**LIST, "parameters": parameters}, "get": GET},
        ["id"],
    )
    with opened(Api(respond), tmp_path, {"things": things}) as session:
        for key in (1, 2, 3, 4):
            sql = f"SELECT {read} FROM @things WHERE kind = 'a' OR id = {key}"
            expected = len({n for n in range(9) if items[n]["kind"] == "a"} | {key})
            assert len(select(session, sql)) == expected
        sql = f"SELECT {read} FROM (VALUES (1), (2)) v FULL JOIN @things ON id = column1"
        assert len(select(session, sql)) == 9


# Rows that come twice.


def pages(*found: list[Any]) -> Api:
    """Give an API that has these pages."""
    total = sum(map(len, found))

    def respond(request: httpx.Request) -> Any:
        number = int(request.url.params.get("page", "1"))
        return {"items": found[number - 1], "total": total}

    return Api(respond)


FORMS: dict[str, tuple[Item, Any, list[list[Any]]]] = {
    "of the parent": (
        {"parent": {"type": "text", "path": "$parent.id"}, "line": "integer"},
        "items[].lines[]",
        [
            [{"id": "a", "lines": [{"line": 1}, {"line": 2}]}, {"id": "b", "lines": [{"line": 1}]}],
            [{"id": "c", "lines": [{"line": 1}]}, {"id": "d", "lines": [{"line": 2}]}],
        ],
    ),
    "by a map's key": (
        {"id": {"type": "text", "path": "$parent.id"}, "unit": {"type": "text", "path": "$key"}},
        "items[].by{}",
        [
            [{"id": "a", "by": {"usd": {"n": 1}, "eur": {"n": 1}}}, {"id": "b", "by": {}}],
            [{"id": "b", "by": {"usd": {"n": 1}}}, {"id": "c", "by": {"eur": {"n": 2}}}],
        ],
    ),
    "by the source": (
        {"state": "text", "unit": "text"},
        [
            {"at": "items[].new", "values": {"state": "new"}},
            {"at": "items[].old", "values": {"state": "old"}, "optional": True},
        ],
        [
            [{"new": {"unit": "usd"}, "old": {"unit": "eur"}}, {"new": {"unit": "chf"}}],
            [{"new": {"unit": "eur"}, "old": {"unit": "usd"}}, {"new": {"unit": "sek"}}],
        ],
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("read", ["*", "count(*)"])
def test_rows_that_the_whole_key_tells_apart_come_once(
    tmp_path: Path, form: str, read: str
) -> None:
    columns, rows, found = FORMS[form]
    read_all = {"request": "GET /things", "rows": rows, "paging": PAGED}
    # The amount, so that the rows have something of their own.
    shown: dict[str, Any] = {**columns, "n": "integer"}
    things = resource(shown, {"list": read_all}, list(columns))
    with opened(pages(*found), tmp_path, {"things": things}) as session:
        rows_read = select(session, f"SELECT {read} FROM @things")
    if read == "*":
        assert len(set(rows_read)) == len(rows_read) > 2
    else:
        assert rows_read[0][0] > 2


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_move_to_the_next_page_are_noticed(tmp_path: Path, form: str) -> None:
    columns, rows, found = FORMS[form]
    read_all = {"request": "GET /things", "rows": rows, "paging": PAGED}
    shown: dict[str, Any] = {**columns, "n": "integer"}
    things = resource(shown, {"list": read_all}, list(columns))
    with (
        opened(pages(found[0], found[0]), tmp_path, {"things": things}) as session,
        pytest.raises(ListChanged, match="a row is on two pages"),
    ):
        select(session, "SELECT count(*) FROM @things")


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("text", 5, "5"),
        ("integer", "5", 5),
        ("timestamp", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000+01:00"),
        ("date", "2026-01-01", "2026-01-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("read", ["*", "count(id)"])
def test_a_row_that_comes_twice_in_two_forms_is_noticed(
    tmp_path: Path, kind: str, first: Any, second: Any, read: str
) -> None:
    things = resource(
        {"id": kind}, {"list": {"request": "GET /t", "rows": "items[]", "paging": PAGED}}, ["id"]
    )
    api = pages([{"id": None}, {"id": first}], [{"id": second}])
    with (
        opened(api, tmp_path, {"things": things}) as session,
        pytest.raises(ListChanged, match="a row is on two pages"),
    ):
        select(session, f"SELECT {read} FROM @things")


def test_rows_without_a_key_do_not_come_twice(tmp_path: Path) -> None:
    things = resource(
        {"id": "text", "n": "integer"},
        {"list": {"request": "GET /t", "rows": "items[]", "paging": PAGED}},
        ["id"],
    )
    api = pages([{"id": None, "n": 1}, {"id": "a", "n": 2}], [{"id": None, "n": 3}])
    with opened(api, tmp_path, {"things": things}) as session:
        assert select(session, "SELECT n FROM @things") == [(1,), (2,), (3,)]


def test_moments_that_are_shown_alike_are_not_one_row_twice(tmp_path: Path) -> None:
    things = resource(
        {"at": "timestamp"},
        {"list": {"request": "GET /t", "rows": "items[]", "paging": PAGED}},
        ["at"],
    )
    api = pages(
        [{"at": "2026-01-01T00:00:03.1Z"}, {"at": "2026-01-01T00:00:03.2Z"}],
        [{"at": "2026-01-01T00:00:03.3Z"}],
    )
    with opened(api, tmp_path, {"things": things}) as session:
        assert select(session, "SELECT count(*) FROM @things") == [(3,)]


def test_a_key_that_only_the_statement_knows_does_not_tell_a_list_apart(tmp_path: Path) -> None:
    parts = resource(
        {"owner": {"type": "text", "path": "$parameter"}, "n": "integer"},
        {
            "list": {
                "request": "GET /things/{owner}",
                "rows": "items[]",
                "paging": PAGED,
                "parameters": {"owner": {"in": "path", "required": True}},
            }
        },
        ["owner"],
    )
    api = pages([{"n": 1}, {"n": 1}], [{"n": 1}])
    with opened(api, tmp_path, {"parts": parts}) as session:
        assert select(session, "SELECT n FROM @parts WHERE owner = 'o'") == [(1,)] * 3
