"""Every paging kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.pagination.base import Pages, Paginator
from billql.pagination.last_row import LastRow
from billql.pagination.link_header import LinkHeader
from billql.pagination.next_url import NextUrl
from billql.pagination.one_page import OnePage
from billql.pagination.page_count import PageCount
from billql.pagination.page_number import PageNumber
from billql.pagination.token import Token

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
