"""The pages of the reference as Markdown: the tables, the commands and whatever else there is.

A page is addressed by its path below the folder of the reference. Links are relative and lead to
files, as git hosts and site generators follow them.
"""

from __future__ import annotations

import argparse
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from billql.docs import reference, view_pages
from billql.docs.facts import (
    Example,
    FieldFacts,
    MethodFacts,
    ProviderFacts,
    ResourceFacts,
    ServiceFacts,
    SharedFacts,
    ViewFacts,
)
from billql.docs.markdown import cell, code, codes, escaped, fence, link, prose, table

_NOTE = "<!-- Written by `billql docs build`; a change here is lost. -->"

_LONGEST = 80
"""How many characters of a value are shown."""

_Addresses = Callable[[str], str | None]


def build(
    providers: Sequence[ProviderFacts],
    parser: argparse.ArgumentParser,
    shared: Sequence[SharedFacts] = (),
) -> dict[str, str]:
    """Return the text of every page by its path."""
    tables = {
        resource.table.name: _of_resource(resource)
        for provider in providers
        for service in provider.services
        for resource in service.resources
    }
    views = [view for one in shared for view in one.views]
    for provider in providers:
        views += [view for service in provider.services for view in service.views]
    tables |= {view.table.name: view_pages.address(view.table.name) for view in views}
    pages = {"index.md": _index(providers, shared)}
    pages |= {view_pages.service_address(one): view_pages.service(one) for one in shared}
    pages |= {tables[view.table.name]: view_page(view, tables) for view in views}
    for provider in providers:
        pages[_of_provider(provider)] = _provider(provider, tables)
        for service in provider.services:
            pages[_of_service(provider, service)] = _service(provider, service, tables)
            for resource in service.resources:
                pages[_of_resource(resource)] = resource_page(provider, service, resource, tables)
    pages |= {
        "commands.md": reference.commands(parser),
        "settings.md": reference.settings(providers),
        "functions.md": reference.functions(),
        "errors.md": reference.errors_and_codes(),
    }
    return {path: f"{_NOTE}\n\n{text.strip()}\n" for path, text in pages.items()}


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines)


# The pages ----------------------------------------------------------------------------------------


def view_page(view: ViewFacts, tables: dict[str, str]) -> str:
    """Return the page of a view; `tables` has the paths of those that it may lead to."""
    path = tables[view.table.name]

    def addresses(name: str) -> str | None:
        found = tables.get(name)
        return None if found is None or found == path else _relative(found, path)

    lines = list(view_pages.view(view, addresses))
    if view.examples:
        lines += ["## `SELECT` examples", ""]
    for example in view.examples:
        lines += _example(example, addresses)
    return _text(lines)


def _index(providers: Sequence[ProviderFacts], shared: Sequence[SharedFacts]) -> str:
    lines = [
        "# Reference",
        "",
        "[Commands](commands.md), [settings](settings.md), [functions](functions.md) and "
        "[errors](errors.md) are described apart. These are the tables:",
        "",
    ]
    if shared:
        lines += ["## Views of several providers", ""]
        lines += table(
            ("Views", "Description"),
            (
                (link(code(one.name), view_pages.service_address(one)), prose(one.description))
                for one in shared
            ),
        )
    for one in providers:
        lines += [f"## {link(escaped(one.provider.title), _of_provider(one))}", ""]
        lines += [prose(one.provider.description.strip()), ""]
        lines += table(
            ("Service", "Description"),
            (
                (
                    link(code(f"{one.name}.{service.name}"), _of_service(one, service)),
                    prose(service.service.description),
                )
                for service in one.services
            ),
        )
    return _text(lines)


def _provider(one: ProviderFacts, tables: dict[str, str]) -> str:
    path = _of_provider(one)
    provider = one.provider
    facts = [
        ("Type", "Provider"),
        ("Version", escaped(provider.version)),
        ("Address", code(provider.url)),
        *(("Token", code(variable)) for variable in provider.auth.env_vars()),
        ("API reference", _web(provider.documentation)),
    ]
    lines = [
        f"# {escaped(provider.title)}",
        "",
        prose(provider.description),
        "",
        "## Overview",
        "",
        *table(("Name", code(one.name)), facts),
    ]
    if provider.auth.help:
        lines += [prose(provider.auth.help), ""]
    lines += [*(f"- {prose(sentence)}" for sentence in one.limits), ""]
    for service in one.services:
        name = code(f"{one.name}.{service.name}")
        lines += [f"## {link(name, _relative(_of_service(one, service), path))}", ""]
        lines += [prose(service.service.description), ""]
        lines += _tables_of(service, path, _addresses(path, tables, service))
    return _text(lines)


def _service(provider: ProviderFacts, service: ServiceFacts, tables: dict[str, str]) -> str:
    path = _of_service(provider, service)
    facts = [
        ("Type", "Service"),
        ("Provider", link(escaped(provider.provider.title), "../index.md")),
    ]
    return _text(
        (
            f"# {service.name}",
            "",
            prose(service.service.description),
            "",
            "## Overview",
            "",
            *table(("Name", code(f"{provider.name}.{service.name}")), facts),
            "## Tables",
            "",
            *_tables_of(service, path, _addresses(path, tables, service)),
        )
    )


def _tables_of(service: ServiceFacts, path: str, addresses: _Addresses) -> Iterator[str]:
    yield from view_pages.rows(service.views, path, addresses)
    if not service.resources:
        return
    yield from table(
        ("Table", "One row is"),
        (
            (
                link(code(resource.name), _relative(_of_resource(resource), path)),
                prose(resource.description, addresses),
            )
            for resource in service.resources
        ),
    )


def resource_page(
    provider: ProviderFacts, service: ServiceFacts, resource: ResourceFacts, tables: dict[str, str]
) -> str:
    """Return the page of a resource; `tables` has the paths of those that it may lead to."""
    path = _of_resource(resource)
    near = _addresses(path, tables, service)
    columns = resource.table.resource.columns

    def addresses(name: str) -> str | None:
        # What is called as a column of this table is most likely meant as that.
        return None if name in columns or name == resource.name else near(name)

    facts = [
        ("Type", "Resource"),
        ("Id", code(resource.table.name)),
        ("Service", link(code(f"{provider.name}.{service.name}"), "index.md")),
        ("Provider", link(escaped(provider.provider.title), "../index.md")),
    ]
    if resource.unique:
        facts.append(("One row for each", codes(resource.unique)))
    lines = [
        f"# {resource.name}",
        "",
        prose(resource.description, addresses),
        "",
        "## Overview",
        "",
        *table(("Name", code(resource.name)), facts),
        "## Fields",
        "",
        *_keys(resource),
        *_fields(resource.fields, addresses),
    ]
    if resource.hidden:
        lines += ["### Hidden fields", ""]
        lines += ["`SELECT *` does not return these; a statement may name them.", ""]
        lines += _fields(resource.hidden, addresses)
    lines += ["## Methods", "", *_methods(resource, addresses), *_parameters(resource, addresses)]
    lines += ["## `SELECT` examples", ""]
    for example in resource.examples:
        lines += _example(example, addresses)
    lines += ["## Limits and costs", ""]
    lines += [f"- {prose(sentence)}" for sentence in resource.limits]
    for names, text in resource.costs:
        which = f"{codes(names)}: " if len(resource.costs) > 1 else ""
        lines.append(f"- {which}{prose(text, addresses)}")
    return _text(lines)


def _keys(resource: ResourceFacts) -> Iterator[str]:
    if not resource.keys:
        return
    which = "**key**" if len(resource.keys) == 1 else "**key** columns that a method below requires"
    yield f"A statement needs a condition on the {which}, or a join by it."
    yield ""


def _fields(fields: Sequence[FieldFacts], addresses: _Addresses) -> Iterator[str]:
    yield from table(
        ("Name", "Datatype", "Sample", "Description"),
        (
            (
                code(field.name) + (" **key**" if field.key else ""),
                code(field.datatype),
                _sample(field.sample),
                " ".join(prose(one, addresses) for one in field.sentences),
            )
            for field in fields
        ),
    )


def _sample(value: Any) -> str:
    return "" if value is None else code(_short(value))


def _short(value: Any) -> str:
    """Return a value as text that fits a cell."""
    text = cell(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _methods(resource: ResourceFacts, addresses: _Addresses) -> Iterator[str]:
    if len(resource.methods) > 1:
        yield "A statement uses the method that needs the fewest requests."
        yield ""
    yield from table(
        ("Name", "Accessible by", "Required params", "Optional params", "Description"),
        (
            (
                code(method.name),
                "`SELECT`",
                codes(method.required),
                codes(method.optional),
                f"{prose(method.description, addresses)} {_request(method)}",
            )
            for method in resource.methods
        ),
    )


def _request(method: MethodFacts) -> str:
    """Return a method's request, which leads to its page in the API's reference."""
    request = code(method.request)
    return request if method.documentation is None else link(request, method.documentation)


def _parameters(resource: ResourceFacts, addresses: _Addresses) -> Iterator[str]:
    methods = [method for method in resource.methods if method.filters]
    if not methods:
        return
    yield from ("## Parameters", "")
    yield (
        "A condition on one of these columns is sent to the API. *Exact*: the API filters exactly, "
        "so that a LIMIT is sent too. *Superset*: it may return more rows, and SQLite removes them."
    )
    yield ""
    for method in methods:
        if len(resource.methods) > 1:
            yield from (f"### {code(method.name)}", "")
        yield from table(
            ("Column", "Operators", "Sent as", "Pushed down", "Notes"),
            (
                (
                    code(one.column),
                    codes(one.operators),
                    f"{code(one.name)} in the {one.location}",
                    "exact" if one.exact else "superset",
                    " ".join(
                        (
                            *(("Required.",) if one.required else ()),
                            *(prose(remark, addresses) for remark in one.remarks),
                        )
                    ),
                )
                for one in method.filters
            ),
        )


def _example(example: Example, addresses: _Addresses) -> Iterator[str]:
    yield from (f"### {prose(example.question)}", "")
    yield from fence(f"{example.sql.rstrip(';')};", "sql")
    result = example.result
    if result is None:
        return
    if result.rows:
        numeric = "".join(
            "r" if all(isinstance(row[place], int | float | None) for row in result.rows) else "l"
            for place in range(len(result.columns))
        )
        yield from table(
            tuple(map(escaped, result.columns)),
            ([_value(value) for value in row] for row in result.rows),
            numeric,
        )
    if result.count != len(result.rows) or not result.rows:
        yield f"{len(result.rows)} of {result.count:,} rows." if result.rows else "No rows."
        yield ""


def _value(value: Any) -> str:
    return "NULL" if value is None else escaped(_short(value))


# Addresses ----------------------------------------------------------------------------------------


def _addresses(path: str, tables: dict[str, str], service: ServiceFacts) -> _Addresses:
    """Return a function from a table's name to the relative address of its page, or None.

    A name of one part is that of a table in the same service.
    """
    near = {resource.name: _of_resource(resource) for resource in service.resources}

    def address(name: str) -> str | None:
        found = tables.get(name) or near.get(name)
        return None if found is None or found == path else _relative(found, path)

    return address


def _of_provider(one: ProviderFacts) -> str:
    return f"{one.name}/index.md"


def _of_service(provider: ProviderFacts, service: ServiceFacts) -> str:
    return f"{provider.name}/{service.name}/index.md"


def _of_resource(resource: ResourceFacts) -> str:
    return f"{resource.table.name.replace('.', '/')}.md"


def _relative(target: str, path: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(path) or ".")


def _web(address: str) -> str:
    """Return a link to an address, if it is one of the web."""
    return link(escaped(address), address) if re.match(r"https?://\S+$", address) else code(address)
