"""Who may ask over HTTP, and how much at once."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import billql
from billql.errors import InterfaceError
from billql.sandbox import Sandbox
from billql.serve.address import Address
from billql.serve.http.server import HttpOptions, HttpServer
from billql.serve.metrics import Metrics
from support.certificates import self_signed
from support.serving import TOKEN, Served, context, serving, until

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

BREAKS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
    "SELECT i, CASE WHEN i = 29000 THEN abs(-9223372036854775808) END AS x FROM n"
)


@pytest.fixture(scope="module")
def base() -> Iterator[billql.Connection]:
    with billql.connect(sandbox=True, read_only=True, timeout=20, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def served(base: billql.Connection) -> Iterator[Served]:
    with serving(base.another, hosts=["Bills.Example"]) as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer   {TOKEN} "}, 200),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": "Bearer \u00e9"}, 401),
        ({}, 401),
    ],
)
def test_a_token_is_needed(served: Served, headers: dict[str, str], status: int) -> None:
    reply = served.request("POST", "/v1/query", "SELECT 1", headers, token=None)
    assert reply.status == status
    for path in ("/metrics", "/v1/tables/digitalocean.billing.balances"):
        assert served.request("GET", path, None, headers, token=None).status == status
    if status == 401:
        assert reply.headers["www-authenticate"].startswith("Bearer")
        assert TOKEN not in reply.text


def test_the_page_and_its_health_need_none(served: Served) -> None:
    for path in ("/", "/static/app.js", "/static/app.css", "/healthz"):
        assert served.request("GET", path, token=None).status == 200
    assert "default-src 'none'" in served.request("GET", "/").headers["content-security-policy"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost"}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "bills.example"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example"}, 421),
        ({"Host": "localhost@evil.example"}, 421),
        ({"Host": "evil.example#localhost"}, 421),
        ({"Host": ""}, 421),
        ({"Host": "[::1"}, 421),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, 200),
        ({"Host": "localhost:8080", "Origin": "https://localhost:8080"}, 200),
        ({"Host": "localhost:8080", "Origin": "http://localhost:9090"}, 403),
        ({"Host": "localhost:8080", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost:8080", "Origin": "null"}, 403),
    ],
)
def test_host_and_origin_are_checked(served: Served, headers: dict[str, str], status: int) -> None:
    assert served.request("POST", "/v1/query", "SELECT 1", headers).status == status
    assert served.request("GET", "/healthz", None, {"Host": "10.0.0.7:8080"}).status == 200


def test_two_hosts_are_none(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert client.recv(100).split()[1] in (b"400", b"421")


def test_without_a_token_this_machine_may_ask(base: billql.Connection) -> None:
    with serving(base.another, token=None) as served:
        assert served.request("POST", "/v1/query", "SELECT 1", token=None).status == 200
        other = {"Host": "evil.example"}
        assert served.request("POST", "/v1/query", "SELECT 1", other, token=None).status == 421


@pytest.mark.parametrize(
    ("address", "options", "message"),
    [
        ("0.0.0.0:0", {"token": None}, "a token is needed"),
        ("0.0.0.0:0", {}, "plain HTTP"),
        ("[::]:0", {}, "plain HTTP"),
        ("bills.example:0", {}, "plain HTTP"),
        ("127.0.0.1:0", {"token": "short"}, "fewer than 16"),
        ("127.0.0.1:0", {"certificate": Path("a.pem")}, "both"),
    ],
)
def test_what_is_not_safe_is_not_served(
    address: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InterfaceError, match=message):
        HttpOptions(**{"address": Address.parse(address), "token": TOKEN, **options})


def test_a_taken_port_is_named(base: billql.Connection) -> None:
    with serving(base.another) as served:
        options = HttpOptions(Address("127.0.0.1", served.port), TOKEN)
        with pytest.raises(InterfaceError, match=str(served.port)):
            HttpServer(options, context(base.another), Metrics())


def test_a_certificate_that_is_none_is_named(base: billql.Connection, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("nothing")
    path = tmp_path / "a.pem"
    options = HttpOptions(Address("127.0.0.1", 0), TOKEN, certificate=path, key=path)
    with pytest.raises(InterfaceError, match="certificate"):
        HttpServer(options, context(base.another), Metrics())


def test_tls_is_spoken_also_where_an_answer_breaks_off(
    base: billql.Connection, tmp_path: Path
) -> None:
    path = self_signed(tmp_path / "a.pem", "localhost")
    trust = ssl.create_default_context(cafile=str(path))
    with serving(base.another, certificate=path, key=path) as served:
        assert served.server.url.startswith("https://")

        def ask(sql: str) -> bytes:
            client = http.client.HTTPSConnection("localhost", served.port, context=trust)
            with contextlib.closing(client):
                headers = {"Authorization": f"Bearer {TOKEN}"}
                client.request("POST", "/v1/query?format=csv", sql, headers)
                return client.getresponse().read()

        assert ask("SELECT 1 AS a") == b"a\n1\n"
        with pytest.raises(http.client.IncompleteRead):
            ask(BREAKS)
        with pytest.raises((http.client.HTTPException, OSError)):
            served.ask("SELECT 1")  # in plain text


def test_statements_wait_for_each_other_up_to_a_limit(base: billql.Connection) -> None:
    with serving(base.another, statements=1, waiting=1, patience=0.3) as served:
        with served.raw(ENDLESS):
            assert until(lambda: served.metric("billql_statements_running") == 1)
            found: list[Any] = []
            waits = threading.Thread(target=lambda: found.append(served.ask("SELECT 1")))
            waits.start()
            assert until(lambda: served.metric("billql_statements_waiting") == 1)
            full = served.ask("SELECT 1")
            waits.join()
        assert [(one.status, one.code) for one in (full, *found)] == [(503, "busy")] * 2
        assert full.headers["retry-after"] == "1"
        assert until(lambda: served.ask("SELECT 1").status == 200)


def test_a_statement_that_takes_too_long_ends() -> None:
    with (
        billql.connect(read_only=True, timeout=0.2, autocommit=True) as base,
        serving(base.another) as served,
    ):
        reply = served.ask(ENDLESS)
        assert (reply.status, reply.code) == (504, "statement-timeout")


def test_the_requests_of_a_client_that_vanishes_are_cancelled() -> None:
    log: list[str] = []
    sql = (
        "SELECT count(*) FROM digitalocean.billing.invoices "
        "JOIN digitalocean.billing.invoice_items USING (invoice_uuid)"
    )

    def sent() -> int:
        return sum(line.startswith("> ") for line in list(log))

    with (
        Sandbox(latency=0.1, providers=["digitalocean"]) as sandbox,
        billql.connect(
            environ={},
            tokens=sandbox.tokens,
            urls=sandbox.urls,
            read_only=True,
            autocommit=True,
            log=log.append,
        ) as base,
        serving(base.another) as served,
    ):
        with served.raw(sql):
            assert until(lambda: sent() > 1)
        assert until(lambda: served.metric("billql_statements_running") == 0)
        before = sent()
        time.sleep(0.3)
        assert sent() == before
        assert served.ask(sql).json["end"]["scans"][1]["pages"] > before


def test_a_secret_is_in_no_response_log_or_metric() -> None:
    planted, log = "planted-secret-of-an-api", list[str]()
    with (
        Sandbox(providers=["digitalocean"]) as sandbox,
        billql.connect(
            environ={},
            tokens={"digitalocean": planted},
            urls=sandbox.urls,
            read_only=True,
            autocommit=True,
            log=log.append,
        ) as base,
        serving(base.another) as served,
    ):
        reply = served.ask("SELECT * FROM digitalocean.billing.invoices")
        assert (reply.status, reply.code) == (502, "credential-refused")
        sources = served.ask("SELECT * FROM billql.catalog.connections")
        metrics = served.request("GET", "/metrics")
        assert "credential-refused" in metrics.text
        seen = [reply.text, sources.text, metrics.text, *log, *served.reports]
    assert not [text for text in seen if planted in text or TOKEN in text]


def test_a_server_that_ends_lets_statements_end(base: billql.Connection) -> None:
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) "
        "SELECT count(*) AS n FROM n"
    )
    with serving(base.another) as served:
        found: list[Any] = []
        asks = threading.Thread(target=lambda: found.append(served.ask(slow)))
        asks.start()
        assert until(lambda: served.metric("billql_statements_running") == 1)
        served.server.stop(20)
        asks.join()
    assert found[0].json["rows"] == [{"n": 3000000}]


def test_a_server_that_ends_interrupts_what_does_not(base: billql.Connection) -> None:
    with serving(base.another) as served, served.raw(ENDLESS) as client:
        assert until(lambda: served.metric("billql_statements_running") == 1)
        started = time.monotonic()
        served.server.stop(0.2)
        assert time.monotonic() - started < 10
        assert b"interrupted" in client.makefile("rb").read()
