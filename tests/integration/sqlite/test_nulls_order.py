"""NULLS LAST costs no more than an order that is promised, and no NULL is out of place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.errors import BadResponse, SqlError
from support.shop import Shop, opened, resource, select

THINGS = "SELECT id FROM @things ORDER BY id {} LIMIT 3"


def test_it_costs_no_more(tmp_path: Path) -> None:
    with opened(Shop(things=40), tmp_path, cache_ttl=0) as session:

        def requests(order: str) -> int:
            assert select(session, THINGS.format(order)) == [(1,), (2,), (3,)]
            return sum(scan.requests for scan in session.scans)

        assert requests("ASC") == requests("NULLS LAST") == requests("ASC NULLS FIRST") == 1
        plans = [
            [row[3] for row in select(session, f"EXPLAIN QUERY PLAN {THINGS.format(order)}")]
            for order in ("", "NULLS LAST")
        ]
        assert plans[0] == plans[1]


def things(*, nullable: bool, order: str) -> dict[str, Any]:
    id = {"type": "integer", "nullable": nullable}
    paging = {"kind": "cursor_token", "size": 2}
    return {
        "things": resource(
            {"id": id}, "GET /things", rows="items[]", order=[order], paging=paging, unique=[]
        )
    }


def answer(request: httpx.Request) -> httpx.Response:
    """Give the rows 3, 2, 1 and NULL, in pages of two."""
    is_first = "next_page" not in request.url.params
    items = [{"id": id} for id in ((3, 2) if is_first else (1, None))]
    return httpx.Response(200, json={"items": items, "next_page": "1" if is_first else None})


def test_a_null_has_its_place(tmp_path: Path) -> None:
    """A NULL at the end of a promised order would be passed by, if the words were left out."""
    with opened(answer, tmp_path, resources=things(nullable=True, order="-id")) as session:
        orders: dict[str, list[int | None]] = {"FIRST": [None, 3, 2, 1], "LAST": [3, 2, 1, None]}
        for limit in ("", "LIMIT 2"):
            for nulls, expected in orders.items():
                sql = f"SELECT id FROM @things ORDER BY id DESC NULLS {nulls} {limit}"
                found = [id for (id,) in select(session, sql)]
                assert found == (expected[:2] if limit else expected)


def test_a_null_that_the_definition_rules_out_is_an_error(tmp_path: Path) -> None:
    with opened(answer, tmp_path, resources=things(nullable=False, order="-id")) as session:
        with pytest.raises(BadResponse, match="has no id, which is `nullable: false`") as caught:
            select(session, "SELECT id FROM @things ORDER BY id DESC NULLS FIRST")
        assert "ORDER BY +id" in (caught.value.hint or "")
        sql = "SELECT id FROM @things ORDER BY +id DESC NULLS FIRST LIMIT 1"
        assert select(session, sql) == [(None,)]


@pytest.mark.parametrize(("nullable", "requests"), [(False, 1), (True, 3)])
def test_it_costs_no_more_behind_a_promised_order(
    tmp_path: Path, nullable: bool, requests: int
) -> None:
    columns = {
        "made": {"type": "integer", "nullable": False},
        "id": {"type": "integer", "nullable": nullable},
    }
    pages = [[(9, 1), (9, 2), (8, 3)], [(8, 4), (7, 5), (7, 6)], [(6, 7)]]

    def answer(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("next_page", 0))
        items = [{"made": made, "id": id} for made, id in pages[number]]
        following = number + 1 if number + 1 < len(pages) else None
        return httpx.Response(200, json={"items": items, "next_page": following})

    paging = {"kind": "cursor_token", "size": 3}
    things = resource(
        columns, "GET /things", rows="items[]", order=["-made"], paging=paging, unique=[]
    )
    sql = "SELECT id FROM @things ORDER BY made DESC NULLS FIRST, id DESC NULLS FIRST LIMIT 2"
    with opened(answer, tmp_path, resources={"things": things}) as session:
        assert select(session, sql) == [(2,), (1,)]
        assert sum(scan.requests for scan in session.scans) == requests
        with pytest.raises(SqlError, match="nope"):
            select(session, sql.replace(", id", ", nope"))
        # The scan of the subquery does not read by what the other one is sorted.
        sql = (
            "SELECT id FROM @things WHERE id = (SELECT max(id) FROM @things) ORDER BY made DESC {}"
        )
        assert select(session, sql.format("NULLS FIRST")) == [(7,)]


def test_a_mistake_has_its_place(tmp_path: Path) -> None:
    with opened(Shop(), tmp_path) as session, pytest.raises(Exception, match="no such") as caught:
        select(session, "SELECT id FROM @things ORDER BY id NULLS LAST LIMIT nope")
    sql, offset = caught.value.sql, caught.value.offset  # type: ignore[attr-defined]
    assert sql[offset:] == "nope"
