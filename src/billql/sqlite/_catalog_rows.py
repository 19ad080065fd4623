"""What the tables `billql.catalog.*` hold: the catalog, the connections and the last scans.

Each table is a `Listing`. The tables describe themselves too, under the provider `billql`. Names
can be listed without loading what they name: what a row must load is loaded when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple, Protocol

from billql._version import __version__
from billql.definitions import views
from billql.definitions.catalog import Catalog, Table, unknown
from billql.definitions.model import Method, Resource
from billql.definitions.types import ColumnType, SQLValue
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

PROVIDER, SERVICE = "billql", "catalog"
PREFIX = f"{PROVIDER}.{SERVICE}."

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


class Field(NamedTuple):
    """A column of a listing."""

    description: str
    type: ColumnType = "text"


@dataclass(frozen=True)
class CatalogTableSpec:
    """One of the tables."""

    description: str
    fields: dict[str, Field]
    rows: Callable[[CatalogSource, KeyFilter], Iterator[LazyRow]]
    """Returns its rows; raises DefinitionError."""
    narrowed_by: tuple[str, ...] = ()
    """The columns that a `KeyFilter` may have."""


def listing(name: str) -> CatalogTableSpec:
    """Return the spec of a table by its full name, in any case; raise UnknownName."""
    short = name.lower().removeprefix(PREFIX)
    if short not in LISTINGS:
        raise unknown("table", short, list(LISTINGS), PREFIX)
    return LISTINGS[short]


def find(catalog: Catalog, parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of a provider's, service's or table's name, in lower case.

    Raise UnknownName, or DefinitionError.
    """
    found = tuple(part.lower() for part in parts)
    if found[0] == PROVIDER and found[1:2] != (SERVICE,):
        if found[1:] and found[1] not in services(catalog, PROVIDER):
            raise unknown("service", found[1], services(catalog, PROVIDER), f"{PROVIDER}.")
        if found[2:] and found[2] not in (known := views.names(catalog, *found[:2])):
            raise unknown("view", found[2], known, f"{PROVIDER}.{found[1]}.")
    elif found[0] == PROVIDER:
        if found[2:]:
            listing(".".join(found))
    elif len(found) == 1:
        catalog.services(found[0])
    elif len(found) == 2:
        catalog.check_service(*found)
    elif views.find(catalog, ".".join(found)) is None:
        catalog.table(".".join(found))
    return found


def services(catalog: Catalog, provider: str) -> list[str]:
    """Return the names of a provider's services; raise DefinitionError."""
    if provider == PROVIDER:
        return [SERVICE, *views.services(catalog)]
    return list(catalog.services(provider))


def tables(catalog: Catalog, provider: str, service: str) -> list[str]:
    """Return the last parts of the names of a service's tables; raise DefinitionError."""
    if (provider, service) == (PROVIDER, SERVICE):
        return list(LISTINGS)
    resources = [] if provider == PROVIDER else catalog.resources(provider, service)
    return [*resources, *views.names(catalog, provider, service)]


# Rows of each ------------------------------------------------------------------------------------


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
            is_read = partial(_is_read, source, part)
            yield LazyRow((*_place_of_view(view), part.provider_name, part.name), is_read)


def _is_read(source: CatalogSource, part: ViewTable) -> Values:
    return (int(source.is_connected(part.provider_name)),)


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
        keys = query_keys(table)
        for position, (name, one) in enumerate(table.columns.items(), start=1):
            about = one.type, one.description.strip(), int(one.hidden), int(name in keys)
            pushed = ", ".join(pushed_operators(table, name))
            yield LazyRow((*_place(table), position, name, *about, pushed, one.currency))
    for view in _views(source, wanted):
        for position, (name, column) in enumerate(view.columns.items(), start=1):
            facts = column.type, column.description.strip(), 0, 0, "", column.currency
            yield LazyRow((*_place_of_view(view), position, name, *facts))
    for table_name, listed in LISTINGS.items():
        for position, (name, field) in enumerate(listed.fields.items(), start=1):
            pushed = "=, in" if name in listed.narrowed_by else ""
            facts = field.type, field.description, 0, 0, pushed, None
            yield LazyRow((PROVIDER, SERVICE, table_name, position, name, *facts))


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


# The tables --------------------------------------------------------------------------------------

_ABOUT_PROVIDER = "What billql itself knows."
_ABOUT_SERVICE = "The catalog, the connections and what the last statement has cost."

_PROVIDER = {"provider": Field("The name of the provider.")}
_SERVICE = _PROVIDER | {"service": Field("The name of the service.")}
_RESOURCE = _SERVICE | {"resource": Field("The name of the resource.")}
_METHOD = _RESOURCE | {"method": Field("The name of the method.")}

LISTINGS = {
    "providers": CatalogTableSpec(
        "The APIs that can be read.",
        _PROVIDER
        | {
            "title": Field("The name that people know it by."),
            "description": Field("What it is, or why its definition cannot be read."),
            "version": Field("The version of its definition."),
            "documentation": Field("The address of the API's reference."),
            "url": Field("The origin that requests go to."),
            "secret": Field(
                "The environment variable that holds the token; several, if it has parts."
            ),
        },
        _providers,
        ("provider",),
    ),
    "services": CatalogTableSpec(
        "The groups of resources that each provider has.",
        _SERVICE
        | {
            "description": Field(
                "What its resources are about, or why its definition cannot be read."
            ),
        },
        _services,
        ("provider", "service"),
    ),
    "resources": CatalogTableSpec(
        "The tables.",
        _RESOURCE
        | {
            "name": Field("The whole name, as it stands after FROM."),
            "description": Field("What one row is, and what to know of the whole."),
            "kind": Field("`resource`, which requests fill, or `view`, which a SELECT makes."),
        },
        _resources,
        tuple(_RESOURCE),
    ),
    "view_parts": CatalogTableSpec(
        "The views that several providers bring parts of, one row for each part.",
        _RESOURCE
        | {
            "part_provider": Field("The provider that brings the part."),
            "part": Field("The whole name of the part, which can be read by itself."),
            "is_read": Field(
                "Whether the view has its rows: whether the provider has a token.", "boolean"
            ),
        },
        _view_parts,
        tuple(_RESOURCE),
    ),
    "methods": CatalogTableSpec(
        "The ways to read each resource; the best one for a statement is chosen.",
        _METHOD
        | {
            "request": Field("The verb and the path of its requests."),
            "description": Field("The rows that it returns."),
            "required": Field("The columns that it cannot do without."),
            "optional": Field("The other columns that it can filter on."),
            "price": Field("What the API charges for each request; NULL if nothing.", "real"),
            "currency": Field("The currency of the price."),
        },
        _methods,
        tuple(_RESOURCE),
    ),
    "parameters": CatalogTableSpec(
        "What the requests of each method carry.",
        _METHOD
        | {
            "parameter": Field("The API's name for it."),
            "column": Field("The column that it filters, if it is not always the same."),
            "operator": Field("The comparison: the API returns rows whose column is =, <, … it."),
            "required": Field("Whether a statement needs a constraint on the column.", "boolean"),
            "match": Field(
                "Whether the API returns just those rows (exact) or possibly more (superset), "
                "which SQLite then filters."
            ),
            "location": Field("Where it goes: path, query, body, header, host or filter."),
            "description": Field("What it carries."),
        },
        _parameters,
        tuple(_RESOURCE),
    ),
    "columns": CatalogTableSpec(
        "The columns of each table.",
        _RESOURCE
        | {
            "position": Field("Its place, from 1 on.", "integer"),
            "column": Field("The name of the column."),
            "type": Field("The type of its values, as in definitions."),
            "description": Field("What they mean."),
            "hidden": Field("Whether SELECT * leaves it out.", "boolean"),
            "required": Field(
                "Whether a statement needs a condition on it, or on another one of several.",
                "boolean",
            ),
            "operators": Field("What some method leaves to the API."),
            "currency": Field("For an amount: the column that holds its currency."),
        },
        _columns,
        tuple(_RESOURCE),
    ),
    "examples": CatalogTableSpec(
        "Queries that run as they stand.",
        _RESOURCE
        | {
            "number": Field("Its place, from 1 on.", "integer"),
            "question": Field("The question that it answers."),
            "sql": Field("The query."),
        },
        _examples,
        tuple(_RESOURCE),
    ),
    "scans": CatalogTableSpec(
        "What the last statement that has read a resource has cost, scan by scan.",
        {
            "number": Field("Its place, from 1 on.", "integer"),
            "resource": Field("The whole name of the resource."),
            "requests": Field("How many requests were sent.", "integer"),
            "pages": Field("How many pages were read.", "integer"),
            "rows": Field("How many rows were read.", "integer"),
            "cache_hits": Field("How many responses were cached.", "integer"),
            "retries": Field("How many requests were sent again.", "integer"),
            "waited": Field("Seconds spent waiting for limits.", "real"),
            "cost": Field("What the API charges for the requests; NULL if nothing.", "real"),
            "currency": Field("The currency of the cost."),
        },
        _scans,
    ),
    "versions": CatalogTableSpec(
        "The versions of definitions that are built in, installed, or can be pulled.",
        _PROVIDER
        | {
            "version": Field("The version."),
            "status": Field("`in use`, `installed`, `built in` or `available`."),
            "size": Field("The bytes of its package, if a registry has it.", "integer"),
            "source": Field("The registry that has it."),
        },
        _versions,
    ),
    "connections": CatalogTableSpec(
        "The credentials that there are for each provider, without what is secret.",
        {
            "connection": Field("What it is called."),
            "provider": Field("The provider that it is for."),
            "url": Field("The origin that its requests go to."),
            "source": Field("Where its token is looked for."),
            "ready": Field("Whether the token is there.", "boolean"),
        },
        _connections,
    ),
}
