"""No credential at all: the API answers whoever asks."""

from __future__ import annotations

from collections.abc import Mapping

from billql.definitions.auth.base import AuthScheme

_NOBODY = "(nobody)"
"""What stands in the credential's place."""


class Anonymous(AuthScheme, frozen=True, tag_field="kind", tag="none", kw_only=True):
    """Requests say nothing of who asks."""

    secret: str = ""
    help: str = "No token is needed."

    def env_vars(self) -> tuple[str, ...]:
        """Name no environment variables."""
        return ()

    def from_env(self, environ: Mapping[str, str]) -> str:
        """Give what stands in the credential's place."""
        return _NOBODY

    def headers(self, secret: str) -> dict[str, str]:
        """Give no headers."""
        return {}

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Give nothing, for nothing is secret."""
        return ()
