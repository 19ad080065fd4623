"""What goes to an API and what comes back: Request, Answer and Page, plain immutable data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

Scalar = str | int | float | bool
"""What a query parameter or a header can carry."""


class Home(NamedTuple):
    """Where an API is asked, and where the rest of the world does it.

    Its own links name the latter, if they are not made for who asks through a gateway.
    """

    url: str
    public: str


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without its credential.

    `url` has no query; `query` keeps its order and may name a parameter several times; `body` is
    sent as JSON. `keeps` names the headers of its answer that rows are made of, `home` where its
    API is asked, if that is not the definition's address. Requests that are equal get equal
    answers.
    """

    method: Literal["GET", "POST"]
    url: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = field(default=None, hash=False)
    headers: tuple[tuple[str, str], ...] = ()
    keep_headers: tuple[str, ...] = ()
    home: Home | None = field(default=None, compare=False)

    @property
    def content(self) -> bytes | None:
        """Give the body as it is sent; raises ValueError for what JSON cannot say."""
        if self.body is None:
            return None
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()

    def with_query(self, name: str, value: Scalar) -> Request:
        """Give the request with a query parameter set, in place of its earlier values."""
        others = tuple(pair for pair in self.query if pair[0] != name)
        return replace(self, query=(*others, (name, to_text(value))))

    def with_body(self, name: str, value: Any) -> Request:
        """Give the request with a member of its JSON body set; `a.b` is one of a nested object."""
        return replace(self, body=_with_member(self.body or {}, name.split("."), value))


@dataclass(frozen=True, slots=True)
class Response:
    """A successful answer: its body, and the few headers that rows are made of.

    `headers` has lower-case names, and only what its request keeps and `RESPONSE_HEADERS` lists.
    `between` names what may have answered in place of the API: a proxy, another base URL.
    """

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    between: str | None = None


RESPONSE_HEADERS = (
    "content-disposition",
    "content-range",
    "content-type",
    "link",
    "x-next-page",
    "x-total-count",
    "x-total-pages",
)
"""The answer's headers that definitions and paginators may read; nothing secret travels there."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, as a paginator sees it: its data, and how many items it holds.

    `headers` are those of the answer that were kept, `rows` how many rows were made of its items,
    and `lists` the paths to where these are. `exact` gives the same page with every digit of its
    numbers, where the data may lack some.
    """

    data: Any
    count: int
    last_item: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    lists: tuple[str, ...] = ()
    exact: Callable[[], Page] | None = None

    def at(self, path: str) -> Any:
        """Find what leads to the next page, such as a token, with all of its digits."""
        found = get_path(self.data, path)
        return found if self._is_whole(found) else self._exactly().at(path)

    def of_last_item(self, path: str) -> Any:
        """Find a member of the last item, such as its id, with all of its digits."""
        found = get_path(self.last_item, path)
        return found if self._is_whole(found) else self._exactly().of_last_item(path)

    def _is_whole(self, found: Any) -> bool:
        return self.exact is None or not isinstance(found, float)

    def _exactly(self) -> Page:
        assert self.exact is not None
        return self.exact()


def _with_member(data: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    if path[1:]:
        value = _with_member(data.get(path[0], {}), path[1:], value)
    return {**data, path[0]: value}


def to_text(value: Scalar) -> str:
    """Give a parameter's value as it stands in a URL: booleans in JSON's spelling, and a whole
    number without a fraction, as APIs write the ids that they call numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def get_path(data: Any, path: str) -> Any:
    """Find `a.b.c` in nested objects; None where a part is missing.

    A member whose own name has dots, such as `@odata.nextLink`, is found if nothing else is.
    """
    found = data
    for name in path.split("."):
        if not isinstance(found, dict):
            break
        found = found.get(name)
    else:
        if found is not None:
            return found
    return data.get(path) if isinstance(data, dict) else None
