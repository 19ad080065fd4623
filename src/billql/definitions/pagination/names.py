"""The names that APIs use for what leads to more of a list, and for what counts it.

Names are compared in small letters alone: `nextPageToken` and `next_page_token` are one. `signs`
looks for them in responses, the import of OpenAPI documents in schemas.
"""

from __future__ import annotations

from billql.util.text import plain

NEXT = frozenset(
    (
        "continuationtoken",
        "continue",
        "lastevaluatedkey",
        "next",
        "nextcontinuationtoken",
        "nextcursor",
        "nexthref",
        "nextid",
        "nextkey",
        "nextlink",
        "nextmarker",
        "nextoffset",
        "nextpage",
        "nextpagecursor",
        "nextpagekey",
        "nextpagelink",
        "nextpagenumber",
        "nextpagetoken",
        "nextpageuri",
        "nextpageurl",
        "nextrecordid",
        "nextrecordsurl",
        "nextstart",
        "nexttoken",
        "nexturi",
        "nexturl",
        "odatanextlink",
        "paginationtoken",
    )
)
"""What APIs call the way to the next page."""

MORE = frozenset(
    (
        "hasmore",
        "hasmoreitems",
        "hasmorepages",
        "hasmorerecords",
        "hasmoreresults",
        "hasnext",
        "hasnextpage",
        "incompleteresults",
        "istruncated",
        "more",
        "moreavailable",
        "morerecords",
        "moreresults",
        "truncated",
    )
)
"""Names of a flag that is true if more follows."""

LAST = frozenset(("islast", "islastpage", "last", "lastpage"))
"""Names of a flag that is true if nothing follows."""

PAGES = frozenset(("lastpage", "numpages", "pagecount", "pages", "pagestotal", "totalpages"))
"""What they call the number of pages."""

ITEMS = frozenset(
    (
        "itemcount",
        "numfound",
        "odatacount",
        "recordcount",
        "recordsfiltered",
        "resultcount",
        "rowcount",
        "totalcount",
        "totalelements",
        "totalentries",
        "totalhits",
        "totalitems",
        "totalrecords",
        "totalresults",
        "totalrows",
        "totalsize",
    )
)
"""What they call the number of items in the whole list."""

ITEMS_IN_PLACE = frozenset(("count", "total"))
"""Names of it beside the list, or in an object about pages; elsewhere they mean something else."""

LEFT = frozenset(("itemsremaining", "remainingcount", "remainingitemcount", "remainingitems"))
"""What they call the number of items that follow."""

LEFT_IN_PLACE = frozenset(("remaining",))
"""Names of it in an object about pages; elsewhere they mean what is left of a balance."""

AROUND = frozenset(
    (
        *("cursor", "cursors", "listinfo", "meta", "metadata", "page", "pageable", "pageinfo"),
        *("pager", "pages", "paging", "pagination", "resultinfo", "resultset", "responsemetadata"),
    )
)
"""Names of an object about pages."""

WRAPPERS = frozenset(("body", "content", "d", "data", "payload", "response", "result", "results"))
"""What they call an object around a list that is no thing by itself."""

BESIDE = frozenset(
    (
        *("currentpage", "cursor", "itemsperpage", "limit", "maxresults", "offset", "page"),
        *("pageindex", "pagenumber", "pages", "pagesize", "perpage", "prev", "previous", "skip"),
        *("start", "startat", "startindex", "top", "totalpages"),
    )
)
"""Names that stand beside a count of items, because they are about pages too."""

LINKS = frozenset(("link", "links"))
"""Names of a list of links, of which each has its relation."""


def leads_on(name: str) -> bool:
    """Return whether a member of that name leads to the page that follows."""
    return plain(name) in NEXT | MORE
