"""Signed requests, as Amazon's services want them: Signature Version 4, made by botocore.

The credential is an access key's id and the key itself, and for temporary ones a session token.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from billql.definitions.auth.base import SEPARATOR, AuthScheme
from billql.errors import NotSupportedError
from billql.messages import Request

_REGION = "us-east-1"
"""The region of services that have none in their address."""

_SENT_WITH_IT = frozenset(("authorization", "x-amz-date", "x-amz-security-token"))


class SigV4(AuthScheme, frozen=True, tag_field="kind", tag="aws_sigv4", kw_only=True):
    """Each request is signed for the region and the service that it goes to."""

    secret: str = "AWS_SECRET_ACCESS_KEY"
    help: str = "Make an access key at https://console.aws.amazon.com/iam."

    key_id: str = "AWS_ACCESS_KEY_ID"
    """The environment variable that holds the key's id."""

    session: str = "AWS_SESSION_TOKEN"
    """The one that holds the session token of a temporary key."""

    service: str | None = None
    """The service's name for signatures; by default what its host's name begins with."""

    def env_vars(self) -> tuple[str, ...]:
        """Return the names of the environment variables that together hold the credential."""
        return self.key_id, self.secret

    def from_env(self, environ: Mapping[str, str]) -> str:
        """Put the credential together from the environment; empty if a part of it is not there."""
        token = environ.get(self.session, "").strip()
        whole = super().from_env(environ)
        return f"{whole}{SEPARATOR}{token}" if whole and token else whole

    def headers(self, secret: str) -> dict[str, str]:
        """Return no headers, for each request has its own."""
        return {}

    def signature(self, secret: str, request: Request) -> dict[str, str]:
        """Sign a request; raises NotSupportedError if botocore is not there."""
        try:
            from botocore.auth import SigV4Auth
            from botocore.awsrequest import AWSRequest
            from botocore.credentials import Credentials
        except ImportError:
            raise NotSupportedError(
                "Requests to Amazon's services are signed with botocore, which is not installed",
                hint="Install it: pip install 'billql[aws]'",
            ) from None
        key_id, key, token = (*secret.split(SEPARATOR, 2), "", "")[:3]
        query = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in request.query
        )
        signed = AWSRequest(
            request.method,
            f"{request.url}?{query}" if query else request.url,
            dict(request.headers),
            request.content or b"",
        )
        # A sandbox or a gateway has another address than the service that it stands for.
        address = request.url if request.home is None else request.home.public
        host = urlsplit(address).hostname or ""
        credentials = Credentials(key_id, key, token or None)
        service = self.service or host.partition(".")[0]
        SigV4Auth(credentials, service, _region(host)).add_auth(signed)
        return {
            name: text for name, text in signed.headers.items() if name.lower() in _SENT_WITH_IT
        }

    def secret_forms(self, secret: str) -> tuple[str, ...]:
        """Return what must not be shown: the whole, the key and the session token."""
        parts = secret.split(SEPARATOR, 2)[1:]
        return (secret, *sorted(filter(None, parts), key=len, reverse=True))


def _region(host: str) -> str:
    """Find the region in a host's name, such as ce.eu-west-1.amazonaws.com."""
    labels = host.split(".")
    return next((one for one in labels[1:] if one.count("-") > 1), _REGION)
