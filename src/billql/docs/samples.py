"""Sample values and rows for the pages, from the sandbox on one day.

The same definitions make the same samples. Only the providers that the sandbox plays have any, and
nothing is sent to another machine.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from billql.definitions.catalog import Catalog, SearchLocation, Table
from billql.definitions.model import Provider
from billql.errors import Error
from billql.planning.pushdown import missing_parameters
from billql.sandbox import Sandbox
from billql.sql.rewriter import Reference, tables
from billql.sql.statements import Row, each_statement, parse
from billql.sql.tokenizer import Token, quote, significant
from billql.sqlite.session import Session
from billql.sqlite.shared import Options

DAY = datetime.datetime(2026, 3, 15, 12, tzinfo=datetime.UTC)
"""The time of every sample, which stands for 'now' in an example."""

_ROWS = 5
"""The number of rows of an example that are shown."""

_LOOKED_AT = 300
"""The number of rows that are searched for a value of each column."""

_ENDS = {"GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"}
"""The keywords that follow the WHERE of a SELECT."""


@dataclass(frozen=True)
class Result:
    """The result of an example."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    """The first rows."""
    count: int
    """The number of all rows."""


class Samples(Protocol):
    """A source of sample values and rows."""

    def result(self, table: Table, sql: str) -> Result | None:
        """Return the result of a table's example, or None where the sandbox has no such table."""

    def of_view(self, sql: str) -> Result | None:
        """Return the result of a view's example, or None where the sandbox cannot run it."""

    def values(self, table: Table) -> Mapping[str, Any]:
        """Return a value for each column of a table that has one."""


class NoSamples:
    """The samples of definitions without a sandbox: there are none."""

    def result(self, table: Table, sql: str) -> None:
        """Return None."""

    def of_view(self, sql: str) -> None:
        """Return None."""

    def values(self, table: Table) -> Mapping[str, Any]:
        """Return no values."""
        return {}


class SandboxSamples:
    """Samples from a sandbox of their own; `close()` ends it."""

    def __init__(self, places: Sequence[SearchLocation]) -> None:
        catalog = _WithoutLimits(places)
        # A larger sandbox takes longer.
        self._sandbox = Sandbox(until=DAY.date(), size="small", catalog=catalog)
        # Without an environment and configured connections, nothing can go to a real API.
        options = Options({}, self._sandbox.tokens, self._sandbox.urls, catalog, clock=lambda: DAY)
        self._real = {name: options.catalog.provider(name).url for name in self._sandbox.urls}
        self._session = Session(":memory:", lambda: options)

    def close(self) -> None:
        """End the session and the sandbox."""
        self._session.close()
        self._sandbox.close()

    def result(self, table: Table, sql: str) -> Result | None:
        """Return the result of an example, or None if the sandbox cannot run it."""
        return self.of_view(sql) if table.provider_name in self._sandbox.urls else None

    def of_view(self, sql: str) -> Result | None:
        """Return the result of a view's example, or None if the sandbox cannot run it."""
        rows = self._rows(sql)
        if rows is None:
            return None
        names, found = rows
        return Result(names, tuple(found[:_ROWS]), len(found))

    def values(self, table: Table) -> Mapping[str, Any]:
        """Return a value for each column of which a row has one."""
        found: dict[str, Any] = {}
        if table.provider_name not in self._sandbox.urls:
            return found
        sources = list(_sources(table))
        shown = [name for name, column in table.columns.items() if not column.hidden]
        # A hidden column may take a request of another kind, so each is read by itself.
        hidden = [
            [name]
            for name, column in table.columns.items()
            if column.hidden and not (column.path or "").startswith("$")
        ]
        for columns in (shown, *hidden):
            for alias, source in sources:
                if all(name in found for name in columns):
                    break
                listed = ", ".join(f"{alias}.{quote(name)}" for name in columns)
                read = self._rows(f"SELECT {listed} {source} LIMIT {_LOOKED_AT}")
                for row in () if read is None else read[1]:
                    for name, value in zip(columns, row, strict=True):
                        if value is not None:
                            found.setdefault(name, value)
        return found

    def _rows(self, sql: str) -> tuple[tuple[str, ...], list[Row]] | None:
        """Return the names and the rows of a statement that reads, if the sandbox can run it."""
        if not _is_read(sql):
            return None
        try:
            execution = self._session.execute(with_day(sql))
            rows = [tuple(map(self._as_real, row)) for row in execution]
        except Error:
            return None
        return tuple(name for name, _ in execution.description or ()), rows

    def _as_real(self, value: Any) -> Any:
        """Return a value with the addresses of the real APIs, not those of the sandbox."""
        if isinstance(value, str) and "http://127." in value:
            for name, url in self._sandbox.urls.items():
                value = value.replace(url, self._real[name])
        return value


class _WithoutLimits(Catalog):
    """A catalog of providers without rate limits, which the sandbox has not either."""

    def provider(self, name: str) -> Provider:
        """Return a provider without its limits."""
        return msgspec.structs.replace(super().provider(name), limits=())

    def table(self, name: str) -> Table:
        """Return a resource of such a provider."""
        table = super().table(name)
        return msgspec.structs.replace(table, provider=self.provider(table.provider_name))


def with_day(sql: str) -> str:
    """Return SQL in which `DAY` stands for 'now'."""
    return sql.replace("'now'", f"'{DAY:%Y-%m-%d}'")


def _is_read(sql: str) -> bool:
    """Return whether a text is one query; an example may come from a stranger."""
    statements = list(each_statement(sql))
    return len(statements) == 1 and statements[0].keyword in ("SELECT", "WITH", "VALUES")


def _sources(table: Table) -> Iterator[tuple[str, str]]:
    """Yield the name and the FROM and WHERE by which queries may read a table."""
    if any(not list(missing_parameters(method, ())) for method in table.resource.methods.values()):
        yield table.name, f"FROM {table.name}"
    for example in table.resource.examples:
        for reference in tables(parse(example.sql)):
            if reference.name.lower() == table.name:
                yield _source(example.sql, reference)
                break


def _source(sql: str, reference: Reference) -> tuple[str, str]:
    """Return how a SELECT calls a table that it reads, and its FROM and WHERE."""
    tokens = significant(sql)
    place = next(number for number, one in enumerate(tokens) if one.start >= reference.start)
    start = _outwards(tokens, place)
    end, depth = len(sql), 0
    for token in tokens[place:]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (depth == 0 and token.keyword in _ENDS):
            end = token.start
            break
    after = [one for one in tokens if one.start >= reference.end]
    alias = sql[reference.start : reference.end]
    if reference.has_alias:
        alias = after[1].text if after[0].keyword == "AS" else after[0].text
    return alias, sql[start:end].rstrip("; \n")


def _outwards(tokens: Sequence[Token], place: int) -> int:
    """Return where the FROM begins before a token, in the same query."""
    depth = 0
    for token in reversed(tokens[:place]):
        depth += {")": 1, "(": -1}.get(token.text, 0)
        if depth == 0 and token.keyword == "FROM":
            return token.start
    raise ValueError("A table stands after FROM")
