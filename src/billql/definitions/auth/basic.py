"""A name and a password in the Authorization header: `Authorization: Basic …` (RFC 7617)."""

from __future__ import annotations

import base64

from billql.definitions.auth.base import SEPARATOR, AuthScheme


class Basic(AuthScheme, frozen=True, tag_field="kind", tag="basic", kw_only=True):
    """The name and the password go into the Authorization header of every request."""

    user: str
    """The environment variable that holds the name; `secret` has the password."""

    def env_vars(self) -> tuple[str, ...]:
        """Return the names of the environment variables that together hold the credential."""
        return self.user, self.secret

    def headers(self, secret: str) -> dict[str, str]:
        """Return the headers that authenticate a request."""
        return {"Authorization": f"Basic {encoded(secret)}"}

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Return what must not be shown: the credential in both its forms, and the password."""
        password = secret.partition(SEPARATOR)[2]
        return tuple(one for one in (encoded(secret), secret, password) if one)


def encoded(secret: str) -> str:
    """Return a name and a password as they stand after `Basic` in a header."""
    return base64.b64encode(secret.encode()).decode()
