"""The definitions that billql includes, served by mocks: what billql sends, a mock understands."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pytest

from billql.definitions.catalog import Catalog, Table
from billql.definitions.decoding import decoder_for
from billql.definitions.methods import Method
from billql.definitions.model import Column, Provider, Resource
from billql.definitions.pagination import PageCount, Paginator
from billql.definitions.types import MOMENTS
from billql.sandbox.mock.api import MockApi
from billql.sandbox.mock.forms import encode, period_start
from billql.sandbox.mock.layout import Layout, required_columns
from billql.sandbox.mock.rows import Row
from billql.sandbox.mock.tables import Scope
from billql.sqlite.session import Session

from .acme import open_session, rows, served

SIZE: Final = 3
"""How many items a page has here, so that every list has several."""


class _SmallPages(Catalog):
    """The definitions that are shipped, with small pages and without rate limits."""

    def provider(self, name: str) -> Provider:
        provider = super().provider(name)
        paging = {key: _small(one) for key, one in provider.paging.items()}
        return msgspec.structs.replace(provider, limits=(), paging=paging)

    def table(self, name: str) -> Table:
        table = super().table(name)
        methods = {
            key: msgspec.structs.replace(one, paging=_small(one.paging))
            if isinstance(one.paging, Paginator)
            else one
            for key, one in table.resource.methods.items()
        }
        resource = msgspec.structs.replace(table.resource, methods=methods)
        return msgspec.structs.replace(
            table, provider=self.provider(table.provider_name), resource=resource
        )


def _small(paginator: Any) -> Any:
    if paginator.size is None and not isinstance(paginator, PageCount):
        return paginator
    return msgspec.structs.replace(paginator, size=SIZE, least=1)


_MINE: Final[Mapping[str, Any]] = {
    "account_urn": "do:team:00000000-0000-4000-8000-000000000001",
    "dimension": "SERVICE",
    "since": period_start("2026-03-01"),
    "until": period_start("2026-03-15"),
    "usage_type": "infra_host_usage",
}
"""The values of columns that can have any value of a pattern, of a list, or of a type."""

_DAY: Final = 1_772_323_200  # 2026-03-01

CATALOG: Final = _SmallPages()
TABLES: Final = tuple(CATALOG.names())
EXAMPLES: Final = tuple(
    (name, number)
    for name in TABLES
    for number in range(len(Catalog.table(CATALOG, name).resource.examples))
)


@dataclass(frozen=True)
class World:
    session: Session
    apis: Mapping[str, MockApi]

    def layout(self, table: Table) -> Layout:
        return self.apis[table.provider_name].tables.layouts[_own_name(table)]

    def made(self, table: Table) -> list[Row]:
        return self.apis[table.provider_name].tables.rows(_own_name(table), self.scope(table))

    def scope(self, table: Table) -> Scope:
        return tuple((name, _mine(table, name)) for name in self.layout(table).scopes)


@pytest.fixture(scope="module", params=[False, True], ids=["tidy", "untidy"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with ExitStack() as opened:
        servers = {
            name: opened.enter_context(served(CATALOG, untidy=request.param, name=name))
            for name in CATALOG.providers()
        }
        session = opened.enter_context(
            closing(open_session(CATALOG, *servers.values(), direct=True))
        )
        apis = {name: one.api for name, one in servers.items() if isinstance(one.api, MockApi)}
        yield World(session, apis)


def _own_name(table: Table) -> str:
    return f"{table.service_name}.{table.resource_name}"


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_every_example_is_answered(world: World, name: str, number: int) -> None:
    rows(world.session, CATALOG.table(name).resource.examples[number].sql)


@pytest.mark.parametrize("name", TABLES)
def test_a_list_is_whole_and_its_filters_are_exact(world: World, name: str) -> None:
    table = CATALOG.table(name)
    conditions = _needed(world, table)
    everything = _select(world, table, conditions)
    assert everything, conditions
    if not conditions:
        assert len(everything) == len(world.made(table))
    for column, sign, value in _filterable(table, conditions, everything):
        place = _columns(table).index(column)
        compare = _SIGNS[sign]
        expected = [
            row for row in everything if row[place] is not None and compare(row[place], value)
        ]
        found = _select(world, table, [*conditions, f'"{column}" {sign} {_literal(value)}'])
        assert sorted(map(repr, found)) == sorted(map(repr, expected)), (column, sign, value)
        assert found


@pytest.mark.parametrize("name", TABLES)
def test_references_have_partners(world: World, name: str) -> None:
    table = CATALOG.table(name)
    layout = world.layout(table)
    for column, link in layout.references.items():
        if column in layout.switches:
            continue
        scope = world.scope(table)
        partners = world.apis[table.provider_name].tables.values_of(link, scope)
        values = {row.cells.get(column) for row in world.made(table)} - {None}
        assert values <= partners
        assert values, column


_SIGNS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _select(world: World, table: Table, conditions: list[str]) -> list[tuple[Any, ...]]:
    columns = ", ".join(f'"{name}"' for name in _columns(table))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return rows(world.session, f"SELECT {columns} FROM {table.name}{where}")


def _columns(table: Table) -> list[str]:
    """Return the columns that are not just what was requested, nor JSON as it was sent."""
    return [
        name
        for name, column in table.resource.columns.items()
        if column.path != "$parameter" and column.type != "json"
    ]


def _mine(table: Table, column: str) -> Any:
    """Return a value of a column that can have any."""
    return _DAY if table.columns[column].type in MOMENTS else _MINE.get(column, "mine")


def _needed(world: World, table: Table) -> list[str]:
    """Return the conditions without which a table cannot be read, met by one of its rows."""
    layout = world.layout(table)
    method = min(layout.lists, key=lambda one: len(list(_required(one))))
    made = world.made(table)
    row = made[0]
    columns = table.resource.columns
    conditions = []
    for column, sign in _required(method):
        cells = [one.cells.get(column) for one in made]
        known = [cell for cell in cells if cell is not None]
        if sign == "=":
            value = _shown(columns[column], row.cells[column])
        elif known:
            value = _shown(columns[column], min(known) if sign.startswith(">") else max(known))
        else:
            value = "2026-03-01" if sign.startswith(">") else "2026-03-15"
        wide = sign if sign == "=" else f"{sign[0]}="
        conditions.append(f'"{column}" {wide} {_literal(value)}')
    return conditions


def _required(method: Method) -> Iterator[tuple[str, str]]:
    for column, parameter in method.filters():
        if parameter.required and parameter.default is None:
            yield column, parameter.operator


def _filterable(
    table: Table, conditions: list[str], everything: list[tuple[Any, ...]]
) -> Iterator[tuple[str, str, Any]]:
    """Yield a condition for each parameter of the methods that need no other columns."""
    met = {condition.split('"')[1] for condition in conditions}
    seen = set()
    for method in table.resource.methods.values():
        for column, parameter in method.filters():
            others = {*required_columns(method), *(name for name, _ in _required(method))} - {
                column
            }
            shown = table.resource.columns[column].path != "$parameter"
            key = column, parameter.operator
            if not shown or not others <= met or key in seen:
                continue
            seen.add(key)
            place = _columns(table).index(column)
            values = sorted({row[place] for row in everything if row[place] is not None})
            if parameter.values:
                values = [value for value in values if value in parameter.values]
            if values:
                middle = values[len(values) // 2]
                low_or_high = values[0] if parameter.operator == "<" else values[-1]
                sign: str = parameter.operator
                if sign in ("<", ">") and middle == low_or_high:
                    sign += "="
                yield column, sign, middle


def _shown(column: Column, cell: Any) -> Any:
    shown = decoder_for(column.type, column.format)([encode(column, cell)])[0]
    return shown.partition(column.after)[2] if column.after and isinstance(shown, str) else shown


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def test_the_definitions_have_references() -> None:
    count = sum(
        column.references is not None
        for name in TABLES
        for column in _resource(name).columns.values()
    )
    assert count > 150


def _resource(name: str) -> Resource:
    return CATALOG.table(name).resource
