"""Pages by the last row: the id of the last item asks for what comes after it."""

from __future__ import annotations

from typing import Any

from billql.definitions.pagination.base import Pages, Paginator, Size, ensure_new
from billql.definitions.pagination.values import flag_of, token_of
from billql.errors import BadResponse
from billql.messages import Request, get_path


class AfterId(Paginator, frozen=True, tag_field="kind", tag="after_id", kw_only=True):
    """While a response declares that there is more, the last item's id requests it."""

    size: Size | None = 100
    size_parameter: str | None = "limit"

    more: str = "has_more"
    """The path to the flag that is true if more follows."""

    id: str = "id"
    """Where an item has its id."""

    parameter: str = "starting_after"
    """The query parameter that takes the id."""

    @property
    def position(self) -> tuple[str, str]:
        """The part of the request and the parameter that have the id."""
        return "query", self.parameter

    def follow(self, first: Request) -> Pages:
        """Yield one page after the other."""
        seen: set[str] = set()
        request = first
        while True:
            page = yield [request]
            more = flag_of(get_path(page.data, self.more))
            if more is False:
                return
            last = _id(page.of_last_item(self.id))
            if more is not True or last is None:
                raise BadResponse(
                    f"{request.method} {request.url} returned no {self.more}, or no "
                    f"the {self.id} of its last item, so its list cannot be read to its end"
                )
            request = first.with_query(self.parameter, ensure_new(last, seen, request))


def _id(value: Any) -> str | None:
    try:
        found = token_of(value)
    except ValueError:
        return None
    return None if found is None else str(found)
