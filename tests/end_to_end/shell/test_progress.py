"""Progress: seen while a statement runs, by people alone, and gone before its rows."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import date

import pytest
from rich.console import Console

from billql.definitions.pagination import CursorToken, NextUrl, PageNumber
from billql.fetching.scan_stats import ScanStats
from billql.http.client import RequestTracker
from billql.messages import Page
from billql.output.progress import Progress, render
from billql.sandbox import Sandbox
from support.server import Asked, Serve
from support.terminal import Terminal

SQL = "SELECT count(*) AS n FROM digitalocean.billing.billing_history"


def lines(scans: Sequence[ScanStats]) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=100).print(render(scans, 7.4))
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (ScanStats("a.b.c"), "a.b.c  0 pages  0 rows  0 requests"),
        (ScanStats("a.b.c", 1, 1, 1), "a.b.c  1 page  1 row  1 request"),
        (
            ScanStats("a.b.c", 30, 12, 2400, expected_pages=25),
            "a.b.c  12 of 25 pages  2,400 rows  30 requests",
        ),
        (ScanStats("a.b.c", expected_pages=1), "a.b.c  0 of 1 page  0 rows  0 requests"),
        # A list that moved has been read twice.
        (
            ScanStats("a.b.c", 30, 26, 5000, expected_pages=25),
            "a.b.c  26 pages  5,000 rows  30 requests",
        ),
    ],
)
def test_a_scan(figures: ScanStats, expected: str) -> None:
    assert lines([figures]) == [expected]


def test_a_wait() -> None:
    figures = ScanStats("a.b.c")
    figures.under_way |= {waiting(12.3), waiting(0.0)}
    assert lines([figures]) == ["a.b.c  0 pages  0 rows  0 requests  waiting 12 s"]


def waiting(seconds: float) -> RequestTracker:
    return RequestTracker(lambda: None, threading.Event(), waited=seconds)


def test_the_first_page_of_a_list_may_tell_how_many_there_are() -> None:
    page = Page({"meta": {"total": 41}}, 20)
    by_number = PageNumber(total="meta.total")
    by_link = NextUrl(path="next", total="meta.total")
    assert [kind.page_count_hint(page) for kind in (by_number, by_link)] == [3, 3]
    assert NextUrl(path="next").page_count_hint(page) is None
    assert CursorToken().page_count_hint(page) is None
    assert by_number.page_count_hint(Page({"meta": {"total": 0}}, 0)) is None
    assert by_link.page_count_hint(Page({}, 20)) is None


def test_no_scan_and_many() -> None:
    assert lines([]) == ["running for 7 s"]
    many = lines([ScanStats(f"a.b.c{number}") for number in range(12)])
    assert many[0].split() == ["…", "and", "4", "more", "scans", "before"]
    assert [line.split()[0] for line in many[1:]] == [f"a.b.c{number}" for number in range(4, 12)]


def test_nothing_of_it_where_nobody_watches() -> None:
    stream = io.StringIO()
    before = threading.active_count()
    with Progress(stream, after=0.0).of(list):
        assert threading.active_count() == before
    assert stream.getvalue() == ""


def account(url: str) -> dict[str, str]:
    return {"BILLQL_DIGITALOCEAN_URL": url, "DIGITALOCEAN_TOKEN": "x"}


def test_a_query_on_a_terminal(environ: dict[str, str], serve: Serve) -> None:
    seen = threading.Event()

    def script(asked: Asked) -> None:
        assert seen.wait(30)
        asked.answer({"billing_history": [], "links": {}, "meta": {"total": 0}})

    server = serve(script)
    with Terminal("query", SQL, environ=environ | account(server.url)) as terminal:
        terminal.reads("digitalocean.billing.billing_history  0 pages  0 rows  1 request")
        seen.set()
        assert terminal.ends() == 0
        assert terminal.text == "n\n─\n0"


def test_a_query_in_a_pipe(environ: dict[str, str]) -> None:
    with Sandbox(latency=1.0, until=date(2026, 3, 15)) as sandbox:
        token = {"DIGITALOCEAN_TOKEN": sandbox.tokens["digitalocean"]}
        done = subprocess.run(
            [sys.executable, "-m", "billql", "query", SQL],
            env=environ | account(sandbox.urls["digitalocean"]) | token,
            capture_output=True,
            timeout=60,
            check=True,
        )
    assert done.stdout.startswith(b"n\n")
    assert done.stderr == b""
