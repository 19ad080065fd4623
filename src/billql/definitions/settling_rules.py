"""What must hold of `settles` beside its grammar: its columns are there, and have fitting types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from billql.definitions.column_rules import Problem
from billql.definitions.model import Column, Settles, ViewColumn
from billql.definitions.types import MOMENTS


def settling_problems(
    settles: Settles, columns: Mapping[str, Column] | Mapping[str, ViewColumn]
) -> Iterator[Problem]:
    """Yield what is wrong with when the rows of a table settle."""
    for name in settles.when:
        if name not in columns:
            yield ("when",), f"there is no column {name}"
    scope = columns.get(settles.scope)
    if scope is None:
        yield ("scope",), f"there is no column {settles.scope}"
        return
    header = settles.header
    if header is None:
        if scope.type not in MOMENTS:
            yield ("scope",), "needs a `header`, or a column of type date, month or timestamp"
        if settles.days is None and not settles.when:
            yield (), "needs a `header`, `days` or `when`"
        return
    if not isinstance(scope, Column):
        yield ("header",), "a view has no key of a parent; its scope is a month"
        return
    for key in ("days", "retains"):
        if getattr(settles, key) is not None:
            yield (key,), "is about months, and a scope with a `header` is none"
    theirs = f"{header.resource}."
    if scope.references is not None and not scope.references.startswith(theirs):
        yield ("header",), f"the column {settles.scope} refers to {scope.references}"
    if header.open and header.when:
        yield ("header", "when"), "nothing is settled that is `open`"
