"""The endpoints of a mock: which methods a request is for, and what they respond together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

import orjson

from billql.definitions.model import Method, Provider, Rows, placeholders
from billql.definitions.pagination import Paginator
from billql.sandbox.api import ApiError, Handler, Request, Response, Routes
from billql.sandbox.mock import documents
from billql.sandbox.mock.binding import Binding, bind, values_of
from billql.sandbox.mock.documents import Document
from billql.sandbox.mock.filters import Place, conditions
from billql.sandbox.mock.forms import encode
from billql.sandbox.mock.layout import Endpoint, Layout, Segment, kind_of, plain_path, segments
from billql.sandbox.mock.paging import Items, Page, PageRequest, page_of
from billql.sandbox.mock.refusals import RefusedError
from billql.sandbox.mock.tables import Row, Tables
from billql.sandbox.mock.untidy import UntidyForms


class Reader(NamedTuple):
    """A method of a resource at an endpoint."""

    layout: Layout
    method: Method
    paginator: Paginator | None


@dataclass(frozen=True)
class Match:
    """A method that accepts a request."""

    reader: Reader
    binding: Binding
    rows: Sequence[Row]


class Endpoints(Routes):
    """The endpoints of a provider's definition."""

    def __init__(
        self, provider: Provider, tables: Tables, readers: Iterable[Reader], *, untidy: int | None
    ) -> None:
        super().__init__()
        self._provider = provider
        self._tables = tables
        self._untidy = untidy
        self._readers: dict[Endpoint, list[Reader]] = {}
        for reader in readers:
            self._readers.setdefault(Endpoint.of(reader.method), []).append(reader)
        # Of the paths that match, the one with the fewest placeholders is meant.
        ordered = sorted(self._readers, key=lambda one: one.path.count("{}"))
        self._patterns = [(_pattern(one.path), one) for one in ordered]

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Return what responds at a path; raise ApiError if nothing does."""
        known = False
        for pattern, endpoint in self._patterns:
            found = pattern.fullmatch(path.rstrip("/") or "/")
            if found is not None and endpoint.verb == method:
                values = [unquote(one) for one in found.groups()]
                return partial(self._respond, endpoint, values), {}
            known = known or found is not None
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND)

    def _respond(self, endpoint: Endpoint, values: Sequence[str], request: Request) -> Response:
        matches = self._matches(endpoint, values, request)
        for match in matches:
            if match.reader.method.response != "json":
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
        body = orjson.dumps(data)
        return Response(body, headers={**document.headers, **page.headers})

    # Which methods ------------------------------------------------------------------------------

    def _matches(self, endpoint: Endpoint, values: Sequence[str], request: Request) -> list[Match]:
        """Return the methods that accept a request; raise RefusedError with why none does."""
        bound = []
        filtered = conditions(self._provider.filter, request)
        for reader in self._readers[endpoint]:
            names = placeholders(reader.method.path)
            sent = values_of(request, dict(zip(names, values, strict=True))) | filtered
            columns = reader.layout.resource.columns
            bound.append((reader, bind(reader.method, columns, reader.paginator, request, sent)))
        fitting = [(reader, one) for reader, one in bound if not one.problems]
        if not fitting:
            _, nearest = min(bound, key=lambda one: len(one[1].problems))
            raise nearest.problems[0]
        matches = [
            Match(reader, one, self._rows(reader, one)) for reader, one in self._specific(fitting)
        ]
        found = [one for one in matches if one.rows or not _is_missing(one)]
        if not found:
            raise RefusedError(HTTPStatus.NOT_FOUND, "What was asked for does not exist")
        return found

    @staticmethod
    def _specific(fitting: list[tuple[Reader, Binding]]) -> list[tuple[Reader, Binding]]:
        """Return one method for each resource: that which makes most of the request."""
        best: dict[str, tuple[Reader, Binding]] = {}
        for reader, binding in fitting:
            known = best.get(reader.layout.name)
            if known is None or len(binding.conditions) > len(known[1].conditions):
                best[reader.layout.name] = (reader, binding)
        # What holds others comes before them.
        return sorted(best.values(), key=lambda one: _length(one[0].method))

    def _rows(self, reader: Reader, binding: Binding) -> list[Row]:
        """Return the rows that a request wants, in the order of the method."""
        layout = reader.layout
        scope = []
        conditions = []
        for one in binding.conditions:
            if one.column in layout.scopes and one.parameter.operator == "=":
                scope.append((one.column, one.values[0]))
            elif one.column not in layout.switches:
                conditions.append(one)
                if one.parameter.location != "path":
                    self._check_known(layout, one.column, one.values, one.name)
        rows = [
            row
            for row in self._tables.rows(layout.name, tuple(scope))
            if all(one.holds(row.cells.get(one.column)) for one in conditions)
        ]
        for term in reversed(reader.method.order):
            name = term.removeprefix("-")
            rows.sort(
                key=lambda row, name=name: _sortable(row.cells.get(name)),  # type: ignore[misc]
                reverse=term.startswith("-"),
            )
        return rows[:1] if reader.method.single else rows

    def _check_known(self, layout: Layout, column: str, values: tuple[Any, ...], name: str) -> None:
        """Raise RefusedError for a reference to nothing, where the API has an error for that."""
        unknown = self._provider.errors.unknown_value
        link = layout.references.get(column)
        if unknown is None or link is None or len(values) != 1:
            return
        if values[0] not in self._tables.values_of(link):
            raise RefusedError(
                HTTPStatus.BAD_REQUEST, f"There is no {values[0]}", unknown.code, parameter=name
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
        head = _head(segments(paged.reader.method.sources()[0].at))
        owners: dict[int, Row] = {}
        of_rows: dict[int, int] = {}
        for match in matches:
            for source, rows in _by_source(match):
                path = segments(source.at)
                for row in rows if _head(path) == head else ():
                    owner = document.owner(path, row, match.reader.layout)
                    owners.setdefault(id(owner), owner)
                    of_rows[id(row)] = id(owner)
        public = self._provider.url if untidy.strikes("links") else None
        if public is not None and "{" in public:
            public = None
        others = _flat(paged.binding.others)
        page = PageRequest(request, paged.binding.page, others, public)
        items = Items(len(owners), lambda: _ids(paged, list(owners.values())))
        found = page_of(paged.reader.paginator, page, items)
        # Rows outside of the list are on every page.
        included = {None, *list(owners)[found.start : found.stop]}
        return [
            replace(one, rows=[row for row in one.rows if of_rows.get(id(row)) in included])
            for one in matches
        ], found


def _is_paged(match: Match) -> bool:
    path = segments(match.reader.method.sources()[0].at)
    return match.reader.paginator is not None and any(one.kind for one in path)


def _head(path: Sequence[Segment]) -> Sequence[Segment]:
    """Return a path up to its first list or map; all of it if there is none."""
    place = next((place for place, one in enumerate(path) if one.kind), len(path))
    return path[: place + 1]


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


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(part) for part in path.split("{}")))


def _length(method: Method) -> int:
    return len(segments(method.sources()[0].at))


def _is_missing(match: Match) -> bool:
    """Return whether a request without rows is for a thing that does not exist."""
    in_path = any(one.parameter.location == "path" for one in match.binding.conditions)
    sources = match.reader.method.sources()
    is_thing = all(not any(one.kind for one in segments(source.at)) for source in sources)
    is_optional = all(source.optional for source in sources)
    return match.reader.method.response == "json" and (in_path or (is_thing and not is_optional))


def _is_map(matches: Sequence[Match]) -> bool:
    """Return whether the whole response is a map, in which one more member would be a row."""
    return any(
        source.at.startswith("{}") for one in matches for source in one.reader.method.sources()
    )


def _flat(others: Mapping[Place, list[Any]]) -> dict[Place, Any]:
    return {place: some[0] if len(some) == 1 else some for place, some in others.items()}


def _sortable(value: Any) -> tuple[bool, Any]:
    return value is not None, value if value is not None else 0


def _file(match: Match) -> Response:
    """Return the response of a method that returns a file."""
    layout, method = match.reader.layout, match.reader.method
    if method.response == "csv":
        return Response(documents.lines(layout, match.rows), content_type="text/csv")
    if not match.rows:
        raise RefusedError(HTTPStatus.NOT_FOUND, "What was asked for does not exist")
    row = match.rows[0]
    return documents.file(layout, row)
