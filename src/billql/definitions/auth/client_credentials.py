"""An access token that a client's id and secret are exchanged for (RFC 6749, section 4.4).

https://www.rfc-editor.org/rfc/rfc6749#section-4.4
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from billql.definitions.auth.base import SEPARATOR, AuthScheme
from billql.definitions.auth.basic import encoded
from billql.messages import FormRequest


class ClientCredentials(
    AuthScheme, frozen=True, tag_field="kind", tag="client_credentials", kw_only=True
):
    """The access token goes into the Authorization header of every request.

    It is requested before the first one, and again when it has expired.
    """

    client_id: str
    """The environment variable that holds the client's id; `secret` has its secret."""

    token_path: Annotated[str, Meta(pattern=r"^/\S*$(?!\n)")]
    """The path where the API grants access tokens, like `/oauth/token`."""

    scope: str | None = None
    """The scope to request, if the API wants one."""

    def env_vars(self) -> tuple[str, ...]:
        """Return the names of the environment variables that together hold the credential."""
        return self.client_id, self.secret

    def headers(self, secret: str) -> dict[str, str]:
        """Return no headers, for the credential itself is not sent with requests."""
        return {}

    def token_request(self, origin: str) -> FormRequest:
        """Return the request for an access token."""
        scope = {} if self.scope is None else {"scope": self.scope}
        body = {"grant_type": "client_credentials", **scope}
        return FormRequest("POST", origin + self.token_path, body=body)

    def token_headers(self, secret: str) -> dict[str, str]:
        """Return the headers of that request (RFC 6749, section 2.3.1)."""
        return {"Authorization": f"Basic {encoded(secret)}", "Accept": "application/json"}

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Return what must not be shown: the credential in both its forms, and the secret."""
        own = secret.partition(SEPARATOR)[2]
        return tuple(one for one in (encoded(secret), secret, own) if one)
