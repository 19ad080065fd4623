"""The rules of views: what their SELECTs may read, and the columns that they make."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.model import Service, View, ViewColumn
from billql.definitions.view_rules import service_problems, view_problems

ID = ViewColumn(type="text", description="The id.")


def messages(**fields: Any) -> list[str]:
    """Return what is wrong with a view: the place and the message."""
    view = View(description="A view.", **fields)
    return [f"{'.'.join(map(str, place))}: {message}" for place, message in view_problems(view)]


@pytest.mark.parametrize(
    "select",
    [
        "SELECT t.id AS id FROM a.b.t t",
        "SELECT t.id FROM a.b.t t",
        "WITH x AS (SELECT * FROM a.b.t) SELECT x.id FROM x JOIN json_each(x.list) j",
        "SELECT id FROM a.b.t UNION ALL SELECT other AS id FROM a.b.u",
    ],
)
def test_a_select_of_resources_is_accepted(select: str) -> None:
    assert messages(columns={"id": ID}, select=select) == []
    assert messages(columns={"Id": ID}, select=select) == []
    assert messages(select=select) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, ": needs `select`, or `columns` if providers bring its parts"),
        ({"select": "DELETE FROM a.b.t"}, "select: expected one SELECT"),
        ({"select": "SELECT t.id FROM a.b.t t; SELECT 1"}, "select: expected one SELECT"),
        ({"select": "SELECT t.id FROM a.b.t t WHERE t.x = ?"}, "select: a view has no parameters"),
        (
            {"select": "SELECT t.id FROM mine t"},
            "select: mine is no whole name like provider.service.resource",
        ),
        (
            {"select": "SELECT t.id FROM focus.t t"},
            "select: focus.t is no whole name like provider.service.resource",
        ),
        (
            {"select": "SELECT m.id FROM mine m", "tables": {"other": "CREATE TABLE other (id)"}},
            "select: mine is no whole name like provider.service.resource",
        ),
        (
            {"select": "SELECT m.id FROM mine m", "tables": {"mine": "DROP TABLE mine"}},
            "tables.mine: expected CREATE TABLE mine (…)",
        ),
        ({"select": "SELECT * FROM a.b.t"}, "select: each of its columns needs a name: AS name"),
        (
            {"select": "SELECT count(*) FROM a.b.t"},
            "select: each of its columns needs a name: AS name",
        ),
        (
            {"select": "SELECT t.id, t.x AS ID FROM a.b.t t"},
            "select: the column id stands there 2 times",
        ),
        (
            {"select": "SELECT t.x FROM a.b.t t", "columns": {"x": ID, "id": ID}},
            "select: it makes no column id",
        ),
        (
            {"select": "SELECT t.id, t.x FROM a.b.t t", "columns": {"id": ID}},
            "select: the view has no column x",
        ),
        (
            {"columns": {"id": ViewColumn(type="text", description="It.", currency="cur")}},
            "columns.id.currency: there is no column cur",
        ),
        (
            {"columns": {"id": ID, "ID": ID}},
            "columns.id: another column has the same name but for its case",
        ),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], message: str) -> None:
    assert message in messages(**fields)


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({}, []),
        ({"columns": {"id": ID}}, ["there are `columns` already"]),
        ({"select": "SELECT t.id AS id FROM a.b.t t"}, []),
        ({"select": "SELECT t.x AS x FROM a.b.t t"}, ["the view has no column x"]),
    ],
)
def test_a_view_can_have_the_columns_of_another(
    fields: dict[str, Any], problems: list[str]
) -> None:
    first = View(description="A view.", columns={"id": ID})
    second = View(description="Another view.", columns_of="first", **fields)
    service = Service(billql=1, description="Views.", views={"first": first, "second": second})
    found = [message for _, message in service_problems(service)]
    assert [message for message in found if "makes no column" not in message] == problems


def test_a_view_cannot_have_the_columns_of_one_without() -> None:
    views = {
        "first": View(description="A view.", columns_of="second"),
        "second": View(description="Another view.", columns_of="none"),
    }
    service = Service(billql=1, description="Views.", views=views)
    found = [message for _, message in service_problems(service)]
    assert found[0] == "no view second has `columns`"
    assert "no view none has `columns`" in found


def test_a_file_has_resources_or_views() -> None:
    empty = Service(billql=1, description="Nothing.")
    assert [message for _, message in service_problems(empty)] == [
        "there are neither `resources` nor `views`"
    ]


def test_a_table_of_the_users_own_is_declared() -> None:
    tables = {"mine": "CREATE TABLE mine (id TEXT)"}
    assert messages(select="SELECT m.id FROM Mine m", tables=tables) == []
