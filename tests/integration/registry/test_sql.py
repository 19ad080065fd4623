"""REGISTRY LIST and REGISTRY PULL, pins and the configured address: what a session sees of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import billql
from billql.definitions.catalog import Catalog
from billql.errors import InterfaceError, UnknownName
from billql.registry.build import build
from support.registry.making import OTHER, World, define

Open = Callable[..., billql.Connection]


@pytest.fixture
def connect(world: World, tmp_path: Path) -> Iterator[Open]:
    """Open sessions whose config file names the registry that was built, which is trusted."""
    opened: list[billql.Connection] = []

    def connect(more: str = "", **options: Any) -> billql.Connection:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[registries.own]\nurl = "{world.built}"\nkeys = ["{OTHER.public}"]\n{more}'
        )
        environ = {"BILLQL_DATA": str(world.data)}
        opened.append(billql.connect(config=config, environ=environ, **options))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def rows(connection: billql.Connection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def release(world: World, *versions: str) -> None:
    for version in versions:
        world.release(version, signer=OTHER)


def test_list_and_pull(world: World, connect: Open) -> None:
    release(world, "1.0.0", "1.1.0")
    with connect() as connection:
        listed = [row[:3] for row in rows(connection, "REGISTRY LIST")]
        assert listed[:2] == [("acme", "1.1.0", "available"), ("acme", "1.0.0", "available")]
        assert {name for name, *_ in listed} == {"acme", *Catalog().providers()}
        with pytest.raises(UnknownName):
            rows(connection, "SELECT id FROM acme.billing.invoices")

        pulled = rows(connection, "REGISTRY PULL acme 1.0.0")
        assert [row[:2] for row in pulled] == [("1.1.0", "available"), ("1.0.0", "in use")]
        # What was pulled is there at once.
        assert rows(connection, "SHOW RESOURCES IN acme.billing")[0][0] == "acme.billing.invoices"
        assert [row[1] for row in rows(connection, "registry pull ACME;")] == [
            "in use",
            "installed",
        ]
        assert rows(connection, "SELECT version FROM billql.catalog.providers "
                    "WHERE provider = 'acme'") == [("1.1.0",)]  # fmt: skip


def test_a_pull_changes_what_a_session_has_read(world: World, connect: Open) -> None:
    release(world, "1.0.0")
    explain = "EXPLAIN SELECT id FROM acme.billing.{}"
    with connect() as connection:
        rows(connection, "REGISTRY PULL acme")
        rows(connection, explain.format("invoices"))
        define(world.definitions, "1.1.0", services={"billing": "credits"})
        build(world.definitions, world.built, OTHER)
        rows(connection, "REGISTRY PULL acme")
        rows(connection, explain.format("credits"))
        with pytest.raises(UnknownName):
            rows(connection, explain.format("invoices"))


def test_what_follows_a_list(world: World, connect: Open) -> None:
    release(world, "1.0.0")
    with connect() as connection:
        assert rows(connection, "REGISTRY LIST LIKE 'ac%'")[0][:2] == ("acme", "1.0.0")
        assert rows(connection, "REGISTRY LIST acme WHERE status = 'in use'") == []
        assert rows(connection, "REGISTRY LIST LIMIT 1")[0][0] == "acme"
        sql = "SELECT count(*) FROM billql.catalog.versions WHERE provider = 'acme'"
        assert rows(connection, sql) == [(1,)]


@pytest.mark.parametrize(
    ("sql", "place", "message"),
    [
        ("REGISTRY LIST acm", 14, "There is no provider acm"),
        ("REGISTRY PULL  acm", 15, "There is no provider acm"),
        ("REGISTRY PULL acme 9.9.9", 14, "There is no version acme 9.9.9"),
        ("REGISTRY", 8, "incomplete input"),
        ("REGISTRY PUSH acme", 9, 'near "PUSH": syntax error'),
        ("REGISTRY PULL", 13, "incomplete input"),
        ("REGISTRY PULL acme 1.0.0 x", 25, 'near "x": syntax error'),
    ],
)
def test_mistakes_have_their_place(
    world: World, connect: Open, sql: str, place: int, message: str
) -> None:
    release(world, "1.0.0")
    with connect() as connection, pytest.raises(billql.SqlError) as caught:
        rows(connection, sql)
    assert (str(caught.value), caught.value.offset) == (message, place)
    assert caught.value.hint


def test_a_version_may_be_pinned(world: World, connect: Open) -> None:
    release(world, "1.0.0", "1.1.0")
    with connect() as connection:
        rows(connection, "REGISTRY PULL acme 1.0.0")
        rows(connection, "REGISTRY PULL acme 1.1.0")
    sql = "SELECT version FROM billql.catalog.providers WHERE provider = 'acme'"
    with connect() as connection:
        assert rows(connection, sql) == [("1.1.0",)]
    with connect('[providers]\nacme = "1.0.0"') as connection:
        assert rows(connection, sql) == [("1.0.0",)]
    with (
        connect('[providers]\nacme = "1.2.0"') as connection,
        pytest.raises(InterfaceError, match=r"pinned to version 1\.2\.0, which is not installed"),
    ):
        rows(connection, sql)


def test_without_a_folder_nothing_can_be_installed() -> None:
    with billql.connect(environ={}) as connection, pytest.raises(InterfaceError) as caught:
        rows(connection, "REGISTRY PULL stripe")
    assert "BILLQL_DATA" in str(caught.value.hint)
