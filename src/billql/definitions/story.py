"""The format of a story: what the sandbox's rows of a provider are about.

A sandbox makes the rows of an API from its definition. A story beside the definition,
`sandbox/story.yaml`, adds what a definition does not have: names, amounts, how many rows, which
months, and which amounts add up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from billql.definitions.grammar import Name
from billql.messages import Scalar

STORY_FILE = Path("sandbox", "story.yaml")
"""Where a provider's folder has its story."""

TableName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$(?!\n)",
        description="A resource of the provider, like billing.invoices.",
    ),
]

OwnColumn = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){2}$(?!\n)",
        description="A column of the provider, like billing.invoice_items.amount.",
    ),
]

Term = Annotated[
    str,
    Meta(
        pattern=r"^-?[a-z][a-z0-9_]*$(?!\n)",
        description="A column to add, or with a minus to subtract.",
    ),
]

Values = tuple[Scalar, ...] | dict[str, Annotated[int, Meta(gt=0)]]
"""Values that are equally frequent, or texts with how often each of them is drawn."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class ColumnStory(_Strict, frozen=True, kw_only=True):
    """What the rows have in a column; at most one of `values`, `between`, `sum_of` and `adds`."""

    values: Values = ()
    """The values, in this order; or texts with their frequencies, like `{paid: 9, open: 1}`. Those
    of a json column are JSON texts."""
    between: tuple[float, float] | None = None
    """The least and the greatest number; of a time, days from the row's own time."""
    sum_of: OwnColumn | None = None
    """The column of another resource whose values add up to this one: those of its rows that refer
    to this row, or lie in it."""
    part_of: OwnColumn | None = None
    """The amount of the row that holds this one, of which it has a part: the rows that are held add
    up to it. `values` or `between` state how large the parts are beside each other."""
    varies: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """By what share of itself a number of `values` is more or less, at most."""
    adds: tuple[Term, ...] = ()
    """The columns of the same row that add up to this one, like `[subtotal, -credits]`."""
    missing: Annotated[float, Meta(ge=0, le=1)] | None = None
    """The share of the rows that have no value, from 0 to 1."""
    sent_as: Literal["number", "text"] | None = None
    """How a number is sent; by default as a text if its type is decimal."""


class TableStory(_Strict, frozen=True, kw_only=True):
    """How many rows a resource has, and what they are."""

    rows: Annotated[int, Meta(ge=0)] | None = None
    """How many rows it has; if each belongs to a row of another resource, how many that row has."""
    every: Literal["hour", "day", "month"] | None = None
    """One row for each hour, day or month, up to the last day; `rows` is how many of these."""
    ahead: Annotated[int, Meta(ge=0)] = 0
    """How many of these follow the last day, as those of a forecast do."""
    each: Annotated[int, Meta(gt=0)] = 1
    """How many rows each of these has; where no resource has what holds them, they share it."""
    months_if: dict[Name, Scalar] = {}
    """What a request wants of columns if it wants the sum of each month, and not of each day."""
    like: TableName | None = None
    """A resource whose story of columns holds here too, for those that this one does not have."""
    columns: dict[Name, ColumnStory] = {}
    """What the rows have in single columns."""


class Story(_Strict, frozen=True, kw_only=True):
    """What the sandbox's rows of a provider are about."""

    billql: Literal[1]
    """The version of the format."""
    rows: Annotated[int, Meta(gt=0)] | None = None
    """How many rows a resource has that belongs to no other, whatever the size of the sandbox."""
    months: Annotated[int, Meta(gt=0)] = 13
    """How many months the rows go back."""
    tables: dict[TableName, TableStory] = {}
    """The resources that have a story of their own."""
