"""A mock of somebody's own provider: every kind of the format, read by billql."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

import billql
from billql.definitions.catalog import Catalog
from billql.errors import (
    ApiError,
    BadResponse,
    CredentialRefused,
    DefinitionError,
    NotSupportedError,
)
from billql.sandbox import Sandbox
from billql.sandbox.server import Server
from billql.sqlite.session import Session
from support.stackql.harbor import DOCUMENTS

from .acme import (
    BEARER,
    NOW,
    PROVIDER,
    RESOURCES,
    STORY,
    UNTIL,
    define,
    open_session,
    resource,
    rows,
    served,
)

PAGED = (
    *("by_token", "by_log_token", "by_id", "by_link", "by_header", "by_count", "by_array"),
    *("by_page_from_0", "by_count_from_0", "by_filter", "whole", "undeclared"),
)


@pytest.fixture(scope="module", params=[False, True], ids=["tidy", "untidy"])
def session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    catalog = define(tmp_path_factory.mktemp("acme"))
    with (
        served(catalog, untidy=request.param) as server,
        closing(open_session(catalog, server)) as session,
    ):
        yield session


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(define(tmp_path_factory.mktemp("asked"))) as server:
        yield server


def ask(server: Server, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.api.token}", "acme-version": "2026-01-01"}
    headers |= more.pop("headers", {})
    return httpx.request(method, server.url + path, headers=headers, trust_env=False, **more)


@pytest.mark.parametrize("name", PAGED)
def test_every_paging_kind_is_read_to_its_end(session: Session, name: str) -> None:
    found = rows(session, f"SELECT id, customer FROM acme.billing.{name}")
    assert len(found) == len({id for id, _ in found}) == 30
    partners = {id for (id,) in rows(session, "SELECT id FROM acme.billing.customers")}
    assert {customer for _, customer in found} - {None} <= partners


@pytest.mark.parametrize("name", ["by_token", "by_log_token", "by_id", "by_filter"])
def test_filters_return_what_the_rows_filtered_here_are(session: Session, name: str) -> None:
    table = f"acme.billing.{name}"
    everything = rows(session, f"SELECT id, customer FROM {table}")
    for wanted in {customer for _, customer in everything} - {None}:
        found = rows(session, f"SELECT id, customer FROM {table} WHERE customer = '{wanted}'")
        assert sorted(found) == sorted(row for row in everything if row[1] == wanted)


def test_ranges_and_lists_of_values(session: Session) -> None:
    everything = rows(session, "SELECT id, status, created FROM acme.billing.customers")
    assert len(everything) == 30
    middle = sorted(created for _, _, created in everything)[15]
    found = rows(
        session,
        f"SELECT id FROM acme.billing.customers WHERE created >= '{middle}' "
        "AND status IN ('active', 'closed')",
    )
    assert sorted(found) == sorted((id,) for id, _, created in everything if created >= middle)
    assert 0 < len(found) < 30
    shown = [created for _, _, created in everything]
    assert shown == sorted(shown, reverse=True)


def test_conditions_in_a_header(session: Session) -> None:
    table = "acme.billing.by_filter"
    everything = rows(session, f"SELECT id, plan, created FROM {table}")
    moments = sorted(created for _, _, created in everything)
    low, high = moments[5], moments[20]
    for plans in (("free",), ("free", "gold"), ("none",)):
        listed = ", ".join(f"'{one}'" for one in plans)
        found = rows(
            session,
            f"SELECT id FROM {table} WHERE created >= '{low}' AND created < '{high}' "
            f"AND plan IN ({listed})",
        )
        assert sorted(found) == sorted(
            (id,) for id, plan, created in everything if low <= created < high and plan in plans
        )
        assert bool(found) is (plans != ("none",))


def test_a_row_is_the_same_by_its_key(session: Session) -> None:
    listed = rows(session, "SELECT * FROM acme.billing.customers")
    for row in listed[:3]:
        assert rows(session, f"SELECT * FROM acme.billing.customers WHERE id = '{row[0]}'") == [row]
    assert rows(session, "SELECT * FROM acme.billing.customers WHERE id = 'nobody'") == []


def test_joins_find_partners_and_sums_add_up(session: Session) -> None:
    found = rows(
        session,
        "SELECT c.id, c.balance, money_sum(i.total), count(*) FROM acme.billing.customers c "
        "JOIN acme.billing.invoices i ON i.customer = c.id GROUP BY 1, 2",
    )
    assert len(found) == 30
    for _, balance, invoiced, count in found:
        assert count == 6
        assert balance == pytest.approx(invoiced)
        assert balance > 0
    by_line = rows(
        session,
        "SELECT i.id, i.total, round(sum(l.amount), 2), count(*) FROM acme.billing.customers c "
        "JOIN acme.billing.invoices i ON i.customer = c.id "
        "JOIN acme.billing.lines l ON l.customer = c.id AND l.invoice_id = i.id GROUP BY 1, 2",
    )
    assert len(by_line) == 180
    assert all(total == pytest.approx(lines) and count == 3 for _, total, lines, count in by_line)


def test_rows_within_rows_by_either_method(session: Session) -> None:
    (customer,) = rows(session, "SELECT id FROM acme.billing.customers LIMIT 1")[0]
    listed = rows(session, f"SELECT * FROM acme.billing.lines WHERE customer = '{customer}'")
    invoice = listed[0][0]
    single = rows(session, f"SELECT * FROM acme.billing.lines WHERE invoice_id = {invoice}")
    assert single == [row for row in listed if row[0] == invoice]
    assert len(single) == 3


def test_the_story_is_in_the_rows(session: Session) -> None:
    names = rows(session, "SELECT DISTINCT name FROM acme.billing.customers ORDER BY 1")
    assert names == [("Amber Labs",), ("Basalt Foods",), ("Cedar Media",)]
    months = rows(
        session,
        "SELECT i.month, count(DISTINCT i.customer) FROM acme.billing.customers c "
        "JOIN acme.billing.invoices i ON i.customer = c.id GROUP BY 1 ORDER BY 1",
    )
    assert months == [(f"{2025 + (n > 2)}-{(n + 9) % 12 + 1:02}", 30) for n in range(6)]


def test_a_report_has_several_rows_in_each_bucket(session: Session) -> None:
    sql = "SELECT day, count(*), count(DISTINCT start) FROM acme.billing.report"
    days = rows(session, f"{sql} WHERE day >= '2000-01-01' GROUP BY day ORDER BY day")
    assert len(days) == 7
    assert {(count, starts) for _, count, starts in days} == {(3, 1)}


@pytest.mark.parametrize(("width", "size"), [("1d", 2), ("1h", 5)])
def test_a_report_has_pages_of_so_many_buckets(server: Server, width: str, size: int) -> None:
    path = f"/report?from=0&width={width}&group_by=product&limit="
    data = ask(server, "GET", f"{path}{size}").json()
    assert (len(data["data"]), data["has_more"]) == (size, True)
    assert all(len(bucket["results"]) == 3 for bucket in data["data"])
    refused = ask(server, "GET", f"{path}{size + 1}")
    assert refused.status_code == 400
    assert f"at most {size}" in refused.text


def test_other_responses(session: Session) -> None:
    prices = rows(session, "SELECT plan, currency, price FROM acme.billing.prices")
    assert len(prices) > 1
    assert all(plan and currency and price > 0 for plan, currency, price in prices)
    (customer,) = rows(session, "SELECT id FROM acme.billing.customers LIMIT 1")[0]
    posted = f"SELECT id, state FROM acme.billing.posted WHERE customer = '{customer}'"
    everything = rows(session, posted)
    assert everything
    on = rows(session, f"{posted} AND state = 'on'")
    assert on == [row for row in everything if row[1] == "on"]
    usage = rows(
        session,
        f"SELECT day, quantity FROM acme.billing.usage WHERE customer = '{customer}' "
        "AND day BETWEEN '2026-02-01' AND '2026-03-15'",
    )
    assert [day for day, _ in usage] == sorted({day for day, _ in usage})
    assert len(usage) == 28 + 15
    charges = rows(session, "SELECT * FROM acme.billing.charges")
    assert len(charges) == 30
    ((region, enabled),) = rows(session, "SELECT region, enabled FROM acme.billing.settings")
    assert region
    assert enabled in (0, 1)
    files = rows(
        session,
        f"SELECT f.name, f.bytes FROM acme.billing.invoices i "
        f"JOIN acme.billing.files f ON f.invoice_id = i.id WHERE i.customer = '{customer}'",
    )
    assert len(files) == 6
    assert all(name and content for name, content in files)


def test_a_key_that_nothing_states_has_rows_of_its_own(session: Session) -> None:
    one = rows(session, "SELECT number FROM acme.billing.anything WHERE key = 'one'")
    two = rows(session, "SELECT number FROM acme.billing.anything WHERE key = 'two'")
    assert one != two
    assert min(len(one), len(two)) > 0
    assert one == rows(session, "SELECT number FROM acme.billing.anything WHERE key = 'one'")


SORTED = '{"+order_by":"created"}'

REFUSED: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    "an unknown parameter": ("GET", "/by_id?colour=red", {}, 400, "colour"),
    "a missing parameter": ("GET", "/usage?customer=x&to=2026-01-01", {}, 400, "from is required"),
    "a page size that is too large": ("GET", "/by_id?limit=8", {}, 400, "at most 7"),
    "a page size that is no number": ("GET", "/by_id?limit=many", {}, 400, "must be a number"),
    "a value that is none": ("GET", "/by_id?plan=gold", {}, 400, "cannot be gold"),
    "a time that is none": ("GET", "/by_token?since=soon", {}, 400, "must be a timestamp"),
    "a token that is none": ("GET", "/by_token?next_page=zzz", {}, 400, "token"),
    "an id that is none": ("GET", "/by_id?starting_after=zzz", {}, 400, "begin after"),
    "a window that is too long": (
        *("GET", "/usage?customer=x&from=2026-01-01&to=2026-02-01", {}, 400),
        "31 days",
    ),
    "an unknown member": (
        *("POST", "/posted/list", {"json": {"filter": {"customer": "x", "kind": 1}}}, 400),
        "filter.kind",
    ),
    "an unknown reference": ("GET", "/by_id?customer=zzz", {}, 400, "There is no zzz"),
    "a wrong token": ("GET", "/by_id", {"headers": {"authorization": "Bearer x"}}, 401, "valid"),
    "a wrong version": ("GET", "/by_id", {"headers": {"acme-version": "1"}}, 400, "Acme-Version"),
    "an unknown path": ("GET", "/nothing", {}, 404, "Not Found"),
    "an unknown key": ("GET", "/customers/zzz", {}, 404, "does not exist"),
    "a page size that is too small": (
        *("GET", "/by_filter?per_page=2", {"headers": {"x-filter": SORTED}}, 400),
        "at least 3",
    ),
    "a filter without what is always sent": ("GET", "/by_filter", {}, 400, "+order_by must be"),
    **{
        f"the filter {text}": ("GET", "/by_filter", {"headers": {"x-filter": text}}, 400, message)
        for text, message in {
            "no JSON": "X-Filter is not JSON",
            "[]": "must be a JSON object",
            '{"colour":"red"}': "There is no parameter colour",
            '{"created":{"+gt":"2026-01-01T00:00:00"}}': "There is no operator +gt",
            '{"created":{"+gte":"2026-01-01T00:00:00Z"}}': "without its zone",
            '{"+and":{"plan":"free"}}': "+and must be an array",
            '{"+or":[{"plan":"free"},{"customer":"x"}]}': "values of one member",
            '{"+and":[{"plan":"free"},{"plan":"paid"}]}': "plan stands twice",
        }.items()
    },
    "a list of an unknown thing": ("GET", "/customers/zzz/invoices", {}, 404, "does not exist"),
    "another verb": ("POST", "/by_id", {"json": {}}, 405, "Method Not Allowed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(server: Server, name: str) -> None:
    method, path, more, status, message = REFUSED[name]
    response = ask(server, method, path, **more)
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert message in error["message"]
    assert error["request_id"] == response.headers["x-request-id"]
    if name == "an unknown reference":
        assert (error["code"], error["param"]) == ("resource_missing", "customer")


def test_a_list_of_a_known_thing_is_empty_if_no_row_fits(server: Server) -> None:
    customer = ask(server, "GET", "/customers").json()["data"][0]["id"]
    response = ask(server, "GET", f"/customers/{customer}/invoices?month=1999-01")
    assert (response.status_code, response.json()["data"]) == (200, [])


def test_a_list_with_other_parameters_is_another_list(server: Server) -> None:
    token = ask(server, "GET", "/by_token?limit=2").json()["next_page"]
    assert ask(server, "GET", f"/by_token?limit=2&next_page={token}").status_code == 200
    other = ask(server, "GET", f"/by_token?limit=2&next_page={token}&since=2020-01-01")
    assert other.status_code == 400


AUTH: dict[str, dict[str, Any]] = {
    "bearer": BEARER,
    "basic": {"kind": "basic", "user": "ACME_USER", "secret": "ACME_PASSWORD", "help": "Ask."},
    "client credentials": {
        **{"kind": "client_credentials", "client_id": "ACME_ID", "secret": "ACME_SECRET"},
        **{"token_path": "/oauth/token", "help": "Ask."},
    },
    "header": {"kind": "header", "secret": "ACME_KEY", "header": "X-Key", "help": "Ask."},
    "headers": {
        **{"kind": "header", "secret": "ACME_KEY", "header": "X-Key", "help": "Ask."},
        "also": {"X-App": "ACME_APP"},
    },
    "none": {"kind": "none"},
}


@pytest.mark.parametrize("kind", AUTH)
def test_every_auth_kind(tmp_path: Path, kind: str) -> None:
    catalog = define(tmp_path, {**PROVIDER, "auth": AUTH[kind]})
    with served(catalog) as server, closing(open_session(catalog, server)) as session:
        assert len(rows(session, "SELECT id FROM acme.billing.whole")) == 30
        response = httpx.get(
            server.url + "/whole", headers={"acme-version": "2026-01-01"}, trust_env=False
        )
        assert response.status_code == (200 if kind == "none" else 401)


def test_signed_requests(tmp_path: Path) -> None:
    pytest.importorskip("botocore")
    auth = {"kind": "aws_sigv4", "service": "ce", "help": "Ask."}
    catalog = define(tmp_path, {**PROVIDER, "auth": auth})
    with served(catalog) as server, closing(open_session(catalog, server)) as session:
        assert len(rows(session, "SELECT id FROM acme.billing.whole")) == 30
        (one,) = rows(session, "SELECT id FROM acme.billing.customers LIMIT 1")
        posted = f"SELECT id FROM acme.billing.posted WHERE customer = '{one[0]}'"
        assert rows(session, posted)
        assert ask(server, "GET", "/whole").status_code == 401
    with (
        served(catalog) as server,
        closing(open_session(catalog, server, token=f"{server.api.token}x")) as session,
        pytest.raises(CredentialRefused),
    ):
        rows(session, "SELECT id FROM acme.billing.whole")


def test_a_part_of_the_host_is_no_part_of_a_request(tmp_path: Path) -> None:
    region = {"type": "text", "path": "$parameter"}
    regional = resource(
        {"id": "text", "region": region},
        ("GET /regional", {"rows": "data[]", "parameters": {"region": {"in": "host"}}}),
        unique=["id"],
    )
    regional["methods"]["read0"]["parameters"]["region"]["required"] = True
    catalog = define(
        tmp_path,
        {**PROVIDER, "url": "https://{region}.acme.example"},
        {"regional": regional},
        {"billql": 1, "rows": 4},
    )
    with served(catalog) as server, closing(open_session(catalog, server)) as session:
        found = rows(session, "SELECT region FROM acme.billing.regional WHERE region = 'eu-1'")
        assert found == [("eu-1",)] * 4


def test_limits_of_the_definition(tmp_path: Path) -> None:
    from billql.sandbox import Limits

    limits = [{"requests": 2, "seconds": 60}, {"requests": 1, "seconds": 60, "path_ends": "/by_id"}]
    catalog = define(tmp_path, {**PROVIDER, "limits": limits})
    with served(catalog, limits=Limits()) as server:
        assert ask(server, "GET", "/by_id").headers["x-ratelimit-remaining"] == "0"
        refused = ask(server, "GET", "/by_id")
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 60
        assert ask(server, "GET", "/whole").status_code == 200
        assert ask(server, "GET", "/whole").status_code == 429


FAULTS: dict[str, Any] = {
    "a wrong parameter": {"parameters": {"client": {"column": "customer"}}},
    "a page size that is too large": {"paging": {"kind": "after_id", "size": 100}},
    "a wrong path to the rows": {"rows": "items[]"},
    "a wrong value": {"parameters": {"plan": {"values": ["gold"]}}},
    "a wrong path": {"request": "GET /by_ids"},
    "a wrong paging": {"paging": {"kind": "page_number", "total": "total", "size": 7}},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(tmp_path: Path, fault: str) -> None:
    """The mock of the right definition refuses what a wrong one sends, or is not understood."""
    right = RESOURCES["by_id"]
    method = {**right["methods"]["read0"], **FAULTS[fault]}
    wrong = {**RESOURCES, "by_id": {**right, "methods": {"read0": method}}}
    faulty = define(tmp_path / "wrong", resources=wrong)
    with (
        served(define(tmp_path / "right")) as server,
        closing(open_session(faulty, server)) as session,
    ):
        customers = rows(session, "SELECT id FROM acme.billing.customers LIMIT 1")
        plan = "gold" if fault == "a wrong value" else "paid"
        with pytest.raises((ApiError, BadResponse)):
            rows(
                session,
                f"SELECT id FROM acme.billing.by_id WHERE customer = '{customers[0][0]}' "
                f"AND plan = '{plan}'",
            )


def test_the_same_day_has_the_same_rows(tmp_path: Path) -> None:
    catalog = define(tmp_path)
    answers = []
    for _ in range(2):
        with served(catalog) as server:
            answers.append(ask(server, "GET", "/by_id?limit=7").content)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ({"billing.nothing": {}}, "there is no resource billing.nothing"),
        ({"billing.lines": {"columns": {"none": {}}}}, "there is no column none"),
        (
            {"billing.lines": {"columns": {"amount": {"sum_of": "billing.lines.none"}}}},
            "there is no column billing.lines.none",
        ),
        ({"billing.lines": {"columns": {"product": {"between": [1, 2]}}}}, "needs a number"),
        ({"billing.lines": {"every": "week"}}, "every"),
    ],
)
def test_a_wrong_story_is_an_error(tmp_path: Path, story: dict[str, Any], message: str) -> None:
    catalog = define(tmp_path, story={**STORY, "tables": story})
    with pytest.raises(DefinitionError, match=r"story\.yaml:") as caught, served(catalog):
        pass
    assert message in caught.value.message


def test_a_connection_with_a_sandbox_serves_ones_own(tmp_path: Path) -> None:
    define(tmp_path)
    environ = {"BILLQL_CONFIG": str(tmp_path / "none.toml"), "BILLQL_DATA": str(tmp_path / "data")}
    (tmp_path / "none.toml").touch(mode=0o600)
    with billql.connect(
        sandbox=True, definitions=[tmp_path], environ=environ, clock=lambda: NOW
    ) as connection:
        found = connection.execute("SELECT c.name FROM acme.billing.customers c").fetchall()
        assert len(found) == 30
        connection.execute("SELECT * FROM digitalocean.billing.balances").fetchall()
        connection.execute("SELECT * FROM billql.catalog.connections").fetchall()


def test_a_definition_of_stackqls_is_refused() -> None:
    catalog = Catalog([{"harbor": DOCUMENTS / "v00.00.00000"}])
    with (
        pytest.raises(NotSupportedError, match="cannot serve harbor"),
        served(catalog, name="harbor"),
    ):
        pass


def test_no_mock_is_made_before_it_is_asked_for(tmp_path: Path) -> None:
    with Sandbox(catalog=define(tmp_path), until=UNTIL) as sandbox:
        assert "acme" in sandbox.urls
        assert "acme" not in sandbox._servers
        assert sandbox.urls["acme"].startswith("http://127.0.0.1:")
        assert sandbox.tokens["acme"].startswith("mock")
        assert "acme" in sandbox._servers
        with pytest.raises(KeyError):
            sandbox.urls["nobody"]


UNTIDY: dict[str, str] = {
    "null for an empty list": r'"data":null',
    "an id as a number": r'"id":[0-9]+[,}]',
    "an unknown member": r'"x_debug"',
    "a link to the public host": r'"next":"https://api\.acme\.example/',
    "a link without a host": r'"next":"/by_link\?',
    "a fraction of a second": r'T\d\d:\d\d:\d\d\.\d{3}Z"',
}


def _bodies(server: Server) -> str:
    """Return the bodies of many responses: lists without rows, pages, single things."""
    customers = ask(server, "GET", "/customers?per_page=7").json()["data"]
    paths = [f"/by_{kind}" for kind in ("token", "id", "count", "log_token")]
    for customer in customers:
        paths += [f"/by_id?customer={customer['id']}&plan={plan}" for plan in ("free", "paid")]
        paths += [f"/by_token?customer={customer['id']}", f"/customers/{customer['id']}"]
    paths += [f"/by_link?limit={size}" for size in range(1, 8)]
    return "\n".join(ask(server, "GET", path).text for path in paths)


def test_untidy_forms_are_sent(tmp_path: Path) -> None:
    catalog = define(tmp_path)
    with served(catalog) as tidy, served(catalog, untidy=True) as untidy:
        texts = _bodies(tidy), _bodies(untidy)
    for name, pattern in UNTIDY.items():
        assert not re.search(pattern, texts[0]), name
        assert re.search(pattern, texts[1]), name
    missing = [text.count('"customer":null') for text in texts]
    assert 0 < missing[1] < missing[0]


def test_an_error_reaches_the_statement(session: Session) -> None:
    with pytest.raises(ApiError):
        rows(session, "SELECT * FROM acme.billing.files WHERE invoice_id = 7")
