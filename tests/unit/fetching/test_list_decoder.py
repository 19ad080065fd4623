"""What a response means for its list: rows, no rows, no list, and for how long it is true."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from billql.definitions.methods import Freshness, Method
from billql.definitions.model import Column
from billql.errors import ApiError
from billql.fetching._list_decoder import ListDecoder
from billql.fetching.row_decoder import RowDecoder
from billql.messages import Response
from billql.planning.list_request import ListRequest
from support.api_client import connection, get

ROWS = RowDecoder({"id": Column(type="text", description="The id.")}, ["id"], "things", ["id"])
REQUEST = get()


def decoder(notes: list[str] | None = None, **options: Any) -> ListDecoder:
    method = Method(request="GET /v1/things", description="Returns things.", rows="data[]")
    listed = ListRequest(
        first=REQUEST,
        echoed={},
        points={"state": "open"},
        parts={},
        requested={},
        covered={},
        single_value_params=frozenset({"customer"}),
        connection=connection(),
    )
    note = (lambda text: None) if notes is None else notes.append
    method = msgspec.structs.replace(method, **options)
    return ListDecoder(method, ROWS, listed, note)


def error(status: int, **options: Any) -> ApiError:
    return ApiError("no", status=status, method="GET", url=REQUEST.url, **options)


def test_a_page_has_rows_and_what_its_paginator_sees() -> None:
    page = decoder().decode(REQUEST, Response(b'{"data": [{"id": "a"}]}', "application/json"))
    assert page.rows == [("a", ("a", (None,)))]
    assert page.page.count == 1


def test_half_a_character_is_noted() -> None:
    notes: list[str] = []
    body = b'{"data": [{"id": "a", "other": "\\ud800"}]}'
    decoder(notes).decode(REQUEST, Response(body, "application/json"))
    assert len(notes) == 1
    assert "half a character" in notes[0]


def test_a_key_that_does_not_exist_is_no_list_only_where_the_definition_states_it() -> None:
    assert decoder(missing="empty").decode_error(error(404), is_first=True) is None
    for read, is_first in ((decoder(), True), (decoder(missing="empty"), False)):
        with pytest.raises(ApiError):
            read.decode_error(error(404), is_first=is_first)


def test_a_value_that_names_nothing_is_no_list() -> None:
    unknown = error(400, unknown="customer")
    assert decoder().decode_error(unknown, is_first=True) is None
    with pytest.raises(ApiError):
        decoder().decode_error(error(400, unknown="other"), is_first=True)


def test_no_content_is_no_list_at_first_and_an_empty_page_later() -> None:
    read = decoder(no_content="empty")
    assert read.decode_error(error(204), is_first=True) is None
    later = read.decode_error(error(204), is_first=False)
    assert later is not None
    assert (later.rows, later.page.count) == ([], 0)
    with pytest.raises(ApiError):
        decoder().decode_error(error(204), is_first=False)


@pytest.mark.parametrize(
    ("unless", "ttl"), [({}, 3600), ({"state": "open"}, None), ({"state": "paid"}, 3600)]
)
def test_how_long_a_list_is_true(unless: dict[str, Any], ttl: float | None) -> None:
    assert decoder(freshness=Freshness(seconds=3600, unless=unless)).ttl() == ttl
    assert decoder().ttl() is None
