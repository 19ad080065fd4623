"""What documents say of pages, as billql's own kinds; where they are silent, nothing is cut."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.pagination import (
    CursorToken,
    LinkHeader,
    NextUrl,
    PageCount,
    Paging,
    SinglePage,
)
from billql.definitions.stackql.document import Unsupported
from billql.definitions.stackql.paging import paging
from billql.definitions.stackql.settings import Settings


def of(
    asked: Any = None, answered: Any = None, *, is_list: bool = True, names: str = "", **said: Any
) -> Paging | None:
    """Give the paging of a method whose parameters and members all have these names."""
    pagination = {"requestToken": asked, "responseToken": answered, **said} if asked else None
    settings = Settings({"pagination": pagination})
    parameters = dict.fromkeys(names.split(), "query")
    return paging(settings, parameters, names.split(), is_list)[0]


def at(key: str, location: str = "body") -> dict[str, str]:
    return {"key": key, "location": location}


def test_tokens() -> None:
    query = CursorToken(path="next", parameter="page", size_parameter=None)
    assert of(at("page", "query"), at("$.next")) == query
    assert of(at("page", "query"), at("next")) == query
    found = of(at("T", "body"), at("$.meta.next"))
    assert found == CursorToken(
        path="meta.next", parameter="T", location="body", size_parameter=None
    )
    assert isinstance(of(at("T", "header"), at("next")), CursorToken)


def test_addresses() -> None:
    assert of(at("", "request"), at("$.links.next")) == NextUrl(path="links.next")
    assert of(at("", "request"), at("Link", "header")) == LinkHeader()
    found = of(at("x", "query"), at("@odata.nextLink"), algorithm="odata_next_link")
    assert found == NextUrl(path="@odata.nextLink")


def test_numbers() -> None:
    said: dict[str, Any] = {"algorithm": "page_number", "responseTerminator": at("$.pages")}
    found = of(at("page", "query"), at("$.page"), names="page pages", **said)
    assert found == PageCount(parameter="page", pages_at="pages")
    assert of(at("page", "query"), at("$.page"), names="page", **said) == SinglePage()


def test_what_is_not_said() -> None:
    assert of() == SinglePage()
    assert of(is_list=False) is None
    assert paging(Settings({}), {}, ["id", "NextPageToken"], False)[0] == SinglePage()
    same = CursorToken(
        path="NextToken", parameter="NextToken", location="body", size_parameter=None
    )
    assert paging(Settings({}), {"NextToken": "body"}, ["NextToken"], False)[0] == same
    assert of(names="value nextLink") == NextUrl(path="nextLink")
    usual = CursorToken(path="nextPageToken", parameter="pageToken", size_parameter=None)
    assert of(names="pageToken") == usual


def test_one_row_is_no_list() -> None:
    assert of(at("page", "query"), at("$.next"), is_list=False) is None
    assert of(at("", "request"), at("Link", "header"), is_list=False) is None
    assert isinstance(of(at("p", "query"), at("$.next"), is_list=False, names="next"), CursorToken)


def test_the_largest_page_is_asked_for_where_it_can_be() -> None:
    said = {
        "pagination": {"requestToken": at("", "request"), "responseToken": at("next")},
        "queryParamPushdown": {"top": {"paramName": "per_page", "maxValue": 200}},
    }
    found, own = paging(Settings(said), {"per_page": "query"}, [], True)
    assert found == NextUrl(path="next", size=200, size_parameter="per_page")
    assert "per_page" in own
    assert paging(Settings(said), {}, [], True)[0] == NextUrl(path="next")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (at("p", "query"), at("X-Next", "header")),
        (at("p", "cookie"), at("next")),
        (at("p", "query"), at("$.a[0].next")),
    ],
)
def test_what_is_not_done(asked: Any, answered: Any) -> None:
    with pytest.raises(Unsupported):
        of(asked, answered)


def test_the_innermost_setting_holds() -> None:
    outer = Settings({"a": {"x": 1}, "b": {"y": 1}})
    inner = outer.within({"a": {"x": 2}}).within(None)
    assert (inner.get("a"), inner.get("b"), inner.get("c")) == ({"x": 2}, {"y": 1}, {})
