"""What the page of a resource states: facts of its definition, with samples.

Nothing here knows Markdown: what is written, and how, is for `pages`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.methods import Method, Parameter
from billql.definitions.model import Column, Provider, Service
from billql.definitions.shared import SHARED
from billql.definitions.views import ViewTable
from billql.docs import costs
from billql.docs.samples import NoSamples, Result, Samples
from billql.messages import to_text
from billql.planning import capabilities
from billql.planning.pushdown import is_exact, needs_constraint

_OPERATORS = {
    "=": ("=", "IN"),
    "<": ("<", "<="),
    "<=": ("<", "<="),
    ">": (">", ">="),
    ">=": (">", ">="),
}
"""The SQL comparisons that a parameter's operator serves: a bound serves both of its kind."""


@dataclass(frozen=True)
class FieldFacts:
    """A column."""

    name: str
    datatype: str
    description: str
    currency: str
    """The unit of an amount, as a sentence; empty for other columns."""
    key: bool
    """Whether it is a key column: a statement needs a condition on it, or on one of several."""
    sample: Any = None
    """A value that the column has in the sandbox; None if it is always NULL there, or not there."""

    @property
    def sentences(self) -> list[str]:
        """Return the description, and the unit if it has one."""
        return [text for text in (self.description, self.currency) if text]


@dataclass(frozen=True)
class FilterFacts:
    """A parameter that a condition on a column fills."""

    column: str
    operators: tuple[str, ...]
    """The SQL comparisons that are pushed down."""
    name: str
    """Its name in the API."""
    location: str
    """Its place in a request: path, query, body, header, host or filter."""
    required: bool
    exact: bool
    """Whether the API filters exactly; otherwise SQLite removes the other rows."""
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class MethodFacts:
    """A method of a resource."""

    name: str
    request: str
    description: str
    documentation: str | None
    """The address of its page in the API's reference."""
    required: tuple[str, ...]
    """The columns that need a condition."""
    optional: tuple[str, ...]
    """The columns whose conditions are pushed down if there are any."""
    filters: tuple[FilterFacts, ...]
    costs: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """An example query."""

    question: str
    sql: str
    result: Result | None
    """Its rows in the sandbox; None where the sandbox has no such table."""


@dataclass(frozen=True)
class ResourceFacts:
    """A resource."""

    table: Table
    description: str
    fields: tuple[FieldFacts, ...]
    hidden: tuple[FieldFacts, ...]
    """The columns that `SELECT *` leaves out."""
    unique: tuple[str, ...]
    methods: tuple[MethodFacts, ...]
    examples: tuple[Example, ...]
    limits: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the last part of its name."""
        return self.table.resource_name

    @property
    def keys(self) -> list[str]:
        """Return the names of its key columns; see `FieldFacts.key`."""
        return [field.name for field in (*self.fields, *self.hidden) if field.key]

    @property
    def costs(self) -> list[tuple[list[str], str]]:
        """Return what the methods cost: the names of those that cost the same, and the text."""
        together: dict[str, list[str]] = {}
        for method in self.methods:
            together.setdefault(" ".join(method.costs), []).append(method.name)
        return [(names, text) for text, names in together.items()]


@dataclass(frozen=True)
class ViewFacts:
    """A view."""

    table: ViewTable
    description: str
    fields: tuple[FieldFacts, ...]
    examples: tuple[Example, ...]
    whole: str | None
    """The name of the view that it is a part of, if it is one."""

    @property
    def name(self) -> str:
        """Return the last part of its name."""
        return self.table.view_name

    @property
    def short_name(self) -> str | None:
        """Return the name without its first part, if it belongs to no provider."""
        shared, _, short = self.table.name.partition(".")
        return short if shared == SHARED else None


@dataclass(frozen=True)
class SharedFacts:
    """A file of views that belong to no provider."""

    name: str
    description: str
    views: tuple[ViewFacts, ...]


@dataclass(frozen=True)
class ServiceFacts:
    """A service, its resources and its views, in the order of its file."""

    name: str
    service: Service
    resources: tuple[ResourceFacts, ...]
    views: tuple[ViewFacts, ...] = ()


@dataclass(frozen=True)
class ProviderFacts:
    """A provider and its services, by name."""

    name: str
    provider: Provider
    services: tuple[ServiceFacts, ...]
    limits: tuple[str, ...]


_NO_SAMPLES = NoSamples()


def gather(catalog: Catalog, samples: Samples = _NO_SAMPLES) -> list[ProviderFacts]:
    """Return the facts of every provider, by name; raise DefinitionError."""
    return [of_provider(catalog, name, samples) for name in catalog.providers()]


def of_provider(catalog: Catalog, name: str, samples: Samples = _NO_SAMPLES) -> ProviderFacts:
    """Return the facts of a provider; raise DefinitionError."""
    services = (
        ServiceFacts(
            service,
            catalog.service(name, service),
            tuple(
                resource(catalog.table(f"{name}.{service}.{one}"), samples)
                for one in catalog.resources(name, service)
            ),
            _views(catalog, name, service, samples),
        )
        for service in catalog.services(name)
    )
    provider = catalog.provider(name)
    return ProviderFacts(name, provider, tuple(services), tuple(costs.of_provider(provider)))


def shared(catalog: Catalog, samples: Samples = _NO_SAMPLES) -> list[SharedFacts]:
    """Return the facts of the views that belong to no provider; raise DefinitionError."""
    return [
        SharedFacts(
            f"{SHARED}.{name}",
            catalog.shared_service(name).description,
            _views(catalog, SHARED, name, samples),
        )
        for name in views.services(catalog)
    ]


def _views(
    catalog: Catalog, provider: str, service: str, samples: Samples
) -> tuple[ViewFacts, ...]:
    found = (
        views.find(catalog, f"{provider}.{service}.{name}")
        for name in views.names(catalog, provider, service)
    )
    return tuple(of_view(one, samples) for one in found if one is not None)


def of_view(table: ViewTable, samples: Samples = _NO_SAMPLES) -> ViewFacts:
    """Return the facts of a view."""
    is_part = table.view.is_part
    fields = tuple(
        FieldFacts(
            name,
            column.type,
            column.description.strip(),
            "" if column.currency is None else f"In `{column.currency}`.",
            key=False,
        )
        for name, column in table.columns.items()
    )
    examples = tuple(
        Example(one.question.strip(), one.sql.strip(), samples.of_view(one.sql))
        for one in table.examples
    )
    whole = f"{SHARED}.{table.service_name}.{table.view_name}" if is_part else None
    return ViewFacts(table, table.view.description.strip(), fields, examples, whole)


def resource(table: Table, samples: Samples = _NO_SAMPLES) -> ResourceFacts:
    """Return the facts of a resource."""
    columns = table.columns
    methods = tuple(_method(table, name, method) for name, method in table.resource.methods.items())
    keys = capabilities.query_keys(table)
    values = samples.values(table)
    fields = {
        name: _field(name, column, name in keys, values.get(name))
        for name, column in columns.items()
    }
    return ResourceFacts(
        table,
        table.resource.description.strip(),
        tuple(field for name, field in fields.items() if not columns[name].hidden),
        tuple(field for name, field in fields.items() if columns[name].hidden),
        table.resource.unique,
        methods,
        tuple(
            Example(one.question.strip(), one.sql.strip(), samples.result(table, one.sql))
            for one in table.resource.examples
        ),
        tuple(costs.of_provider(table.provider)),
    )


def _field(name: str, column: Column, key: bool, sample: Any) -> FieldFacts:
    if column.currency is None:
        currency = ""
    elif column.minor:
        currency = f"In minor units of `{column.currency}`, such as cents."
    else:
        currency = f"In `{column.currency}`."
    return FieldFacts(name, column.type, column.description.strip(), currency, key, sample)


def _method(table: Table, name: str, method: Method) -> MethodFacts:
    return MethodFacts(
        name,
        method.request,
        method.description.strip(),
        method.documentation,
        tuple(capabilities.required_columns(table, method)),
        tuple(capabilities.optional_columns(table, method)),
        tuple(_filters(table, method)),
        tuple(costs.of_method(table, method)),
    )


def _filters(table: Table, method: Method) -> Iterator[FilterFacts]:
    for name, parameter in method.parameters.items():
        column = parameter.filters(name)
        if column is not None:
            yield FilterFacts(
                column,
                (
                    *_OPERATORS[parameter.operator],
                    *(("<", "<=", ">", ">=") if parameter.by is not None else ()),
                    *(("IS NULL",) if parameter.null is not None else ()),
                ),
                parameter.name or name,
                parameter.location,
                needs_constraint(parameter),
                is_exact(table.columns[column], parameter),
                tuple(_remarks(parameter)),
            )


def _remarks(parameter: Parameter) -> Iterator[str]:
    """Yield sentences on what is special about a parameter's values."""
    if parameter.by is not None:
        yield f"A range is requested {parameter.by} by {parameter.by}, up to now."
    if parameter.lists is not None:
        yield "Several values go into one request."
    if isinstance(parameter.default, tuple):
        values = ", ".join(f"`{to_text(one)}`" for one in parameter.default)
        yield f"Without a condition, {values} are requested, each by itself."
    elif parameter.default == "today":
        yield "Without a condition it is the current day."
    elif parameter.default is not None:
        yield f"Without a condition it is `{to_text(parameter.default)}`."
