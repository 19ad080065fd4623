"""Credentials as the definition's auth kind sends them: the token of a mock, and its check."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import parse_qsl

from billql.definitions.auth import Anonymous, Auth, ClientCredentials, SigV4
from billql.definitions.auth.base import SEPARATOR
from billql.sandbox.api import ApiError, Request, Response
from billql.sandbox.mock import sigv4

_LIFETIME = 3600
"""How many seconds an access token of a mock is stated to hold."""


def token_of(auth: Auth, provider: str, seed: int) -> str:
    """Return the credential that a mock accepts, with all the secrets that its kind has."""
    if isinstance(auth, Anonymous):
        return auth.from_env({})
    digits = sha256(f"mock/{provider}/{seed}".encode()).hexdigest()
    count = len(auth.env_vars())
    return SEPARATOR.join(f"mock{place}{digits[place : place + 28]}" for place in range(count))


def accepted(auth: Auth, token: str) -> dict[str, str]:
    """Return the headers by which a mock knows a credential, where they are not signatures."""
    if isinstance(auth, ClientCredentials):
        return {"Authorization": f"Bearer {_access_token(token)}"}
    return auth.headers(token)


def check(auth: Auth, token: str, request: Request) -> None:
    """Raise ApiError unless a request carries the credential."""
    if isinstance(auth, SigV4):
        is_valid = sigv4.is_signed(token, request)
    else:
        expected = accepted(auth, token)
        if isinstance(auth, ClientCredentials) and is_grant(auth, request):
            expected = auth.token_headers(token)
        is_valid = all(request.headers.get(name.lower()) == expected[name] for name in expected)
    if not is_valid:
        raise ApiError(HTTPStatus.UNAUTHORIZED, "The credential is not valid")


def is_grant(auth: Auth, request: Request) -> bool:
    """Return whether a request is for an access token."""
    return isinstance(auth, ClientCredentials) and request.path == auth.token_path


def grant(auth: ClientCredentials, request: Request) -> Response:
    """Return the response with an access token; raise ApiError for another kind of grant."""
    body = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    if body.get("grant_type") != "client_credentials" or body.get("scope") != auth.scope:
        raise ApiError(HTTPStatus.BAD_REQUEST, "grant_type must be client_credentials")
    token = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    return Response.json(
        {"access_token": _access_token(token), "expires_in": _LIFETIME, "token_type": "Bearer"}
    )


def _access_token(token: str) -> str:
    return f"access{sha256(token.encode()).hexdigest()[:28]}"
