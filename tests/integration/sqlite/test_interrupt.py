"""Ctrl-C and interrupt() end a statement within half a second, whatever is in flight."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from billql.errors import ApiError, Interrupted
from billql.sqlite.session import Session
from support.server import Asked, Script, Serve, Server, head, in_turn
from support.shop import opened, select

PROMPT = 0.5


@contextmanager
def interrupting(session: Session, when: Callable[[], object]) -> Iterator[None]:
    """Interrupt what runs inside of this, and see that it ends in time."""
    told: list[float] = []

    def interrupt() -> None:
        when()
        told.append(time.monotonic())
        session.database.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(Interrupted, match="The statement was interrupted"):
            yield
        assert time.monotonic() - told[0] < PROMPT
    finally:
        thread.join()


def soon() -> None:
    time.sleep(0.05)


def after_one(server: Server) -> Callable[[], None]:
    def wait() -> None:
        server.until(lambda: len(server.asked) == 1)
        soon()

    return wait


def begun(session: Session) -> Callable[[], None]:
    """Wait until another statement reads a resource."""
    before = session.scans

    def wait() -> None:
        while session.scans is before or not session.scans:
            time.sleep(0.005)
        soon()

    return wait


BALANCE = {"amount": 1}


def half(asked: Asked) -> None:
    asked.send(head(200, {"content-length": "50", "content-type": "application/json"}) + b'{"am')
    asked.hang()


def trickle(asked: Asked) -> None:
    asked.send(head(200, {"content-length": "5000"}))
    asked.trickle(b"x" * 5000)


@pytest.mark.parametrize("script", [Asked.hang, half, trickle], ids=["silent", "half", "trickle"])
def test_while_a_server_takes_its_time(serve: Serve, tmp_path: Path, script: Script) -> None:
    server = serve(in_turn(script, lambda asked: asked.answer(BALANCE)))
    with opened(server, tmp_path) as session:
        with interrupting(session, lambda: server.until(lambda: server.at_once == 1)):
            select(session, "SELECT * FROM @balance")
        # The next statement is none the worse for it.
        assert select(session, "SELECT * FROM @balance") == [(1,)]
    server.until(lambda: server.open == 0)


def test_while_many_are_in_flight(serve: Serve, tmp_path: Path) -> None:
    """All that the provider takes at once is stuck; the next statement finds room again."""
    silent = threading.Event()
    silent.set()

    def script(asked: Asked) -> None:
        if silent.is_set():
            asked.hang()
        else:
            asked.answer({"size": 7})

    server = serve(script)
    keys = ", ".join(map(str, range(100)))
    with opened(server, tmp_path) as session:
        with interrupting(session, lambda: server.until(lambda: server.at_once == 8)):
            select(session, f"SELECT * FROM @details WHERE thing_id IN ({keys})")
        silent.clear()
        began = time.monotonic()
        rows = select(session, "SELECT size FROM @details WHERE thing_id IN (1, 2, 3)")
        assert rows == [(7,)] * 3
        assert time.monotonic() - began < PROMPT
    assert len(server.asked) == 8 + 3


def test_while_waiting_for_a_limit(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda asked: asked.answer(BALANCE))
    limits = {"limits": [{"requests": 1, "seconds": 50}]}
    with opened(server, tmp_path, limits, cache_ttl=0) as session:
        select(session, "SELECT * FROM @balance")
        with interrupting(session, begun(session)):
            select(session, "SELECT * FROM @balance")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "headers", [{"retry-after": "50"}, {"ratelimit-remaining": "0", "ratelimit-reset": "50"}]
)
def test_while_waiting_as_the_api_asks(
    serve: Serve, tmp_path: Path, headers: dict[str, str]
) -> None:
    server = serve(lambda asked: asked.answer({}, 429, headers))
    with opened(server, tmp_path) as session, interrupting(session, after_one(server)):
        select(session, "SELECT * FROM @balance")
    assert len(server.asked) == 1


def test_while_pausing_before_another_attempt(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda asked: asked.answer({}, 503, {"retry-after": "50"}))
    with opened(server, tmp_path) as session, interrupting(session, after_one(server)):
        select(session, "SELECT * FROM @balance")


def test_while_sqlite_computes(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda asked: asked.answer(BALANCE))
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    with opened(server, tmp_path) as session, interrupting(session, after_one(server)):
        select(session, f"{endless} SELECT count(*) FROM n, @balance")


def test_between_rows(serve: Serve, tmp_path: Path) -> None:
    """Somebody reads a few rows, and the rest is on its way."""
    first = {"items": [{"id": n, "name": ""} for n in range(10)], "next": "1"}
    server = serve(in_turn(lambda asked: asked.answer(first), Asked.hang))
    with opened(server, tmp_path) as session:
        statement = session.execute("SELECT id FROM shop.all.events")
        assert [next(statement) for _ in range(8)] == [(n,) for n in range(8)]
        server.until(lambda: len(server.asked) == 2)
        with interrupting(session, soon):
            list(statement)


def test_an_interrupt_when_nothing_runs_hurts_nobody(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda asked: asked.answer(BALANCE))
    with opened(server, tmp_path) as session:
        for _ in range(3):
            session.database.interrupt()
            assert select(session, "SELECT * FROM @balance") == [(1,)]


def test_closing_ends_what_runs(serve: Serve, tmp_path: Path) -> None:
    server = serve(Asked.hang)
    before = threading.active_count()
    with opened(server, tmp_path) as session:
        with interrupting(session, lambda: server.until(lambda: server.at_once == 1)):
            select(session, "SELECT * FROM @balance")
        began = time.monotonic()
    assert time.monotonic() - began < PROMPT
    server.until(lambda: server.open == 0)
    assert threading.active_count() <= before + 1


def test_many_statements_share_connections(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda asked: asked.answer({"items": [], "total": 0, "amount": 1, "size": 1}))
    with opened(server, tmp_path, cache_ttl=0) as session:
        for number in range(30):
            select(session, "SELECT * FROM @balance")
            select(session, "SELECT * FROM @things")
            select(session, f"SELECT * FROM @details WHERE thing_id = {number}")
    assert len(server.asked) == 90
    assert server.connections <= 2


def test_an_error_of_the_api_comes_through_whole(serve: Serve, tmp_path: Path) -> None:
    body = {"id": "unauthorized", "message": "Unable to authenticate you"}
    server = serve(lambda asked: asked.answer(body, 401, {"x-request-id": "abc"}))
    with opened(server, tmp_path) as session, pytest.raises(ApiError) as caught:
        select(session, "SELECT * FROM @balance")
    assert str(caught.value) == (
        f"GET {server.url}/balance answered 401: Unable to authenticate you "
        "(unauthorized) [request abc]"
    )


def test_half_read_statements_end_and_later_ones_do_not(serve: Serve, tmp_path: Path) -> None:
    """Of resources and of local tables, fetched again afterwards or not."""
    page = {"items": [{"id": n, "name": ""} for n in range(10)], "next": None}
    server = serve(lambda asked: asked.answer(page))
    numbers = (
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 99) SELECT i FROM n"
    )
    with opened(server, tmp_path) as session:
        both = ("SELECT id FROM shop.all.events", numbers)
        half_read = [session.execute(sql) for sql in both * 2]
        assert [next(one) for one in half_read] == [(0,)] * 4
        session.interrupt()
        with pytest.raises(Interrupted):
            next(half_read[0])
        for _ in range(2):
            assert select(session, "SELECT count(*) FROM @events") == [(10,)]
            assert len(select(session, numbers)) == 99
        for one in half_read[1:]:
            for _ in range(2):
                with pytest.raises(Interrupted):
                    next(one)
        # What began later is none of the interrupt's.
        later = session.execute(numbers)
        assert next(later) == (0,)
        assert select(session, "SELECT 1") == [(1,)]
        assert len(list(later)) == 98


def test_a_closed_statement_stays_closed(serve: Serve, tmp_path: Path) -> None:
    server = serve(lambda asked: asked.answer(BALANCE))
    with opened(server, tmp_path) as session:
        statement = session.execute("VALUES (1), (2)")
        statement.close()
        session.interrupt()
        assert select(session, "SELECT 1") == [(1,)]
        assert list(statement) == []
