"""The rows of the tables `billql.catalog.*`: the catalog, the connections and the last scans.

Names can be listed without loading what they name: what a row must load is loaded when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial

from billql._version import __version__
from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.methods import Method
from billql.definitions.model import CONNECTION
from billql.definitions.types import SQLValue
from billql.definitions.views import ViewTable
from billql.errors import DefinitionError
from billql.planning.capabilities import (
    describe_parameter,
    optional_columns,
    pushed_operators,
    query_keys,
    required_columns,
)
from billql.planning.pushdown import needs_constraint
from billql.sqlite._catalog_listings import LISTINGS, PREFIX, PROVIDER, SERVICE
from billql.sqlite._catalog_scope import (
    CatalogSource,
    KeyFilter,
    Values,
    narrowed,
    places_of,
    readable,
    readable_summaries,
    summaries,
    tables_of,
    views_of,
)


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
    for name in narrowed(catalog.providers(), wanted.get("provider")):
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
    for provider, name in places_of(source, wanted):
        yield LazyRow((provider, name), partial(_service, catalog, provider, name))
    yield LazyRow((PROVIDER, SERVICE, _ABOUT_SERVICE))
    for name in catalog.shared():
        if readable(source, wanted, partial(views.names, catalog, PROVIDER, name)):
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
    for provider, service, one in summaries(source, wanted):
        whole = f"{provider}.{service}.{one.name}"
        yield LazyRow((provider, service, one.name, whole, one.description, "resource"))
    for view in views_of(source, wanted):
        about = view.view.description.strip(), "view"
        yield LazyRow((*_place_of_view(view), view.name, *about))
    for last, spec in LISTINGS.items():
        yield LazyRow((PROVIDER, SERVICE, last, PREFIX + last, spec.description, "resource"))


def _view_parts(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for view in views_of(source, wanted):
        for part in view.parts:
            rest = partial(_view_part, source, part)
            yield LazyRow((*_place_of_view(view), part.provider_name, part.name), rest)


def _view_part(source: CatalogSource, part: ViewTable) -> Values:
    return int(source.is_connected(part.provider_name)), ", ".join(part.stated)


def _methods(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in tables_of(source, wanted):
        for name, method in table.resource.methods.items():
            about = method.request, _with_price(method)
            needs = required_columns(table, method), optional_columns(table, method)
            price = method.price
            costs = (None, None) if price is None else (price.amount, price.currency)
            yield LazyRow((*_place(table), name, *about, *map(", ".join, needs), *costs))


def _with_price(method: Method) -> str:
    """Return the description of a method, with what the API charges for it."""
    about = method.description.strip()
    return about if method.price is None else f"{about} {method.price.sentence}"


def _parameters(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in tables_of(source, wanted):
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
    for provider, service, one in readable_summaries(source, wanted):
        columns = _Columns(partial(source.catalog.read, f"{provider}.{service}.{one.name}"))
        for position, name in enumerate((*one.columns, CONNECTION), start=1):
            yield _ColumnRow((provider, service, one.name, position, name), columns, name)
    for view in views_of(source, wanted):
        for position, (name, column) in enumerate(view.columns.items(), start=1):
            facts = column.type, column.description.strip(), 0, 0, 0, "", column.currency
            yield LazyRow((*_place_of_view(view), position, name, *facts))
    for table_name, listed in LISTINGS.items():
        for position, (name, field) in enumerate(listed.fields.items(), start=1):
            pushed = "=, in" if name in listed.narrowed_by else ""
            facts = field.type, field.description, 0, 0, 0, pushed, None
            yield LazyRow((PROVIDER, SERVICE, table_name, position, name, *facts))


class _Columns:
    """The columns of a resource, which is read for what a search by their names does not need."""

    def __init__(self, read: Callable[[], Table]) -> None:
        self._read = read

    @cached_property
    def _table(self) -> Table:
        return self._read()

    @cached_property
    def _required(self) -> frozenset[str]:
        return query_keys(self._table)

    def kind(self, name: str) -> SQLValue:
        """Return the type of a column."""
        return self._table.columns[name].type

    def description(self, name: str) -> SQLValue:
        """Return the description of a column."""
        return self._table.columns[name].description.strip()

    def is_hidden(self, name: str) -> SQLValue:
        """Return whether SELECT * leaves a column out."""
        return int(self._table.columns[name].hidden)

    def is_input(self, name: str) -> SQLValue:
        """Return whether a column is a value for WHERE alone."""
        return int(name in self._table.inputs)

    def is_required(self, name: str) -> SQLValue:
        """Return whether a statement needs a condition on a column."""
        return int(name in self._required)

    def operators(self, name: str) -> SQLValue:
        """Return which conditions on a column are left to the API."""
        return ", ".join(pushed_operators(self._table, name))

    def currency(self, name: str) -> SQLValue:
        """Return the column with the currency of an amount."""
        return self._table.columns[name].currency


_FACTS = (
    _Columns.kind,
    _Columns.description,
    _Columns.is_hidden,
    _Columns.is_input,
    _Columns.is_required,
    _Columns.operators,
    _Columns.currency,
)
"""What follows the name in a column's row."""


class _ColumnRow(LazyRow):
    """A column of a resource; each of its facts is found out by itself."""

    def __init__(self, known: Values, columns: _Columns, name: str) -> None:
        self.known = known
        self._columns = columns
        self._name = name

    def value(self, number: int) -> SQLValue:
        """Return the value of a column of the listing."""
        known = self.known
        count = len(known)
        return (
            known[number] if number < count else _FACTS[number - count](self._columns, self._name)
        )


def _examples(source: CatalogSource, wanted: KeyFilter) -> Iterator[LazyRow]:
    for table in tables_of(source, wanted):
        for number, one in enumerate(table.resource.examples, start=1):
            yield LazyRow((*_place(table), number, one.question.strip(), one.sql.strip()))
    for view in views_of(source, wanted):
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


def _place_of_view(view: ViewTable) -> tuple[str, str, str]:
    return view.provider_name, view.service_name, view.view_name


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
