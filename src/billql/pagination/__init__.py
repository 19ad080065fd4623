"""Every paging kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.pagination.base import Pages, Paginator
from billql.pagination.last_row import LastRow
from billql.pagination.next_url import NextUrl
from billql.pagination.page_number import PageNumber
from billql.pagination.token import Token

Paging = PageNumber | NextUrl | Token | LastRow
"""The kinds, told apart by `kind`."""

__all__ = ["LastRow", "NextUrl", "PageNumber", "Pages", "Paginator", "Paging", "Token"]
