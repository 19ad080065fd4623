"""What the page of a resource says, whatever it is written in: facts of its definition alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billql.definitions.catalog import Catalog, Table
from billql.definitions.model import Column, Method, Parameter, Provider, Service
from billql.docs import costs
from billql.docs.samples import NoSamples, Result, Samples
from billql.messages import to_text
from billql.planning.planner import filters, is_exact, missing_parameters

_OPERATORS = {
    "=": ("=", "IN"),
    "<": ("<", "<="),
    "<=": ("<", "<="),
    ">": (">", ">="),
    ">=": (">", ">="),
}
"""The comparisons of SQL that a parameter's operator serves: bounds are turned into each other."""


@dataclass(frozen=True)
class Field:
    """A column."""

    name: str
    datatype: str
    description: str
    currency: str
    """What an amount is counted in, as a sentence; empty for other columns."""
    key: bool
    """Whether a method needs a condition on it, where no method does without any."""
    sample: Any = None
    """A value that it has in the sandbox."""


@dataclass(frozen=True)
class Filter:
    """A parameter that conditions fill."""

    column: str
    operators: tuple[str, ...]
    """What SQL may compare the column with it by."""
    name: str
    """What the API calls it."""
    location: str
    """Where a request carries it: path, query, body or header."""
    required: bool
    exact: bool
    """Whether the API gives just the rows that were asked for; else SQLite leaves some out."""
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Way:
    """A method: one way to read a resource."""

    name: str
    request: str
    description: str
    documentation: str | None
    """The address of the API's own reference."""
    required: tuple[str, ...]
    """The columns on which it needs a condition."""
    optional: tuple[str, ...]
    """The columns on which it can make use of one."""
    filters: tuple[Filter, ...]
    costs: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """A query that people can run as it stands."""

    question: str
    sql: str
    result: Result | None
    """What it gives in the sandbox, if that has the table."""


@dataclass(frozen=True)
class Page:
    """A resource."""

    table: Table
    description: str
    fields: tuple[Field, ...]
    hidden: tuple[Field, ...]
    """The columns that `SELECT *` leaves out."""
    unique: tuple[str, ...]
    ways: tuple[Way, ...]
    examples: tuple[Example, ...]
    limits: tuple[str, ...]

    @property
    def name(self) -> str:
        """Give the last part of its name."""
        return self.table.resource_name

    @property
    def keys(self) -> list[str]:
        """Give the columns of which a statement must say something; see `Field.key`."""
        return [field.name for field in (*self.fields, *self.hidden) if field.key]

    @property
    def costs(self) -> list[tuple[list[str], str]]:
        """Give what its methods cost, those of the same costs together."""
        together: dict[str, list[str]] = {}
        for way in self.ways:
            together.setdefault(" ".join(way.costs), []).append(way.name)
        return [(names, text) for text, names in together.items()]


@dataclass(frozen=True)
class ServicePages:
    """A service and its resources, in the order of its file."""

    name: str
    service: Service
    pages: tuple[Page, ...]


@dataclass(frozen=True)
class ProviderPages:
    """A provider and its services, by name."""

    name: str
    provider: Provider
    services: tuple[ServicePages, ...]
    limits: tuple[str, ...]


_NO_SAMPLES = NoSamples()


def gather(catalogue: Catalog, samples: Samples = _NO_SAMPLES) -> list[ProviderPages]:
    """Read every definition; raises DefinitionError."""
    return [_provider(catalogue, name, samples) for name in catalogue.providers()]


def _provider(catalogue: Catalog, name: str, samples: Samples) -> ProviderPages:
    services = (
        ServicePages(
            service,
            catalogue.service(name, service),
            tuple(
                resource(catalogue.table(f"{name}.{service}.{one}"), samples)
                for one in catalogue.resources(name, service)
            ),
        )
        for service in catalogue.services(name)
    )
    provider = catalogue.provider(name)
    return ProviderPages(name, provider, tuple(services), tuple(costs.of_provider(provider)))


def resource(table: Table, samples: Samples = _NO_SAMPLES) -> Page:
    """Gather what the page of a resource says."""
    columns = table.columns
    ways = tuple(_way(table, name, method) for name, method in table.resource.methods.items())
    free = any(not way.required for way in ways)
    keys = set() if free else {column for way in ways for column in way.required}
    values = samples.values(table)
    fields = {
        name: _field(name, column, name in keys, values.get(name))
        for name, column in columns.items()
    }
    return Page(
        table,
        table.resource.description.strip(),
        tuple(field for name, field in fields.items() if not columns[name].hidden),
        tuple(field for name, field in fields.items() if columns[name].hidden),
        table.resource.unique,
        ways,
        tuple(
            Example(one.question.strip(), one.sql.strip(), samples.result(table, one.sql))
            for one in table.resource.examples
        ),
        tuple(costs.of_provider(table.provider)),
    )


def _field(name: str, column: Column, key: bool, sample: Any) -> Field:
    if column.currency is None:
        currency = ""
    elif column.minor:
        currency = f"In minor units of `{column.currency}`, such as cents."
    else:
        currency = f"In `{column.currency}`."
    return Field(name, column.type, column.description.strip(), currency, key, sample)


def _way(table: Table, name: str, method: Method) -> Way:
    required = list(missing_parameters(method, ()))
    optional = [column for column, _ in filters(method) if column not in required]
    return Way(
        name,
        method.request,
        method.description.strip(),
        method.documentation,
        tuple(dict.fromkeys(required)),
        tuple(dict.fromkeys(optional)),
        tuple(_filters(table, method)),
        tuple(costs.of_method(table, method)),
    )


def _filters(table: Table, method: Method) -> Iterator[Filter]:
    for name, parameter in method.parameters.items():
        column = parameter.filters(name)
        if column is not None:
            yield Filter(
                column,
                (
                    *_OPERATORS[parameter.operator],
                    *(("IS NULL",) if parameter.null is not None else ()),
                ),
                parameter.name or name,
                parameter.location,
                parameter.required and parameter.default is None,
                is_exact(table.columns[column], parameter),
                tuple(_remarks(parameter)),
            )


def _remarks(parameter: Parameter) -> Iterator[str]:
    """Say what is special about a parameter's values."""
    if parameter.lists is not None:
        yield "Several values go into one request."
    if isinstance(parameter.default, tuple):
        said = ", ".join(f"`{to_text(one)}`" for one in parameter.default)
        yield f"Without a condition, {said} are asked for, each in a request of its own."
    elif parameter.default == "today":
        yield "Without a condition it is the current day."
    elif parameter.default is not None:
        yield f"Without a condition it is `{to_text(parameter.default)}`."
