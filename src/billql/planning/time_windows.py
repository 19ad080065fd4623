"""Cutting a long list by time, so that its parts can be fetched at once.

A list in which each page tells the next is read one page after the other, however long it is. If
it comes newest first and can be asked for by time, its first page tells how dense it is, and what
lies before that page can be cut into windows of about a page each.
"""

from __future__ import annotations

import itertools
import math

from billql.planning.intervals import Span

_WORTHWHILE = 4
"""How many more pages there must be, by estimate, for a cut to be worth its broken pages."""


def split_window(rest: Span, newest: int, oldest: int, most: int) -> list[Span]:
    """Cut what is left of a list, newest first, into at most so many windows without a gap.

    `rest` runs from the earliest moment that was asked for to the moment of the first page's last
    row; `newest` and `oldest` are the moments of that page's ends. Gives nothing if the list is
    too short to be cut, or has no beginning.
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
