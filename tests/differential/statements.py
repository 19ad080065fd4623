"""What a drawn statement is, and how its answers are to be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .shapes import SQLValue

Bindings = Mapping[str, SQLValue] | Sequence[SQLValue]


@dataclass(frozen=True)
class Query:
    """A SELECT. `@things` stands for the table `things`, which is a resource for billql and a
    plain table for the oracle."""

    text: str
    bindings: Bindings = ()
    unlimited: tuple[str, Bindings] | None = None
    """The same without its LIMIT, if it has one."""
    keys: tuple[int, ...] = ()
    """The places of the output columns by which rows are sorted."""
    total: bool = False
    """Whether that leaves no choice."""
    refusable: bool = False
    """Whether an error that asks for a key is as good as the answer."""
    thorough: bool = False
    """Whether it needs whatever it asks for, so that a page that fails must be an error."""


@dataclass(frozen=True)
class Write:
    """A statement that changes the user's own tables."""

    text: str
    bindings: Bindings = ()
    refusable: bool = False
    in_transaction: bool = True
    commits: bool = True
    """How the transaction ends."""
    before: tuple[str, ...] = ()
    """What makes the triggers and the table that are there meanwhile."""
