"""Windows of time: how a long list is split, so that its parts are fetched at once."""

from __future__ import annotations

import itertools

import pytest

from billql.planning.intervals import Span
from billql.planning.time_windows import split_window


@pytest.mark.parametrize(
    ("rest", "most", "windows"),
    [
        (Span(0, 999), 16, 10),
        (Span(0, 999), 4, 4),
        (Span(0, 950), 16, 10),
        (Span(0, 499), 16, 5),
        (Span(0, 399), 16, 4),
        (Span(-500, 499), 16, 10),
    ],
)
def test_windows_follow_each_other_newest_first_without_a_gap(
    rest: Span, most: int, windows: int
) -> None:
    parts = split_window(rest, newest=1100, oldest=1000, most=most)
    assert len(parts) == windows
    assert (parts[-1].low, parts[0].high) == (rest.low, rest.high)
    for newer, older in itertools.pairwise(parts):
        assert older.high == newer.low - 1
    lengths = [part.high - part.low for part in parts]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(
    ("rest", "newest", "most"),
    [
        (Span(None, 999), 1100, 16),
        (Span(0, None), 1100, 16),
        (Span(), 1100, 16),
        # Less than four pages.
        (Span(601, 999), 1100, 16),
        (Span(5, 4), 1100, 16),
        (Span(0, 0), 1100, 16),
        # One at once.
        (Span(0, 999), 1100, 1),
        (Span(0, 999), 1100, 0),
    ],
)
def test_what_is_not_worth_splitting(rest: Span, newest: int, most: int) -> None:
    assert split_window(rest, newest=newest, oldest=1000, most=most) == []


def test_a_page_of_one_moment_is_split_by_moments() -> None:
    parts = split_window(Span(1, 5), newest=1000, oldest=1000, most=16)
    assert parts == [Span(moment, moment) for moment in (5, 4, 3, 2, 1)]
