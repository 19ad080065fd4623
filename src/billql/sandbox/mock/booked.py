"""The endpoints of a definition with the rows of a story in Python.

The books have whole documents; here they are selected by what a request asks for, cut into pages,
and put where the definition has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, cached_property
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from billql.definitions.catalog import Catalog
from billql.definitions.model import Column, Provider
from billql.definitions.stackql import is_stackql
from billql.messages import get_path
from billql.sandbox.api import ApiError, Json, Request, Response
from billql.sandbox.books import Body, Book, Books, File, Query
from billql.sandbox.mock.api import MockApi
from billql.sandbox.mock.binding import Binding, Condition
from billql.sandbox.mock.forms import read
from billql.sandbox.mock.layout import Endpoint, Layout, layouts, segments
from billql.sandbox.mock.paging import Items, Page, PageRequest, page_of, size_of
from billql.sandbox.mock.refusals import put
from billql.sandbox.mock.routing import DefinedRoutes, Reader, flat, head_of


class Shelf(NamedTuple):
    """Where the responses of an endpoint have the rows of a book."""

    layout: Layout
    book: Book
    path: str
    depth: int
    """How many steps its rows lie below those of the definition's path."""
    is_list: bool
    is_optional: bool

    @classmethod
    def of(cls, reader: Reader, book: Book) -> Shelf:
        """Return where a method has the rows of its resource."""
        sources = reader.method.sources()
        head = head_of(segments(sources[0].at))
        return cls(
            reader.layout,
            book,
            ".".join(one.name for one in head),
            len(head),
            any(one.kind for one in head),
            all(one.optional for one in sources),
        )


class BookedEndpoints(DefinedRoutes):
    """The endpoints of a provider that has books.

    `make` makes its mock, which responds for what no book is about.
    """

    def __init__(
        self,
        provider: Provider,
        readers: Sequence[Reader],
        books: Books,
        make: Callable[[], DefinedRoutes],
    ) -> None:
        self._books = books
        self._make = make
        books.members = {one.layout.name: _members(one.layout) for one in readers}
        tables = books.tables()
        # Where a page reaches only so far, a window may be of any length.
        reaching = {name for name, book in tables.items() if book.reach is not None}
        readers = [_of_any_window(one) if one.layout.name in reaching else one for one in readers]
        super().__init__(provider, readers, is_lenient=books.is_lenient)
        self._shelves: dict[Endpoint, list[Shelf]] = {}
        for endpoint, some in self._readers.items():
            booked = {one.layout.name: one for one in reversed(some) if one.layout.name in tables}
            self._shelves[endpoint] = [Shelf.of(one, tables[key]) for key, one in booked.items()]

    @cached_property
    def _mock(self) -> DefinedRoutes:
        return self._make()

    def respond(self, endpoint: Endpoint, values: Sequence[str], request: Request) -> Response:
        """Return the rows of the books that are about an endpoint."""
        if not self._shelves[endpoint]:
            return self._mock.respond(endpoint, values, request)
        fitting = self._fitting(endpoint, values, request)
        body: Json = {}
        headers: dict[str, str] = {}
        for shelf in self._shelves[endpoint]:
            same = (one for one in fitting if one[0].layout is shelf.layout)
            reader, binding = next(same, fitting[0])
            if shelf.is_list and self._books.page(request, 0) is None:
                size_of(reader.paginator, PageRequest(request, binding.page, {}))
            query = _query(request, binding)
            rows = shelf.book.rows(query)
            self._check_known(reader, binding)
            hidden = _hidden(shelf, reader, binding)
            if isinstance(rows, File):
                return _file(rows)
            if isinstance(rows, Body):
                return Response.json(self._books.shown(rows.json, query, hidden))
            if rows is not None:
                rows = _selected(shelf, reader, binding, rows)
            if shelf.is_list and rows is not None:
                page = self._page(shelf.book, query, reader, binding, rows)
                beside = self._books.beside(request, page.start, page.stop, len(rows))
                rows = rows[page.start : page.stop]
                for place, value in {**page.members, **beside}.items():
                    put(body, place, value)
                headers |= page.headers
            shown = None
            if rows is not None:
                shown = [self._books.shown(row, query, hidden) for row in rows]
            _place(body, shelf, shown)
        response = Response.json(body)
        return Response(response.body, headers=headers)

    def _check_known(self, reader: Reader, binding: Binding) -> None:
        """Raise ApiError for a filter that refers to nothing, where the API has an error for it."""
        unknown = self._provider.errors.unknown_value
        for one in binding.conditions if unknown is not None else ():
            link = reader.layout.references.get(one.column)
            if link is None or one.parameter.location == "path" or len(one.values) != 1:
                continue
            if unknown is not None and not self._books.knows(link.table, one.values[0]):
                message = f"There is no {one.values[0]}"
                raise ApiError(HTTPStatus.BAD_REQUEST, message, unknown.code, one.name)

    def _page(
        self, book: Book, query: Query, reader: Reader, binding: Binding, rows: Sequence[Json]
    ) -> Page:
        request = query.request
        part = None if reader.paginator is None else self._books.page(request, len(rows))
        if part is not None:
            return Page(part.start, part.stop, part.members)
        path = getattr(reader.paginator, "id", "")

        def end(start: int, stop: int) -> int:
            reach = stop if book.reach is None else start + book.reach(query, rows[start:stop])
            return min(stop, reach)

        unknown = self._provider.errors.unknown_value
        asked = PageRequest(
            request,
            binding.page,
            flat(binding.others),
            usual=book.usual or self._books.usual,
            end=end,
            unknown=None if unknown is None else unknown.code,
        )
        items = Items(len(rows), lambda: [get_path(row, path) for row in rows])
        return page_of(reader.paginator, asked, items)


def serve(
    chosen: Catalog | None, seed: int, scale: int, until: date, books: Books
) -> BookedEndpoints:
    """Return the endpoints of a provider by its definition: of a catalog, or as it is shipped."""
    name = books.name
    is_usable = chosen is not None and not is_stackql(chosen.folder(name))
    catalog = chosen if chosen is not None and is_usable else _shipped()

    def make() -> DefinedRoutes:
        mock = MockApi(catalog, name, seed=seed, scale=scale, until=until, untidy=False)
        return mock.routes

    tables = {
        f"{service}.{resource}": catalog.table(f"{name}.{service}.{resource}")
        for service in catalog.services(name)
        for resource in catalog.resources(name, service)
    }
    found = layouts(name, {path: table.resource for path, table in tables.items()})
    readers = [
        Reader(found[path], method, table.paginator(method))
        for path, table in tables.items()
        for method in table.resource.methods.values()
    ]
    return BookedEndpoints(catalog.provider(name), readers, books, make)


@cache
def _shipped() -> Catalog:
    """Return the definitions that billql ships, which are read once."""
    return Catalog()


def _members(layout: Layout) -> list[str]:
    """Return the members that columns read, without those that must be asked for."""
    paths = [one.path or name for name, one in layout.resource.columns.items() if not one.hidden]
    return sorted({path.partition(".")[0].removesuffix("[]") for path in paths if path[0] != "$"})


def _of_any_window(reader: Reader) -> Reader:
    method = msgspec.structs.replace(reader.method, window_limit=None)
    return reader._replace(method=method)


def _query(request: Request, binding: Binding) -> Query:
    values = {
        one.name: one.values if one.parameter.lists is not None else one.values[0]
        for one in binding.conditions
    }
    return Query(request, values, {name: some for (_, name), some in binding.others.items()})


def _selected(
    shelf: Shelf, reader: Reader, binding: Binding, rows: Sequence[Json]
) -> Sequence[Json]:
    """Return the rows that a request selects; the same, if that is not by their columns."""
    tests = [
        (condition, path, reader.layout.resource.columns[condition.column])
        for condition in binding.conditions
        if condition.name not in shelf.book.selects
        if (path := _path_in(shelf, reader, condition.column)) is not None
    ]
    if not tests:
        return rows
    return [row for row in rows if all(_holds(row, *test) for test in tests)]


def _path_in(shelf: Shelf, reader: Reader, name: str) -> str | None:
    """Return where a row of a book has the value of a column; None if no row has it.

    The rows of a reader may lie within those of the book.
    """
    column = reader.layout.resource.columns[name]
    path = column.path or name
    for _ in range(len(segments(reader.method.sources()[0].at)) - shelf.depth):
        if not path.startswith("$parent."):
            return None
        path = path.removeprefix("$parent.")
    return None if path.startswith("$") or column.value is not None else path


def _holds(row: Json, condition: Condition, path: str, column: Column) -> bool:
    outer, is_list, inner = path.partition("[]")
    found = get_path(row, outer)
    if is_list:
        inner = inner.removeprefix(".")
        elements = [get_path(one, inner) if inner else one for one in found or ()]
        return any(condition.holds(read(column, one)) for one in elements)
    return condition.holds(read(column, found))


def _hidden(shelf: Shelf, reader: Reader, binding: Binding) -> list[str]:
    """Return the paths that a row lacks because what asks for them was not sent."""
    paths = (_path_in(shelf, reader, name) for name in sorted(binding.hidden))
    return [path for path in paths if path is not None]


def _place(body: Json, shelf: Shelf, rows: Sequence[Json] | None) -> None:
    """Put rows where the definition has them; raise ApiError for a thing that does not exist."""
    if shelf.is_list or rows is None:
        put(body, shelf.path, rows)
    elif rows and shelf.path:
        put(body, shelf.path, rows[0])
    elif rows:
        body |= rows[0]
    elif not shelf.is_optional:
        raise ApiError(HTTPStatus.NOT_FOUND)


def _file(file: File) -> Response:
    disposition = {"content-disposition": f'attachment; filename="{file.name}"'}
    return Response(
        file.body, content_type=file.content_type, headers=disposition if file.name else {}
    )
