"""The tables `billql.catalog.*`: their names, their columns, and where they stand in the catalog.

They describe themselves too, under the provider `billql`. What their rows are, `_catalog_rows`
finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from billql.definitions import views
from billql.definitions.catalog import Catalog, unknown
from billql.definitions.types import ColumnType

PROVIDER, SERVICE = "billql", "catalog"
PREFIX = f"{PROVIDER}.{SERVICE}."


class Field(NamedTuple):
    """A column of a listing."""

    description: str
    type: ColumnType = "text"


class CatalogTableSpec(msgspec.Struct, frozen=True):
    """One of the tables; `_catalog_rows` has its rows."""

    description: str
    fields: dict[str, Field]
    narrowed_by: tuple[str, ...] = ()
    """The columns that a `KeyFilter` may have."""


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
            "columns": Field("The columns that the part states; the others are NULL in its rows."),
        },
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
            "input": Field(
                "Whether it is a value for WHERE alone: no row has one by itself, so do not select "
                "it.",
                "boolean",
            ),
            "required": Field(
                "Whether a statement needs a condition on it, or on another one of several.",
                "boolean",
            ),
            "operators": Field("What some method leaves to the API."),
            "currency": Field("For an amount: the column that holds its currency."),
        },
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
    ),
    "refreshes": CatalogTableSpec(
        "What REFRESH MATERIALIZED VIEW has read of the histories in the database.",
        {
            "refresh": Field("Its number, which AS OF takes too.", "integer"),
            "history": Field("The history."),
            "scope": Field(
                "The billing period, or the parent, that was read; NULL for the headers of all."
            ),
            "state": Field(
                "Why it was read: `first`, `open`, `restated` if its header had moved, `closed` if "
                "WHERE named it; `watched` are the headers."
            ),
            "started": Field("When its reading began.", "timestamp"),
            "finished": Field("When it was stored.", "timestamp"),
            "added": Field("How many rows are new.", "integer"),
            "removed": Field("How many rows are gone.", "integer"),
            "unchanged": Field("How many rows, or headers, are as they were.", "integer"),
            "requests": Field("How many requests were sent.", "integer"),
            "version": Field("The version of the definition."),
        },
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
    ),
}


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
