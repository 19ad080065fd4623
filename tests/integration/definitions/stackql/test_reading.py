"""Documents of StackQL's kind are tables: what is sent, and what the rows are."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

import billql
from billql.definitions.catalog import Catalog
from billql.errors import (
    ApiError,
    BadResponse,
    BadValue,
    DefinitionError,
    NotSupportedError,
    ParameterMissing,
)
from support.stackql.harbor import TOKEN, Harbor, in_turn, opened, read, root, table

NORTH = "FROM harbor.ships.ships WHERE port = 'north'"
SHIPS = [
    {"id": 1, "name": "Ada", "state": "moored", "tonnage": "12.5", "afloat": True},
    {"id": 2, "name": "Bo", "state": "at sea", "owner": {"name": "Cy"}, "sister": {"id": 1}},
]


def test_a_list_in_two_pages(tmp_path: Path) -> None:
    harbor = in_turn({"ships": SHIPS[:1], "nextPageToken": "t/2"}, {"ships": SHIPS[1:]})
    rows = read(tmp_path, harbor, f"SELECT id, name, tonnage, afloat, owner ->> 'name' {NORTH}")
    assert rows == [(1, "Ada", 12.5, 1, None), (2, "Bo", None, None, "Cy")]
    assert harbor.urls == [
        "https://north.harbor.example.com/v1/ships",
        "https://north.harbor.example.com/v1/ships?pageToken=t%2F2",
    ]
    for request in harbor.asked:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert request.headers["X-Api-Version"] == "3"


def test_a_key_of_rows_reads_one_of_them(tmp_path: Path) -> None:
    harbor = in_turn(SHIPS[1])
    assert read(tmp_path, harbor, f"SELECT name {NORTH} AND id = 2") == [("Bo",)]
    assert harbor.urls == ["https://north.harbor.example.com/v1/ships/2"]


def test_sqlite_checks_the_key_of_a_row_again(tmp_path: Path) -> None:
    assert read(tmp_path, in_turn(SHIPS[1]), f"SELECT name {NORTH} AND id = 7") == []


def test_a_filter_that_no_row_repeats_keeps_all_rows(tmp_path: Path) -> None:
    harbor = in_turn({"ships": SHIPS})
    rows = read(tmp_path, harbor, f"SELECT name, flag {NORTH} AND flag = 'NO'")
    assert rows == [("Ada", "NO"), ("Bo", "NO")]
    assert harbor.asked[0].url.params["flag"] == "NO"


def test_a_filter_with_the_name_of_a_member_is_not_sent(tmp_path: Path) -> None:
    harbor = in_turn({"ships": SHIPS})
    assert read(tmp_path, harbor, f"SELECT name {NORTH} AND state = 'moored'") == [("Ada",)]
    assert "state" not in harbor.asked[0].url.params


def test_unless_it_is_asked_for_by_its_own_name(tmp_path: Path) -> None:
    harbor = in_turn({"ships": SHIPS})
    rows = read(tmp_path, harbor, f"SELECT name {NORTH} AND state_parameter = 'any'")
    assert rows == [("Ada",), ("Bo",)]
    assert harbor.asked[0].url.params["state"] == "any"


def test_a_parameter_that_all_methods_need_owns_its_name(tmp_path: Path) -> None:
    harbor = in_turn(
        httpx.Response(
            200,
            json=[{"id": "s1", "name": "Di"}],
            headers={"Link": '</v1/ships/9/crew?page=2&per_page=50>; rel="next", <x>; rel="last"'},
        ),
        [{"id": "s2", "name": "Ed"}],
    )
    sql = "SELECT id, id_returned, name FROM harbor.ships.crew WHERE port = 'east' AND id = 9"
    assert read(tmp_path, harbor, sql) == [(9, "s1", "Di"), (9, "s2", "Ed")]
    assert harbor.urls == [
        "https://east.harbor.example.com/v1/ships/9/crew?per_page=50",
        "https://east.harbor.example.com/v1/ships/9/crew?page=2&per_page=50",
    ]


def test_a_join_gives_the_keys(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/ships":
            return httpx.Response(200, json={"ships": SHIPS})
        return httpx.Response(200, json=[{"id": request.url.path, "name": "Di"}])

    sql = (
        "SELECT s.name, c.id_returned FROM harbor.ships.ships s JOIN harbor.ships.crew c "
        "USING (port, id) WHERE port = 'north' ORDER BY 1"
    )
    assert read(tmp_path, Harbor(answer), sql) == [
        ("Ada", "/v1/ships/1/crew"),
        ("Bo", "/v1/ships/2/crew"),
    ]


def test_a_body_with_json_constants_and_pages(tmp_path: Path) -> None:
    due = {
        "ship": 1,
        "amount": 10,
        "paidAt": "2026-01-01T00:00:00Z",
        "@type": "x",
        "item.code": "i",
    }
    harbor = in_turn({"results": [due], "meta": {"next": "c2"}}, {"results": []})
    sql = (
        'SELECT ship, amount, paidAt, "@type", "item.code" FROM harbor.dues.dues '
        "WHERE period = ? AND currency = 'NOK'"
    )
    rows = read(tmp_path, harbor, sql, '{"from": "2026-01-01"}')
    assert rows == [(1, 10.0, "2026-01-01T00:00:00Z", "x", "i")]
    sent = {"kind": "port", "period": {"from": "2026-01-01"}, "currency": "NOK"}
    assert [json.loads(request.content) for request in harbor.asked] == [
        sent,
        {**sent, "cursor": "c2"},
    ]
    assert harbor.urls == ["https://dues.harbor.example.com/dues?version=2"] * 2
    assert harbor.asked[0].headers["Content-Type"] == "application/vnd.harbor+json"


def test_a_body_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="period cannot be 'January'"):
        read(tmp_path, in_turn(), "SELECT * FROM harbor.dues.dues WHERE period = 'January'")


def test_numbered_pages(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        return httpx.Response(200, json={"data": [{"ship": page}], "page": page, "pages": 3})

    rows = read(tmp_path, Harbor(answer), "SELECT ship FROM harbor.dues.receipts")
    assert rows == [(1,), (2,), (3,)]


def test_rows_that_are_no_objects_stand_in_a_column_without_a_name(tmp_path: Path) -> None:
    harbor = in_turn({"items": ["a", "b"], "total": 2})
    assert read(tmp_path, harbor, "SELECT * FROM harbor.dues.tariffs") == [("a",), ("b",)]


def test_a_list_that_says_that_more_follows_is_no_answer(tmp_path: Path) -> None:
    harbor = in_turn({"items": ["a"], "meta": {"next_cursor": "x"}})
    with pytest.raises(BadResponse, match="returned a part of its list only"):
        read(tmp_path, harbor, "SELECT * FROM harbor.dues.tariffs")


def test_the_apis_own_words(tmp_path: Path) -> None:
    harbor = in_turn(httpx.Response(404, json={"error": {"message": "No such port."}}))
    with pytest.raises(ApiError, match="No such port"):
        read(tmp_path, harbor, f"SELECT * {NORTH}")


@pytest.mark.parametrize("port", ["evil.example/", "a.b", "", "-a", "a@b", "x" * 64, "ä"])
def test_a_value_becomes_no_other_server(tmp_path: Path, port: str) -> None:
    harbor = in_turn()
    with pytest.raises(BadValue, match="port cannot be"):
        read(tmp_path, harbor, "SELECT * FROM harbor.ships.ships WHERE port = ?", port)
    assert not harbor.asked


def test_a_parameter_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterMissing) as caught:
        read(tmp_path, in_turn(), "SELECT * FROM harbor.ships.crew WHERE port = 'north'")
    assert caught.value.column == "id"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("manifests WHERE port = 'n' AND id = 1", "it needs a response of type text/xml"),
        ("launches", "no method of it reads"),
        ("arrivals", "it is a view in StackQL's own SQL"),
    ],
)
def test_what_cannot_be_done_is_said_where_it_is_used(tmp_path: Path, name: str, why: str) -> None:
    harbor = in_turn({"ships": SHIPS})
    with opened(tmp_path, harbor) as connection:
        with pytest.raises(NotSupportedError, match=why):
            connection.execute(f"SELECT * FROM harbor.ships.{name}").fetchall()
        assert len(connection.execute(f"SELECT * {NORTH}").fetchall()) == 2


def test_names_are_told_without_the_services(tmp_path: Path) -> None:
    catalog = Catalog([root(tmp_path)])
    for document in (tmp_path / "stackql" / "harbor" / "services").iterdir():
        document.write_text("nothing of use: [")
    assert catalog.providers() == ["harbor"]
    assert catalog.services("harbor") == ["broken", "dues", "ships"]
    assert catalog.about("harbor", "dues") == "What ships pay."
    assert list(catalog.names()) == []


def test_a_broken_service_does_not_disturb_the_others(tmp_path: Path) -> None:
    catalog = Catalog([root(tmp_path)])
    assert catalog.resources("harbor", "ships") == ["ships", "crew", "manifests"]
    with pytest.raises(DefinitionError, match=r"broken\.yaml:\d+: not YAML"):
        catalog.resources("harbor", "broken")
    assert catalog.table("harbor.dues.dues").provider.url == "https://dues.harbor.example.com"
    assert list(catalog.service("harbor", "dues").resources) == ["dues", "tariffs", "receipts"]


def test_a_list_is_without_a_broken_document_and_names_it(tmp_path: Path) -> None:
    notes: list[str] = []
    with billql.connect(definitions=[root(tmp_path)], environ={}, warn=notes.append) as connection:
        sql = "SELECT DISTINCT service FROM billql.catalog.resources WHERE provider = 'harbor'"
        assert connection.execute(sql).fetchall() == [("dues",), ("ships",)]
        (note,) = notes
        assert "broken.yaml:" in note
        with pytest.raises(DefinitionError, match=r"broken\.yaml:"):
            connection.execute(f"{sql} AND service = 'broken'")
        (tmp_path / "stackql" / "harbor" / "provider.yaml").write_text("[")
        notes.clear()
        with billql.connect(definitions=[root(tmp_path)], environ={}) as other:
            (tmp_path / "stackql" / "harbor" / "provider.yaml").write_text("[")
            count = "SELECT count(*) FROM billql.catalog.services"
            with pytest.warns(UserWarning, match=r"provider\.yaml:"):
                assert other.execute(count).fetchone()[0] > 1


def test_the_provider_tells_of_itself(tmp_path: Path) -> None:
    provider = Catalog([root(tmp_path)]).provider("harbor")
    assert (provider.title, provider.version) == ("harbor", "0.0.0")
    assert provider.auth.env_vars() == ("HARBOR_TOKEN",)


def test_columns_are_those_of_the_rows_and_the_parameters(tmp_path: Path) -> None:
    columns = table(tmp_path, "harbor.ships.ships").resource.columns
    shown = [name for name, column in columns.items() if not column.hidden]
    hidden = [name for name, column in columns.items() if column.hidden]
    assert shown == ["port", "id", "name", "state", "tonnage", "afloat", "owner", "sister"]
    assert hidden == ["flag", "state_parameter"]
    assert columns["id"].description == "The number of the ship."
    assert [columns[name].type for name in shown[1:]] == [
        "integer",
        "text",
        "text",
        "real",
        "boolean",
        "json",
        "json",
    ]


def test_what_was_parsed_is_kept(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = root(tmp_path)
    first = Catalog([folder], cache).table("harbor.ships.ships")
    assert len(list(cache.iterdir())) == 2
    assert Catalog([folder], cache).table("harbor.ships.ships") == first


def test_explain_says_what_is_sent(tmp_path: Path) -> None:
    with opened(tmp_path, in_turn()) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT * {NORTH} AND id = 3").fetchall()
    assert "get; sends " in str(plan)


def test_nothing_of_a_document_is_sql(tmp_path: Path) -> None:
    document = tmp_path / "stackql" / "harbor" / "services" / "dues.yaml"
    folder = root(tmp_path)
    text = document.read_text().replace("'@type'", "'a\" TEXT); DROP TABLE x; --'")
    document.write_text(text)
    columns = Catalog([folder]).table("harbor.dues.receipts").resource.columns
    assert "a_ TEXT__ DROP TABLE x_ --" in columns
