"""Pages of each paging kind of the format: which items, and what leads to the next."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from billql.definitions.pagination import (
    AfterId,
    CursorToken,
    LinkArray,
    LinkHeader,
    NextUrl,
    PageCount,
    PageNumber,
    Paginator,
)
from billql.sandbox.api import Request
from billql.sandbox.mock.refusals import bad_request

LINK_PARAMETER: Final = "page_token"
"""The parameter of the addresses of next pages, where the definition does not name it."""

_USUAL_SIZE: Final = 20
"""How many items a page has if nothing else is asked for."""


@dataclass(frozen=True)
class PageRequest:
    """What of a request asks for a page."""

    request: Request
    values: Mapping[tuple[str, str], Any]
    """The values of the parameters that the paging sets, by place and name."""
    others: Mapping[tuple[str, str], Any]
    """All other parameters; a list is one list only while they stay the same."""
    public: str | None = None
    """The API's own address, if the links to other pages have it; empty if they have none."""
    usual: int = _USUAL_SIZE
    """How many items it has if no size is asked for."""
    end: Callable[[int, int], int] = lambda start, stop: stop
    """Returns where a page ends that begins and would end at some places."""
    unknown: str | None = None
    """The code of the error for an id that does not exist, if the API has one."""

    @property
    def base(self) -> str:
        """What the links to other pages begin with."""
        return self.request.origin if self.public is None else self.public


class Items(NamedTuple):
    """The items of a whole list."""

    total: int
    ids: Callable[[], Sequence[Any]]
    """Returns the ids of all of them."""


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    start: int
    stop: int
    members: Mapping[str, Any] = field(default_factory=dict)
    """What the response has beside the items, by path."""
    headers: Mapping[str, str] = field(default_factory=dict)


def parameters(paginator: Paginator) -> set[tuple[str, str]]:
    """Return the parameters of pages that a mock accepts, by place and name."""
    found = set(paginator.parameters())
    if isinstance(paginator, NextUrl | LinkHeader | LinkArray):
        found.add(_in_links(paginator))
    return found


def page_of(paginator: Paginator | None, page: PageRequest, items: Items) -> Page:
    """Return the page that a request asks for; raise ApiError if it is not valid."""
    if paginator is None:
        return Page(0, items.total)
    for kind, function in _KINDS.items():
        if isinstance(paginator, kind):
            return function(paginator, page, items)
    return Page(0, items.total)


def size_of(paginator: Paginator | None, page: PageRequest) -> int:
    """Return how many items a page may have; raise ApiError for a size that is not valid."""
    if paginator is None:
        return _USUAL_SIZE
    most = paginator.size or page.usual
    if paginator.size is None or paginator.size_parameter is None:
        return most
    most = paginator.most(page.request.pairs)
    place = "body" if paginator.sends_in_body else "query"
    value = page.values.get((place, paginator.size_parameter))
    if value is None:
        return min(most, max(paginator.least, page.usual))
    size = _count(paginator.size_parameter, value, paginator.least)
    if size > most:
        name = paginator.size_parameter
        raise bad_request(f"{name} must be at most {most}", name)
    return size


def _count(name: str, value: Any, least: int = 1) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and 0 < len(text) < 19):
        raise bad_request(f"{name} must be a number", name)
    if int(text) < least:
        raise bad_request(f"{name} must be at least {least}", name)
    return int(text)


def _number(paginator: PageNumber | PageCount, page: PageRequest) -> int:
    """Return how many pages lie before the one that is asked for."""
    value = page.values.get(paginator.position)
    first = paginator.first_page
    return 0 if value is None else _count(paginator.parameter, value, first) - first


def _by_number(paginator: PageNumber, page: PageRequest, items: Items) -> Page:
    size = size_of(paginator, page)
    start = _number(paginator, page) * size
    return Page(start, start + size, {paginator.total: items.total})


def _by_count(paginator: PageCount, page: PageRequest, items: Items) -> Page:
    size = size_of(paginator, page)
    start = _number(paginator, page) * size
    return Page(start, start + size, {paginator.pages_at: -(-items.total // size)})


def _after_id(paginator: AfterId, page: PageRequest, items: Items) -> Page:
    size = size_of(paginator, page)
    after = page.values.get(paginator.position)
    start = 0
    if after is not None:
        ids = [str(one) for one in items.ids()]
        if str(after) not in ids:
            message = f"There is no {after} to begin after"
            raise bad_request(message, paginator.parameter, page.unknown)
        start = ids.index(str(after)) + 1
    return Page(start, start + size, {paginator.more: start + size < items.total})


def _by_token(paginator: CursorToken, page: PageRequest, items: Items) -> Page:
    size = size_of(paginator, page)
    value = page.values.get(paginator.position)
    carried = {
        name: some
        for (place, name), some in page.others.items()
        if place == "query" and name in paginator.refused_beside
    }
    others = {place: some for place, some in page.others.items() if place[1] not in carried}
    start = _start(paginator.parameter, str(value), others) if value else 0
    stop = page.end(start, start + size)
    has_more = stop < items.total or paginator.until_empty
    members: dict[str, Any] = {paginator.path: _token(stop, others, carried) if has_more else None}
    if paginator.more is not None:
        members[paginator.more] = has_more
    return Page(start, stop, members)


def resumed(paginator: Paginator | None, values: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    """Return the query parameters that a page token stands for.

    Raise ApiError if one of them is sent beside it.
    """
    if not isinstance(paginator, CursorToken) or not paginator.refused_beside:
        return {}
    token = values.get(paginator.position)
    if not token:
        return {}
    for name in paginator.refused_beside:
        if ("query", name) in values:
            raise bad_request(f"{name} is not taken beside {paginator.parameter}", name)
    carried = _read(paginator.parameter, str(token))[2]
    return dict(carried)


def _by_link(paginator: NextUrl, page: PageRequest, items: Items) -> Page:
    found = _linked(paginator, page, items)
    members: dict[str, Any] = {paginator.path: _link(paginator, found, page, items)}
    if paginator.total is not None:
        members[paginator.total] = items.total
    return Page(found.start, found.stop, members)


def _by_header(paginator: LinkHeader, page: PageRequest, items: Items) -> Page:
    found = _linked(paginator, page, items)
    link = _link(paginator, found, page, items)
    return Page(found.start, found.stop, {}, {"link": f'<{link}>; rel="next"'} if link else {})


def _by_array(paginator: LinkArray, page: PageRequest, items: Items) -> Page:
    found = _linked(paginator, page, items)
    link = _link(paginator, found, page, items)
    links = [{"rel": "self", "href": f"{page.base}{page.request.path}"}]
    links += [{"rel": "next", "href": link}] if link else []
    return Page(found.start, found.stop, {paginator.path: links})


def _in_links(paginator: Paginator) -> tuple[str, str]:
    """Return the place and the name of the parameter by which links ask for a page."""
    return paginator.position or ("query", LINK_PARAMETER)


def _linked(paginator: Paginator, page: PageRequest, items: Items) -> Page:
    place = _in_links(paginator)
    token = page.values.get(place)
    start = 0 if token is None else _start(place[1], str(token), page.others)
    return Page(start, start + size_of(paginator, page))


def _link(paginator: Paginator, found: Page, page: PageRequest, items: Items) -> str | None:
    if found.stop >= items.total:
        return None
    request = page.request
    _, name = _in_links(paginator)
    pairs = [pair for pair in request.pairs if pair[0] != name]
    query = urlencode([*pairs, (name, _token(found.stop, page.others))])
    return f"{page.base}{request.path}?{query}"


def _token(
    start: int, others: Mapping[tuple[str, str], Any], carried: Mapping[str, Any] | None = None
) -> str:
    """Return the token of a page; it holds for a list with the same other parameters alone.

    `carried` are parameters that may not be sent beside the token; it stands for them.
    """
    text = json.dumps([start, _digest(others), carried or {}])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _start(name: str, token: str, others: Mapping[tuple[str, str], Any]) -> int:
    start, digest, _ = _read(name, token)
    if digest != _digest(others):
        raise bad_request(f"{name} is the token of a list with other parameters", name)
    return int(start)


def _read(name: str, token: str) -> tuple[int, str, Mapping[str, Any]]:
    try:
        padded = token + "=" * (-len(token) % 4)
        start, digest, carried = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (ValueError, TypeError):
        raise bad_request(f"{name} is no token of a next page", name) from None
    return start, digest, carried


def _digest(others: Mapping[tuple[str, str], Any]) -> str:
    text = json.dumps(sorted((*key, str(value)) for key, value in others.items()))
    return sha256(text.encode()).hexdigest()[:12]


_KINDS: Final[Mapping[type[Paginator], Callable[[Any, PageRequest, Items], Page]]] = {
    PageNumber: _by_number,
    PageCount: _by_count,
    AfterId: _after_id,
    CursorToken: _by_token,
    NextUrl: _by_link,
    LinkHeader: _by_header,
    LinkArray: _by_array,
}
