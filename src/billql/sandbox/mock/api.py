"""A provider's API as its definition describes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from billql.definitions.catalog import Catalog, Table
from billql.definitions.pagination import Paginator
from billql.definitions.stackql import is_stackql
from billql.errors import NotSupportedError
from billql.sandbox.api import ApiError, Request, Response
from billql.sandbox.limits import Quota
from billql.sandbox.mock import auth, refusals
from billql.sandbox.mock.endpoints import Endpoints
from billql.sandbox.mock.limits import DefinedLimiter
from billql.sandbox.mock.routing import Reader
from billql.sandbox.mock.story import read_story
from billql.sandbox.mock.tables import Tables


class MockApi:
    """The API of one provider; its rows are made when they are requested.

    Raises UnknownName, DefinitionError, and NotSupportedError for a definition of StackQL's.
    """

    by_second = False

    def __init__(
        self, catalog: Catalog, name: str, *, seed: int, scale: int, until: date, untidy: bool
    ) -> None:
        folder = catalog.folder(name)
        if is_stackql(folder):
            raise NotSupportedError(
                f"The sandbox cannot serve {name}: its definition is one of StackQL's, which does "
                "not describe the rows well enough",
                hint="The sandbox serves providers with a definition of billql's own.",
            )
        self.name = name
        self._provider = catalog.provider(name)
        self.token = auth.token_of(self._provider.auth, name, seed)
        tables = {
            f"{service}.{resource}": catalog.table(f"{name}.{service}.{resource}")
            for service in catalog.services(name)
            for resource in catalog.resources(name, service)
        }
        resources = {path: table.resource for path, table in tables.items()}
        self.tables = rows = Tables(
            name,
            resources,
            {path: _paginators(table) for path, table in tables.items()},
            read_story(folder, resources),
            seed=seed,
            scale=scale,
            until=until,
        )
        readers = [
            Reader(rows.layouts[path], method, table.paginator(method))
            for path, table in tables.items()
            for method in table.resource.methods.values()
        ]
        self.routes = Endpoints(self._provider, rows, readers, untidy=seed if untidy else None)

    def limiter(self) -> DefinedLimiter:
        """Return what enforces the rate limits of the definition."""
        return DefinedLimiter(self._provider.limits)

    def credential(self, request: Request) -> str:
        """Return the token; raise ApiError for another one, or for a missing header."""
        auth.check(self._provider.auth, self.token, request)
        if auth.is_grant(self._provider.auth, request):
            return self.token
        for name, value in self._provider.headers.items():
            if request.headers.get(name.lower()) != value:
                raise refusals.bad_request(f"The header {name} must be {value}", name)
        return self.token

    def error_response(self, request: Request, error: ApiError) -> Response:
        """Return an error in the form that the definition describes."""
        return refusals.response(self._provider.errors, request, error)

    def headers(self, request: Request, quota: Quota) -> Mapping[str, str]:
        """Return the request's id, and what is left of the limits."""
        headers = {"x-request-id": request.id}
        if self._provider.limits:
            headers["x-ratelimit-limit"] = str(quota.limit)
            headers["x-ratelimit-remaining"] = str(quota.remaining)
            headers["x-ratelimit-reset"] = str(quota.reset)
        if quota.retry_after is not None:
            headers["retry-after"] = str(quota.retry_after)
        return headers


def _paginators(table: Table) -> list[Paginator]:
    found = (table.paginator(one) for one in table.resource.methods.values())
    return [one for one in found if one is not None]
