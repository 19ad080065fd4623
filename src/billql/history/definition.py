"""What a history is made of: its SELECT, its columns, and the column of its scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec

from billql.fetching.exact_amounts import Place
from billql.sql.statements import parse
from billql.sql.tokenizer import quote, type_name

State = Literal["first", "open", "restated", "closed", "watched"]
"""Why a scope was read: for the first time, because it is open, because its header has moved, or
because the statement names it although it is closed. `watched` is the reading of the headers."""

OWN = ("_scope", "_nth", "_since", "_until", "_replaces", "_first", "_created", "_updated")
"""The columns of a history's table that are billql's own."""
TEXT = "_text_"
"""What stands before the name of an amount's column in that of its exact text."""

_WHOLE = (["SELECT", "*", "FROM"], ["SELECT", "*", ",", "CONNECTION", "FROM"])
"""How a SELECT of all of a resource begins; its name follows, and perhaps an alias."""

_MEASURES = frozenset(("DECIMAL", "MINOR", "REAL"))
"""The first words of types of amounts and quantities."""


class HistoryColumn(NamedTuple):
    """A column of a history."""

    name: str
    type: str
    """The type that it is declared with; empty if there is none."""
    resource: str | None = None
    """The resource or the view that it comes from as it is; None for an expression."""
    column: str | None = None
    """Its name there."""
    is_made: bool = False
    """Whether an expression makes it, if only that of a view of a definition."""

    @property
    def is_amount(self) -> bool:
        """Return whether it is an amount, or another number that the API sends in decimal."""
        return type_name(self.type) in ("DECIMAL", "MINOR")

    @property
    def is_measure(self) -> bool:
        """Return whether it measures something, so that it does not identify its row."""
        return type_name(self.type) in _MEASURES


@dataclass(frozen=True)
class History:
    """A history."""

    name: str
    query: str
    """The SELECT as it was written."""
    sql: str
    """The same with whole names."""
    columns: tuple[HistoryColumn, ...]
    scope: str | None
    """The name of the column with its scope; None if all rows are one."""
    key: tuple[str, ...]
    """The columns by which two rows are versions of one."""

    @cached_property
    def exact(self) -> tuple[HistoryColumn, ...]:
        """Return the amounts that are stored letter for letter too, which no expression makes."""
        return tuple(
            one for one in self.columns if type_name(one.type) == "DECIMAL" and not one.is_made
        )

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Return the columns that come from resources."""
        return tuple(
            Place(number, one.resource, one.column)
            for number, one in enumerate(self.columns)
            if one.resource is not None and one.column is not None
        )

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """Return the names of its columns, then those of the exact texts, as its table has them."""
        return (*(one.name for one in self.columns), *(TEXT + one.name for one in self.exact))

    @cached_property
    def resource(self) -> str | None:
        """Return the resource of which it is the history as a whole; None if it is of less."""
        texts = [token.text.upper() for token in parse(self.sql).tokens]
        head = next((one for one in _WHOLE if texts[: len(one)] == one), None)
        names = {one.resource for one in self.columns}
        if head is None or len(names) > 1 or len(texts) not in (len(head) + 1, len(head) + 3):
            return None
        return next(iter(names))

    @cached_property
    def has_outer_join(self) -> bool:
        """Return whether a column of its SELECT may be NULL for lack of a partner in a join."""
        return any(token.keyword in ("LEFT", "RIGHT", "FULL") for token in parse(self.sql).tokens)

    @property
    def table(self) -> str:
        """Return the name of its table, in quotes."""
        return quote(f"{self.name}__history")

    @property
    def changes(self) -> str:
        """Return the name of the view of its changes, in quotes."""
        return quote(f"{self.name}__changes")

    def encoded_columns(self) -> str:
        """Return its columns as JSON."""
        return msgspec.json.encode(self.columns).decode()


def decoded_columns(text: str) -> tuple[HistoryColumn, ...]:
    """Return the columns of a JSON text."""
    return msgspec.json.decode(text, type=tuple[HistoryColumn, ...])


def key_of(columns: Sequence[HistoryColumn], unique: dict[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the columns by which two rows are versions of one.

    `unique` are the columns that identify a row of each resource that columns come from. If all of
    them are there, they do; else all columns that measure nothing.
    """
    names = {(one.resource, one.column): one.name for one in columns if one.resource is not None}
    found: list[str] = []
    for resource in dict.fromkeys(one.resource for one in columns if one.resource is not None):
        wanted = unique.get(resource, ())
        if not wanted or any((resource, column) not in names for column in wanted):
            return tuple(one.name for one in columns if not one.is_measure)
        found += (names[resource, column] for column in wanted)
    return tuple(found) or tuple(one.name for one in columns if not one.is_measure)
