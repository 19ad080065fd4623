"""What has changed between two readings of a scope: rows as bags, and which rows belong together.

A bill may have equal rows, so rows are counted: the second of two equal rows has the occurrence
number 2. A row that is gone and one that is new are two versions of one if their keys are equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

Row = tuple[Any, ...]


class StoredRow(NamedTuple):
    """A row that holds now."""

    id: int
    values: Row
    nth: int
    first: int = 0
    """The refresh that has brought its first version."""


class NewRow(NamedTuple):
    """A row to add."""

    values: Row
    nth: int
    """Its occurrence number among equal rows, from 1 on."""
    replaces: StoredRow | None
    """The row of which it is the new version, if it is one."""


class Difference(NamedTuple):
    """The rows to add to a scope and to remove from it."""

    added: list[NewRow]
    removed: list[int]
    unchanged: int


def compare(
    before: Sequence[StoredRow], after: Sequence[Row], key: Sequence[int], noisy: Sequence[int]
) -> Difference:
    """Return the difference of two readings of a scope.

    `key` are the positions by which two rows are versions of one. `noisy` are those of values that
    an expression makes, of which 15 digits count: a sum depends on the order of its parts.
    """
    held = defaultdict[Row, list[StoredRow]](list)
    for row in before:
        held[_identity(row.values, noisy)].append(row)
    for rows in held.values():
        rows.sort(key=lambda row: row.nth)
    fresh, counts = list[tuple[Row, int]](), defaultdict[Row, int](int)
    for values in after:
        identity = _identity(values, noisy)
        counts[identity] += 1
        if counts[identity] > len(held.get(identity, ())):
            fresh.append((values, counts[identity]))
    gone = [row for identity, rows in held.items() for row in rows[counts.get(identity, 0) :]]
    return Difference(_paired(fresh, gone, key), [row.id for row in gone], len(before) - len(gone))


def _paired(
    fresh: Sequence[tuple[Row, int]], gone: Sequence[StoredRow], key: Sequence[int]
) -> list[NewRow]:
    """Return the new rows, each with the row that it replaces, if there is one of its key.

    Of several rows of one key, those are paired that stand at the same place in their order.
    """
    waiting = defaultdict[Row, list[StoredRow]](list)
    for row in sorted(gone, key=lambda row: _order(row.values), reverse=True):
        waiting[_identity([row.values[at] for at in key], ())].append(row)
    added = []
    for values, nth in sorted(fresh, key=lambda one: _order(one[0])):
        same = waiting.get(_identity([values[at] for at in key], ()))
        added.append(NewRow(values, nth, same.pop() if same else None))
    return added


def _identity(values: Sequence[Any], noisy: Sequence[int]) -> Row:
    """Return what is equal for equal rows: a number is no text, and 1 is 1.0, as in SQL."""
    if not noisy:
        return tuple(values)
    found = list(values)
    for at in noisy:
        if isinstance(found[at], float):
            found[at] = float(f"{found[at]:.15g}")
    return tuple(found)


_KINDS: dict[type[Any], int] = {type(None): 0, int: 1, float: 1, str: 2, bytes: 3}


def _order(values: Row) -> tuple[tuple[int, Any], ...]:
    """Return what sorts rows as SQL does, whatever their types are."""
    return tuple((_KINDS[type(value)], 0 if value is None else value) for value in values)
