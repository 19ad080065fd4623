"""Credentials as the definition's auth kind sends them: the token of a mock, and its check."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from billql.definitions.auth import Anonymous, Auth, SigV4
from billql.definitions.auth.base import SEPARATOR
from billql.sandbox.api import ApiError, Request
from billql.sandbox.mock import sigv4


def token_of(auth: Auth, provider: str, seed: int) -> str:
    """Return the credential that a mock accepts, with all the secrets that its kind has."""
    if isinstance(auth, Anonymous):
        return auth.from_env({})
    digits = sha256(f"mock/{provider}/{seed}".encode()).hexdigest()
    count = len(auth.env_vars())
    return SEPARATOR.join(f"mock{place}{digits[place : place + 28]}" for place in range(count))


def check(auth: Auth, token: str, request: Request) -> None:
    """Raise ApiError unless a request carries the credential."""
    if isinstance(auth, SigV4):
        is_valid = sigv4.is_signed(token, request)
    else:
        expected = auth.headers(token)
        is_valid = all(request.headers.get(name.lower()) == expected[name] for name in expected)
    if not is_valid:
        raise ApiError(HTTPStatus.UNAUTHORIZED, "The credential is not valid")
