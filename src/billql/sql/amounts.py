"""Which columns of a table or a result are amounts of money, and what their currency is.

`amount_lineage` follows them through a statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Amount(NamedTuple):
    """What makes a column an amount of money, whose currency is unknown unless it is here."""

    currency: str | None = None
    """The currency of every row, if it is the same."""
    place: int | None = None
    """The number of the column beside it that has the currency."""
    is_minor: bool = False
    """Whether it counts minor units, such as cents."""
    is_rounded: bool = False
    """Whether people read it rounded, because it is an average, a quotient or a product."""


class RelationColumn(NamedTuple):
    """A column of a table, or of a query that is read like one."""

    name: str
    amount: Amount | None = None
    is_hidden: bool = False
    """Whether `*` leaves it out."""


Relation = Sequence[RelationColumn]
"""The columns of a table, in their order."""
