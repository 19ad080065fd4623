"""The filters of lists: what a parameter may be, and which rows it keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from billql.sandbox.api import Json
from billql.sandbox.stripe.ledger import Ledger
from billql.sandbox.stripe.parameters import Kind, choice, flag, several, span, text

Keep = Callable[[Ledger, Json, Any], bool]
"""Tells whether a row is kept for a parameter's value."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One parameter of a list."""

    kind: Kind
    keep: Keep
    of: str | None = None
    """The list whose id it is; an id that is not there is refused."""


def at(row: Any, path: str) -> Any:
    """Return a field of a row, however deep; None if there is nothing on the way."""
    for part in path.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(part)
    return row


def same(field: str, kind: Kind = text, of: str | None = None) -> Filter:
    """Keep rows with a value in a field."""
    return Filter(kind, lambda ledger, row, value: at(row, field) == value, of)


def whose(field: str, of: str) -> Filter:
    """Keep rows with the id of another list's object in a field."""
    return same(field, of=of)


def within(field: str) -> Filter:
    """Keep rows with a moment within bounds."""
    return Filter(span, lambda ledger, row, value: value(at(row, field)))


def one_of(field: str, *values: str) -> Filter:
    """Keep rows with one of some words in a field."""
    return same(field, choice(*values))


def yes_or_no(field: str) -> Filter:
    """Keep rows by a field that is true or false; what is null is false."""
    return Filter(flag, lambda ledger, row, value: bool(at(row, field)) == value)


def among(field: str, most: int) -> Filter:
    """Keep rows whose field has one of the values that are given."""
    return Filter(several(text, most), lambda ledger, row, value: at(row, field) in value)


def like(pattern: str, value: str) -> bool:
    """Tell whether an event's type is one, or of a group such as `invoice.*`."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def of_items(choose: Callable[[list[int]], int], field: str) -> Filter:
    """Keep subscriptions by the least or the greatest of their items' moments."""
    return Filter(
        span,
        lambda ledger, row, value: value(choose([item[field] for item in row["items"]["data"]])),
    )


def any_item(test: Callable[[Json, Any], bool], kind: Kind, of: str | None = None) -> Filter:
    """Keep subscriptions of which any item passes."""

    def keep(ledger: Ledger, row: Json, value: Any) -> bool:
        return any(test(item, value) for item in row["items"]["data"])

    return Filter(kind, keep, of)
