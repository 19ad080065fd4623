"""Checks of a provider's folder: its format, the rules of `lint`, and its examples.

A file that is not valid is one finding and is skipped, so that one mistake does not hide those of
the other files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from billql.authoring import examples, lint
from billql.authoring.finding import Finding, Severity
from billql.authoring.lines import Lines
from billql.definitions import views
from billql.definitions.catalog import Catalog, Table
from billql.definitions.column_rules import Problem
from billql.definitions.model import CONNECTION, Example, Provider, Resource, Service
from billql.definitions.shared import built_in_root
from billql.definitions.views import ViewTable
from billql.definitions.yaml_file import read_provider, read_service
from billql.errors import DefinitionError, Error, InterfaceError
from billql.sandbox.mock.story import read_story
from billql.sqlite.historic import without_records
from billql.sqlite.session import Session
from billql.util.struct_errors import DocumentPath

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def check(folder: Path) -> Iterator[Finding]:
    """Yield the errors and warnings about the definitions in a provider's folder.

    Raise InterfaceError if the folder has no provider.yaml.
    """
    name = folder.resolve().name
    file = folder / "provider.yaml"
    if not file.is_file():
        raise InterfaceError(
            f"{folder} has no provider.yaml",
            hint="Pass the folder of one provider; `billql provider new` creates one.",
        )
    if not _NAME.fullmatch(name):
        yield Finding(
            "error",
            "folder-name",
            "the folder's name is the provider's: lower-case letters, digits and underscores",
            file,
        )
    try:
        provider = read_provider(file)
    except DefinitionError as error:
        yield Finding("error", "format", error.message)
        return
    services: dict[Path, Service] = {}
    complete = True
    catalog = Catalog([{name: folder}, built_in_root()])
    with closing(examples.session(catalog)) as session:
        for path in sorted(folder.glob("*.yaml")):
            if path == file:
                continue
            try:
                service = read_service(path, provider)
            except DefinitionError as error:
                yield Finding("error", "format", error.message)
                complete = False
                continue
            services[path] = service
            yield from _service_findings(path, provider, service, session)
            try:
                for view in _views(folder, path.stem, service, catalog):
                    yield from _view_findings(path, Lines(path), view, session)
            except DefinitionError as error:
                yield Finding("error", "view", error.message, path)
    if complete:
        yield from _reference_findings(services, catalog)
        yield from _story_findings(folder, services)
    if not services and complete:
        yield Finding("error", "no-service", "the folder has no file of a service", file)
    if complete:
        lines = Lines(file)
        for problem in lint.unused_paging(provider.paging, list(services.values())):
            yield _finding("warning", "unused-paging", file, lines, problem)


def _service_findings(
    path: Path, provider: Provider, service: Service, session: Session
) -> Iterator[Finding]:
    lines = Lines(path)
    if not _NAME.fullmatch(path.stem):
        yield Finding(
            "error",
            "file-name",
            "the file's name is the service's: lower-case letters, digits and underscores",
            path,
        )
        return
    for name, resource in service.resources.items():
        table = Table(path.resolve().parent.name, path.stem, name, provider, resource)
        place: DocumentPath = ("resources", name)
        for rule, severity in lint.RULES.items():
            for inner, message in rule(table):
                problem = (*place, *inner), message
                yield _finding(severity, lint.name_of(rule), path, lines, problem)
        yield from _example_findings(path, lines, table, session)


def _views(folder: Path, service: str, read: Service, catalog: Catalog) -> Iterator[ViewTable]:
    name = folder.resolve().name
    found = (views.find(catalog, f"{name}.{service}.{view}") for view in read.views)
    return (view for view in found if view is not None)


def _example_findings(
    path: Path, lines: Lines, table: Table, session: Session
) -> Iterator[Finding]:
    place: DocumentPath = ("resources", table.resource_name, "examples")
    yield from _of_examples(path, lines, (table.name, table.resource.examples), place, session)


def _view_findings(
    path: Path, lines: Lines, table: ViewTable, session: Session
) -> Iterator[Finding]:
    place: DocumentPath = ("views", table.view_name)
    select = without_records(table.view.select or "")
    for fault in examples.faults(session, select):
        line = lines.of_text((*place, "select"), fault.offset)
        rule = "view-select" if fault.rule == "example-sql" else "view-parameter"
        yield Finding("error", rule, fault.message, path, line, (*place, "select"))
    if table.examples:
        named = table.name, table.examples
        yield from _of_examples(path, lines, named, (*place, "examples"), session)
    elif not table.view.is_part:
        yield _finding("warning", "example-itself", path, lines, (place, "it has no example"))


def _of_examples(
    path: Path,
    lines: Lines,
    named: tuple[str, Sequence[Example]],
    place: DocumentPath,
    session: Session,
) -> Iterator[Finding]:
    name, found = named
    if not examples.reads_itself(name, found):
        problem = place, f"no example reads {name}"
        yield _finding("warning", "example-itself", path, lines, problem)
    for number, example in enumerate(found):
        here = (*place, number, "sql")
        for fault in examples.faults(session, example.sql):
            line = lines.of_text(here, fault.offset)
            yield Finding("error", fault.rule, fault.message, path, line, here)


def _reference_findings(services: Mapping[Path, Service], catalog: Catalog) -> Iterator[Finding]:
    """Yield the references to columns that do not exist; other providers may not be there."""
    for path, service in services.items():
        lines = Lines(path)
        for resource, spec in service.resources.items():
            for column, one in spec.columns.items():
                message = None if one.references is None else _wrong(one.references, catalog)
                if message is not None:
                    place = ("resources", resource, "columns", column, "references")
                    yield _finding("error", "reference", path, lines, (place, message))
            own = f"{path.parent.name}.{path.stem}.{resource}"
            for message in _header_problems(own, spec, catalog):
                where = ("resources", resource, "settles", "header")
                yield _finding("error", "reference", path, lines, (where, message))


def _header_problems(own: str, resource: Resource, catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong with the header by which a resource settles."""
    header = None if resource.settles is None else resource.settles.header
    if resource.settles is None or header is None:
        return
    scope = resource.columns.get(resource.settles.scope)
    if header.resource != own and scope is not None and scope.references is None:
        yield f"the column {resource.settles.scope} has no `references` to a column of it"
    for name in header.when or [""]:
        column = f"{header.resource}.{name}" if name else f"{header.resource}.{CONNECTION}"
        if (message := _wrong(column, catalog)) is not None:
            yield message if name else f"there is no resource {header.resource}"


def _wrong(reference: str, catalog: Catalog) -> str | None:
    table, _, column = reference.rpartition(".")
    if reference.partition(".")[0] not in catalog.providers():
        return None
    try:
        known = column in catalog.table(table).columns
    except Error:
        known = False
    return None if known else f"there is no column {reference}"


def _story_findings(folder: Path, services: Mapping[Path, Service]) -> Iterator[Finding]:
    resources = {
        f"{path.stem}.{name}": resource
        for path, service in services.items()
        for name, resource in service.resources.items()
    }
    try:
        read_story(folder, resources)
    except DefinitionError as error:
        yield Finding("error", "story", error.message)


def _finding(severity: Severity, rule: str, path: Path, lines: Lines, problem: Problem) -> Finding:
    place, message = problem
    return Finding(severity, rule, message, path, lines.of(place), place)
