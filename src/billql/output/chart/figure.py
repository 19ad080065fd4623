"""A result as a figure: its first column has the labels, each further column is a series."""

from __future__ import annotations

import datetime
import math
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from billql.errors import DataError
from billql.output.text_cells import text, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.output import Columns, Rows

ChartKind = Literal["bars", "line"]

MOST_BARS, MOST_POINTS, MOST_SERIES = 200, 10_000, 8
"""The limits of a chart that can be read."""
_MANY = 24
"""The largest number of days or months that are drawn as bars by default."""


class Series(NamedTuple):
    """A column of numbers; None is a gap."""

    name: str
    values: list[int | float | None]


class Figure(NamedTuple):
    """The content of a chart."""

    title: str
    kind: ChartKind
    labels: list[str]
    places: list[float]
    """The position of each label: seconds of times, numbers unchanged, else the index."""
    series: list[Series]
    columns: Columns
    rows: list[Sequence[Any]]
    """The rows of the result, in the order of the labels."""


def read(columns: Columns, rows: Rows, *, title: str | None, kind: ChartKind | None) -> Figure:
    """Return the figure of a result; without a `kind`, more than 24 points in time are a line.

    Raise DataError if the result cannot be drawn.
    """
    names = [visible(str(column[0])) for column in columns]
    if len(names) < 2:
        raise DataError(
            "A chart needs at least two columns: labels, then numbers",
            hint="For example: SELECT invoice_period, amount FROM digitalocean.billing.invoices",
        )
    if len(names) > MOST_SERIES + 1:
        raise DataError(
            f"There are {len(names) - 1} columns of numbers; a chart has at most {MOST_SERIES}",
            hint="Select fewer columns, with the labels first.",
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
    """Return whether there is no value to draw."""
    return all(value is None for series in figure.series for value in series.values)


def _check_size(kind: ChartKind, rows: int, series: int) -> None:
    if kind == "bars" and rows * series > MOST_BARS:
        raise DataError(
            f"There are more than {MOST_BARS} bars to draw",
            hint="Select fewer rows, with GROUP BY or LIMIT, or use --line.",
        )
    if rows > MOST_POINTS:
        raise DataError(
            f"There are more than {MOST_POINTS} rows to draw",
            hint="Select fewer rows, with GROUP BY day or month.",
        )


def _series(name: str, place: int, rows: Sequence[Sequence[Any]]) -> Series:
    for number, row in enumerate(rows, 1):
        value = row[place]
        if value is None or (isinstance(value, int | float) and math.isfinite(value)):
            continue
        raise DataError(
            f"A chart draws numbers, but the column {name} has {value!r:.40} in row {number}",
            hint="The first column has the labels. For several series, write a column for each: "
            "sum(amount) FILTER (WHERE product = '…')",
        )
    return Series(name, [row[place] for row in rows])


def _times(labels: Sequence[Any]) -> list[float] | None:
    """Return months, days or instants as Unix seconds; None unless all labels are of one kind."""
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
