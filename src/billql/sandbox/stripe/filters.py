"""The filters of lists: the type of a parameter, and the rows that match it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from billql.sandbox.api import Json
from billql.sandbox.stripe.ledger import Ledger
from billql.sandbox.stripe.parameters import Kind, choice, flag, several, span, text

Predicate = Callable[[Ledger, Json, Any], bool]
"""Whether a row matches a parameter's value."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One parameter of a list."""

    kind: Kind
    matches: Predicate
    of: str | None = None
    """The list whose id the value is; unknown ids are errors."""


def at(row: Any, path: str) -> Any:
    """Return a field of a row, however deep; None if there is nothing on the way."""
    for part in path.split("."):
        if not isinstance(row, dict):
            return None
        row = row.get(part)
    return row


def same(field: str, kind: Kind = text, of: str | None = None) -> Filter:
    """Return a filter: rows with the requested value in a field."""
    return Filter(kind, lambda ledger, row, value: at(row, field) == value, of)


def whose(field: str, of: str) -> Filter:
    """Return a filter: rows with the id of another list's object in a field."""
    return same(field, of=of)


def within(field: str) -> Filter:
    """Return a filter: rows whose timestamp is within the bounds."""
    return Filter(span, lambda ledger, row, value: value(at(row, field)))


def one_of(field: str, *values: str) -> Filter:
    """Return a filter: rows with the requested value of an enum in a field."""
    return same(field, choice(*values))


def yes_or_no(field: str) -> Filter:
    """Return a filter: rows by a boolean field, in which null counts as false."""
    return Filter(flag, lambda ledger, row, value: bool(at(row, field)) == value)


def among(field: str, most: int) -> Filter:
    """Return a filter: rows whose field has one of the requested values."""
    return Filter(several(text, most), lambda ledger, row, value: at(row, field) in value)


def like(pattern: str, value: str) -> bool:
    """Return whether an event's type matches a pattern such as `invoice.*`."""
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def of_items(choose: Callable[[list[int]], int], field: str) -> Filter:
    """Return a filter: subscriptions by the least or greatest timestamp of their items."""
    return Filter(
        span,
        lambda ledger, row, value: value(choose([item[field] for item in row["items"]["data"]])),
    )


def any_item(test: Callable[[Json, Any], bool], kind: Kind, of: str | None = None) -> Filter:
    """Return a filter: subscriptions with any item that passes the test."""

    def matches(ledger: Ledger, row: Json, value: Any) -> bool:
        return any(test(item, value) for item in row["items"]["data"])

    return Filter(kind, matches, of)
