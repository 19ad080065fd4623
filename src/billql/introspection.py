"""What the tables `billql.catalog.*` hold: the catalogue, the connections and the last scans.

Each table is a `Listing`. The tables describe themselves too, under the provider `billql`. Names
can be listed without loading what they name: what a row must load is loaded when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple, Protocol

from billql import __version__
from billql.catalogue import Catalogue, Table, unknown
from billql.definition import Method, Parameter
from billql.errors import DefinitionError
from billql.exchange import plain
from billql.plan import Constraint, bearing_on, chooses_connections, echoed, filters
from billql.statement import ScanFigures
from billql.values import ColumnType, SQLValue

PROVIDER, SERVICE = "billql", "catalog"
PREFIX = f"{PROVIDER}.{SERVICE}."

Values = tuple[SQLValue, ...]
Asked = Mapping[str, str]
"""What a statement wants some columns to be. It saves work; other rows do no harm, because SQLite
checks them."""


class Source(Protocol):
    """Where the rows come from."""

    catalogue: Catalogue
    last_scans: Sequence[ScanFigures]
    """The figures of the last statement that has read a resource."""

    def connections_told(self) -> Sequence[tuple[str, str, str, str, bool]]:
        """Give each connection's name, provider, address, its token's place and if it is there."""


class Row:
    """One row: what is known of it, and what finds out the rest."""

    def __init__(self, known: Values, rest: Callable[[], Values] = tuple) -> None:
        self.known = known
        """Enough of its first values to tell it from every other row."""
        self._find = rest

    @cached_property
    def _rest(self) -> Values:
        return self._find()

    def value(self, number: int) -> SQLValue:
        """Give the value of a column."""
        count = len(self.known)
        return self.known[number] if number < count else self._rest[number - count]


class Field(NamedTuple):
    """A column of a listing."""

    description: str
    type: ColumnType = "text"


@dataclass(frozen=True)
class Listing:
    """One of the tables."""

    description: str
    fields: dict[str, Field]
    rows: Callable[[Source, Asked], Iterator[Row]]
    """Gives its rows; raises DefinitionError."""
    narrowed_by: tuple[str, ...] = ()
    """The columns that `Asked` may have."""


def listing(name: str) -> Listing:
    """Find a listing by its dotted name, in any case; raises UnknownName."""
    short = name.lower().removeprefix(PREFIX)
    if short not in LISTINGS:
        raise unknown("table", short, list(LISTINGS), PREFIX)
    return LISTINGS[short]


# Rows of each ------------------------------------------------------------------------------------


def _providers(source: Source, asked: Asked) -> Iterator[Row]:
    catalogue = source.catalogue
    for name in _narrowed(catalogue.providers(), asked.get("provider")):
        yield Row((name,), partial(_provider, catalogue, name))
    yield Row((PROVIDER, PROVIDER, _ABOUT_PROVIDER, __version__, None, None, None))


def _provider(catalogue: Catalogue, name: str) -> Values:
    try:
        one = catalogue.provider(name)
    except DefinitionError as error:
        return None, _unread(error), None, None, None, None
    about = one.description.strip()
    return one.title, about, one.version, one.documentation, one.url, one.auth.secret


def _services(source: Source, asked: Asked) -> Iterator[Row]:
    catalogue = source.catalogue
    for provider in _narrowed(catalogue.providers(), asked.get("provider")):
        for name in _narrowed(catalogue.services(provider), asked.get("service")):
            yield Row((provider, name), partial(_service, catalogue, provider, name))
    yield Row((PROVIDER, SERVICE, _ABOUT_SERVICE))


def _service(catalogue: Catalogue, provider: str, name: str) -> Values:
    try:
        return (catalogue.service(provider, name).description.strip(),)
    except DefinitionError as error:
        return (_unread(error),)


def _unread(error: DefinitionError) -> str:
    """Say in a description's place that there is none; whatever else needs it is an error."""
    return f"Its definition cannot be read: {error.message}"


def _resources(source: Source, asked: Asked) -> Iterator[Row]:
    for table in _tables(source, asked):
        yield Row((*_place(table), table.name, table.resource.description.strip()))
    for name, one in LISTINGS.items():
        yield Row((PROVIDER, SERVICE, name, PREFIX + name, one.description))


def _methods(source: Source, asked: Asked) -> Iterator[Row]:
    for table in _tables(source, asked):
        for name, method in table.resource.methods.items():
            required = _required(table, method)
            optional = [one for one, _ in filters(method) if one not in required]
            about = method.request, method.description.strip()
            yield Row((*_place(table), name, *about, _joined(required), _joined(optional)))


def _parameters(source: Source, asked: Asked) -> Iterator[Row]:
    for table in _tables(source, asked):
        for method_name, method in table.resource.methods.items():
            for key, one in method.parameters.items():
                column = one.filters(key)
                told = (None,) * 4
                if column is not None:
                    required = int(one.required and one.default is None)
                    told = column, one.operator, required, one.match
                yield Row(
                    (
                        *(*_place(table), method_name, one.name or key),
                        *(*told, one.location, _about(table, key, one)),
                    )
                )


def _about(table: Table, key: str, parameter: Parameter) -> str:
    """Say what a parameter carries."""
    column = parameter.filters(key)
    if parameter.value is not None:
        read = ", ".join(parameter.when_read)
        when = f", if the statement reads {read}" if read else ""
        return f"Always {plain(parameter.value)}{when}."
    assert column is not None, "what has no value of its own filters a column"
    about = table.columns[column].description.strip()
    match parameter.default:
        case None:
            return about
        case tuple(several):
            said = " and ".join(map(plain, several))
        case one:
            said = plain(one)
    return f"{about} It is {said}, unless the statement says otherwise."


def _columns(source: Source, asked: Asked) -> Iterator[Row]:
    for table in _tables(source, asked):
        methods = table.resource.methods.values()
        required = [_required(table, method) for method in methods]
        for position, (name, column) in enumerate(table.columns.items(), start=1):
            operators = [
                operator.upper()
                for operator in _OPERATORS
                if chooses_connections(constraint := Constraint(name, operator, usable=True))
                or any(bearing_on(method, constraint) for method in methods)
            ]
            about = column.type, column.description.strip(), int(column.hidden)
            needed = int(all(name in one for one in required))
            told = *about, needed, _joined(operators), column.currency
            yield Row((*_place(table), position, name, *told))
    for table_name, one in LISTINGS.items():
        for position, (name, field) in enumerate(one.fields.items(), start=1):
            operators = ["=", "IN"] if name in one.narrowed_by else []
            told = field.type, field.description, 0, 0, _joined(operators), None
            yield Row((PROVIDER, SERVICE, table_name, position, name, *told))


_OPERATORS = ("=", "in", "<", "<=", ">", ">=", "is null")


def _examples(source: Source, asked: Asked) -> Iterator[Row]:
    for table in _tables(source, asked):
        for number, one in enumerate(table.resource.examples, start=1):
            yield Row((*_place(table), number, one.question.strip(), one.sql.strip()))


def _scans(source: Source, asked: Asked) -> Iterator[Row]:
    for number, scan in enumerate(source.last_scans, start=1):
        yield Row((number, *scan.as_dict().values()))


def _connections(source: Source, asked: Asked) -> Iterator[Row]:
    for told in source.connections_told():
        yield Row(tuple(told))


def _tables(source: Source, asked: Asked) -> Iterator[Table]:
    """Give the resources that a statement can mean, and load no others."""
    catalogue = source.catalogue
    for provider in _narrowed(catalogue.providers(), asked.get("provider")):
        for service in _narrowed(catalogue.services(provider), asked.get("service")):
            names = catalogue.resources(provider, service)
            for resource in _narrowed(names, asked.get("resource")):
                yield catalogue.table(f"{provider}.{service}.{resource}")


def _narrowed(names: Sequence[str], asked: str | None) -> Sequence[str]:
    return names if asked is None else [name for name in names if name == asked]


def _place(table: Table) -> tuple[str, str, str]:
    return table.provider_name, table.service_name, table.resource_name


def _required(table: Table, method: Method) -> list[str]:
    """Give the columns without which a method cannot be called, or has no row to show."""
    given = {column for column, one in filters(method) if one.default is not None}
    asked = set(echoed(table)) - given
    return [
        column
        for column, one in filters(method)
        if (one.required and one.default is None) or column in asked
    ]


def _joined(words: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(words))


# The tables --------------------------------------------------------------------------------------

_ABOUT_PROVIDER = "What billql itself knows."
_ABOUT_SERVICE = "The catalogue, the connections and what the last statement has cost."

_PROVIDER = {"provider": Field("The name of the provider.")}
_SERVICE = _PROVIDER | {"service": Field("The name of the service.")}
_RESOURCE = _SERVICE | {"resource": Field("The name of the resource.")}
_METHOD = _RESOURCE | {"method": Field("The name of the method.")}

LISTINGS = {
    "providers": Listing(
        "The APIs that can be read.",
        _PROVIDER
        | {
            "title": Field("The name that people know it by."),
            "description": Field("What it is, or why its definition cannot be read."),
            "version": Field("The version of its definition."),
            "documentation": Field("The address of the API's reference."),
            "url": Field("The origin that requests go to."),
            "secret": Field("The environment variable that holds the token."),
        },
        _providers,
        ("provider",),
    ),
    "services": Listing(
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
    "resources": Listing(
        "The tables.",
        _RESOURCE
        | {
            "name": Field("The whole name, as it stands after FROM."),
            "description": Field("What one row is, and what to know of the whole."),
        },
        _resources,
        tuple(_RESOURCE),
    ),
    "methods": Listing(
        "The ways to read each resource; the best one for a statement is chosen.",
        _METHOD
        | {
            "request": Field("The verb and the path of its requests."),
            "description": Field("What it gives."),
            "required": Field("The columns that it cannot do without."),
            "optional": Field("The other columns that it can filter on."),
        },
        _methods,
        tuple(_RESOURCE),
    ),
    "parameters": Listing(
        "What the requests of each method carry.",
        _METHOD
        | {
            "parameter": Field("The API's name for it."),
            "column": Field("The column that it filters, if it is not always the same."),
            "operator": Field("What it does: the API gives rows whose column is =, <, … it."),
            "required": Field("Whether a statement must say something of the column.", "boolean"),
            "match": Field(
                "Whether the API gives just those rows (exact) or possibly more (superset), which "
                "SQLite then filters."
            ),
            "location": Field("Where it goes: path, query, body or header."),
            "description": Field("What it carries."),
        },
        _parameters,
        tuple(_RESOURCE),
    ),
    "columns": Listing(
        "The columns of each table.",
        _RESOURCE
        | {
            "position": Field("Its place, from 1 on.", "integer"),
            "column": Field("The name of the column."),
            "type": Field("What its values are, in the words of definitions."),
            "description": Field("What they mean."),
            "hidden": Field("Whether SELECT * leaves it out.", "boolean"),
            "required": Field("Whether no method can do without it.", "boolean"),
            "operators": Field("What some method leaves to the API."),
            "currency": Field("For an amount: the column that holds its currency."),
        },
        _columns,
        tuple(_RESOURCE),
    ),
    "examples": Listing(
        "Queries that run as they stand.",
        _RESOURCE
        | {
            "number": Field("Its place, from 1 on.", "integer"),
            "question": Field("What it answers."),
            "sql": Field("The query."),
        },
        _examples,
        tuple(_RESOURCE),
    ),
    "scans": Listing(
        "What the last statement that has read a resource has cost, scan by scan.",
        {
            "number": Field("Its place, from 1 on.", "integer"),
            "resource": Field("The whole name of the resource."),
            "requests": Field("How many requests were sent.", "integer"),
            "pages": Field("How many pages were read.", "integer"),
            "rows": Field("How many rows came.", "integer"),
            "cache_hits": Field("How many answers were at hand.", "integer"),
            "retries": Field("How many requests were sent again.", "integer"),
            "waited": Field("Seconds spent waiting for limits.", "real"),
        },
        _scans,
    ),
    "connections": Listing(
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
