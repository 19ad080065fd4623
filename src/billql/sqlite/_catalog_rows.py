"""The rows of the tables `billql.catalog.*`: the catalog, the connections and the last scans.

Names can be listed without loading what they name: what a row must load is loaded when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Protocol

from billql._version import __version__
from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.methods import Method
from billql.definitions.model import Resource
from billql.definitions.types import SQLValue
from billql.definitions.views import ViewTable
from billql.errors import DefinitionError, NotSupportedError
from billql.fetching.scan_stats import ScanStats
from billql.planning.capabilities import (
    describe_parameter,
    optional_columns,
    pushed_operators,
    query_keys,
    required_columns,
)
from billql.planning.pushdown import needs_constraint
from billql.sqlite._catalog_listings import LISTINGS, PREFIX, PROVIDER, SERVICE

Values = tuple[SQLValue, ...]
KeyFilter = Mapping[str, str]
"""What a statement wants some columns to be. It saves work; other rows do no harm, because SQLite
checks them."""


class CatalogSource(Protocol):
    """Where the rows come from."""

    catalog: Catalog
    last_scans: Sequence[ScanStats]
    """The statistics of the scans of the last statement that has read a resource."""

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


class LazyRow:
    """One row: what is known of it, and what finds out the rest."""

    def __init__(self, known: Values, rest: Callable[[], Values] = tuple) -> None:
        self.known = known
        """Enough of its first values to identify it."""
        self._find = rest

    @cached_property
    def _rest(self) -> Values:
        return self._find()

    def value(self, number: int) -> SQLValue:
        """Return the value of a column."""
        count = len(self.known)
        return self.known[number] if number < count else self._rest[number - count]


def _providers(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    catalog = source.catalog
    for name in _narrowed(catalog.providers(), wanted.get("provider")):
        yield LazyRow((name,), partial(_provider, catalog, name))
    yield LazyRow((PROVIDER, PROVIDER, _ABOUT_PROVIDER, __version__, None, None, None))


def _provider(catalog: Catalog, name: str) -> Values:
    try:
        one = catalog.provider(name)
    except DefinitionError as error:
        return None, _unread(error), None, None, None, None
    secret = ", ".join(one.auth.env_vars()) or None
    about = one.description.strip()
    return one.title, about, one.version, one.documentation, one.url, secret


def _services(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    catalog = source.catalog
    for provider in _narrowed(catalog.providers(), wanted.get("provider")):
        for name in _narrowed(catalog.services(provider), wanted.get("service")):
            yield LazyRow((provider, name), partial(_service, catalog, provider, name))
    yield LazyRow((PROVIDER, SERVICE, _ABOUT_SERVICE))
    for name in views.services(catalog):
        yield LazyRow((PROVIDER, name, catalog.shared_service(name).description.strip()))


def _service(catalog: Catalog, provider: str, name: str) -> Values:
    try:
        return (catalog.about(provider, name).strip(),)
    except DefinitionError as error:
        return (_unread(error),)


def _unread(error: DefinitionError) -> str:
    """Yield a row whose description is the error; other readers of the definition raise it."""
    return f"Its definition cannot be read: {error.message}"


def _resources(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for name in _names(source, wanted):
        whole = ".".join(name)
        yield LazyRow((*name, whole), partial(_resource, source.catalog, whole))
    for view in _views(source, wanted):
        about = view.view.description.strip(), "view"
        yield LazyRow((*_place_of_view(view), view.name, *about))
    for last, one in LISTINGS.items():
        yield LazyRow((PROVIDER, SERVICE, last, PREFIX + last, one.description, "resource"))


def _resource(catalog: Catalog, name: str) -> Values:
    try:
        return _described(catalog.table(name).resource), "resource"
    except NotSupportedError as error:
        return f"{error.message}.", "resource"


def _view_parts(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for view in _views(source, wanted):
        for part in view.parts:
            rest = partial(_view_part, source, part)
            yield LazyRow((*_place_of_view(view), part.provider_name, part.name), rest)


def _view_part(source: CatalogSource, part: ViewTable) -> Values:
    return int(source.is_connected(part.provider_name)), ", ".join(part.stated)


def _methods(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in _tables(source, wanted):
        for name, method in table.resource.methods.items():
            about = method.request, _with_price(method)
            needs = required_columns(table, method), optional_columns(table, method)
            price = method.price
            costs = (None, None) if price is None else (price.amount, price.currency)
            yield LazyRow((*_place(table), name, *about, *map(", ".join, needs), *costs))


def _described(resource: Resource) -> str:
    """Return the description of a resource, with what the API charges whichever method is used."""
    about = resource.description.strip()
    prices = {
        None if one.price is None else one.price.sentence for one in resource.methods.values()
    }
    (price,) = prices if len(prices) == 1 else (None,)
    return about if price is None else f"{about} {price}"


def _with_price(method: Method) -> str:
    """Return the description of a method, with what the API charges for it."""
    about = method.description.strip()
    return about if method.price is None else f"{about} {method.price.sentence}"


def _parameters(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in _tables(source, wanted):
        for method_name, method in table.resource.methods.items():
            for key, one in method.parameters.items():
                column = one.filters(key)
                fills = column is not None
                operator, match = (one.operator, one.match) if fills else (None, None)
                needed = int(fills and needs_constraint(one))
                name = (*_place(table), method_name, one.name or key, column)
                about = one.location, describe_parameter(table, key, one)
                yield LazyRow((*name, operator, needed, match, *about))


def _columns(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in _tables(source, wanted):
        keys = cache(partial(query_keys, table))
        for position, (name, one) in enumerate(table.columns.items(), start=1):
            known = *_place(table), position, name, one.type, one.description.strip()
            yield LazyRow(known, partial(_column_facts, table, name, keys))
    for view in _views(source, wanted):
        for position, (name, column) in enumerate(view.columns.items(), start=1):
            facts = column.type, column.description.strip(), 0, 0, 0, "", column.currency
            yield LazyRow((*_place_of_view(view), position, name, *facts))
    for table_name, listed in LISTINGS.items():
        for position, (name, field) in enumerate(listed.fields.items(), start=1):
            pushed = "=, in" if name in listed.narrowed_by else ""
            facts = field.type, field.description, 0, 0, 0, pushed, None
            yield LazyRow((PROVIDER, SERVICE, table_name, position, name, *facts))


def _column_facts(table: Table, name: str, keys: Callable[[], frozenset[str]]) -> Values:
    """Return the other facts of a column, which a search by its name does not need."""
    column = table.columns[name]
    flags = int(column.hidden), int(name in table.inputs), int(name in keys())
    return *flags, ", ".join(pushed_operators(table, name)), column.currency


def _examples(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in _tables(source, wanted):
        for number, one in enumerate(table.resource.examples, start=1):
            yield LazyRow((*_place(table), number, one.question.strip(), one.sql.strip()))
    for view in _views(source, wanted):
        for number, one in enumerate(view.examples, start=1):
            about = number, one.question.strip(), one.sql.strip()
            yield LazyRow((*_place_of_view(view), *about))


def _scans(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for number, scan in enumerate(source.last_scans, start=1):
        sent = scan.requests, scan.pages, scan.rows, scan.cache_hits, scan.retries
        cost = scan.cost
        money = (None, None) if cost is None else (float(cost.amount), cost.currency)
        yield LazyRow((number, scan.resource, *sent, round(scan.waited, 3), *money))


def _connections(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for name, provider in source.connection_names():
        yield LazyRow((name, provider), partial(_connection, source, name, provider))


def _connection(source: CatalogSource, name: str, provider: str) -> Values:
    return tuple(source.connection_info(name, provider)[2:])


def _refreshes(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for values in source.refreshes():
        yield LazyRow(values)


def _versions(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for listed in source.versions():
        yield LazyRow(tuple(listed))


def _tables(source: CatalogSource, wanted: KeyFilter) -> Iterator[Table]:
    """Yield the resources that a statement can mean, and load no others.

    A table that billql cannot read has no rows, unless it is selected by its name: then it raises.
    """
    for name in _names(source, wanted):
        try:
            yield source.catalog.table(".".join(name))
        except NotSupportedError:
            if "resource" in wanted:
                raise


def _names(source: CatalogSource, wanted: KeyFilter) -> Iterator[tuple[str, str, str]]:
    catalog = source.catalog
    for provider in _narrowed(catalog.providers(), wanted.get("provider")):
        for service in _narrowed(catalog.services(provider), wanted.get("service")):
            resources = catalog.resources(provider, service)
            for resource in _narrowed(resources, wanted.get("resource")):
                yield provider, service, resource


def _views(source: CatalogSource, wanted: KeyFilter) -> Iterator[ViewTable]:
    """Yield the views that a statement can mean, and load no others."""
    catalog = source.catalog
    for provider in _narrowed([*catalog.providers(), PROVIDER], wanted.get("provider")):
        shared = provider == PROVIDER
        known = views.services(catalog) if shared else catalog.services(provider)
        for service in _narrowed(known, wanted.get("service")):
            found = views.names(catalog, provider, service)
            for name in _narrowed(found, wanted.get("resource")):
                if (view := views.find(catalog, f"{provider}.{service}.{name}")) is not None:
                    yield view


def _place_of_view(view: ViewTable) -> tuple[str, str, str]:
    return view.provider_name, view.service_name, view.view_name


def _narrowed(names: Sequence[str], wanted: str | None) -> Sequence[str]:
    return names if wanted is None else [name for name in names if name == wanted]


def _place(table: Table) -> tuple[str, str, str]:
    return table.provider_name, table.service_name, table.resource_name


_ABOUT_PROVIDER = "What billql itself knows."
_ABOUT_SERVICE = "The catalog, the connections and what the last statement has cost."

ROWS: Mapping[str, Callable[[CatalogSource, KeyFilter], Iterator[LazyRow]]] = {
    "providers": _providers,
    "services": _services,
    "resources": _resources,
    "view_parts": _view_parts,
    "methods": _methods,
    "parameters": _parameters,
    "columns": _columns,
    "examples": _examples,
    "scans": _scans,
    "refreshes": _refreshes,
    "versions": _versions,
    "connections": _connections,
}
"""What returns the rows of each table, by its last part; it raises DefinitionError."""
