"""The books of a provider: what a story in Python has of it, as documents of its API.

Each resource has a book: its rows, in the form in which the API sends them. How they are requested,
filtered, cut into pages and refused stands in the definition, by which `mock.booked` serves them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeVar, overload

from billql.sandbox.api import Json, Request, Routes

T = TypeVar("T")


class File(NamedTuple):
    """A response that is no JSON."""

    body: bytes
    content_type: str
    name: str | None = None
    """The name that it is saved under."""


class Lazy(Sequence[Json]):
    """The rows that some things make, each of which is written when it is shown."""

    def __init__(self, things: Sequence[T], write: Callable[[T], Json]) -> None:
        self.things: Sequence[Any] = things
        self._write: Callable[[Any], Json] = write

    def __len__(self) -> int:
        return len(self.things)

    @overload
    def __getitem__(self, place: int) -> Json: ...
    @overload
    def __getitem__(self, place: slice) -> Lazy: ...
    def __getitem__(self, place: int | slice) -> Json | Lazy:
        if isinstance(place, slice):
            return Lazy(self.things[place], self._write)
        return self._write(self.things[place])


class Body(NamedTuple):
    """A response that is JSON and no list of rows: it has them where the definition reads them."""

    json: Json


Rows = Sequence[Json] | File | Body | None
"""The rows of a response before they are cut into pages; None is sent as null."""


class Query(NamedTuple):
    """What a request asks for."""

    request: Request
    values: Mapping[str, Any]
    """By the API's name of the parameter: a text, a number, the Unix second in which a time
    begins, or a tuple of these where the parameter takes a list."""
    sent: Mapping[str, Sequence[Any]]
    """The same as they were sent, with the constants of the definition."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a parameter."""
        return self.values.get(name, default)

    def has(self, name: str, value: Any) -> bool:
        """Return whether a parameter was sent with a value, such as a switch that is on."""
        return value in self.sent.get(name, ())


class Book(NamedTuple):
    """The rows of one resource."""

    rows: Callable[[Query], Rows]
    """Returns the rows; raises ApiError for what the API refuses or does not find."""
    selects: Collection[str] = ()
    """The parameters by which `rows` selects. By all others rows are selected by the columns that
    the parameters filter, except for columns that no row shows, which are up to `rows`."""
    usual: int | None = None
    """How many rows a page has if no size is asked for, where that is not as in other lists."""
    reach: Callable[[Query, Sequence[Json]], int] | None = None
    """Returns how many of some rows a page holds at most, beside its size."""


class Part(NamedTuple):
    """Which rows a page has."""

    start: int
    stop: int
    members: Mapping[str, Any]
    """What the response has beside the rows, by path."""


class Books:
    """All books of a provider; a subclass is its `Api`, with credentials, errors and headers.

    `serve` makes the endpoints of the definition, with these books.
    """

    name: ClassVar[str]
    usual: ClassVar[int] = 20
    """How many rows a page has if no size is asked for."""
    is_lenient: ClassVar[bool] = False
    """Whether it ignores parameters that it does not know, and responds 404 to what cannot be an
    id."""

    def __init__(self, serve: Callable[[Books], Routes]) -> None:
        self._serve = serve

    members: Mapping[str, Sequence[str]] = {}
    """The members that the columns of a resource read, in alphabetical order, without those that
    must be asked for; set by `serve`, before the books are opened."""

    @cached_property
    def routes(self) -> Routes:
        """The endpoints, which are made when they are first needed."""
        return self._serve(self)

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource, such as `billing.invoices`."""
        raise NotImplementedError

    def page(self, request: Request, total: int) -> Part | None:
        """Return a page of a paged list, if its pages are not as the definition has it."""
        return None

    def beside(self, request: Request, start: int, stop: int, total: int) -> Mapping[str, Any]:
        """Return what a response with a list has beside rows and paging, by path."""
        return {}

    def shown(self, row: Json, query: Query, hidden: Sequence[str]) -> Json:
        """Return a row as a request wants it: without what is hidden, which are paths."""
        return without(row, hidden)

    def knows(self, resource: str, value: Any) -> bool:
        """Return whether a value identifies a row of a resource that a filter refers to."""
        return True


def without(row: Json, paths: Sequence[str]) -> Json:
    """Return a row without some of its members, which are paths."""
    for path in paths:
        name, _, rest = path.partition(".")
        inner = row.get(name)
        if not rest:
            row = {key: value for key, value in row.items() if key != name}
        elif isinstance(inner, dict):
            row = row | {name: without(inner, [rest])}
    return row
