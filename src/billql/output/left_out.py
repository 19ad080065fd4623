"""What people and programs see of the connections that a statement has left out.

A warning names each, after those of the statement itself, and a column of every result that is
shown holds their names in each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from billql.output import MoneyColumns

if TYPE_CHECKING:
    from billql.fetching.scan_stats import ScanStats

COLUMN = "left_out"
"""The name of the column; its value is NULL if no connection is left out."""


def names(scans: Iterable[ScanStats]) -> list[str]:
    """Return the connections that some scans have left out, in their order."""
    return list(dict.fromkeys(name for scan in scans for name in scan.left_out))


def warnings(scans: Sequence[ScanStats]) -> Iterator[str]:
    """Yield each warning of some scans once, then a message for each connection left out."""
    yield from dict.fromkeys(text for scan in scans for text in scan.warnings)
    reasons = {name: why for scan in scans for name, why in scan.left_out.items()}
    for name, why in reasons.items():
        yield f"The connection {name} is left out, so the result is not complete: {why}"


def with_column(
    columns: MoneyColumns, rows: Iterable[Sequence[Any]], scans: Callable[[], Sequence[ScanStats]]
) -> tuple[MoneyColumns, Iterator[tuple[Any, ...]]]:
    """Return a result with the column; all rows are read first, so that it holds every name."""

    def read() -> Iterator[tuple[Any, ...]]:
        found = list(rows)
        value = ", ".join(names(scans())) or None
        for row in found:
            yield *row, value

    described = (COLUMN, "TEXT", None, None, None, None, None)
    more = MoneyColumns((*columns, described), lambda: (*columns.amounts(), None))
    return more, read()
