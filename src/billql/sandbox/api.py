"""What a provider's sandbox is made of: requests, responses, refusals and routes.

Nothing here knows a provider, and nothing here knows how bytes travel.
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
"""A JSON object on its way out."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, parsed as far as every provider needs it."""

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
    """What the answer calls the request id. It holds the request's number."""
    pairs: tuple[tuple[str, str], ...] = ()
    """All parameters in their order, those included that are there several times."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Json, status: int = 200) -> Response:
        """Answer with a JSON object."""
        return cls(orjson.dumps(value), status)


class ApiError(Exception):
    """Raised instead of returning a response; the provider words it as its API would."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(message or f"HTTP {status}")
        self.status = status
        self.message = message


Handler = Callable[..., Response]
"""Takes the request and, by name, the parameters of its path."""


class Api(Protocol):
    """What a provider does about its requests; the server does the rest."""

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
        """Return what the request authenticates with, or refuse it."""

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Word an error."""

    def headers(self, request: Request, quota: Quota) -> dict[str, str]:
        """Return the headers that go with every answer."""


@runtime_checkable
class Restrictable(Protocol):
    """What a provider has beside that if its keys may be restricted."""

    def restrict(self, permissions: Collection[str]) -> str:
        """Return a token that is accepted where one of the permissions is enough."""


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    parts: tuple[str, ...]
    handler: Handler

    def match(self, given: list[str]) -> dict[str, str] | None:
        found = {}
        for want, got in zip(self.parts, given, strict=True):
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
        """Add an endpoint; a template that spells out more wins over one that matches too."""
        parts = tuple(template.strip("/").split("/"))
        routes = self._by_length.setdefault(len(parts), [])
        routes.append(_Route(method, parts, handler))
        routes.sort(key=lambda route: sum(part.startswith("{") for part in route.parts))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Return the handler of a path and the values of its parameters, or refuse."""
        given = path.strip("/").split("/")
        known = False
        for route in self._by_length.get(len(given), ()):
            parameters = route.match(given)
            if parameters is None:
                continue
            if route.method == method:
                return route.handler, parameters
            known = True
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND)
