"""How many requests are under way at once, and what is left when all is over."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager
from typing import Any

import pytest

from billql.config.settings import Settings
from billql.errors import Interrupted
from billql.http.client import ApiClient
from billql.messages import Response
from support.api_client import connection, get, send, tracker
from support.server import PATIENCE, Asked, Serve


class Held:
    """Answers nobody until it is let go."""

    def __init__(self) -> None:
        self.free = threading.Event()

    def __call__(self, asked: Asked) -> None:
        self.free.wait(10)
        asked.answer({})


@contextmanager
def transport(**settings: Any) -> Iterator[ApiClient]:
    made = ApiClient(Settings(**settings))
    try:
        yield made
    finally:
        made.close()


def send_many(to: ApiClient, count: int, url: str, **changes: Any) -> list[Future[Response]]:
    return [
        to.send(get(url, f"/{number}"), connection(url, **changes), tracker())
        for number in range(count)
    ]


def request_threads() -> int:
    return sum(thread.name == "billql-request" for thread in threading.enumerate())


def test_concurrency_is_bounded_for_each_provider(serve: Serve) -> None:
    held = Held()
    server = serve(held)
    with transport() as sender:
        futures = send_many(sender, 20, server.url, concurrency=4)
        server.until(lambda: server.at_once == 4)
        time.sleep(0.05)
        held.free.set()
        assert [future.result(5).body for future in futures] == [b"{}"] * 20
    assert server.most_at_once == 4
    assert server.connections == 4
    assert sorted(int(target[1:]) for target in server.targets[:4]) == [0, 1, 2, 3]


def test_concurrency_is_bounded_over_all(serve: Serve) -> None:
    held = Held()
    one, other = serve(held), serve(held)
    with transport(concurrency=6) as sender:
        futures = send_many(sender, 10, one.url, concurrency=4)
        futures += send_many(sender, 10, other.url, concurrency=4)
        one.until(lambda: one.at_once == 4)
        other.until(lambda: other.at_once == 2)
        time.sleep(0.05)
        assert (one.at_once, other.at_once, request_threads()) == (4, 2, 6)
        held.free.set()
        wait(futures, 5)
    assert max(one.most_at_once, other.most_at_once) == 4


def test_a_silent_provider_does_not_keep_others_waiting(serve: Serve) -> None:
    silent, lively = serve(Asked.hang), serve(lambda asked: asked.answer({}))
    with transport(concurrency=8) as sender:
        waiting = send_many(sender, 40, silent.url, concurrency=4)
        silent.until(lambda: silent.at_once == 4)
        for future in send_many(sender, 10, lively.url, concurrency=4):
            assert future.result(5).body == b"{}"
        assert not any(future.done() for future in waiting)


def test_tokens_have_ways_of_their_own(serve: Serve) -> None:
    held = Held()
    server = serve(held)
    with transport() as sender:
        futures = send_many(sender, 3, server.url, concurrency=1, token="one")
        futures += send_many(sender, 3, server.url, concurrency=1, token="other")
        server.until(lambda: server.at_once == 2)
        held.free.set()
        wait(futures, 5)
    assert server.most_at_once == 2
    assert {asked.headers["authorization"] for asked in server.asked[:2]} == {
        "Bearer one",
        "Bearer other",
    }


def test_requests_one_after_the_other_need_one_thread_and_one_connection(serve: Serve) -> None:
    server = serve(lambda asked: asked.answer({}))
    with transport() as sender:
        assert request_threads() == 0
        for _ in range(30):
            send(sender, connection(server.url))
        assert request_threads() <= 2
    assert server.connections <= 2


def test_nothing_is_left_after_closing(serve: Serve) -> None:
    server = serve(Asked.hang)
    before = _open_files()
    with transport() as sender:
        futures = send_many(sender, 40, server.url)
        server.until(lambda: server.at_once == 16)
        began = time.monotonic()
        sender.close()
        assert time.monotonic() - began < 0.5
    assert request_threads() == 0
    for future in futures:
        with pytest.raises((Interrupted, CancelledError)):
            future.result(0)
    server.until(lambda: server.open == 0)
    assert _open_files() <= before


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208


def test_closing_wakes_whoever_pauses(serve: Serve) -> None:
    failed = threading.Event()

    def fail(asked: Asked) -> None:
        asked.answer({}, 503, {"retry-after": "50"})
        failed.set()

    server = serve(fail)
    with transport() as sender:
        (future,) = send_many(sender, 1, server.url)
        assert failed.wait(PATIENCE)
        began = time.monotonic()
        sender.close()
        assert time.monotonic() - began < 25  # and not 50
    with pytest.raises(Interrupted):
        future.result(0)
    assert request_threads() == 0


def test_what_was_cancelled_in_the_queue_is_not_sent(serve: Serve) -> None:
    held = Held()
    server = serve(held)
    with transport() as sender:
        first, second, third = send_many(sender, 3, server.url, concurrency=1)
        server.until(lambda: server.at_once == 1)
        assert second.cancel()
        held.free.set()
        assert (first.result(5).body, third.result(5).body) == (b"{}", b"{}")
    assert server.targets == ["/0", "/2"]
