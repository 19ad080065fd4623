"""What goes to an API and what comes back: Request, Response and Page, plain immutable data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple
from urllib.parse import urlencode

import msgspec

if TYPE_CHECKING:
    from decimal import Decimal

Scalar = str | int | float | bool
"""What a query parameter or a header can carry."""


class Home(NamedTuple):
    """The base URL that requests go to, such as a gateway's, and the API's public one.

    The API's own links may have either.
    """

    url: str
    public: str


class Charge(NamedTuple):
    """What an API charges for requests, in the major units of a currency."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: float, currency: str) -> Charge:
        """Return it with the amount that a number's shortest decimal spelling has."""
        from decimal import Decimal

        return cls(Decimal(str(amount)), currency)

    def plus(self, other: Charge | None) -> Charge:
        """Return the sum of two charges in one currency; None is no charge."""
        return self if other is None else self._replace(amount=self.amount + other.amount)

    def __str__(self) -> str:
        """Return it for people, such as USD 0.01."""
        places = max(2, -int(self.amount.normalize().as_tuple().exponent))
        return f"{self.currency} {self.amount:.{places}f}"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without its credential.

    `url` has no query; `query` keeps its order and may name a parameter several times; `body` is
    sent as JSON. `keep_headers` are the headers of its response that rows are made of; `home` are
    the API's base URLs, where its own is not the definition's; `charge` is what the API charges for
    sending it once. Equal requests have equal responses.
    """

    method: Literal["GET", "POST"]
    url: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = field(default=None, hash=False)
    headers: tuple[tuple[str, str], ...] = ()
    keep_headers: tuple[str, ...] = ()
    home: Home | None = field(default=None, compare=False)
    charge: Charge | None = field(default=None, compare=False)

    content_type: ClassVar[str] = "application/json"
    """The media type of the body."""

    @property
    def content(self) -> bytes | None:
        """Return the body as it is sent; raise ValueError for what JSON cannot hold."""
        if self.body is None:
            return None
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()

    def with_query(self, name: str, value: Scalar) -> Request:
        """Return the request with a query parameter set, in place of its earlier values."""
        others = tuple(pair for pair in self.query if pair[0] != name)
        return replace(self, query=(*others, (name, to_text(value))))

    def with_body(self, name: str, value: Any) -> Request:
        """Return the request with a member of its JSON body set; `a.b` is a nested one, `a[0].b`
        one of the first item of a list.
        """
        return replace(self, body=_with_member(self.body or {}, name.split("."), value))


class FormRequest(Request):
    """A request whose body is sent as a form, as servers of OAuth want it."""

    __slots__ = ()

    content_type: ClassVar[str] = "application/x-www-form-urlencoded"

    @property
    def content(self) -> bytes | None:
        """Return the body as it is sent."""
        return urlencode(self.body or {}).encode()


class Response(msgspec.Struct, frozen=True):
    """A successful response: its body, and the few headers that rows are made of.

    `headers` has lower-case names, and only those of `keep_headers` and `RESPONSE_HEADERS`.
    `between` names what may have responded in place of the API: a proxy, another base URL.
    """

    body: bytes
    media_type: str
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
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
"""The headers of responses that definitions and paginators may read; none holds a secret."""


class Page(msgspec.Struct, frozen=True):
    """One page of a list, as a paginator sees it: its data, and how many items it holds.

    `headers` are those of the `Response`, `rows` is the number of rows that its items make, `lists`
    are the paths of its items. `exact` returns the same page with every digit of its
    numbers, where the data may lack some.
    """

    data: Any
    count: int
    last_item: Any = None
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    rows: int = 0
    lists: tuple[str, ...] = ()
    exact: Callable[[], Page] | None = None

    def at(self, path: str) -> Any:
        """Return what leads to the next page, such as a token, with all of its digits."""
        found = get_path(self.data, path)
        return found if self._is_whole(found) else self._exactly().at(path)

    def of_last_item(self, path: str) -> Any:
        """Return a member of the last item, such as its id, with all of its digits."""
        found = get_path(self.last_item, path)
        return found if self._is_whole(found) else self._exactly().of_last_item(path)

    def _is_whole(self, found: Any) -> bool:
        return self.exact is None or not isinstance(found, float)

    def _exactly(self) -> Page:
        assert self.exact is not None
        return self.exact()


def _with_member(data: Mapping[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    step, inner = path[0], path[1:]
    if (found := position_of(step)) is None:
        return {**data, step: _with_member(data.get(step, {}), inner, value) if inner else value}
    name, place = found
    items = list(data.get(name, ()))
    items += [{} for _ in range(place + 1 - len(items))]
    items[place] = _with_member(items[place], inner, value) if inner else value
    return {**data, name: items}


def position_of(step: str) -> tuple[str, int] | None:
    """Return the name and the number of a step like `items[0]` of a path; None for any other."""
    name, _, number = step.removesuffix("]").partition("[")
    return (name, int(number)) if step.endswith("]") and number.isdecimal() else None


def to_text(value: Scalar) -> str:
    """Return a parameter's value as it stands in a URL: booleans in JSON's spelling, and a whole
    number without a fraction, as APIs write the ids that they call numbers.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def constant_text(value: Scalar | tuple[Scalar, ...]) -> str:
    """Return a constant of a definition for people; a list has commas between its items."""
    return ", ".join(map(to_text, value)) if isinstance(value, tuple) else to_text(value)


def get_path(data: Any, path: str) -> Any:
    """Return `a.b.c` of nested objects, `a[0].b` of the first item of a list; None where a part is
    missing.

    A member whose own name has dots, such as `@odata.nextLink`, is found if nothing else is.
    """
    found = data
    for name in path.split("."):
        if not isinstance(found, dict):
            break
        holder, found = found, found.get(name)
        if found is None and name[-1:] == "]":
            found = _item(holder, name)
    else:
        if found is not None:
            return found
    return data.get(path) if isinstance(data, dict) else None


def _item(holder: Mapping[str, Any], step: str) -> Any:
    """Return the item of a list that `a[0]` names; None if there is none."""
    name, place = position_of(step) or (step, 0)
    items = holder.get(name)
    return items[place] if isinstance(items, list) and place < len(items) else None
