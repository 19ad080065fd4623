"""Providers whose reports come in buckets of time: every example responds, and no row depends on
which columns are read, or how many buckets a page has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

import billql
from billql.definitions.catalog import Table
from billql.errors import BadResponse, ParameterMissing
from billql.sandbox import Sandbox
from billql.sqlite.session import Session
from billql.sqlite.shared import Options
from support.shipped import CATALOG

PROVIDERS = ("openai", "anthropic")
TABLES = [CATALOG.table(name) for name in CATALOG.names() if name.partition(".")[0] in PROVIDERS]
EXAMPLES = [
    pytest.param(example.sql, id=f"{table.name}-{number}")
    for table in TABLES
    for number, example in enumerate(table.resource.examples)
]
REPORTS = [
    pytest.param(table, id=table.name)
    for table in TABLES
    if any(
        one.name in ("group_by", "group_by[]")
        for method in table.resource.methods.values()
        for one in method.parameters.values()
    )
]

Send = Callable[[httpx.Request], Any]


@pytest.fixture(scope="module", params=[False, True], ids=["tidy", "untidy"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Sandbox(catalog=CATALOG, providers=PROVIDERS, untidy=request.param) as sandbox:
        options = Options(
            environ={}, urls=sandbox.urls, tokens=sandbox.tokens, catalog=CATALOG, cache=None
        )
        with closing(Session(":memory:", lambda: options)) as session:
            yield session


@pytest.mark.parametrize("sql", EXAMPLES)
def test_every_example_has_rows(session: Session, sql: str) -> None:
    assert list(session.execute(sql))


def asked(provider: str, sql: str, respond: Send) -> tuple[list[Any], list[httpx.Request]]:
    """Run a statement over an API; return its rows, and what was requested."""
    sent: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=respond(request))

    with billql.connect(
        tokens={provider: "a-token"}, http_transport=httpx.MockTransport(serve)
    ) as connection:
        return list(connection.execute(sql)), sent


def page(*results: list[Any], after: str | None = None, more: bool | None = None) -> Any:
    """Return a page of buckets, one for each day from the first of September 2026 on."""
    begin = 1_788_220_800
    return {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": begin + 86_400 * day,
                "end_time": begin + 86_400 * (day + 1),
                "results": rows,
            }
            for day, rows in enumerate(results)
        ],
        "has_more": after is not None if more is None else more,
        "next_page": after,
    }


@pytest.mark.parametrize("table", REPORTS)
@pytest.mark.parametrize("columns", ["count(*)", "day", "*"])
def test_what_is_grouped_by_does_not_depend_on_the_columns(table: Table, columns: str) -> None:
    """Fewer groups would be fewer rows, which `count(*)` and a join would show."""
    provider = table.name.partition(".")[0]
    sql = f"SELECT {columns} FROM {table.name} WHERE day >= '2026-09-01'"
    _, sent = asked(provider, sql, lambda _: page([]))
    (request,) = sent
    name = next(name for name in request.url.params if name.startswith("group_by"))
    groups = request.url.params.get_list(name)
    for method in table.resource.methods.values():
        assert groups == [one.value for one in method.parameters.values() if one.name == name]
    assert set(groups) <= set(table.resource.unique)


def amount(value: Any, line_item: str | None = None) -> dict[str, Any]:
    return {
        "object": "organization.costs.result",
        "amount": {"value": value, "currency": "usd"},
        "line_item": line_item,
        "project_id": "proj_1",
        "api_key_id": None,
        "quantity": None,
        "quantity_unit": None,
    }


def test_openai_buckets_are_exploded_with_their_times() -> None:
    sql = """
        SELECT day, start_time, end_time, amount, currency, line_item, api_key_id
        FROM openai.billing.costs WHERE day >= '2026-09-01' AND day <= '2026-09-03'"""
    found, (request,) = asked(
        "openai",
        sql,
        lambda _: page([amount(0.06, "input"), amount("1.25", "output")], [], [amount(7)]),
    )
    first, third = (
        ("2026-09-01", "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z"),
        ("2026-09-03", "2026-09-03T00:00:00Z", "2026-09-04T00:00:00Z"),
    )
    assert [tuple(row) for row in found] == [
        (*first, 0.06, "usd", "input", None),
        (*first, 1.25, "usd", "output", None),
        (*third, 7.0, "usd", None, None),
    ]
    assert dict(request.url.params) | {"group_by": ""} == {
        "start_time": "1788220800",
        "end_time": "1788480000",
        "group_by": "",
        "limit": "180",
    }


@pytest.mark.parametrize(
    ("width", "size"), [(None, "31"), ("1d", "31"), ("1h", "168"), ("1m", "1440")]
)
def test_openai_pages_have_as_many_buckets_as_their_width_allows(
    width: str | None, size: str
) -> None:
    condition = "" if width is None else f"AND bucket_width = '{width}'"
    sql = f"SELECT 1 FROM openai.usage.completions WHERE day = '2026-09-01' {condition} LIMIT 1"
    _, (request,) = asked("openai", sql, lambda _: page([]))
    assert request.url.params["bucket_width"] == (width or "1d")
    assert request.url.params["limit"] == size


def test_openai_filters() -> None:
    sql = """
        SELECT count(*) FROM openai.usage.completions
        WHERE day >= '2026-09-01' AND project_id IN ('p1', 'p2') AND batch AND batch = true
          AND model = 'gpt-5' AND user_id IS NOT NULL"""
    _, (request,) = asked("openai", sql, lambda _: page([]))
    assert request.url.params.get_list("project_ids") == ["p1", "p2"]
    assert (request.url.params["batch"], request.url.params["models"]) == ("true", "gpt-5")


def test_openai_pages_are_followed_by_their_token() -> None:
    pages = iter((page([amount(1)], after="b"), page([amount(2)])))
    sql = "SELECT sum(amount) FROM openai.billing.costs WHERE day >= '2026-09-01'"
    (total,), sent = asked("openai", sql, lambda _: next(pages))
    assert tuple(total) == (3.0,)
    assert "page" not in sent[0].url.params
    assert sent[1].url.params["page"] == "b"


def test_openai_more_without_a_token_is_an_error() -> None:
    sql = "SELECT sum(amount) FROM openai.billing.costs WHERE day >= '2026-09-01'"
    with pytest.raises(BadResponse, match="has no token at next_page"):
        asked("openai", sql, lambda _: page([amount(1)], more=True))


def test_openai_reports_need_a_first_day() -> None:
    with pytest.raises(ParameterMissing, match="without a value for day"):
        asked("openai", "SELECT sum(amount) FROM openai.billing.costs", lambda _: page([]))


def test_openai_lists_hide_nothing() -> None:
    empty: Send = lambda _: {"object": "list", "data": [], "has_more": False}  # noqa: E731
    _, (request,) = asked("openai", "SELECT id FROM openai.organization.projects", empty)
    assert request.url.params["include_archived"] == "true"
    sql = "SELECT id FROM openai.organization.project_api_keys WHERE project_id = 'p'"
    _, (request,) = asked("openai", sql, empty)
    assert request.url.path == "/v1/organization/projects/p/api_keys"
    assert request.url.params["owner_project_access"] == "any"


def cost(cents: str, **more: Any) -> dict[str, Any]:
    return {"amount": cents, "currency": "USD", "description": "Tokens", **more}


def test_anthropic_cents_are_exact_dollars() -> None:
    data = {
        "data": [
            {
                "starting_at": "2026-09-01T00:00:00Z",
                "ending_at": "2026-09-02T00:00:00Z",
                "results": [cost("123.78912"), cost("0.5", workspace_id="w")],
            },
            {
                "starting_at": "2026-09-02T00:00:00Z",
                "ending_at": "2026-09-03T00:00:00Z",
                "results": [],
            },
        ],
        "has_more": False,
        "next_page": None,
    }
    sql = """
        SELECT day, amount, currency, workspace_id FROM anthropic.billing.costs
        WHERE day BETWEEN '2026-09-01' AND '2026-09-02'"""
    found, (request,) = asked("anthropic", sql, lambda _: data)
    assert [tuple(row) for row in found] == [
        ("2026-09-01", 1.2378912, "USD", None),
        ("2026-09-01", 0.005, "USD", "w"),
    ]
    assert request.headers["x-api-key"] == "a-token"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.url.params.multi_items() == [
        ("starting_at", "2026-09-01T00:00:00Z"),
        ("ending_at", "2026-09-03T00:00:00Z"),
        ("group_by[]", "workspace_id"),
        ("group_by[]", "description"),
        ("limit", "31"),
    ]


def test_anthropic_filters_take_brackets() -> None:
    sql = """
        SELECT count(*) FROM anthropic.usage.messages
        WHERE day = '2026-09-01' AND model IN ('m1', 'm2') AND service_tier = 'batch'
          AND context_window = '0-200k' AND bucket_width = '1h'"""
    _, (request,) = asked("anthropic", sql, lambda _: page())
    params = request.url.params
    assert params.get_list("models[]") == ["m1", "m2"]
    assert (params["service_tiers[]"], params["context_window[]"]) == ("batch", "0-200k")
    assert (params["bucket_width"], params["limit"]) == ("1h", "168")


def test_anthropic_claude_code_is_read_day_by_day() -> None:
    def record(request: httpx.Request) -> Any:
        day = request.url.params["starting_at"]
        model = {"model": "m", "estimated_cost": {"amount": 186, "currency": "USD"}}
        actor = {"type": "user_actor", "email_address": "ada@acme.example"}
        return {
            "data": [{"date": f"{day}T00:00:00Z", "actor": actor, "model_breakdown": [model] * 2}],
            "has_more": False,
            "next_page": None,
        }

    sql = """
        SELECT day, email, sum(estimated_cost) FROM anthropic.usage.claude_code_models
        WHERE day >= '2026-09-01' AND day < '2026-09-04' GROUP BY 1, 2 ORDER BY 1"""
    found, sent = asked("anthropic", sql, record)
    days = [f"2026-09-0{day}" for day in (1, 2, 3)]
    assert [tuple(row) for row in found] == [(day, "ada@acme.example", 3.72) for day in days]
    assert sorted(request.url.params["starting_at"] for request in sent) == days
