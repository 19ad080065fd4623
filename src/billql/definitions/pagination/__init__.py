"""Every paging kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.definitions.pagination.after_id import AfterId
from billql.definitions.pagination.base import Pages, Paginator
from billql.definitions.pagination.cursor_token import CursorToken
from billql.definitions.pagination.link_array import LinkArray
from billql.definitions.pagination.link_header import LinkHeader
from billql.definitions.pagination.next_url import NextUrl
from billql.definitions.pagination.page_count import PageCount
from billql.definitions.pagination.page_number import PageNumber
from billql.definitions.pagination.single_page import SinglePage

Paging = (
    PageNumber | PageCount | NextUrl | LinkHeader | LinkArray | CursorToken | AfterId | SinglePage
)
"""All paging kinds; `kind` distinguishes them."""

__all__ = [
    "AfterId",
    "CursorToken",
    "LinkArray",
    "LinkHeader",
    "NextUrl",
    "PageCount",
    "PageNumber",
    "Pages",
    "Paginator",
    "Paging",
    "SinglePage",
]
