"""Conditions on what is computed of a time: which bounds of the time are sent, and which are not.

That no answer depends on it is what `tests/differential` finds out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from billql.errors import BadValue, SqlError
from billql.sqlite.session import Session
from support.defined import Api, opened, resource, select

RANGES = {
    f"{column}_{end}": {"column": column, "operator": operator, "match": "superset"}
    for column in ("created", "day")
    for end, operator in (("from", ">="), ("to", "<"))
}
RESOURCES = {
    "things": resource(
        {"id": "text", "created": "timestamp", "day": "date", "name": "text"},
        {"list": {"request": "GET /things", "parameters": RANGES, "rows": "[]"}},
    ),
    "reports": resource(
        {"month": "month", "cost": "decimal"},
        {
            "list": {
                "request": "GET /reports",
                "parameters": {
                    "month": {"by": "month", "required": True, "match": "superset"},
                },
                "window_limit": {"column": "month", "months": 1},
                "rows": "[]",
            }
        },
    ),
}
ROWS = [
    {"id": "a", "created": "2026-09-01T00:00:00Z", "day": "2026-09-01", "name": "2026-09"},
    {"id": "b", "created": "2026-08-31T22:00:00-02:00", "day": "2026-08-31", "name": None},
    {"id": "c", "created": "2026-10-01T00:00:00Z", "day": None, "name": "x"},
    {"id": "d", "created": None, "day": "2026-09-30", "name": "y"},
]


def answer(request: httpx.Request) -> Any:
    return ROWS if request.url.path == "/things" else []


@pytest.fixture
def api() -> Api:
    return Api(answer)


@pytest.fixture
def session(api: Api, tmp_path: Path) -> Iterator[Session]:
    with opened(api, tmp_path, RESOURCES) as session:
        yield session


def sent(api: Api) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(asked).query)) for asked in api.asked]


SEPTEMBER = {"created_from": "2026-09-01T00:00:00Z", "created_to": "2026-10-01T00:00:00Z"}
FROM_SEPTEMBER = {"created_from": "2026-09-01T00:00:00Z"}
BEFORE_OCTOBER = {"created_to": "2026-10-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("condition", "bounds"),
    [
        ("strftime('%Y-%m', created) = '2026-09'", SEPTEMBER),
        ("'2026-09' = strftime('%Y-%m', created)", SEPTEMBER),
        ("strftime('%Y-%m', created) >= '2026-09'", FROM_SEPTEMBER),
        ("strftime('%Y-%m', created) > '2026-08'", FROM_SEPTEMBER),
        ("strftime('%Y-%m', created) < '2026-10'", BEFORE_OCTOBER),
        ("strftime('%Y-%m', created) <= '2026-09'", BEFORE_OCTOBER),
        ("strftime('%Y-%m', created) BETWEEN '2026-09' AND '2026-09-30'", SEPTEMBER),
        ("strftime('%Y-%m', created) = strftime('%Y-%m', '2026-09-20')", SEPTEMBER),
        ("strftime('%Y/%m', created) = '2026/09'", SEPTEMBER),
        ("date_trunc('month', created) = '2026-09'", SEPTEMBER),
        ("strftime('%Y-%m', created) IS '2026-09'", SEPTEMBER),
        ("strftime('%Y-%m', created) IS NOT '2026-09'", {}),
        ("date(created, 'start of month') = '2026-09-01'", SEPTEMBER),
        ("date(created, 'start of month', '+1 month', '-1 day') = '2026-09-30'", SEPTEMBER),
        ("date(substr(created, 1, 7) || '-01') = '2026-09-01'", SEPTEMBER),
        ("strftime('%Y-%m-01T00:00:00Z', created) COLLATE time >= '2026-09'", FROM_SEPTEMBER),
        ("created LIKE '2026-09%'", SEPTEMBER),
        ("created GLOB '2026-09-*'", SEPTEMBER),
        ("substr(created, 1, 7) = '2026-09' AND id > ''", SEPTEMBER),
        (
            "year(created) = 2026",
            {"created_from": "2026-01-01T00:00:00Z", "created_to": "2027-01-01T00:00:00Z"},
        ),
        (
            "CAST(strftime('%Y', created) AS INTEGER) >= '2026'",
            {"created_from": "2026-01-01T00:00:00Z"},
        ),
        ("CAST(substr(created, 1, 4) AS INTEGER) > 2025", {"created_from": "2026-01-01T00:00:00Z"}),
        ("CAST(substr(created, 1, 7) AS INTEGER) > 2025", {}),
        (
            "date(created) = '2026-09-15'",
            {"created_from": "2026-09-15T00:00:00Z", "created_to": "2026-09-16T00:00:00Z"},
        ),
        (
            "datetime(created, '-2 hours') < '2026-09-15 00:00:00'",
            {"created_to": "2026-09-15T02:00:00Z"},
        ),
        (
            "strftime('%Y-%m-%dT00:00:00Z', day) >= '2026-09-15T00:00:00Z'",
            {"day_from": "2026-09-15"},
        ),
        ("strftime('%Y', day) = 2026", {}),  # a text is no number
        # An order of its own, or none: SQLite alone compares.
        ("strftime('%d.%m.%Y', created) = '01.09.2026'", {}),
        ("strftime('%m', created) = '09'", {}),
        ("substr(created, 6, 2) = '09'", {}),
        ("date(created, '+1 month') = '2026-10-01'", {}),
        ("date(created, '-1 month', 'start of month') = '2026-08-01'", {}),
        ("date(created, 'localtime') = '2026-09-01'", {}),
        ("date(created) = day", {}),
        ("date(created) = CAST('2026-09-01' AS TEXT)", {}),
        ("date(created) COLLATE nocase = '2026-09-01'", {}),
        ("date(created) IS NULL", {}),
        ("NOT date(created) = '2026-09-01'", {}),
        ("date(created) = '2026-09-01' OR id = 'a'", {}),
        ("substr(name, 1, 7) = '2026-09'", {}),
        ("name LIKE '2026-09%'", {}),
        ("created LIKE '%09%'", {}),
        ("created NOT LIKE '2026-09%'", {}),
    ],
)
def test_what_is_sent_for_a_condition(
    session: Session, api: Api, condition: str, bounds: dict[str, str]
) -> None:
    found = select(session, f"SELECT id FROM @things WHERE {condition}")
    assert sent(api) == [bounds]
    whole = [row for (row,) in select(session, "SELECT id FROM @things")]
    plain = f"SELECT id FROM (SELECT * FROM @things LIMIT 9) WHERE {condition}"
    assert whole == ["a", "b", "c", "d"]
    assert found == select(session, plain)


@pytest.mark.parametrize(
    "sql",
    [
        "WITH m AS (SELECT t.id, strftime('%Y-%m', t.created) AS month FROM @things t) "
        "SELECT id FROM m WHERE month = '2026-09'",
        "SELECT n FROM (SELECT date(t.created, 'start of month') AS month, count(*) AS n "
        "FROM @things t GROUP BY date(t.created, 'start of month')) WHERE month = '2026-09-01'",
        "SELECT n FROM (SELECT substr(created, 1, 7) AS m, count(*) AS n FROM @things GROUP BY m) "
        "WHERE m = '2026-09'",
        "SELECT x.id FROM @things x JOIN @reports r ON r.month = '2026-09' "
        "AND strftime('%Y-%m', created) = '2026-09'",
        "SELECT 1 FROM @reports r WHERE r.month = '2026-09' UNION ALL "
        "SELECT 1 FROM @things r WHERE strftime('%Y-%m', r.created) = '2026-09'",
        "SELECT id FROM @things AS t WHERE EXISTS "
        "(SELECT 1 FROM json_each('[1]') WHERE strftime('%Y-%m', t.created) = '2026-09')",
        "CREATE TABLE made AS SELECT strftime('%Y-%m', created) AS month, day, id FROM @things "
        "WHERE strftime('%Y-%m', created) = '2026-09'",
    ],
)
def test_a_column_of_a_subquery_is_computed_there(session: Session, api: Api, sql: str) -> None:
    select(session, sql)
    assert SEPTEMBER in sent(api)
    assert {} not in sent(api)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT t.id FROM @things t WHERE EXISTS "
        "(SELECT 1 FROM made t WHERE strftime('%Y-%m', t.created) = '2026-09')",
        "SELECT t.id FROM @things t WHERE EXISTS "
        "(SELECT 1 FROM made WHERE strftime('%Y-%m', created) = '2026-09')",
    ],
)
def test_a_name_that_may_mean_another_table_stays(session: Session, api: Api, sql: str) -> None:
    select(session, "CREATE TABLE made (created)")
    select(session, "INSERT INTO made VALUES ('2026-09-01')")
    select(session, sql)
    assert sent(api) == [{}]


def test_an_ambiguous_name_is_an_error_as_before(session: Session) -> None:
    select(session, "CREATE TABLE made (created)")
    sql = "SELECT t.id FROM @things t JOIN made ON strftime('%Y-%m', created) = '2026-09'"
    with pytest.raises(SqlError, match="ambiguous column name: created"):
        select(session, sql)


def test_a_year_is_a_request_for_each_month(session: Session, api: Api) -> None:
    select(session, "SELECT cost FROM @reports WHERE substr(month, 1, 4) = '2025'")
    months = sorted(one["month"] for one in sent(api))  # they are sent at once
    assert months == [f"2025-{month:02}" for month in range(1, 13)]


def test_the_values_of_an_in_are_ranges_of_their_own(session: Session, api: Api) -> None:
    found = select(
        session,
        "SELECT id FROM @things WHERE strftime('%Y-%m', created) IN ('2026-09', '2026-10')",
    )
    assert sorted(found) == [("a",), ("b",), ("c",)]
    assert sorted(one["created_from"][:7] for one in sent(api)) == ["2026-09", "2026-10"]


def test_names_and_types_of_a_result_stay(session: Session) -> None:
    execution = session.execute(
        "SELECT date(created), day, strftime('%Y', created) AS y FROM own.all.things "
        "WHERE date(created) = '2026-09-01' GROUP BY date(created) ORDER BY date(created)"
    )
    assert execution.description == (("date(created)", None), ("day", "DATE TEXT"), ("y", None))
    assert list(execution) == [("2026-09-01", "2026-09-01", "2026")]


def test_what_a_function_refuses_is_an_error(session: Session) -> None:
    with pytest.raises(BadValue, match="knows no unit 'fortnight'"):
        select(session, "SELECT id FROM @things WHERE date_trunc('fortnight', created) = '2026'")


def test_the_plan_shows_the_expression(session: Session) -> None:
    sql = "SELECT id FROM @things WHERE {} AND {}".format(
        "strftime('%Y-%m', created) >= '2026-09'", "day LIKE '2026%'"
    )
    ((*_, plan),) = select(session, f"EXPLAIN QUERY PLAN {sql}")
    assert "sends strftime('%Y-%m', created) >=, day LIKE" in plan


def test_columns_of_a_new_table_are_named_as_they_were_written(session: Session) -> None:
    inner = "(SELECT max(id) FROM {} AS t WHERE date(created) > '2026-09-03')"
    select(session, f"CREATE TABLE made AS SELECT {inner.format('@things')}")
    made = [row[1] for row in select(session, "PRAGMA table_info(made)")]
    assert made == [inner.format('"own.all.things"')]
