"""The parts of a provider's sandbox: requests, responses, errors and routes.

Nothing here depends on a provider or on HTTP's bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote

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


Handler = Callable[..., Response]
"""A function of the request and, by name, the parameters of its path."""


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


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    parts: tuple[str, ...]
    handler: Handler

    def match(self, parts: list[str]) -> dict[str, str] | None:
        found = {}
        for want, got in zip(self.parts, parts, strict=True):
            if want.startswith("{"):
                found[want[1:-1]] = unquote(got)
            elif want != got:
                return None
        return found


class Routes:
    """Handlers by method and path template, such as `/v2/droplets/{droplet_id}`."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[_Route]] = {}

    def add(self, template: str, handler: Handler, method: str = "GET") -> None:
        """Add an endpoint; of templates that match, the one with the fewest parameters is used."""
        parts = tuple(template.strip("/").split("/"))
        routes = self._by_length.setdefault(len(parts), [])
        routes.append(_Route(method, parts, handler))
        routes.sort(key=lambda route: sum(part.startswith("{") for part in route.parts))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Return the handler of a path and its parameters; raise ApiError if there is none."""
        parts = path.strip("/").split("/")
        known = False
        for route in self._by_length.get(len(parts), ()):
            parameters = route.match(parts)
            if parameters is None:
                continue
            if route.method == method:
                return route.handler, parameters
            known = True
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND)
