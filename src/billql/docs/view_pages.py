"""The pages of views: their columns, their parts and the SELECT that makes their rows."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from billql.docs.facts import SharedFacts, ViewFacts
from billql.docs.markdown import code, escaped, fence, link, prose, table

Addresses = Callable[[str], str | None]


def address(name: str) -> str:
    """Return the path of the page of a view, by its dotted name."""
    return f"{name.replace('.', '/')}.md"


def service_address(shared: SharedFacts) -> str:
    """Return the path of the page of views of several providers."""
    return address(f"{shared.name}.index")


def rows(views: tuple[ViewFacts, ...], path: str, addresses: Addresses) -> Iterator[str]:
    """Yield the lines of a list of views, for the page with a path; none for none."""
    if views:
        yield from table(
            ("View", "One row is"),
            (
                (
                    link(code(view.name), _relative(address(view.table.name), path)),
                    prose(view.description, addresses),
                )
                for view in views
            ),
        )


def service(shared: SharedFacts) -> str:
    """Return the page of views of several providers."""
    path = service_address(shared)
    lines = [f"# {escaped(shared.name.rpartition('.')[2])}", "", prose(shared.description), ""]
    lines += rows(shared.views, path, lambda name: None)
    return "\n".join(lines)


def view(facts: ViewFacts, addresses: Addresses) -> Iterator[str]:
    """Yield the lines of the page of a view, but for its examples."""
    name = facts.table.name
    path = address(name)
    yield from (f"# {facts.name}", "", prose(facts.description, addresses), "", "## Overview", "")
    details = [("Type", "View"), ("Id", code(name))]
    if facts.short_name is not None:
        details.append(("Short name", code(facts.short_name)))
    yield from table(("Name", code(facts.name)), details)
    yield from ("## Fields", "")
    if facts.whole is not None:
        whole = link(code(facts.whole), _relative(address(facts.whole), path))
        yield from (f"It is a part of {whole} and has the same columns.", "")
    else:
        yield from table(
            ("Name", "Datatype", "Description"),
            (
                (
                    code(field.name),
                    code(field.datatype),
                    " ".join(prose(one, addresses) for one in field.sentences),
                )
                for field in facts.fields
            ),
        )
    if facts.table.parts:
        yield from ("## Parts", "")
        yield from (
            f"- {link(code(part.name), _relative(address(part.name), path))}"
            for part in facts.table.parts
        )
        yield ""
    for name, create in facts.table.view.tables.items():
        yield from ("## Your table", "", f"It reads {code(name)}, a table of your own:", "")
        yield from fence(create, "sql")
    if facts.table.select is not None:
        yield from ("## Definition", "", *fence(facts.table.select.text, "sql"))


def _relative(target: str, path: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(path) or ".")
