"""No credential at all: the API is open to everybody."""

from __future__ import annotations

from collections.abc import Mapping

from billql.definitions.auth.base import AuthScheme

_NOBODY = "(nobody)"
"""What stands in the credential's place."""


class Anonymous(AuthScheme, frozen=True, tag_field="kind", tag="none", kw_only=True):
    """Requests carry no credential."""

    secret: str = ""
    help: str = "No token is needed."

    def env_vars(self) -> tuple[str, ...]:
        """Return no environment variables."""
        return ()

    def from_env(self, environ: Mapping[str, str]) -> str:
        """Return what stands in the credential's place."""
        return _NOBODY

    def headers(self, secret: str) -> dict[str, str]:
        """Return no headers."""
        return {}

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Return nothing, for nothing is secret."""
        return ()
