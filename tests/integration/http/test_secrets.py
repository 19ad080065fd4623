"""A token that was planted is in nothing that billql says, shows, logs or writes."""

from __future__ import annotations

import gc
import json
import logging
import pickle
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from billql.config.settings import Settings
from billql.errors import Error
from billql.sql.statements import parse
from support.api_client import TOKEN
from support.server import Asked, Script, Serve, in_turn
from support.shop import PROVIDER, RESOURCES, Shop, opened, select

BEARER = f"Bearer {TOKEN}"
BALANCE = "SELECT * FROM @balance"


def echo(status: int, headers: dict[str, str] | None = None) -> Script:
    """Answer with everything that was asked, as careless servers do."""

    def script(asked: Asked) -> None:
        told = {
            "message": f"{asked.method} {asked.target} {asked.headers}",
            "id": asked.headers["authorization"],
            "request_id": TOKEN,
        }
        asked.answer(told, status, {"x-request-id": TOKEN, **(headers or {})})

    return script


def broken(asked: Asked) -> None:
    asked.send(f"{BEARER}\r\n\r\n".encode())
    asked.end()


SCRIPTS: dict[str, Script] = {
    "fine": lambda asked: asked.answer({"amount": 1}),
    "refused": echo(401),
    "forbidden": echo(403),
    "missing": echo(404),
    "limited": echo(429, {"retry-after": "9999"}),
    "failed": echo(500),
    "redirected": echo(302, {"location": f"/login?token={TOKEN}"}),
    "another shape": echo(200),
    "a wrong value": lambda asked: asked.answer({"amount": BEARER}),
    "not JSON": lambda asked: asked.answer(f"<html>{BEARER}</html>"),
    "no HTTP": broken,
    "silent": Asked.hang,
    "packed": lambda asked: asked.answer(BEARER, 200, {"content-encoding": BEARER}),
}


def shown(error: BaseException | None) -> str:
    """Give everything that an error shows, with all that it says has led to it."""
    told = ""
    while error is not None:
        told += f"{error} {error!r} {error.args} {vars(error)} "
        told += "".join(traceback.format_exception(error))
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return told


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_token_goes_into_one_header_and_nowhere_else(
    serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for logger in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "billql"):
        caplog.set_level(logging.DEBUG, logger)
    server = serve(SCRIPTS[name])
    told = ""
    settings = Settings(attempts=1, read_timeout=0.1)
    with opened(server, tmp_path, cache=tmp_path / "cache", settings=settings) as session:
        try:
            select(session, BALANCE)
        except Error as error:
            told += shown(error)
        engine = session.engine
        told += repr(
            [
                *(scan.as_dict() for scan in session.scans),
                *session.scans,
                select(session, f"EXPLAIN {BALANCE}"),
                select(session, f"EXPLAIN QUERY PLAN {BALANCE}"),
                session,
                vars(session),
                engine,
                vars(engine),
                engine.connection(engine.table("shop.all.balance"), "shop"),
            ]
        )
        running = engine.begin(parse(""), ())
        told += repr([running, vars(running), vars(running.statement)])
    # httpcore tells at its lowest level how an answer's head came, with all that is in it.
    repeats = name not in ("fine", "a wrong value", "not JSON", "silent")
    for record in caplog.records:
        if not (repeats and record.name.startswith("httpcore")):
            told += f"{record.getMessage()} {vars(record)}"
    assert TOKEN not in told
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
    for asked in server.asked:
        assert TOKEN not in asked.target
        assert asked.headers.pop("authorization") == BEARER
        assert TOKEN not in repr(asked.headers)


def test_a_token_is_not_taken_elsewhere(serve: Serve, tmp_path: Path) -> None:
    elsewhere = serve(lambda asked: asked.answer({"amount": 1}))
    there = {"location": f"{elsewhere.url}/balance"}
    linked = {"items": [{"id": 1, "name": "a"}], "total": 2, "links": {"next": elsewhere.url}}
    server = serve(
        in_turn(
            *(redirect(status, there) for status in (301, 302, 303, 307, 308)),
            lambda asked: asked.answer(linked),
        )
    )
    with opened(server, tmp_path) as session:
        for _ in range(5):
            with pytest.raises(Error, match="a redirect, which is not followed"):
                select(session, BALANCE)
        with pytest.raises(Error, match="points to another server"):
            select(session, "SELECT * FROM @links")
    assert len(server.asked) == 6
    assert elsewhere.asked == []


def redirect(status: int, headers: dict[str, str]) -> Script:
    return lambda asked: asked.answer({}, status, headers)


def test_tokens_of_two_providers_do_not_meet(serve: Serve, tmp_path: Path) -> None:
    """Each provider gets its own token, over the same transport."""
    other = tmp_path / "definitions" / "other"
    other.mkdir(parents=True)
    (other / "provider.yaml").write_text(json.dumps(PROVIDER))
    service = {"billql": 1, "description": "All that it has.", "resources": RESOURCES}
    (other / "all.yaml").write_text(json.dumps(service))
    one, two = (serve(lambda asked: asked.answer({"amount": 1})) for _ in range(2))
    with opened(
        one,
        tmp_path,
        cache_ttl=0,
        tokens={"shop": "token-of-one", "other": "token-of-two"},
        urls={"shop": one.url, "other": two.url},
    ) as session:
        for _ in range(5):
            select(session, "SELECT * FROM @balance, other.all.balance")
    assert {asked.headers["authorization"] for asked in one.asked} == {"Bearer token-of-one"}
    assert {asked.headers["authorization"] for asked in two.asked} == {"Bearer token-of-two"}


SECRETIVE: dict[str, Callable[[Any], Any]] = {
    "settings": lambda session: session.engine.shared.options.settings,
    "shared": lambda session: session.engine.shared.services,
}


@pytest.mark.parametrize("name", SECRETIVE)
def test_what_statements_share_does_not_show_it(tmp_path: Path, name: str) -> None:
    with opened(Shop(), tmp_path) as session:
        select(session, BALANCE)
        assert TOKEN not in repr(SECRETIVE[name](session))


def test_an_error_can_be_sent_to_another_process(tmp_path: Path) -> None:
    """Errors travel between processes, as in a pool of workers; what travels holds no secret."""
    shop = Shop()
    shop.before = lambda request, number: httpx.Response(401, json={"message": TOKEN})
    with opened(shop, tmp_path) as session, pytest.raises(Error) as caught:
        select(session, BALANCE)
    assert TOKEN.encode() not in pickle.dumps((caught.value.args, vars(caught.value)))


def test_nothing_is_left_in_memory_of_a_closed_session(tmp_path: Path) -> None:
    with opened(Shop(), tmp_path) as session:
        select(session, BALANCE)
        engine = session.engine
        left: list[weakref.ref[Any]] = [
            weakref.ref(engine),
            weakref.ref(engine.shared.services.client),
            weakref.ref(engine.connection(engine.table("shop.all.balance"), "shop")),
        ]
    del session, engine
    gc.collect()
    assert [one() for one in left] == [None, None, None]
