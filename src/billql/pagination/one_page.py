"""A list in one answer, for an API of which nobody has said how it pages.

An answer may still say that it is not the whole list; then there is no complete answer, and that
is an error rather than a list that was cut.
"""

from __future__ import annotations

from typing import Any, ClassVar

from billql.errors import BadAnswer
from billql.exchange import Page, Request
from billql.pagination.base import Pages, Paginator
from billql.pagination.link_header import next_link

_NEXT = frozenset(
    (
        "next",
        "nextcursor",
        "nextlink",
        "nextmarker",
        "nextpage",
        "nextpagelink",
        "nextpagetoken",
        "nextpageurl",
        "nexttoken",
        "nexturl",
        "odatanextlink",
    )
)
"""What APIs call the way to the next page, in small letters alone."""

_MORE = frozenset(("hasmore", "hasnext", "hasnextpage", "istruncated", "moreavailable"))
"""What they call a flag that says whether more follows."""

_COUNT = frozenset(("lastpage", "pagecount", "totalpages"))
"""What they call the number of pages."""

_DEPTH = 3


class OnePage(Paginator, frozen=True, tag_field="kind", tag="one_page", kw_only=True):
    """The whole list comes at once; an answer that says that more follows is an error."""

    reads_headers: ClassVar[tuple[str, ...]] = ("link",)

    def pages(self, first: Request) -> Pages:
        """Yield the one page."""
        page = yield [first]
        why = _says_more(page)
        if why is not None:
            raise BadAnswer(
                f"{first.method} {first.url} gave a part of its list alone ({why}), and the "
                "definition does not say how to ask for the rest",
                hint="Narrow the statement down until one answer holds all of it.",
            )


def leads_on(name: str) -> bool:
    """Tell whether a member of that name tells what follows a page."""
    return _plain(name) in _NEXT | _MORE


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _says_more(page: Page) -> str | None:
    """Give what says that a page is not the last one."""
    if next_link(page.headers.get("link", "")) is not None:
        return "its Link header has a next page"
    return _marker(page.data, _DEPTH)


def _marker(data: Any, depth: int) -> str | None:
    """Look for a marker in what lies around the rows; rows are in lists, and are left out."""
    if not isinstance(data, dict) or depth == 0:
        return None
    for name, value in data.items():
        plain = _plain(name)
        if plain in _NEXT and value and isinstance(value, str | int):
            return f"it has {name}"
        if plain in _MORE and value is True:
            return f"it has {name}"
        if plain in _COUNT and isinstance(value, int) and value > 1:
            return f"its {name} is {value}"
        if isinstance(value, dict) and (found := _marker(value, depth - 1)) is not None:
            return found
    return None
