"""Splitting a long list by time, so that its parts can be fetched at once.

A list whose pages each hold the token of the next is read one page after the other. If it is
ordered newest first and its API filters by time, the first page shows how many rows a stretch of
time has, and the time before that page can be split into windows of about a page each.
"""

from __future__ import annotations

import itertools
import math

from billql.planning.intervals import Span

_WORTHWHILE = 4
"""The fewest pages, by estimate, that are worth a split, for each window ends in a partial page."""


def split_window(rest: Span, newest: int, oldest: int, most: int) -> list[Span]:
    """Return at most so many windows, newest first and without a gap, that make up a span.

    `rest` runs from the earliest moment requested to that of the first page's last row; `newest`
    and `oldest` are the moments of that page's ends; all are counts (see `floors`). Return nothing
    for a list that has too few pages, or no beginning.
    """
    if rest.low is None or rest.high is None:
        return []
    length = rest.high - rest.low + 1
    pages = length / max(1, newest - oldest)
    count = min(most, math.ceil(pages), length)
    if pages < _WORTHWHILE or count < 2:
        return []
    edges = [rest.low + length * part // count for part in range(count + 1)]
    return [Span(low, high - 1) for low, high in itertools.pairwise(edges)][::-1]
