"""Which definitions a listing of the catalog reads, and what becomes of those that are broken.

A statement that names a provider, a service or a resource reads no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.sources import ResourceSummary
from billql.definitions.types import SQLValue
from billql.definitions.views import ViewTable
from billql.errors import DefinitionError, NotSupportedError
from billql.fetching.scan_stats import ScanStats
from billql.sqlite._catalog_listings import PROVIDER

Values = tuple[SQLValue, ...]
T = TypeVar("T")
Summary = tuple[str, str, ResourceSummary]
"""A resource after its provider and its service."""

KeyFilter = Mapping[str, str]
"""What a statement wants some columns to be. It saves work; other rows do no harm, because SQLite
checks them."""


class CatalogSource(Protocol):
    """Where the rows come from."""

    catalog: Catalog
    last_scans: Sequence[ScanStats]
    """The statistics of the scans of the last statement that has read a resource."""

    def warn(self, text: str) -> None:
        """Let people know of what is left out of a listing."""

    def versions(self) -> Sequence[tuple[str, str, str, int | None, str | None]]:
        """Return each version of a provider, its status, its package's size, and who has it."""

    def is_connected(self, provider: str) -> bool:
        """Return whether there is a connection with a token for a provider."""

    def refreshes(self) -> Iterable[Values]:
        """Return the refreshes of the histories in the database, in their order."""

    def connection_names(self) -> Sequence[tuple[str, str]]:
        """Return each connection's name and provider."""

    def connection_info(self, name: str, provider: str) -> tuple[str, str, str, str, bool]:
        """Return its name, provider, address, its token's place and if it is there."""


def tables_of(source: CatalogSource, wanted: KeyFilter) -> Iterator[Table]:
    """Yield the resources that a statement can mean, and load no others."""
    for provider, service, one in readable_summaries(source, wanted):
        yield source.catalog.read(f"{provider}.{service}.{one.name}")


def readable_summaries(source: CatalogSource, wanted: KeyFilter) -> Iterator[Summary]:
    """Yield the resources that billql can read, of those that a statement can mean.

    One that it cannot has no columns and no methods; selected by its name, it raises.
    """
    for provider, service, one in summaries(source, wanted):
        if one.refusal is None:
            yield provider, service, one
        elif "resource" in wanted:
            raise NotSupportedError(one.refusal)


def summaries(source: CatalogSource, wanted: KeyFilter) -> Iterator[Summary]:
    """Yield the resources that a statement can mean, and load no other services."""
    catalog, resource = source.catalog, wanted.get("resource")
    places = [*places_of(source, wanted)]
    with catalog.ahead(places):
        for provider, service in places:
            for one in readable(source, wanted, partial(catalog.summaries, provider, service)):
                if resource is None or one.name == resource:
                    yield provider, service, one


def places_of(source: CatalogSource, wanted: KeyFilter) -> Iterator[tuple[str, str]]:
    """Yield the providers and services that a statement can mean."""
    catalog = source.catalog
    for provider in narrowed(catalog.providers(), wanted.get("provider")):
        known = readable(source, wanted, partial(catalog.services, provider), "provider")
        for service in narrowed(known, wanted.get("service")):
            yield provider, service


def views_of(source: CatalogSource, wanted: KeyFilter) -> Iterator[ViewTable]:
    """Yield the views that a statement can mean, and load no others."""
    catalog = source.catalog
    places = [*places_of(source, wanted)]
    if wanted.get("provider", PROVIDER) == PROVIDER:
        places += [(PROVIDER, one) for one in narrowed(catalog.shared(), wanted.get("service"))]
    for provider, service in places:
        found = readable(source, wanted, partial(views.names, catalog, provider, service))
        for name in narrowed(found, wanted.get("resource")):
            yield from readable(source, wanted, partial(_view, catalog, provider, service, name))


def _view(catalog: Catalog, provider: str, service: str, name: str) -> list[ViewTable]:
    found = views.find(catalog, f"{provider}.{service}.{name}")
    return [] if found is None else [found]


def readable(
    source: CatalogSource,
    wanted: KeyFilter,
    read: Callable[[], Sequence[T]],
    named_by: str = "service",
) -> Sequence[T]:
    """Return what a definition has; nothing, with a warning, if it is broken.

    One that the statement names is an error.
    """
    try:
        return read()
    except DefinitionError as error:
        if named_by in wanted:
            raise
        source.warn(f"The list is without what cannot be read: {error.message}")
        return ()


def narrowed(names: Sequence[str], wanted: str | None) -> Sequence[str]:
    """Return the one name that a statement wants, or all if it wants any."""
    return names if wanted is None else [name for name in names if name == wanted]
