"""Decoding the responses of one list: its pages, the errors that mean no rows, how long it is true.

What an error means, and for how long a list may be cached, is stated by its method's definition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from billql.definitions.methods import Method
from billql.errors import ApiError
from billql.fetching._page_source import DecodedPage
from billql.fetching._response_parser import parse
from billql.fetching.row_decoder import RowDecoder, TableRow
from billql.messages import Page, Request, Response
from billql.planning.list_request import ListRequest


class ListDecoder:
    """Decodes the responses of a list; `note` is called with what is odd in one, and no error."""

    def __init__(
        self,
        method: Method,
        rows: RowDecoder,
        listed: ListRequest,
        note: Callable[[str], object],
    ) -> None:
        self._method = method
        self._rows = rows
        self._listed = listed
        self._note = note

    @property
    def recognizes_rows(self) -> bool:
        """Whether equal keys mean that two rows of the list are one."""
        return self._rows.recognizes_rows

    def decode(self, request: Request, response: Response) -> DecodedPage:
        """Return the page of a response; raises BadResponse."""
        where = f"{request.method} {request.url}"
        parsed = parse(self._method, response, where)
        if parsed.is_broken:
            self._note(f"{where} has half a character, shown as U+FFFD in what is not read")
        return DecodedPage(self._rows.rows(parsed, self._listed.echoed), parsed.page)

    def decode_error(self, error: ApiError, *, is_first: bool) -> DecodedPage | None:
        """Return the empty page that an error stands for; None if what was requested does not
        exist, so that there is no list. Raises any other error.
        """
        if is_first and self._means_no_list(error):
            return None
        if self._means_no_content(error):
            return DecodedPage([], Page(None, 0))
        raise error

    def are_alike(self, rows: Sequence[TableRow]) -> bool:
        """Return whether rows are alike in all that the statement sees of them."""
        return len({self._rows.shown(row) for row in rows}) < 2

    def ttl(self) -> float | None:
        """Return for how many seconds the list stays true by its definition, if it states it."""
        freshness = self._method.freshness
        if freshness is None:
            return None
        values = {**self._listed.points, **self._listed.echoed}
        is_exempt = any(values.get(name) == value for name, value in freshness.unless.items())
        return None if is_exempt else freshness.seconds

    def _means_no_list(self, error: ApiError) -> bool:
        if error.status == 404:
            return self._method.missing == "empty"
        return (
            self._means_no_content(error)
            or error.unknown_parameter in self._listed.single_value_params
        )

    def _means_no_content(self, error: ApiError) -> bool:
        return error.status == 204 and self._method.no_content == "empty"
