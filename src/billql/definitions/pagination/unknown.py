"""Paging that nobody has determined yet: a list that is not read until somebody has."""

from __future__ import annotations

from typing import Final

from billql.definitions.pagination.base import Pages, Paginator
from billql.errors import DefinitionError
from billql.messages import Request

UNKNOWN: Final = "unknown"
"""What stands for `paging` in the definition of such a list."""

ADVICE = (
    "Find out in the API's reference how the list is paged, and replace `unknown` by a paging "
    "kind, such as `{kind: next_url, path: next}`; or by `{kind: single_page}`, if one response "
    "has all of it."
)
"""What to do about it."""


class Unknown(Paginator, frozen=True, kw_only=True):
    """Refuses to read a list, because its first page might pass as the whole."""

    def follow(self, first: Request) -> Pages:
        """Raise DefinitionError."""
        yield from ()
        raise DefinitionError(
            f"The definition does not declare how the list of {first.method} {first.url} is paged: "
            "`paging: unknown`",
            hint=ADVICE,
        )
