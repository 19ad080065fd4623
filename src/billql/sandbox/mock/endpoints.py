"""The endpoints of a mock: which methods a request is for, and what they respond together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import orjson

from billql.definitions.methods import Rows
from billql.definitions.model import Provider
from billql.sandbox.api import ApiError, Request, Response
from billql.sandbox.mock import documents
from billql.sandbox.mock.binding import Binding, Condition
from billql.sandbox.mock.documents import Document
from billql.sandbox.mock.forms import encode
from billql.sandbox.mock.layout import Endpoint, Layout, kind_of, plain_path, segments
from billql.sandbox.mock.months import by_month, wants_months
from billql.sandbox.mock.paging import Items, Page, PageRequest, page_of
from billql.sandbox.mock.routing import DefinedRoutes, Reader, flat, head_of
from billql.sandbox.mock.rows import Row
from billql.sandbox.mock.tables import Scope, Tables
from billql.sandbox.mock.untidy import UntidyForms


@dataclass(frozen=True)
class Match:
    """A method that accepts a request."""

    reader: Reader
    binding: Binding
    rows: Sequence[Row]


class Endpoints(DefinedRoutes):
    """The endpoints of a provider's definition, with rows that are made from it."""

    def __init__(
        self, provider: Provider, tables: Tables, readers: Iterable[Reader], *, untidy: int | None
    ) -> None:
        super().__init__(provider, readers)
        self._tables = tables
        self._untidy = untidy

    def respond(self, endpoint: Endpoint, values: Sequence[str], request: Request) -> Response:
        """Return the rows that the methods of an endpoint have together."""
        matches = self._matches(endpoint, values, request)
        for match in matches:
            if match.reader.method.response not in ("json", "jsonl"):
                return _file(match)
        untidy = UntidyForms(
            self._untidy or 0,
            self._provider.title,
            f"{request.path}?{request.query}",
            enabled=self._untidy is not None,
        )
        document = Document(self._tables, untidy)
        matches = self._within_holders(matches)
        matches, page = self._paged(document, matches, request, untidy)
        self._add(document, matches)
        for place, value in page.members.items():
            document.put(place, value)
        if all(not one.rows and one.reader.method.no_content == "empty" for one in matches):
            return Response(b"", HTTPStatus.NO_CONTENT)
        data = document.data()
        if isinstance(data, dict) and not _is_map(matches):
            data = untidy.item(data)
        if any(one.reader.method.response == "jsonl" for one in matches):
            lines = b"".join(orjson.dumps(one) + b"\n" for one in data)
            return Response(lines, content_type="application/jsonl", headers=document.headers)
        body = orjson.dumps(data)
        return Response(body, headers={**document.headers, **page.headers})

    # Which methods ------------------------------------------------------------------------------

    def _matches(self, endpoint: Endpoint, values: Sequence[str], request: Request) -> list[Match]:
        """Return the methods that accept a request; raise ApiError with why none does."""
        matches = [
            Match(reader, one, self._rows(reader, one))
            for reader, one in self._fitting(endpoint, values, request)
        ]
        found = [one for one in matches if one.rows or not self._is_missing(one)]
        if not found:
            raise ApiError(HTTPStatus.NOT_FOUND, "What was asked for does not exist")
        return found

    def _rows(self, reader: Reader, binding: Binding) -> list[Row]:
        """Return the rows that a request wants, in the order of the method."""
        layout = reader.layout
        scope = _scope(layout, binding)
        conditions = []
        for one in binding.conditions:
            if one.column not in (*dict(scope), *layout.switches):
                conditions.append(one)
                if one.parameter.location != "path":
                    self._check_known(layout, one, scope)
        rows = [
            row
            for row in self._tables.rows(layout.name, scope)
            if all(one.holds(row.cells.get(one.column)) for one in conditions)
        ]
        for term in reversed(reader.method.order):
            name = term.removeprefix("-")
            rows.sort(
                key=lambda row, name=name: _sortable(row.cells.get(name)),  # type: ignore[misc]
                reverse=term.startswith("-"),
            )
        if wants_months(self._tables.story(layout.name).months_if, binding.conditions):
            rows = by_month(rows, layout, self._tables.layouts)
        return rows[:1] if reader.method.single else rows

    def _is_missing(self, match: Match) -> bool:
        """Return whether a request without rows is for a thing that does not exist.

        A list is there, with no rows, if what its path names exists.
        """
        if match.reader.method.response not in ("json", "jsonl"):
            return False
        sources = match.reader.method.sources()
        is_thing = all(not any(one.kind for one in segments(source.at)) for source in sources)
        if is_thing and not all(source.optional for source in sources):
            return True
        layout = match.reader.layout
        in_path = (
            one
            for one in match.binding.conditions
            if one.parameter.location == "path"
            and one.column not in (*layout.scopes, *layout.switches)
        )
        scope = _scope(layout, match.binding)
        return not all(self._is_known(layout, one, scope) for one in in_path)

    def _is_known(self, layout: Layout, condition: Condition, scope: Scope) -> bool:
        """Return whether a row, or what it refers to, has one of some values."""
        link = layout.references.get(condition.column)
        if link is not None:
            return not self._tables.values_of(link, scope).isdisjoint(condition.values)
        rows = self._tables.rows(layout.name, scope)
        return any(row.cells.get(condition.column) in condition.values for row in rows)

    def _check_known(self, layout: Layout, condition: Condition, scope: Scope) -> None:
        """Raise ApiError for a reference to nothing, where the API has an error for that."""
        unknown = self._provider.errors.unknown_value
        link = layout.references.get(condition.column)
        values = condition.values
        if unknown is None or link is None or len(values) != 1:
            return
        if values[0] not in self._tables.values_of(link, scope):
            raise ApiError(
                HTTPStatus.BAD_REQUEST,
                f"There is no {values[0]}",
                unknown.code,
                parameter=condition.name,
            )

    # The response -------------------------------------------------------------------------------

    @staticmethod
    def _within_holders(matches: Sequence[Match]) -> list[Match]:
        """Return the matches with those rows alone whose holders are wanted too."""
        shown: dict[str, set[int]] = {}
        found = []
        for match in matches:
            layout = match.reader.layout
            rows = match.rows
            if layout.holder is not None and layout.holder.table in shown:
                above = shown[layout.holder.table]
                rows = [row for row in rows if id(row.holder) in above]
            shown[layout.name] = {id(row) for row in rows}
            found.append(replace(match, rows=rows))
        return found

    @staticmethod
    def _add(document: Document, matches: Sequence[Match]) -> None:
        for match in matches:
            for source, rows in _by_source(match):
                hidden = frozenset(match.binding.hidden)
                document.add(match.reader.layout, source, rows, hidden)

    def _paged(
        self,
        document: Document,
        matches: list[Match],
        request: Request,
        untidy: UntidyForms,
    ) -> tuple[list[Match], Page]:
        """Return the matches with the rows of the page that is asked for, and the page."""
        paged = next((one for one in matches if _is_paged(one)), None)
        if paged is None:
            return matches, Page(0, 0)
        head = head_of(segments(paged.reader.method.sources()[0].at))
        owners: dict[int, Row] = {}
        of_rows: dict[int, int] = {}
        for match in matches:
            for source, rows in _by_source(match):
                path = segments(source.at)
                for row in rows if head_of(path) == head else ():
                    owner = document.owner(path, row, match.reader.layout)
                    owners.setdefault(id(owner), owner)
                    of_rows[id(row)] = id(owner)
        public = self._provider.url if untidy.strikes("links") else None
        if public is None and untidy.strikes("relative links"):
            public = ""
        if public is not None and "{" in public:
            public = None
        others = flat(paged.binding.others)
        page = PageRequest(request, paged.binding.page, others, public)
        items = Items(len(owners), lambda: _ids(paged, list(owners.values())))
        found = page_of(paged.reader.paginator, page, items)
        # Rows outside of the list are on every page.
        included = {None, *list(owners)[found.start : found.stop]}
        return [
            replace(one, rows=[row for row in one.rows if of_rows.get(id(row)) in included])
            for one in matches
        ], found


def _scope(layout: Layout, binding: Binding) -> Scope:
    """Return what a request states about the columns that any value has rows for."""
    return tuple(
        (one.column, one.values[0])
        for one in binding.conditions
        if one.column in layout.scopes and one.parameter.operator == "="
    )


def _is_paged(match: Match) -> bool:
    path = segments(match.reader.method.sources()[0].at)
    return match.reader.paginator is not None and any(one.kind for one in path)


def _by_source(match: Match) -> Iterator[tuple[Rows, Sequence[Row]]]:
    """Yield the sources of a method with the rows of each."""
    sources = match.reader.method.sources()
    for source in sources:
        kind = kind_of(source)
        yield source, [row for row in match.rows if len(sources) == 1 or row.kind == kind]


def _ids(match: Match, items: Sequence[Row]) -> list[Any]:
    """Return what the paging of a method identifies its items by."""
    path = getattr(match.reader.paginator, "id", "")
    for name, column in match.reader.layout.resource.columns.items():
        if plain_path(name, column) == path:
            return [encode(column, row.cells.get(name)) for row in items]
    return []


def _is_map(matches: Sequence[Match]) -> bool:
    """Return whether the whole response is a map, in which one more member would be a row."""
    return any(
        source.at.startswith("{}") for one in matches for source in one.reader.method.sources()
    )


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value if value is not None else 0


def _file(match: Match) -> Response:
    """Return the response of a method that returns a file."""
    layout, method = match.reader.layout, match.reader.method
    if method.response == "csv":
        return Response(documents.lines(layout, match.rows), content_type="text/csv")
    if not match.rows:
        raise ApiError(HTTPStatus.NOT_FOUND, "What was asked for does not exist")
    row = match.rows[0]
    return documents.file(layout, row)
