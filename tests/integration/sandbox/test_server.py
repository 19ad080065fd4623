"""The server under its API: connections, threads, the log, opening and closing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from billql.sandbox import Sandbox
from billql.sandbox.api import Request, Response

from .client import MY, Client
from .conftest import UNTIL


def test_fifty_clients_are_served_at_once() -> None:
    everyone = threading.Barrier(50, timeout=15)

    def intercept(request: Request) -> Response | None:
        if request.path == "/v2/account":
            everyone.wait()
        return None

    sandbox = Sandbox(size="small", until=UNTIL, intercept=intercept)
    with sandbox, Client(sandbox) as api, ThreadPoolExecutor(50) as pool:
        responses = list(pool.map(lambda _: api.get("/v2/account"), range(50)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.headers["x-request-id"] for response in responses}) == 50
    assert len(sandbox.requests) == 50


def test_fifty_threads_read_the_same_as_one() -> None:
    with Sandbox(seed=3, size=2, until=UNTIL) as sandbox, Client(sandbox) as api:
        with ThreadPoolExecutor(50) as pool:
            reads = [
                pool.submit(api.get, path)
                for path in [f"{MY}/invoices", f"{MY}/balance", "/v2/droplets?per_page=200"] * 50
            ]
            bodies = {read.result().content for read in reads}
        assert len(bodies) == 3
        assert api.get(f"{MY}/invoices").content in bodies


def test_log() -> None:
    with Sandbox(size="small", until=UNTIL) as sandbox, Client(sandbox) as api:
        api.get("/v2/sizes", page=2, per_page=3)
        api.get("/v2/nowhere")
        api.http.post("/v2/sizes?x=%20", content=b"body")
        assert len(sandbox.requests) == 3
        assert list(sandbox.requests) == [
            ("GET", "/v2/sizes?page=2&per_page=3", 200),
            ("GET", "/v2/nowhere", 404),
            ("POST", "/v2/sizes?x=%20", 405),
        ]
        assert sandbox.requests[-1].status == 405
        sandbox.requests.clear()
        assert not list(sandbox.requests)


def test_connections_are_kept_alive() -> None:
    with Sandbox(size="small", until=UNTIL) as sandbox, Client(sandbox) as api:
        streams = {
            id(api.get("/v2/account").extensions["network_stream"].get_extra_info("socket"))
            for _ in range(5)
        }
        assert len(streams) == 1
        closing = api.http.get("/v2/account", headers={"connection": "close"})
        assert closing.headers["connection"] == "close"
        assert api.get("/v2/account").status_code == 200


def test_latency() -> None:
    with Sandbox(size="small", until=UNTIL, latency=0.05) as sandbox, Client(sandbox) as api:
        start = time.monotonic()
        api.get("/v2/account")
        assert time.monotonic() - start >= 0.05


def test_urls_and_tokens() -> None:
    with Sandbox(until=UNTIL) as sandbox:
        assert set(sandbox.urls) == set(sandbox.tokens) >= {"digitalocean", "stripe"}
        assert len(set(sandbox.urls.values())) == len(sandbox.urls)
        for url in map(httpx.URL, sandbox.urls.values()):
            assert url.host == "127.0.0.1"
            assert url.scheme == "http"
            assert url.path == "/"


def test_only_some_tokens_can_be_restricted() -> None:
    with (
        Sandbox(size="small", until=UNTIL) as sandbox,
        pytest.raises(TypeError, match="digitalocean cannot be restricted"),
    ):
        sandbox.restricted("digitalocean", "anything")


def test_a_port_of_choice() -> None:
    with Sandbox(until=UNTIL) as first:
        taken = httpx.URL(first.urls["digitalocean"]).port
        assert taken is not None
        with pytest.raises(OSError, match="in use"):
            Sandbox(until=UNTIL, port=taken)
    base = next(port for port in range(21_000, 60_000, 50) if all_free(range(port, port + 9)))
    with Sandbox(until=UNTIL, port=base) as second:
        ports = [httpx.URL(url).port for url in second.urls.values()]
    assert ports == list(range(base, base + len(ports)))


def all_free(ports: range) -> bool:
    with contextlib.ExitStack() as held:
        for port in ports:
            one = held.enter_context(socket.socket())
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def test_closing_ends_connections_and_threads() -> None:
    before = set(threading.enumerate())
    sandbox = Sandbox(size="small", until=UNTIL)
    with Client(sandbox) as api:
        api.get("/v2/account")
        started = set(threading.enumerate()) - before
        assert len(started) == 1 + len(sandbox.urls), "one for each listens, one is connected"
        assert all(thread.daemon for thread in started)
        sandbox.close()
        sandbox.close()
        with pytest.raises(httpx.TransportError):
            api.get("/v2/account")
    for thread in started:
        thread.join(timeout=5)
        assert not thread.is_alive()


def test_serving_in_the_foreground_ends_with_close() -> None:
    sandbox = Sandbox(size="small", until=UNTIL)
    threading.Timer(0.05, sandbox.close).start()
    sandbox.serve_forever()
    with pytest.raises(httpx.ConnectError), Client(sandbox) as api:
        api.get("/v2/account")


def test_a_client_that_goes_away_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    arrived, gone = threading.Event(), threading.Event()

    def intercept(request: Request) -> Response | None:
        arrived.set()
        gone.wait(5)
        return Response(b"x" * 10_000_000)

    with Sandbox(size="small", until=UNTIL, intercept=intercept) as sandbox:
        url = httpx.URL(sandbox.urls["digitalocean"])
        with socket.create_connection((url.host, url.port or 0)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert arrived.wait(5)
        gone.set()
    assert not caplog.records


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/v1/customers/search", 400, "query is required"),
        ("GET", "/v1/customers/find", 404, "No such customer: 'find'"),
        ("GET", "/v1/customers/a%2Fb%3Ac", 404, "No such customer: 'a/b:c'"),
        ("GET", "/v1/nothing", 404, "Unrecognized request URL"),
        ("DELETE", "/v1/customers", 405, "Unrecognized request URL"),
    ],
)
def test_literal_parts_win_and_parameters_are_decoded_after_the_path_is_split(
    method: str, path: str, status: int, said: str
) -> None:
    with Sandbox(size="small", until=UNTIL, providers=["stripe"]) as sandbox:
        headers = {"authorization": f"Bearer {sandbox.tokens['stripe']}"}
        url = sandbox.urls["stripe"] + path
        response = httpx.request(method, url, headers=headers, trust_env=False)
    assert response.status_code == status
    assert said in response.json()["error"]["message"]
