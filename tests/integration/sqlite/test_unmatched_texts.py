"""A text that no row has, because the API writes it in another case or never, is noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.sqlite.session import Session
from support.defined import Api, opened, resource, select

BILLS = [
    {"id": 1, "currency": "usd", "status": "open", "region": "nyc3", "kind": "a", "team": "Ada"},
    {"id": 2, "currency": "eur", "status": "paid", "region": "ams3", "kind": "b", "team": None},
    {"id": 3, "currency": "usd", "status": "paid", "region": "NYC3", "kind": "b", "team": "Ada"},
]
METHODS = {
    "list": {
        "request": "GET /bills",
        "rows": "items[]",
        "parameters": {
            "currency": {"pattern": "[a-z]{3}"},
            "status": {"values": ["draft", "open", "paid"]},
        },
    }
}
COLUMNS: dict[str, Any] = {
    "id": "integer",
    "currency": "text",
    "status": "text",
    "region": "text",
    "kind": {"type": "text", "values": ["a", "b"]},
    "team": "text",
}


def respond(request: httpx.Request) -> Any:
    wanted = dict(request.url.params).items()
    return {"items": [one for one in BILLS if wanted <= one.items()]}


@pytest.fixture
def noted() -> list[str]:
    return []


@pytest.fixture
def session(tmp_path: Path, noted: list[str]) -> Iterator[Session]:
    resources = {"bills": resource(COLUMNS, METHODS, ["id"]), "others": resource(COLUMNS, METHODS)}
    with opened(Api(respond), tmp_path, resources) as plain:
        session = Session(":memory:", lambda: plain.engine.shared, noted.append)
        session.database.execute("CREATE TABLE own (status); INSERT INTO own VALUES ('Open')")
        yield session
        session.close()


_READ = "in the rows that were read, which have"


@pytest.mark.parametrize(
    ("condition", "note"),
    [
        ("currency = 'USD'", "currency is never 'USD'. It is 'usd'."),
        ("'EUR' = currency", "currency is never 'EUR'. It is 'eur'."),
        ("currency IN ('USD', 'EUR')", "currency is never 'USD'. It is 'usd'."),
        ("status = 'Open'", "status is never 'Open'. It is 'open'."),
        ("status IS 'Open'", "status is never 'Open'. It is 'open'."),
        ("status = 'void'", "status is never 'void'. It is 'draft', 'open' or 'paid'."),
        ("status IN ('void', 'PAID')", "status is never 'void'. It is 'draft', 'open' or 'paid'."),
        ("kind = 'A'", f"kind is never 'A' {_READ} 'a'."),
        ("kind = 'c'", "kind is never 'c'. It is 'a' or 'b'."),
        ("region = 'AMS3'", f"region is never 'AMS3' {_READ} 'ams3'."),
        ("team IN ('ada', 'BOB')", f"team is never 'ada' {_READ} 'Ada'."),
        ("id > 0 AND team = 'ADA' AND status = 'open'", f"team is never 'ADA' {_READ} 'Ada'."),
        ("connection = 'Own'", "connection is never 'Own'. It is 'own'."),
    ],
)
def test_it_is_noted(session: Session, noted: list[str], condition: str, note: str) -> None:
    assert select(session, f"SELECT count(*) FROM @bills WHERE {condition}") == [(0,)]
    assert noted == [f"own.all.bills: {note}"]
    joined = "SELECT o.id FROM @others o JOIN @bills b ON b.id = o.id AND"
    by_name = re.sub(
        r"(?<!')\b(currency|status|kind|region|team|id|connection)\b", r"b.\1", condition
    )
    assert select(session, f"{joined} {by_name}") == []
    assert noted == [f"own.all.bills: {note}"] * 2


@pytest.mark.parametrize("values", [("Open", "AMS3"), {"value": "Open", "other": "AMS3"}])
def test_a_parameter_is_noted(session: Session, noted: list[str], values: Any) -> None:
    mark, other = ("?1", "?2") if isinstance(values, tuple) else (":value", ":other")
    sql = f"SELECT id FROM own.all.bills WHERE status = {mark} AND {other} = {other}"
    assert list(session.execute(sql, values)) == []
    assert noted == ["own.all.bills: status is never 'Open'. It is 'open'."]
    sql = f"SELECT id FROM own.all.bills WHERE region = {other} AND {mark} = {mark}"
    assert list(session.execute(sql, values)) == []
    assert noted[1:] == [f"own.all.bills: region is never 'AMS3' {_READ} 'ams3'."]
    sql = f"SELECT id FROM own.all.bills WHERE region = lower({other}) AND {mark} = {mark}"
    assert list(session.execute(sql, values)) == [(2,)]
    assert len(noted) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM @bills WHERE currency IN ('USD', 'usd')",
        "SELECT id FROM @bills WHERE status IN ('Open', 'paid')",
        "SELECT id FROM @bills WHERE region = 'NYC3'",
        "SELECT id FROM @bills WHERE region = 'nyc3' LIMIT 1",
        "SELECT id FROM @bills WHERE currency = 'USD' COLLATE NOCASE",
        "SELECT id FROM @bills WHERE currency LIKE 'USD'",
        "SELECT id FROM @bills WHERE upper(currency) = 'USD'",
        "SELECT id FROM @bills WHERE currency <> 'USD'",
        "SELECT id FROM @bills WHERE currency = 'gbp'",
        "SELECT id FROM @bills WHERE region = 'lon1'",
        "SELECT id FROM @bills WHERE kind = 'a' AND id > 5",
        "SELECT id FROM @bills WHERE team = 'Ada' UNION SELECT id FROM @bills WHERE team = 'ADA'",
        "SELECT 'USD', id FROM @bills WHERE currency = 'usd'",
        "SELECT b.id FROM @bills b JOIN own ON own.status = b.status",
        "SELECT b.id FROM @bills b JOIN own o ON o.status = b.team WHERE o.status = 'Open'",
    ],
)
def test_it_is_not_noted(session: Session, noted: list[str], sql: str) -> None:
    select(session, sql)
    assert noted == []


def test_it_is_noted_once_all_rows_are_read(session: Session, noted: list[str]) -> None:
    unread = session.execute(
        "SELECT id FROM own.all.bills UNION ALL SELECT id FROM own.all.bills WHERE region = 'AMS3'"
    )
    assert unread.fetch(1) == [(1,)]
    unread.close()
    assert noted == []


def test_many_values_are_not_all_shown(tmp_path: Path) -> None:
    many = {**COLUMNS, "kind": {"type": "text", "values": [f"k{n}" for n in range(12)]}}
    noted: list[str] = []
    with opened(Api(respond), tmp_path, {"bills": resource(many, METHODS)}) as plain:
        session = Session(":memory:", lambda: plain.engine.shared, noted.append)
        assert select(session, "SELECT id FROM @bills WHERE kind = 'K'") == []
        session.close()
    shown = ", ".join(f"'k{n}'" for n in range(8))
    assert noted == [f"own.all.bills: kind is never 'K'. It is {shown} or one of 4 others."]
