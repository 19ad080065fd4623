"""NULLS LAST costs no more than an order that is promised, and no NULL is out of place."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from billql.errors import BadResponse
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


def test_a_null_is_found(tmp_path: Path) -> None:
    things = {"things": resource({"id": "integer"}, "GET /things", rows="items[]", order=["id"])}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"items": [{"id": None}, {"id": 1}]})

    with opened(answer, tmp_path, resources=things) as session:
        with pytest.raises(BadResponse, match="has no id") as caught:
            select(session, "SELECT id FROM @things ORDER BY id NULLS LAST")
        assert "ORDER BY +id" in (caught.value.hint or "")
        assert select(session, "SELECT id FROM @things ORDER BY +id NULLS LAST") == [(1,), (None,)]
        assert select(session, "SELECT id FROM @things ORDER BY id") == [(None,), (1,)]


def test_a_mistake_has_its_place(tmp_path: Path) -> None:
    with opened(Shop(), tmp_path) as session, pytest.raises(Exception, match="no such") as caught:
        select(session, "SELECT id FROM @things ORDER BY id NULLS LAST LIMIT nope")
    sql, offset = caught.value.sql, caught.value.offset  # type: ignore[attr-defined]
    assert sql[offset:] == "nope"
