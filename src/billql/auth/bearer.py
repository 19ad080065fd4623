"""A token in the Authorization header: `Authorization: Bearer …` (RFC 6750)."""

from __future__ import annotations

import msgspec


class Bearer(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="kind",
    tag="bearer",
):
    """The token goes into the Authorization header of every request."""

    secret: str
    """The environment variable that holds the token."""

    help: str
    """Where to get a token, in a sentence."""

    def headers(self, secret: str) -> dict[str, str]:
        """Give the headers that authenticate a request."""
        return {"Authorization": f"Bearer {secret}"}
