"""The parts of a provider's sandbox: requests, responses and errors.

Nothing here depends on a provider or on HTTP's bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import orjson

from billql.sandbox.limits import Quota

Json = dict[str, Any]
"""A JSON object of a response."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, parsed as far as all providers need it."""

    method: str
    path: str
    """The path as it was sent, still percent-encoded."""
    query: Mapping[str, str]
    """The first value of each parameter."""
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes
    origin: str
    """`http://host:port` as the client calls this server: absolute links begin with it."""
    id: str
    """The request id of the response; it contains the request's number."""
    pairs: tuple[tuple[str, str], ...] = ()
    """All parameters in their order, those included that are there several times."""


@dataclass(frozen=True, slots=True)
class Response:
    """One response."""

    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Json, status: int = 200) -> Response:
        """Return a response with a JSON object."""
        return cls(orjson.dumps(value), status)


class ApiError(Exception):
    """Raised for an error response; the provider writes it in the form of its API.

    It may have a code, and the parameter that it is about.
    """

    def __init__(
        self,
        status: int,
        message: str | None = None,
        code: str | None = None,
        parameter: str | None = None,
    ) -> None:
        super().__init__(message or f"HTTP {status}")
        self.status = status
        self.message = message
        self.code = code
        self.parameter = parameter


Handler = Callable[[Request], Response]


class Routes(Protocol):
    """The endpoints of an API."""

    def find(self, method: str, path: str) -> Handler:
        """Return what responds at a path; raise ApiError if nothing does."""


class Api(Protocol):
    """What a provider implements; the server does the rest."""

    @property
    def name(self) -> str:
        """The provider, as `Sandbox.urls` calls it."""

    @property
    def token(self) -> str:
        """The token that it accepts."""

    @property
    def routes(self) -> Routes:
        """Its endpoints."""

    @property
    def by_second(self) -> bool:
        """Whether it limits requests a second, and not those of an hour and a minute."""

    def credential(self, request: Request) -> str:
        """Return the credential of a request; raise ApiError if it is not valid."""

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return the response for an error."""

    def headers(self, request: Request, quota: Quota) -> Mapping[str, str]:
        """Return the headers of every response."""


class RateLimiter(Protocol):
    """What counts the requests of each credential."""

    def fresh(self) -> Quota:
        """Return the quota of a credential that has used nothing."""

    def acquire(self, credential: str, path: str) -> Quota:
        """Count one request and return the quota; refused ones are not counted."""


@runtime_checkable
class SelfLimiting(Protocol):
    """What a provider also implements if its rate limits are its own."""

    def limiter(self) -> RateLimiter:
        """Return what enforces them."""


@runtime_checkable
class Restrictable(Protocol):
    """What a provider also implements if its keys can be restricted."""

    def restrict(self, permissions: Collection[str]) -> str:
        """Return a token that is accepted where one of the permissions is enough."""
