"""Pages by link, in a header: `Link: <https://…>; rel="next"` (RFC 8288)."""

from __future__ import annotations

from billql.definitions.pagination.base import Pages, Paginator, ensure_new
from billql.definitions.pagination.links import follow, next_link
from billql.messages import Request

_HEADER = "link"


class LinkHeader(Paginator, frozen=True, tag_field="kind", tag="link_header", kw_only=True):
    """The `next` address of a response's Link header is followed until there is none.

    An address on another origin would take the token there, so it is an error.
    """

    def follow(self, first: Request) -> Pages:
        """Yield one page after the other."""
        seen: set[str] = set()
        request = first
        while True:
            page = yield [request]
            address = next_link(page.headers.get(_HEADER, ""))
            if address is None:
                return
            request = follow(request, ensure_new(address, seen, request))
