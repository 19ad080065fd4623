"""Paginators: whatever pages say, a list ends, and no page of it is taken twice."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from functools import cache
from typing import Any

import httpx
import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from billql.config.settings import Settings
from billql.definitions.pagination import (
    AfterId,
    CursorToken,
    LinkHeader,
    NextUrl,
    PageCount,
    PageNumber,
    Paginator,
    SinglePage,
)
from billql.errors import BadResponse, BadValue, ListChanged
from billql.http.exchange import NetworkBackend
from billql.messages import Page, Request

from .drawing import JSON, TEXTS
from .prop import Property

FIRST = Request("GET", "https://api.example.com/v1/things", (("since", "2025-01"),), body=None)
PAGINATORS: tuple[Paginator, ...] = (
    PageNumber(total="total", size=2),
    PageNumber(total="total", size=None, size_parameter=None),
    PageCount(pages_at="total"),
    NextUrl(path="next"),
    NextUrl(path="next", total="total"),
    LinkHeader(),
    CursorToken(path="next", size=2),
    CursorToken(path="next", parameter="a.b", location="body", size=2, size_location="body"),
    CursorToken(path="next", location="header", parameter="X-Next", until_empty=True),
    CursorToken(path="next", refused_beside=("since",)),
    AfterId(more="more"),
    SinglePage(),
)
NEXT: SearchStrategy[Any] = st.one_of(
    st.none(),
    st.sampled_from(("", "a", "b", 1, "?page=2", "?page=2#x", "?since=2025-01", "?page=3&page=4")),
    TEXTS,
    JSON,
)
TOTALS: SearchStrategy[Any] = st.integers(0, 6) | JSON


@st.composite
def lists(draw: DrawFn) -> tuple[Paginator, list[Page]]:
    """Draw a paginator, and the pages that an API gives in turn."""
    pages = [
        Page(
            {"next": draw(NEXT), "total": draw(TOTALS), "more": draw(st.booleans() | JSON)},
            draw(st.integers(0, 3)),
            {"id": draw(NEXT)},
            {"link": draw(st.just("") | NEXT.map(lambda to: f'<{to}>; rel="next"') | TEXTS)},
        )
        for _ in range(draw(st.integers(1, 5)))
    ]
    if draw(st.booleans()):
        total = draw(TOTALS)
        pages = [msgspec.structs.replace(one, data={**one.data, "total": total}) for one in pages]
    return draw(st.sampled_from(PAGINATORS)), pages


def ends(drawn: tuple[Paginator, list[Page]]) -> None:
    """A list ends, or is no list; what it asks for can be sent, and stays with its server."""
    paginator, pages = drawn
    first = FIRST if not paginator.sends_in_body else replace(FIRST, method="POST", body={})
    first = paginator.with_page_size(first, None)
    answered: list[tuple[Request, Page]] = []
    coming: deque[Request] = deque()
    reading = paginator.pages(first)
    try:
        coming.extend(next(reading))
        for turn in range(50):
            request = coming.popleft()
            assert request.url.startswith("https://api.example.com/")
            _send(request)
            # The same request gets the same answer as long as a statement runs.
            known = (page for asked, page in answered if asked == request)
            page = next(known, pages[turn % len(pages)])
            answered.append((request, page))
            coming.extend(reading.send(page))
    except StopIteration:
        assert not coming
        asked = [request for request, _ in answered]
        assert all(request not in asked[:number] for number, request in enumerate(asked))
    except (BadResponse, BadValue, ListChanged):
        pass


def _send(request: Request) -> None:
    """Hand a request to the backend, which may refuse it."""
    _backend().exchange(request, {}, threading.Event())


@cache
def _backend() -> NetworkBackend:
    return NetworkBackend(Settings(), httpx.MockTransport(lambda _: httpx.Response(200)))


PROPERTIES = (Property("paging", lists(), ends, 200),)
