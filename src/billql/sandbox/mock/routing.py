"""Which methods of a definition a request is for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import unquote

from billql.definitions.auth import ClientCredentials
from billql.definitions.methods import Method, placeholders
from billql.definitions.model import Provider
from billql.definitions.pagination import Paginator
from billql.sandbox.api import ApiError, Handler, Request, Response
from billql.sandbox.mock import auth
from billql.sandbox.mock.binding import Binding, bind, parameters, values_of
from billql.sandbox.mock.filters import Place, conditions
from billql.sandbox.mock.layout import Endpoint, Layout, Segment, segments
from billql.sandbox.mock.refusals import bad_request


class Reader(NamedTuple):
    """A method of a resource at an endpoint."""

    layout: Layout
    method: Method
    paginator: Paginator | None


class DefinedRoutes:
    """The endpoints of a definition; a subclass responds.

    `is_lenient` is for an API that ignores parameters which none of its methods has.
    """

    def __init__(
        self, provider: Provider, readers: Iterable[Reader], *, is_lenient: bool = False
    ) -> None:
        self._provider = provider
        self._is_lenient = is_lenient
        self._readers: dict[Endpoint, list[Reader]] = {}
        for reader in readers:
            self._readers.setdefault(Endpoint.of(reader.method), []).append(reader)
        # Of the paths that match, the one with the fewest placeholders is meant.
        by_path: dict[str, list[Endpoint]] = {}
        for endpoint in self._readers:
            by_path.setdefault(endpoint.path, []).append(endpoint)
        ordered = sorted(by_path, key=lambda path: path.count("{}"))
        self._patterns = [(_pattern(path), by_path[path]) for path in ordered]

    def find(self, method: str, path: str) -> Handler:
        """Return what responds at a path; raise ApiError if nothing does."""
        how = self._provider.auth
        if isinstance(how, ClientCredentials) and (method, path) == ("POST", how.token_path):
            return partial(auth.grant, how)
        known = False
        for pattern, endpoints in self._patterns:
            found = pattern.fullmatch(path.rstrip("/") or "/")
            if found is None:
                continue
            known = True
            if there := [one for one in endpoints if one.verb == method]:
                values = [unquote(one) for one in found.groups()]
                return partial(self._operate, there, values)
        raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND)

    def _operate(
        self, there: Sequence[Endpoint], values: Sequence[str], request: Request
    ) -> Response:
        """Respond as the one of several operations at a path that the headers name."""
        for endpoint in there:
            if all(request.headers.get(name) == value for name, value in endpoint.headers):
                return self.respond(endpoint, values, request)
        names = sorted({name for one in there for name, _ in one.headers})
        raise bad_request(f"No operation has such a header {', '.join(names)}")

    def respond(self, endpoint: Endpoint, values: Sequence[str], request: Request) -> Response:
        """Return the response to a request at an endpoint, with the values of its path."""
        raise NotImplementedError

    def _fitting(
        self, endpoint: Endpoint, values: Sequence[str], request: Request
    ) -> list[tuple[Reader, Binding]]:
        """Return one method of each resource that accepts a request, holders before what they hold.

        Raises ApiError with why none does.
        """
        readers = self._readers[endpoint]
        known = None
        if self._is_lenient:
            known = {place for one in readers for place in parameters(one.method, one.paginator)}
        filtered = conditions(self._provider.filter, request)
        bound = []
        for reader in readers:
            names = placeholders(reader.method.path)
            sent = values_of(request, dict(zip(names, values, strict=True))) | filtered
            columns = reader.layout.resource.columns
            binding = bind(reader.method, columns, reader.paginator, request, sent, known)
            bound.append((reader, binding))
        fitting = [(reader, one) for reader, one in bound if not one.problems]
        if not fitting:
            _, nearest = min(bound, key=lambda one: len(one[1].problems))
            raise nearest.problems[0]
        return _specific(fitting)


def _specific(fitting: list[tuple[Reader, Binding]]) -> list[tuple[Reader, Binding]]:
    """Return one method for each resource: that which makes most of the request."""
    best: dict[str, tuple[Reader, Binding]] = {}
    for reader, binding in fitting:
        known = best.get(reader.layout.name)
        if known is None or _weight(binding) > _weight(known[1]):
            best[reader.layout.name] = (reader, binding)
    return sorted(best.values(), key=lambda one: len(segments(one[0].method.sources()[0].at)))


def _weight(binding: Binding) -> tuple[int, int]:
    """Return how much a method makes of a request: what is a constant is meant as such."""
    return binding.constants, len(binding.conditions)


def head_of(path: Sequence[Segment]) -> Sequence[Segment]:
    """Return a path up to its first list or map; all of it if there is none."""
    place = next((place for place, one in enumerate(path) if one.kind), len(path))
    return path[: place + 1]


def flat(others: Mapping[Place, list[Any]]) -> dict[Place, Any]:
    """Return the parameters of a request with one value where they have one."""
    return {place: some[0] if len(some) == 1 else some for place, some in others.items()}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("([^/]+)".join(re.escape(part) for part in path.split("{}")))
