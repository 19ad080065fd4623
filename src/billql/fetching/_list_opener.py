"""The first request of a list: how large its pages are, and how many rows it leaves out."""

from __future__ import annotations

from typing import NamedTuple

from billql.definitions.pagination.base import Paginator
from billql.messages import Request
from billql.planning.list_request import ListRequest


class Opening(NamedTuple):
    """The first request of a list, and how many of its rows lie before that page."""

    request: Request
    skipped: int


class ListOpener:
    """Makes the first requests of the lists of one scan.

    `items_are_rows` means that each item which a page counts is one row, so that rows can be
    counted by pages. `wanted` is how many rows the statement reads at most, if that is known.
    """

    def __init__(
        self, paginator: Paginator | None, items_are_rows: bool, wanted: int | None
    ) -> None:
        self.paginator = paginator
        self._items_are_rows = items_are_rows
        self._wanted = wanted

    def open(self, listed: ListRequest, skip: int = 0) -> Opening:
        """Return the first request of a list whose first `skip` rows are not needed."""
        if self.paginator is None:
            return Opening(listed.first, 0)
        if not self._items_are_rows or listed.parts:
            return Opening(self.paginator.with_page_size(listed.first, None), 0)
        sized = self.paginator.with_page_size(listed.first, self._wanted)
        return Opening(*self.paginator.skip(sized, skip))
