"""Small worlds, written by hand: one resource `@things` and the local table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from billql.definitions.types import ColumnType

from .shapes import Column, Filter, Paging, Shape, SQLValue
from .troubles import NO_TROUBLES, Troubles
from .world import World

Values = Sequence[SQLValue]
TEN = Paging("page", size=10)


def columns(told: str) -> tuple[Column, ...]:
    """Make columns of a text like `n integer, name text`."""
    pairs = (one.split() for one in told.split(","))
    return tuple(Column(name, cast(ColumnType, kind)) for name, kind in pairs)


def small(
    told: str | Sequence[Column],
    rows: Sequence[Values],
    *filters: Filter,
    local: Sequence[Values] = (),
    troubles: Troubles = NO_TROUBLES,
    **more: Any,
) -> World:
    """Make a world with the resource `@things`; rows of `local` may be short."""
    made = columns(told) if isinstance(told, str) else tuple(told)
    names = [column.name for column in made]
    full = [(*row, *(None,) * (6 - len(row))) for row in local]
    shape = Shape("things", made, filters, **more)
    return World(
        [
            (
                shape,
                [
                    dict(zip(names, row, strict=True)) | {"#": n, "~": 0, "@": "mock"}
                    for n, row in enumerate(rows)
                ],
            )
        ],
        full,
        troubles,
    )


def numbers(count: int) -> list[Values]:
    """Rows `(n, name)` with equal names among them."""
    return [(n, "abc"[n % 3]) for n in range(count)]
