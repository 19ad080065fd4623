"""Pages by link, in a list of links: `links: [{rel: next, href: …}]`."""

from __future__ import annotations

from billql.definitions.pagination.base import Pages, Paginator, ensure_new
from billql.definitions.pagination.links import address_of, follow, is_next
from billql.errors import BadResponse
from billql.messages import Request, get_path


class LinkArray(Paginator, frozen=True, tag_field="kind", tag="link_array", kw_only=True):
    """The link whose relation is `next`, in a response's list of links, is followed until there is
    none.

    A link has its relation in `rel` or `relation`, and its address in `href`, `url` or `uri`. An
    address on another origin would take the token there, so it is an error.
    """

    path: str = "links"
    """Where a response has the list of links."""

    def follow(self, first: Request) -> Pages:
        """Yield one page after the other."""
        seen: set[str] = set()
        request = first
        while True:
            page = yield [request]
            links = get_path(page.data, self.path)
            if links is not None and not isinstance(links, list):
                raise BadResponse(
                    f"{request.method} {request.url} has no list of links at {self.path}"
                )
            following = next((link for link in links or () if is_next(link)), None)
            if following is None:
                return
            address = address_of(following)
            if not isinstance(address, str):
                raise BadResponse(
                    f"{request.method} {request.url} has no address in its link to the next page"
                )
            if not address:
                return
            request = follow(request, ensure_new(address, seen, request))
