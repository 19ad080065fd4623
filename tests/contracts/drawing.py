"""Requests that billql can send, made by the planner and the binder from drawn constraints.

No engine and no network: constraints as SQLite offers them are planned and bound, and the
paginator is shown pages, so that the later pages' requests are among them. The same dice draw the
same requests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Any
from urllib.parse import urlencode

import msgspec

from billql.definitions.catalog import Table
from billql.definitions.methods import Parameter
from billql.definitions.pagination import (
    AfterId,
    CursorToken,
    LinkArray,
    LinkHeader,
    NextUrl,
    PageCount,
    PageNumber,
    Paginator,
    SinglePage,
)
from billql.errors import Error
from billql.fetching._list_opener import ListOpener
from billql.http.credentials import ApiConnection
from billql.messages import Page, Request
from billql.planning.binder import bind
from billql.planning.plan import Constraint
from billql.planning.planner import choose_plan
from billql.sandbox.mock.patterns import matching
from billql.sandbox.rng import Rng
from contracts.operation import Sent

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
UUID = "5f7e8f9a-0b1c-4d2e-8f3a-4b5c6d7e8f90"

_RANGES = ("<", "<=", ">", ">=")
_WILD: Sequence[Any] = (
    *(
        "",
        " ",
        "some",
        UUID,
        UUID.upper(),
        UUID[:-1],
        "a,b",
        "a/b",
        "..",
        "ü",
        "x" * 300,
        "5",
        "-1",
    ),
    *(0, 1, -1, 7, 2**53, 2**63 - 1, 1.5, -0.5, "true", "2026-01", "2026-01-01", "9999-12-31"),
    *("0001-01-01", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00.5Z", "2026-01-01T02:00:00+02:00"),
)
_TAME = 6
"""How many rounds have only values such as rows have."""

_TEXTS = ("some", UUID, "192.0.2.1", "usd")
_PROPER: dict[str, Sequence[Any]] = {
    "boolean": (0, 1),
    "integer": (1, 7, 200),
    "date": ("2025-12-31", "2026-01-01", "2026-01-20"),
    "month": ("2025-12", "2026-01"),
    "timestamp": ("2025-12-31T10:11:12Z", "2026-01-01T00:00:00Z", "2026-01-20"),
}


Known = Mapping[str, Sequence[Any]]
"""Values that rows have, by column."""


def requests(
    table: Table, name: str, rounds: int, texts: Sequence[str], known: Known | None = None
) -> Iterator[Sent]:
    """Yield what reading a table by a method sends, for constraints drawn in some rounds.

    `texts` are texts that some of its columns have.
    """
    one = msgspec.structs.replace(
        table,
        resource=msgspec.structs.replace(
            table.resource, methods={name: table.resource.methods[name]}
        ),
    )
    for number in range(rounds):
        # The first rounds have as little and as much as there can be.
        share = {0: 0.0, 1: 1.0}.get(number, 0.4)
        dice = Random(f"{table.name} {name} {number}")
        wild = None if number < _TAME else _WILD[number % len(_WILD)]
        yield from _Round(one, name, dice, texts, known or {}).requests(share, wild)


class _Round:
    def __init__(
        self, table: Table, name: str, dice: Random, texts: Sequence[str], known: Known
    ) -> None:
        self._table = table
        self._known = known
        self._method = table.resource.methods[name]
        self._dice = dice
        self._texts = texts

    def requests(self, share: float, wild: Any) -> Iterator[Sent]:
        """Yield the requests for a statement that has such a share of the conditions.

        Without a `wild` value all values are such as rows have.
        """
        table, dice = self._table, self._dice
        conditions = [
            each
            for column, parameter in self._method.filters()
            if parameter.required or dice.random() < share
            for each in self._conditions(column, parameter, wild)
        ]
        if dice.random() < 0.5:
            conditions.append((Constraint("", "limit", usable=True), dice.choice((1, 5, 1000))))
            if dice.random() < 0.5:
                conditions.append((Constraint("", "offset", usable=True), dice.choice((1, 450))))
        # A column that shows what was requested is read only beside a condition on it.
        unknown = set(table.echo_columns) - {one.column for one, _ in conditions}
        drawn = [one for one in table.columns if share == 1 or dice.random() < 0.6]
        used = frozenset(drawn) - unknown
        plan = choose_plan(table, [one for one, _ in conditions], used)
        values = [conditions[number][1] for number in plan.arguments]
        provider = table.provider
        connection = ApiConnection(
            table.provider_name, provider, provider.url, "token", table.provider_name, "a test"
        )
        try:
            found = bind(table, plan, values, [connection], NOW)
        except Error:
            return  # it says what is missing or cannot be encoded, and sends nothing
        paginator = table.reading(self._method)
        opener = ListOpener(paginator, dice.random() < 0.5, found.wanted)
        for listed in islice(found.lists, 20):
            first = opener.open(listed, found.skip).request
            pages = [first] if paginator is None else _pages(paginator, first)
            for request in pages:
                yield Sent.of(request)

    def _conditions(
        self, column: str, parameter: Parameter, wild: Any
    ) -> Iterator[tuple[Constraint, Any]]:
        dice = self._dice
        operators: tuple[Any, ...] = (
            ("=", "=", "in") if parameter.operator == "=" else (parameter.operator, "=")
        )
        if wild is not None and dice.random() < 0.3:
            operators = ("is null", *_RANGES)
        operator = dice.choice(operators)
        count = dice.choice((1, 2, 7)) if operator == "in" else 1
        drawn = {self._value(column, parameter, wild) for _ in range(count)}
        value: Any = frozenset(drawn) if operator == "in" else drawn.pop()
        if operator == "is null":
            value = None
        yield Constraint(column, operator, usable=True, value=value), value

    def _value(self, name: str, parameter: Parameter, wild: Any) -> Any:
        dice, column = self._dice, self._table.columns[name]
        if wild is not None and dice.random() < 0.6:
            return wild
        if name in self._known and dice.random() < 0.8:
            return dice.choice(self._known[name])
        if column.type in _PROPER:
            return dice.choice(_PROPER[column.type])
        if parameter.values and dice.random() < 0.9:
            return dice.choice(parameter.values)
        if parameter.format == "uuid":
            return UUID
        texts = (*self._texts, *_TEXTS)
        fitting = [one for one in texts if re.fullmatch(parameter.pattern or ".*", one, re.DOTALL)]
        if not fitting and parameter.pattern is not None:
            drawn = matching(parameter.pattern, Rng(dice.randrange(1000)))
            fitting = [] if drawn is None else [drawn]
        return dice.choice(fitting or texts)


def _pages(paginator: Paginator, first: Request) -> Iterator[Request]:
    """Yield the requests for the first three pages."""
    generator = paginator.pages(first)
    known = list(next(generator))
    for number in range(3):
        if not known:
            return
        request = known.pop(0)
        yield request
        try:
            known += generator.send(_page(paginator, request, number))
        except (StopIteration, Error):
            return


def _page(paginator: Paginator, request: Request, number: int) -> Page:
    """Return a page that leads to another one."""
    data: dict[str, Any] = {}
    item = {"id": f"id_{number}"}
    headers = {}
    match paginator:
        case PageNumber(total=total):
            data = nested(total, 10_000)
        case PageCount(pages_at=path):
            data = nested(path, 3)
        case NextUrl(path=path, parameter=name):
            query = dict(request.query) | {name or "page": str(number + 2)}
            data = nested(path, f"{request.url}?{urlencode(query)}")
        case CursorToken(path=path):
            # Some tokens are times in milliseconds; a text of digits is a number in a query.
            data = nested(path, f"{1_790_000_000_000 + number}")
        case AfterId(more=flag, id=path):
            data, item = nested(flag, True), nested(path, f"id_{number}")
        case LinkArray(path=path):
            query = dict(request.query) | {"page": str(number + 2)}
            link = {"rel": "next", "href": f"{request.url}?{urlencode(query)}"}
            data = nested(path, [link])
        case LinkHeader():
            query = dict(request.query) | {"page": str(number + 2)}
            headers["link"] = f'<{request.url}?{urlencode(query)}>; rel="next"'
        case SinglePage():
            pass
        case _:
            raise NotImplementedError(type(paginator).__name__)
    return Page(data, 100, item, headers)


def nested(path: str, inner: Any) -> dict[str, Any]:
    """Put a value where a path leads to."""
    for part in reversed(path.split(".")):
        inner = {part: inner}
    assert isinstance(inner, dict)
    return inner
