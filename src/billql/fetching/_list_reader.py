"""Reading a list to its end, and again if it changes while it is read.

The rows of a list that changes are those of one reading. So it is read anew, and the rows that were
passed on already must be in the new reading too; then only the others follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from billql.errors import ApiError, BadResponse, Error, ListChanged
from billql.fetching._page_source import PageSource
from billql.fetching._partition import PartitionFilter
from billql.fetching.row_decoder import TableRow

_MOST_READINGS = 3
"""How often a list that changes is read before it is an error."""


class ListReader:
    """Reads one list, as often as it takes.

    `open_source` begins a reading after a number of rows, or with an earlier page if that is not
    possible; `new_filter` makes the filter of a reading from the rows that were passed on already.
    `is_ordered` means that the statement relies on the order of the rows.
    """

    def __init__(
        self,
        open_source: Callable[[int], PageSource],
        new_filter: Callable[[Iterable[TableRow]], PartitionFilter],
        skip: int = 0,
        earlier: Iterable[TableRow] = (),
        *,
        is_ordered: bool = False,
    ) -> None:
        self._open_source = open_source
        self._new_filter = new_filter
        self._is_ordered = is_ordered
        self._skip = skip
        self.earlier = list(earlier)
        """The rows that earlier readings have passed on."""
        self.skipped: int | None = None
        """How many rows lie before the first page, once one has been read."""
        self._has_stepped_back = False
        self._has_passed_rows = False
        self.source = open_source(skip)

    @property
    def connection(self) -> tuple[str, str]:
        """The provider and the name of the connection that it is read from."""
        return self.source.connection.key

    def pages(self) -> Iterator[list[TableRow] | None]:
        """Yield the new rows of each page; None whenever `source.coming` must be waited for.

        Raises ListChanged if there is no reading that agrees with what was passed on.
        """
        readings = 0
        while True:
            readings += 1
            try:
                yield from self._read()
                return
            except (ApiError, BadResponse, ListChanged) as error:
                if self.source.skipped and self.skipped is None:
                    self._step_back(error)
                    readings = 0
                    continue
                may_restart = isinstance(error, ListChanged) and readings < _MOST_READINGS
                if not may_restart or not self._restart():
                    raise

    def _read(self) -> Iterator[list[TableRow] | None]:
        passed = self._new_filter(self.earlier)
        for page in self.source.pages():
            if page is None:
                yield None
                continue
            if self.skipped is None:
                self.skipped = self.source.skipped
            rows = passed.pass_on(page)
            self._has_passed_rows = self._has_passed_rows or bool(rows)
            yield rows
        if passed.misses:
            raise ListChanged.at(self.source.first.url, "rows that were already returned are gone")
        passed.finish()

    def _step_back(self, error: Error) -> None:
        """Begin with an earlier page than the OFFSET needs, since that one did not do.

        The page before shows whether pages are as large as was requested. If they are not, or if
        the API has an error for pages that it does not have, the list is read from its beginning.
        """
        is_page_before = isinstance(error, ListChanged) and not self._has_stepped_back
        self._has_stepped_back = True
        self._skip = self.source.skipped - 1 if is_page_before else 0
        self.source.expect_no_more()
        self.source = self._open_source(self._skip)

    def _restart(self) -> bool:
        """Begin a new reading, unless it could not agree with what was passed on already."""
        if self._has_passed_rows and self._is_ordered:
            return False
        again = self._new_filter(self.earlier)
        self.earlier = self.earlier + [
            row for page in self.source.read_again() for row in again.pass_on(page)
        ]
        if not self.source.discard():
            return False
        self.source = self._open_source(self._skip)
        return True
