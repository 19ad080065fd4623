"""What progress shows of scans and waits."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence

import pytest
from rich.console import Console

from billql.definitions.pagination import CursorToken, NextUrl, PageNumber
from billql.fetching.scan_stats import ScanStats
from billql.http.request_tracker import RequestTracker
from billql.messages import Page
from billql.output.progress import render


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
