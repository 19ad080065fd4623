"""A token in the Authorization header: `Authorization: Bearer …` (RFC 6750)."""

from __future__ import annotations

from billql.definitions.auth.base import AuthScheme


class Bearer(AuthScheme, frozen=True, tag_field="kind", tag="bearer", kw_only=True):
    """The token goes into the Authorization header of every request."""

    def headers(self, secret: str) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        return {"Authorization": f"Bearer {secret}"}
