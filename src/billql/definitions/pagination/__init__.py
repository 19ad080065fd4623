"""Every paging kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.definitions.pagination.after_id import LastRow
from billql.definitions.pagination.base import Pages, Paginator
from billql.definitions.pagination.cursor_token import Token
from billql.definitions.pagination.link_header import LinkHeader
from billql.definitions.pagination.next_url import NextUrl
from billql.definitions.pagination.page_count import PageCount
from billql.definitions.pagination.page_number import PageNumber
from billql.definitions.pagination.single_page import OnePage

Paging = PageNumber | PageCount | NextUrl | LinkHeader | Token | LastRow | OnePage
"""The kinds, told apart by `kind`."""

__all__ = [
    "LastRow",
    "LinkHeader",
    "NextUrl",
    "OnePage",
    "PageCount",
    "PageNumber",
    "Pages",
    "Paginator",
    "Paging",
    "Token",
]
