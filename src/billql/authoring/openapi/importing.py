"""A document and what was selected of it, as the files of a provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from billql.authoring.openapi import naming, provider, resources
from billql.authoring.openapi.document import Document
from billql.authoring.openapi.operations import Operation, operation, select
from billql.authoring.openapi.prose import sentence
from billql.authoring.openapi.resources import LeftOut, Method, Resource
from billql.authoring.yaml_writer import dump
from billql.definitions.pagination.unknown import UNKNOWN
from billql.errors import DefinitionError, InterfaceError
from billql.sql.tokenizer import quote_text

_SHOWN = 5
"""The number of columns in an example."""


@dataclass
class Imported:
    """The result of an import: the files of a provider, and notes for its author."""

    files: dict[str, str]
    resources: int
    methods: int
    notes: list[str] = field(default_factory=list)


def imported(document: Document, selected: Sequence[str], name: str) -> Imported:
    """Return the files of a provider; raise InterfaceError if nothing can be imported."""
    notes: list[str] = []
    services: dict[str, list[Method]] = {}
    operations: list[Operation] = []
    for offer in select(document, selected):
        called = f"{offer[1]} {offer[0]}"
        try:
            one = operation(document, offer, selected)
            method = resources.method(document, one)
        except (LeftOut, DefinitionError) as why:
            notes.append(f"{called}: left out: {why}")
            continue
        if operations and one.origin != operations[0].origin:
            notes.append(f"{called}: left out: it is at {one.origin}, another server")
            continue
        if method.taken.left_out:
            lost = ", ".join(method.taken.left_out)
            notes.append(
                f"{called}: left out fields with members, or with names that paths cannot have: "
                f"{lost}"
            )
        if method.doubt is not None:
            notes.append(f"{called}: paging: unknown: {method.doubt}")
        notes += [f"{called}: {note}" for note in method.taken.doubts]
        operations.append(one)
        services.setdefault(resources.service_of(one), []).append(method)
    if not operations:
        raise InterfaceError(
            "Nothing that was selected can be imported", hint=" ".join(notes[:3]) or None
        )
    grouped = {
        service: resources.grouped(service, found, notes) for service, found in services.items()
    }
    paging = _paging(method for found in services.values() for method in found)
    shared = provider.definition(document, name, operations, dict(paging), notes)
    files = {"provider.yaml": dump(shared)}
    for service, found in grouped.items():
        file = "provider_api" if service == "provider" else service
        files[f"{file}.yaml"] = dump(
            {
                "billql": 1,
                "description": _about(document, service, found),
                "resources": {
                    one.name: _definition(one, f"{name}.{file}", paging) for one in found
                },
            }
        )
    count = sum(map(len, grouped.values()))
    return Imported(files, count, len(operations), notes)


Named = list[tuple[str, dict[str, Any]]]


def _paging(methods: Iterable[Method]) -> Named:
    """Return the ways to page, each once."""
    names = {
        "page_number": "pages",
        "page_count": "counted_pages",
        "next_url": "links",
        "link_header": "link_headers",
        "link_array": "link_arrays",
        "cursor_token": "tokens",
        "after_id": "rows",
        "single_page": "whole",
    }
    found: Named = []
    for one in methods:
        if not isinstance(one.paging, dict) or any(one.paging == known for _, known in found):
            continue
        name_ = names[one.paging["kind"]]
        same = sum(known["kind"] == one.paging["kind"] for _, known in found)
        found.append((name_ if same == 0 else f"{name_}_{same + 1}", one.paging))
    return found


def _about(document: Document, service: str, found: Sequence[Resource]) -> str:
    """Return the description of a service: its tag's, or one made from its resources."""
    tags = document.data.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, Mapping) and naming.identifier(str(tag.get("name"))) == service:
            text = sentence(tag.get("description"))
            if text is not None:
                return text
    return f"{', '.join(naming.spoken(one.name) for one in found)}.".capitalize()


def _definition(resource: Resource, prefix: str, paging: Named) -> dict[str, Any]:
    """Return the definition of a resource."""
    methods = {
        name: method.definition(
            method.paging
            if method.paging == UNKNOWN
            else next((key for key, known in paging if known == method.paging), None)
        )
        for name, method in resource.methods.items()
    }
    return {
        "description": _description(resource),
        "columns": {name: column.definition() for name, column in resource.columns.items()},
        "methods": methods,
        **({"unique": resource.unique} if resource.unique else {}),
        "examples": [
            {
                "question": _question(resource),
                "sql": _sql(resource, f"{prefix}.{resource.name}"),
            }
        ],
    }


def _description(resource: Resource) -> str:
    """Return the description of a resource: the document's for a row, or one from its name."""
    first = resource.first()
    summary = sentence(first.about)
    return summary or f"The {naming.spoken(resource.name)} that `{first.operation.name}` returns."


def _question(resource: Resource) -> str:
    if resource.first().is_single:
        return f"What does the {naming.spoken(resource.name)} contain?"
    return f"What does the list of {naming.spoken(resource.name)} begin with?"


def _sql(resource: Resource, table: str) -> str:
    first = resource.first()
    lines = [f"SELECT {', '.join(_shown(resource))}", f"FROM {table}"]
    joint = "WHERE"
    for name, value in first.taken.examples.items():
        lines.append(f"{joint} {name} {first.operator(name)} {_literal(value)}")
        joint = "  AND"
    lines += [] if first.is_single else ["LIMIT 10"]
    return "\n".join(lines) + "\n"


def _shown(resource: Resource) -> list[str]:
    """Return the columns that an example shows: plain ones of the row itself first."""
    columns = {name: one for name, one in resource.columns.items() if not one.hidden}
    plain = [name for name, one in columns.items() if one.type not in ("json", "blob")]
    own = [name for name in plain if not columns[name].path]
    return ([*own, *(name for name in plain if name not in own)] or list(columns))[:_SHOWN]


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return quote_text(str(value))
