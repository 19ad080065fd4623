"""Answers over HTTP: their formats by value, how they end, what is refused."""

from __future__ import annotations

import http.client
import json
import tracemalloc
from collections.abc import Iterator

import anyio
import anyio.to_thread
import pyarrow.ipc
import pytest
from starlette.types import Message

import billql
from billql.serve.http.query_response import _Body
from billql.serve.notes import Notes
from support.serving import TOKEN, Served, serving, until

PERIODS = "SELECT invoice_period, amount FROM digitalocean.billing.invoices ORDER BY 1 LIMIT 2"
MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
BREAKS = f"{MANY} SELECT i, CASE WHEN i = 29000 THEN abs(-9223372036854775808) END AS x FROM n"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture(scope="module")
def base() -> Iterator[billql.Connection]:
    with billql.connect(
        sandbox=True, read_only=True, max_rows=300_000, timeout=20, autocommit=True
    ) as connection:
        yield connection


@pytest.fixture(scope="module")
def served(base: billql.Connection) -> Iterator[Served]:
    with serving(base.another) as running:
        yield running


def test_json_has_columns_rows_and_an_end(served: Served) -> None:
    reply = served.ask(PERIODS)
    assert reply.headers["content-type"] == "application/json"
    assert [one["name"] for one in reply.json["columns"]] == ["invoice_period", "amount"]
    assert [list(row) for row in reply.json["rows"]] == [["invoice_period", "amount"]] * 2
    end = reply.json["end"]
    assert end["rows"] == 2
    assert end["scans"][0]["resource"] == "digitalocean.billing.invoices"


def test_all_formats_have_the_same_values(served: Served) -> None:
    rows = served.ask(PERIODS).json["rows"]
    lines = [json.loads(line) for line in served.ask(PERIODS, "ndjson").text.splitlines()]
    assert lines[:-1] == rows
    assert lines[-1]["end"]["rows"] == 2
    table = served.ask(PERIODS, "csv").text.splitlines()
    assert table == ["invoice_period,amount", *(f"{a},{b}" for a, b in map(dict.values, rows))]
    with pyarrow.ipc.open_stream(served.ask(PERIODS, "arrow").content) as stream:
        frame = stream.read_all()
    assert str(frame.schema.field("amount").type) == "decimal128(38, 18)"
    assert [float(str(one)) for one in frame["amount"].to_pylist()] == [
        row["amount"] for row in rows
    ]


@pytest.mark.parametrize("charset", ["UTF-8", '"utf-8"', "US-ASCII"])
def test_charsets_within_utf_8_are_read(served: Served, charset: str) -> None:
    kind = {"Content-Type": f"text/plain; charset={charset}"}
    assert served.request("POST", "/v1/query", "SELECT 1 AS a", kind).json["rows"] == [{"a": 1}]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/html, application/x-ndjson;q=0.9", "application/x-ndjson"),
    ],
)
def test_accept_chooses_a_format(served: Served, accept: str, kind: str) -> None:
    reply = served.request("POST", "/v1/query", "SELECT 1", {"Accept": accept})
    assert reply.headers["content-type"] == kind


def test_no_rows_are_an_answer_too(served: Served) -> None:
    empty = "SELECT 1 AS a WHERE FALSE"
    assert served.ask(empty).json["rows"] == []
    assert served.ask(empty, "csv").text == "a\n"
    assert json.loads(served.ask(empty, "ndjson").text)["end"]["rows"] == 0
    with pyarrow.ipc.open_stream(served.ask(empty, "arrow").content) as stream:
        assert stream.read_all().num_rows == 0


def test_parameters_keep_their_types(served: Served) -> None:
    sql = "SELECT typeof(:a) AS a, typeof(:b) AS b, typeof(:c) AS c, typeof(:d) AS d, :e AS e"
    values = {"a": 1, "b": "1", "c": 1.5, "d": None, "e": True}
    body = json.dumps({"sql": sql, "parameters": values, "format": "csv"})
    kinds = {"Content-Type": "application/json; charset=utf-8"}
    reply = served.request("POST", "/v1/query", body, kinds)
    assert reply.text == "a,b,c,d,e\ninteger,text,real,null,1\n"
    body = json.dumps({"sql": "SELECT ? || ? AS x", "parameters": ["a", "b"]})
    assert served.request("POST", "/v1/query", body, kinds).json["rows"] == [{"x": "ab"}]


def test_what_people_should_know_is_in_the_end() -> None:
    notes = Notes(print)
    with (
        billql.connect(sandbox=True, read_only=True, autocommit=True, warn=notes) as base,
        serving(base.another, notes) as served,
    ):
        sql = (
            "SELECT sum(a) AS x FROM (SELECT amount AS a, currency FROM "
            "digitalocean.billing.invoices UNION ALL SELECT 1, 'EUR')"
        )
        mixed = "SELECT sum(amount_due) AS x FROM stripe.billing.invoices"
        assert "notes" not in served.ask(sql).json["end"]
        assert "currenc" in served.ask(mixed).json["end"]["notes"][0]


def test_formulas_are_marked_if_asked(served: Served) -> None:
    reply = served.request("POST", "/v1/query?format=csv&safe=1", "SELECT '=1+1' AS a")
    assert reply.text == "a\n'=1+1\n"


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ("SELECT amuont FROM digitalocean.billing.invoices", {}, 400, "bad-sql"),
        ("SELECT * FROM digitalocean.billing.invoicse", {}, 400, "unknown-name"),
        ("SELECT 1; SELECT 2", {}, 400, "bad-sql"),
        ("CREATE TABLE t (a)", {}, 400, "read-only"),
        ("ATTACH 'x.db' AS x", {}, 400, "read-only"),
        ("REGISTRY PULL stripe", {}, 400, "read-only"),
        ("SELECT * FROM digitalocean.billing.invoice_items", {}, 400, "missing-parameter"),
        ("BEGIN", {}, 400, "programming"),
        ("SELECT ?", {}, 400, "bad-sql"),
        ("  \n", {}, 400, "bad-request"),
        ("-- nothing", {}, 400, "programming"),
        ("SELECT '\0'", {}, 400, "bad-sql"),
        (b"SELECT '\xff'", {}, 400, "bad-request"),
        ("x" * 2_000_000, {}, 413, "too-large"),
        ("SELECT 1", {"Content-Type": "image/png"}, 415, "media-type"),
        ("SELECT 1", {"Content-Type": "text/plain; charset=latin-1"}, 415, "media-type"),
        ("SELECT 1", {"Content-Encoding": "gzip"}, 415, "media-type"),
        ("{", JSON, 400, "bad-request"),
        ("[]", JSON, 400, "bad-request"),
        ('{"sql": 1}', JSON, 400, "bad-request"),
        ('{"sql": "SELECT 1", "paramters": []}', JSON, 400, "bad-request"),
        ('{"sql": "SELECT ?", "parameters": [[1]]}', JSON, 400, "bad-request"),
        ('{"sql": "SELECT ?", "parameters": [99999999999999999999]}', JSON, 400, "data"),
        ('{"sql": "SELECT 1", "format": "xml"}', JSON, 400, "bad-request"),
        ("[" * 100_000, JSON, 400, "bad-request"),
    ],
)
def test_what_is_wrong_is_refused(
    served: Served, body: str | bytes, headers: dict[str, str], status: int, code: str
) -> None:
    reply = served.request("POST", "/v1/query", body, headers)
    assert (reply.status, reply.code) == (status, code)


def test_an_error_has_a_hint_and_a_place(served: Served) -> None:
    error = served.ask("SELECT amuont FROM digitalocean.billing.invoices").json["error"]
    assert "amount" in error["hint"]
    assert error["offset"] == 7


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/query", 405),
        ("POST", "/v1/query?formta=csv", 400),
        ("POST", "/v1/query?safe=yes", 400),
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing", 404),
        ("GET", "/static/..%2f..%2fapp.py", 404),
        ("GET", "/v1/tables/digitalocean.billing.nothing", 400),
        ("GET", "/v1/tables/nothing", 400),
    ],
)
def test_other_addresses_are_refused(served: Served, method: str, path: str, status: int) -> None:
    reply = served.request(method, path, "SELECT 1" if method == "POST" else None)
    assert (reply.status, bool(reply.json["error"]["message"])) == (status, True)


def test_a_long_answer_is_whole(served: Served) -> None:
    lines = served.ask(f"{MANY} SELECT i FROM n", "ndjson").text.splitlines()
    assert [json.loads(line)["i"] for line in lines[:-1]] == list(range(1, 30001))


@pytest.mark.parametrize("format", ["json", "ndjson", "csv", "arrow"])
def test_what_breaks_midway_is_seen_to_be_broken(served: Served, format: str) -> None:
    # Arrow is sent in groups of 131,072 rows.
    sql = BREAKS if format != "arrow" else BREAKS.replace("000", "0000")
    with pytest.raises(http.client.IncompleteRead) as caught:
        served.ask(sql, format)
    last = caught.value.partial.rpartition(b"\n{")[2]
    assert (b'"error":' in last) == (format == "ndjson")
    assert b'"end"' not in caught.value.partial[-1000:]


def test_an_old_client_gets_an_error_instead(served: Served) -> None:
    with served.raw(BREAKS, version="1.0") as client:
        content = client.makefile("rb").read()
    assert content.startswith(b"HTTP/1.1 400")
    with served.raw(f"{MANY} SELECT i FROM n", version="1.0") as client:
        content = client.makefile("rb").read()
    assert b"content-length: " in content
    assert b'"end":' in content.splitlines()[-1]


@pytest.mark.parametrize("parts", [0, 1, 2_000])
def test_what_is_sent_whole_is_not_held_in_memory(parts: int) -> None:
    sent: list[Message] = []
    sizes: list[int] = []

    async def send(message: Message) -> None:
        sizes.append(len(message.pop("body", b"")))
        sent.append(message)

    def write() -> None:
        body = _Body(send, "text/csv", holds=True)
        for _ in range(parts):
            body.write(b"x" * 10_000)
        body.close()
        body.discard()

    tracemalloc.start()
    try:
        anyio.run(anyio.to_thread.run_sync, write)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (b"content-length", b"%d" % (parts * 10_000)) in sent[0]["headers"]
    assert [one["more_body"] for one in sent[1:]] == [*[True] * (len(sent) - 2), False]
    assert sum(sizes) == parts * 10_000
    assert peak < 2_000_000


def test_one_statement_leaves_nothing_to_the_next(served: Served) -> None:
    assert served.ask("USE digitalocean.billing").status == 400
    assert served.ask("SELECT * FROM invoices").status == 400
    assert served.ask(PERIODS).status == 200
    assert served.ask("SELECT * FROM billql.catalog.scans").json["rows"] == []


def test_a_client_that_vanishes_ends_its_statement(served: Served) -> None:
    name = 'billql_statements_total{outcome="interrupted",server="http"}'
    before = served.metric(name)
    with served.raw(ENDLESS):
        assert until(lambda: served.metric("billql_statements_running") == 1)
    assert until(lambda: served.metric("billql_statements_running") == 0)
    assert until(lambda: served.metric(name) == before + 1)


def test_metrics_count_by_connection_and_hold_no_value(served: Served) -> None:
    labels = '{connection="digitalocean",provider="digitalocean"}'
    names = [f"billql_{name}_total{labels}" for name in ("requests", "pages")]
    before = [served.metric(name) for name in names]
    reply = served.ask(
        "SELECT count(*) FROM digitalocean.billing.billing_history WHERE type = 'planted'"
    )
    (scan,) = reply.json["end"]["scans"]
    expected = [before[0] + scan["requests"], before[1] + scan["pages"]]
    # It is counted when the answer is sent.
    assert until(lambda: [served.metric(name) for name in names] == expected)
    assert scan["requests"] > 0
    text = served.request("GET", "/metrics").text
    assert "planted" not in text
    assert TOKEN not in text


def test_a_row_too_many_is_an_error() -> None:
    with (
        billql.connect(read_only=True, max_rows=2, autocommit=True) as base,
        serving(base.another) as served,
    ):
        assert served.ask("VALUES (1), (2)").json["end"]["rows"] == 2
        reply = served.ask("VALUES (1), (2), (3)")
        assert (reply.status, reply.code) == (422, "row-limit")


def test_a_tables_page_is_html(served: Served) -> None:
    page = served.request("GET", "/v1/tables/digitalocean.billing.invoices").text
    assert "<h1>invoices</h1>" in page
    assert 'href="#table=digitalocean.billing.invoice_preview"' in page
    assert ".md" not in page
    assert "language-sql" in page
    assert "<h1>" in served.request("GET", "/v1/tables/billql.focus.cost_and_usage").text


def test_nothing_was_a_fault(served: Served) -> None:
    assert served.ask("SELECT 1").status == 200
    assert served.reports == []
