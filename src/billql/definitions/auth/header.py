"""Keys in headers of their own: `X-Api-Key: …`, or several, as some APIs want a pair of them."""

from __future__ import annotations

import msgspec

from billql.definitions.auth.base import SEPARATOR, AuthScheme


class Header(AuthScheme, frozen=True, tag_field="kind", tag="header", kw_only=True):
    """The key goes into a header of every request."""

    header: str = "Authorization"
    """The header's name."""

    prefix: str = ""
    """What stands before the key."""

    also: dict[str, str] = msgspec.field(default_factory=dict)
    """Further headers, with the environment variable that holds the key of each."""

    def env_vars(self) -> tuple[str, ...]:
        """Return the names of the environment variables that together hold the credential."""
        return self.secret, *self.also.values()

    def headers(self, secret: str) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        keys = self._keys(secret)
        return {
            self.header: f"{self.prefix}{keys[0]}",
            **dict(zip(self.also, keys[1:], strict=False)),
        }

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Return what must not be shown: the whole, and each key."""
        return tuple(dict.fromkeys((secret, *filter(None, self._keys(secret)))))

    def _keys(self, secret: str) -> list[str]:
        return secret.split(SEPARATOR, len(self.also))
