"""Reading a whole list instead of many keys, as long as it is worth it.

How many pages a list has is unknown before its first one. So a list that may be given up is read
page by page, and nothing of it is requested ahead. Once a page shows how many follow, it is decided
by their number. Where none does, the pages so far must have brought keys that would have taken more
requests by themselves, but for a tenth: a page that brings one costs what that key would cost. A
key that has more rows than fit a page takes several. Of ranges no page shows which it brings, so as
many pages are read as there are ranges, which at most doubles the requests.
"""

from __future__ import annotations

import math
from typing import Protocol

from billql.fetching.row_index import RowIndex
from billql.fetching.scan import Scan
from billql.fetching.wanted_keys import WantedRows

FEW_KEYS = 3
"""So many keys are requested one by one, unless one page has the whole list by its definition."""

_KEYS_A_PAGE = 10
"""For so many keys, one page more may be read in vain."""

_MOST_PAGES_IN_VAIN = 16
"""So many at most, because they are read one after the other."""


class Keys(Protocol):
    """The keys that a statement needs, as far as they are known."""

    @property
    def count(self) -> int:
        """How many requests they take."""

    @property
    def are_known_singles(self) -> bool:
        """Whether all that count are known, and each has one row at most: then a list that is given
        up has served those that it had.
        """

    @property
    def have_all_rows(self) -> bool:
        """Whether the statement reads all rows of each, and not perhaps the first."""

    def more(self) -> bool:
        """Look for more keys; return whether there are any."""

    def wanted(self) -> WantedRows:
        """Return what recognizes them in rows."""


def read_whole(
    scan: Scan,
    index: RowIndex,
    most_cells: int,
    keys: Keys | None,
    *,
    is_free: bool,
    holds_all: bool,
) -> bool:
    """Read a whole list into an index, unless it is not worth it; return whether it is there.

    `keys` are what it is read for, if anything depends on them; `is_free` means that it takes no
    requests. Rows that no key wants are left out unless `holds_all`. Rows that take more than
    `most_cells` are not held. What has been read of a list that is given up stays in the index.
    """
    wanted = None if keys is None else keys.wanted()
    is_decided = is_free or keys is None
    if not is_decided:
        scan.hold()
    cells = seen = found = idle_pages = 0
    for number, rows in enumerate(scan.batches()):
        seen += len(rows)
        matching = rows if holds_all or wanted is None else wanted.find(rows)
        cells += sum(len(row) for row in matching)
        if cells > most_cells:
            scan.abandon()
            return False
        index.add(matching)
        if is_decided or keys is None or wanted is None:
            continue
        found = wanted.found
        if holds_all:
            wanted.find(rows)
        is_whole_page = number % 2 == 1
        if is_whole_page:
            idle_pages, found = (0 if wanted.found > found else idle_pages + 1), wanted.found
        while is_whole_page and not _is_worth_it(scan, seen, keys, wanted, idle_pages):
            if not keys.more():
                scan.abandon()
                return False
            wanted = keys.wanted()
            wanted.find(index.rows)
        if is_whole_page and scan.pages_left is not None:
            is_decided = True
            scan.release()
    return True


def _is_worth_it(scan: Scan, seen: int, keys: Keys, wanted: WantedRows, idle_pages: int) -> bool:
    """Return whether the rest of a list, of which some rows have been seen, takes fewer requests
    than the keys. `idle_pages` are the last ones in a row that brought no key.
    """
    left, pages = scan.pages_left, scan.pages_read
    if keys.are_known_singles and left != 0:  # the others are found, or take a request each
        missing = keys.count - wanted.found
        if left is not None:
            return left < missing
        may_go_on = pages < wanted.found + _pages_in_vain(keys)
        return wanted.is_clear and may_go_on and missing > 1 + idle_pages
    most = max(1, seen) / pages
    if not keys.have_all_rows:
        most = math.inf
    if left is None and wanted.are_ranges:
        return pages < keys.count
    if left is None:
        return wanted.is_clear and pages < wanted.pages(most) + _pages_in_vain(keys)
    # The pages to come have each key as often as those that were read.
    expected = wanted.pages(most * pages / (pages + left)) if wanted.is_clear else wanted.found
    return left < keys.count + expected - wanted.found


def _pages_in_vain(keys: Keys) -> int:
    return min(keys.count // _KEYS_A_PAGE, _MOST_PAGES_IN_VAIN)
