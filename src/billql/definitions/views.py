"""The views of definitions: finding them by name, with their columns and their parts.

A view of a provider stands in a file of the provider's, beside resources or in their place. A view
of several providers, such as billql.focus.cost_and_usage, has its columns in a file of billql's own
(`provider/billql`), and a part in each provider's file of the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import msgspec

from billql.definitions.catalog import Catalog
from billql.definitions.model import Example, Service, View, ViewColumn
from billql.definitions.shared import SHARED
from billql.errors import DefinitionError, UnknownName
from billql.sql.rewriter import tables
from billql.sql.statements import ParsedStatement, parse


class ViewTable(msgspec.Struct, frozen=True, dict=True):
    """A view together with what its definition leaves to others: its columns and its parts."""

    provider_name: str
    service_name: str
    view_name: str
    view: View
    columns: Mapping[str, ViewColumn]
    parts: tuple[ViewTable, ...] = ()
    """The views that it unites, one of each provider that has one; empty if it has a SELECT."""

    @cached_property
    def name(self) -> str:
        """Return the dotted name, as SQL has it."""
        return f"{self.provider_name}.{self.service_name}.{self.view_name}"

    @property
    def examples(self) -> tuple[Example, ...]:
        """Return its example queries."""
        return self.view.examples

    @cached_property
    def select(self) -> ParsedStatement | None:
        """Return its SELECT; None if it unites parts."""
        return None if self.view.select is None else parse(self.view.select)

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """Return the columns that its SELECT makes, in the order of the view; none of a union."""
        from billql.definitions.view_rules import column_names

        made = () if self.select is None else frozenset(column_names(self.select))
        return tuple(name for name in self.columns if name.lower() in made)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Return the names of the resources and views that it reads, in lower case."""
        if self.select is None:
            return tuple(part.name for part in self.parts)
        return tuple(
            dict.fromkeys(one.name.lower() for one in tables(self.select) if len(one.parts) == 3)
        )


def services(catalog: Catalog) -> list[str]:
    """Return the services of views of several providers, such as `focus`, if there are parts."""
    return [service for service in catalog.shared() if names(catalog, SHARED, service)]


def names(catalog: Catalog, provider: str, service: str) -> list[str]:
    """Return the names of a service's views, in the order of its file.

    Those of several providers are left out as long as no provider brings what they read. Raise
    UnknownName or DefinitionError.
    """
    if provider != SHARED:
        return list(catalog.service(provider, service).views) if catalog.is_light(provider) else []
    if service not in catalog.shared():
        return []
    found = catalog.shared_service(service).views
    return [name for name in found if _is_there(catalog, service, name)]


def all_names(catalog: Catalog) -> Iterator[str]:
    """Yield the dotted name of every view."""
    for provider in catalog.providers():
        for service in catalog.services(provider):
            for name in names(catalog, provider, service):
                yield f"{provider}.{service}.{name}"
    for service in services(catalog):
        for name in names(catalog, SHARED, service):
            yield f"{SHARED}.{service}.{name}"


def find(catalog: Catalog, name: str) -> ViewTable | None:
    """Return the view of a dotted name, in any case; None if there is no view of this name.

    Raise DefinitionError if its columns, or those of a part, do not fit.
    """
    name = name.lower()
    return catalog.memoized(f"view {name}", lambda: _find(catalog, name))


def _find(catalog: Catalog, name: str) -> ViewTable | None:
    provider, _, rest = name.partition(".")
    service, _, short = rest.partition(".")
    if provider == SHARED:
        if service not in catalog.shared():
            return None
        view = catalog.shared_service(service).views.get(short)
        return None if view is None else _shared(catalog, service, short, view)
    try:
        if not catalog.is_light(provider) or service not in catalog.services(provider):
            return None
    except UnknownName:
        return None
    view = catalog.service(provider, service).views.get(short)
    return None if view is None else _of_provider(catalog, provider, service, short, view)


def _shared(catalog: Catalog, service: str, short: str, view: View) -> ViewTable:
    columns = _columns(catalog.shared_service(service), view)
    if view.select is not None:
        return ViewTable(SHARED, service, short, view, columns)
    parts = []
    for provider in catalog.providers():
        if (part := _part(catalog, provider, service, short)) is not None:
            parts.append(_of_provider(catalog, provider, service, short, part))
    return ViewTable(SHARED, service, short, view, columns, tuple(parts))


def _columns(service: Service, view: View) -> Mapping[str, ViewColumn]:
    """Return the columns of a view, which another one of its file may have for it."""
    return view.columns if view.columns_of is None else service.views[view.columns_of].columns


def _is_there(
    catalog: Catalog, service: str, short: str, within: tuple[tuple[str, str], ...] = ()
) -> bool:
    """Return whether a view of several providers has a part, or all that its SELECT reads has.

    What does not exist, or reads itself, counts as there: reading it is an error.
    """
    place = service, short
    known = catalog.shared_service(service).views if service in catalog.shared() else {}
    if short not in known or place in within:
        return True
    view = known[short]
    if view.select is None:
        return any(_part(catalog, one, service, short) is not None for one in catalog.providers())
    read = ViewTable(SHARED, service, short, view, view.columns).reads
    below = [one.split(".") for one in read if one.startswith(f"{SHARED}.")]
    return all(_is_there(catalog, of, name, (*within, place)) for _, of, name in below)


def _part(catalog: Catalog, provider: str, service: str, short: str) -> View | None:
    """Return the part that a provider has of a view; None if it has none."""
    if not catalog.is_light(provider) or service not in catalog.services(provider):
        return None
    view = catalog.service(provider, service).views.get(short)
    return view if view is not None and view.is_part else None


def _of_provider(
    catalog: Catalog, provider: str, service: str, short: str, view: View
) -> ViewTable:
    columns = (
        _columns_of_whole(catalog, provider, service, short)
        if view.is_part
        else _columns(catalog.service(provider, service), view)
    )
    found = ViewTable(provider, service, short, view, columns)
    for message in _problems(found):
        raise DefinitionError(
            f"{found.name}: {message}", hint="docs/definitions.md describes views, under Views."
        )
    return found


def _columns_of_whole(
    catalog: Catalog, provider: str, service: str, short: str
) -> Mapping[str, ViewColumn]:
    """Return the columns of the view that a part belongs to."""
    shared = catalog.shared_service(service) if service in catalog.shared() else None
    whole = None if shared is None else shared.views.get(short)
    if shared is None or whole is None:
        raise DefinitionError(
            f"{provider}.{service}.{short} has no columns",
            hint=f"A view without `columns` is a part of {SHARED}.{service}.{short}, and there is "
            "no such view.",
        )
    return _columns(shared, whole)


def _problems(found: ViewTable) -> Iterator[str]:
    """Yield why a provider's view does not fit its columns, or reads what is not its own."""
    from billql.definitions.view_rules import column_names, unknown_names

    if found.select is None:
        yield "needs `select`"
        return
    for name in found.reads:
        if name.partition(".")[0] != found.provider_name:
            yield f"it reads {name}, which is not of {found.provider_name}"
    known = {name.lower() for name in found.columns}
    for _, message in unknown_names(column_names(found.select), known):
        yield message
