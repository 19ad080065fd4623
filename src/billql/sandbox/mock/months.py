"""Months of a mock: rows of days, summed up where a request wants a row for each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billql.definitions.types import MOMENTS
from billql.sandbox.mock.binding import Condition
from billql.sandbox.mock.layout import Layout
from billql.sandbox.mock.rows import Row
from billql.sandbox.timestamps import month_at

_SUMMED = ("integer", "real", "decimal")


def wants_months(months_if: Mapping[str, Any], conditions: Sequence[Condition]) -> bool:
    """Return whether a request has all that a story names for rows of months."""
    wanted = {one.column: one.values for one in conditions}
    return bool(months_if) and all(
        wanted.get(column) == (value,) for column, value in months_if.items()
    )


def by_month(rows: Sequence[Row], layout: Layout, layouts: Mapping[str, Layout]) -> list[Row]:
    """Return a row for each month and group of some rows, in their order.

    It begins with the first of its days and ends with the last one; numbers add up.
    """
    period = layout.periods
    if period is None:
        return list(rows)
    grouped: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        names = [one for one in layout.resource.unique if one != period]
        key = month_at(row.cells[period]), *(row.cells.get(one) for one in names)
        grouped.setdefault(key, []).append(row)
    held: dict[int, list[Row]] = {}
    for row in rows if layout.holder is not None else ():
        months = held.setdefault(month_at(row.cells[period]), [])
        if row.holder is not None and all(row.holder is not one for one in months[-1:]):
            months.append(row.holder)
    holders = (
        {}
        if layout.holder is None
        else {
            month: _merged(some, layouts[layout.holder.table], period)
            for month, some in held.items()
        }
    )
    found = []
    for (month, *_), some in grouped.items():
        merged = _merged(some, layout, period)
        merged.holder = holders.get(month, merged.holder)
        found.append(merged)
    return found


def _merged(rows: Sequence[Row], layout: Layout, period: str) -> Row:
    first, last = rows[0], rows[-1]
    cells = dict(first.cells)
    for name, column in layout.resource.columns.items():
        if column.type in _SUMMED:
            cells[name] = sum(row.cells.get(name) or 0 for row in rows)
        elif column.type in MOMENTS and name != period:
            cells[name] = last.cells.get(name)
    return Row(f"{first.key}/month", first.kind, cells, first.holder, dict(first.links))
