"""What an auth kind is: where the secrets of a credential are, and the headers they become.

A credential is one text. Where an API wants several secrets, such as a name and a password, they
stand in it with colons between them, as RFC 7617 has it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from billql.messages import Request

SEPARATOR = ":"
"""What stands between the secrets of a credential that has several."""


class AuthScheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an API knows who asks."""

    secret: str
    """The environment variable that holds the secret."""

    help: str
    """Where to get one, in a sentence."""

    def env_vars(self) -> tuple[str, ...]:
        """Return the names of the environment variables that together hold the credential."""
        return (self.secret,)

    def from_env(self, environ: Mapping[str, str]) -> str:
        """Put the credential together from the environment; empty if a part of it is not there."""
        parts = [environ.get(name, "").strip() for name in self.env_vars()]
        return SEPARATOR.join(parts) if all(parts) else ""

    def headers(self, secret: str) -> dict[str, str]:
        """Return the headers that authenticate every request."""
        raise NotImplementedError

    def signature(self, secret: str, request: Request) -> dict[str, str]:
        """Return the headers that authenticate one request alone."""
        return {}

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Return what must not be shown of a credential, as it may be met in texts: longest
        first.
        """
        return (secret,)
