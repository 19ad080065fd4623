"""Columns of truth values as conditions: whatever the API sends for them, and what columns are
named.
"""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from billql.errors import BadResponse
from billql.sqlite.session import Session
from support.shop import opened, resource, select

RAW = (True, False, 1, 0, "true", "false", None)
"""The forms of truth values in responses."""
WANTED = {"true": (True, "true"), "false": (False, "false")}
LAMPS = {
    "lamps": resource(
        {"id": "integer", "lit": "boolean"}, "GET /lamps", rows="items[]", parameters={"lit": {}}
    )
}


class Lamps:
    """An API that filters on a truth value, which it writes in all forms."""

    def __init__(self, *odd: object) -> None:
        self.asked: list[str | None] = []
        self._rows = [{"id": n, "lit": raw} for n, raw in enumerate((*RAW, *odd))]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        wanted = request.url.params.get("lit")
        self.asked.append(wanted)
        found = [row for row in self._rows if wanted is None or row["lit"] in WANTED[wanted]]
        return httpx.Response(200, json={"items": found})


@pytest.mark.parametrize(
    ("condition", "sent", "found"),
    [
        ("lit", "true", [0, 2, 4]),
        ("lit <> 0", "true", [0, 2, 4]),
        ("NOT lit", "false", [1, 3, 5]),
        ("lit IS FALSE", "false", [1, 3, 5]),
        ("LIT IS NOT TRUE", None, [1, 3, 5, 6]),
        ("lit <> 2", None, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_all_forms_are_found(
    tmp_path: Path, condition: str, sent: str | None, found: list[int]
) -> None:
    lamps = Lamps()
    with opened(lamps, tmp_path, resources=LAMPS) as session:
        rows = select(session, f"SELECT id FROM @lamps WHERE {condition} ORDER BY id")
    assert (rows, lamps.asked) == ([(one,) for one in found], [sent])


def test_what_is_no_truth_value_is_an_error(tmp_path: Path) -> None:
    sql = "SELECT id FROM @lamps WHERE lit IS NOT TRUE"
    with (
        opened(Lamps(2), tmp_path, resources=LAMPS) as session,
        pytest.raises(BadResponse, match="lit"),
    ):
        select(session, sql)


def _names(session: Session, sql: str) -> list[str]:
    running = session.execute(sql.replace("@", "shop.all."))
    list(running)
    return [name for name, _ in running.description or ()]


def test_columns_are_named_as_they_were_written(tmp_path: Path) -> None:
    inner = '(SELECT max(id) FROM "shop.all.lamps" WHERE lit)'
    with opened(Lamps(), tmp_path, resources=LAMPS) as session:
        named = _names(session, f"SELECT count(*), {inner}, id OR lit FROM @lamps WHERE NOT lit")
        assert named == ["count(*)", inner, "id OR lit"]
        _names(session, f"CREATE TABLE made AS SELECT {inner}, 1 OR NOT lit FROM @lamps")
        made = [row[1] for row in select(session, "PRAGMA table_info(made)")]
        assert made == [inner, "1 OR NOT lit"]


def test_a_view_of_ones_own_is_filtered_too(tmp_path: Path) -> None:
    lamps = Lamps()
    with opened(lamps, tmp_path, resources=LAMPS) as session:
        select(session, "CREATE TEMP VIEW v AS SELECT id, lit FROM shop.all.lamps")
        assert select(session, "SELECT id FROM v WHERE NOT lit ORDER BY id") == [(1,), (3,), (5,)]
    assert lamps.asked == ["false"]


def test_a_mistake_has_its_place(tmp_path: Path) -> None:
    wrong = "SELECT id FROM @lamps WHERE lit AND NOT lit AND nope"
    with (
        opened(Lamps(), tmp_path, resources=LAMPS) as session,
        pytest.raises(Exception, match="no such") as caught,
    ):
        select(session, wrong)
    sql, offset = caught.value.sql, caught.value.offset  # type: ignore[attr-defined]
    assert sql[offset:] == "nope"
