"""A result as what is drawn of it: its first column gives labels, each further one is a series."""

from __future__ import annotations

import datetime
import math
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from billql.errors import DataError
from billql.output.cells import text, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.output import Columns, Rows

Kind = Literal["bars", "line"]

MOST_BARS, MOST_POINTS, MOST_SERIES = 200, 10_000, 8
"""Beyond that, nobody can read it."""
_MANY = 24
"""Up to that many days or months are bars, unless a line is asked for."""


class Series(NamedTuple):
    """A column of numbers; None is a gap."""

    name: str
    values: list[int | float | None]


class Figure(NamedTuple):
    """What is drawn."""

    title: str
    kind: Kind
    labels: list[str]
    places: list[float]
    """Where on a line each label lies: seconds for times, numbers as they are, else a count."""
    series: list[Series]
    columns: Columns
    rows: list[Sequence[Any]]
    """The result itself, in the order in which it is drawn."""


def read(columns: Columns, rows: Rows, *, title: str | None, kind: Kind | None) -> Figure:
    """Read a result; without a `kind`, more than two dozen points of time are a line.

    Raises DataError where it cannot be drawn.
    """
    names = [visible(str(column[0])) for column in columns]
    if len(names) < 2:
        raise DataError(
            "A chart takes two columns or more: labels, then numbers",
            hint="For instance: SELECT invoice_period, amount FROM digitalocean.billing.invoices",
        )
    if len(names) > MOST_SERIES + 1:
        raise DataError(
            f"There are {len(names) - 1} columns of numbers; a chart takes up to {MOST_SERIES}",
            hint="Name the columns that matter, with the one that gives the labels first.",
        )
    found = list(islice(rows, MOST_POINTS + 1))
    times = _times([row[0] for row in found])
    if kind is None:
        kind = "line" if times is not None and len(found) > _MANY else "bars"
    _check_size(kind, len(found), len(names) - 1)
    places = times or _numbers([row[0] for row in found])
    if places is None:
        places = [float(place) for place in range(len(found))]
    elif kind == "line":
        order = sorted(range(len(found)), key=places.__getitem__)
        found, places = [found[at] for at in order], [places[at] for at in order]
    return Figure(
        title or f"{', '.join(names[1:])} by {names[0]}",
        kind,
        ["NULL" if row[0] is None else visible(text(row[0])) for row in found],
        places,
        [_series(name, place, found) for place, name in enumerate(names[1:], 1)],
        columns,
        found,
    )


def is_empty(figure: Figure) -> bool:
    """Tell whether there is no value to draw."""
    return all(value is None for series in figure.series for value in series.values)


def _check_size(kind: Kind, rows: int, series: int) -> None:
    if kind == "bars" and rows * series > MOST_BARS:
        raise DataError(
            f"There are more than {MOST_BARS} bars to draw",
            hint="Take fewer rows, with GROUP BY or LIMIT, or draw a --line.",
        )
    if rows > MOST_POINTS:
        raise DataError(
            f"There are more than {MOST_POINTS} rows to draw",
            hint="Take fewer rows: GROUP BY day or month.",
        )


def _series(name: str, place: int, rows: Sequence[Sequence[Any]]) -> Series:
    for number, row in enumerate(rows, 1):
        value = row[place]
        if value is None or (isinstance(value, int | float) and math.isfinite(value)):
            continue
        raise DataError(
            f"A chart draws numbers, and the column {name} has {value!r:.40} in row {number}",
            hint="The first column gives the labels. For a series of each kind, write a column of "
            "each: sum(amount) FILTER (WHERE product = '…')",
        )
    return Series(name, [row[place] for row in rows])


def _times(labels: Sequence[Any]) -> list[float] | None:
    """Give months, days or instants as seconds; None if not all labels are one of these."""
    if not labels or len({len(label) if isinstance(label, str) else 0 for label in labels}) > 1:
        return None
    try:
        return [_seconds(label) for label in labels]
    except (ValueError, TypeError):
        return None


def _seconds(label: str) -> float:
    day = {len("YYYY-MM"): f"{label}-01T00:00:00Z", len("YYYY-MM-DD"): f"{label}T00:00:00Z"}
    if len(label) not in (*day, len("YYYY-MM-DDTHH:MM:SSZ")) or label[4] != "-":
        raise ValueError
    return datetime.datetime.fromisoformat(day.get(len(label), label)).timestamp()


def _numbers(labels: Sequence[Any]) -> list[float] | None:
    if all(isinstance(label, int | float) and math.isfinite(label) for label in labels):
        return [float(label) for label in labels]
    return None
