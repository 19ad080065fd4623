"""A result as a figure: series of numbers over labels.

The first column has the labels. Each further column is a series; or, of three columns, the second
names the series and the third has the numbers, as in month, product, amount. A column `currency`
has the currency of the numbers. Labels that are times are in the order of time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from billql.errors import DataError
from billql.output import MoneyColumns, yes
from billql.output.amounts import amounts_of
from billql.output.chart.amounts import Money
from billql.output.moments import kind_of, moment
from billql.output.text_cells import text, visible

if TYPE_CHECKING:
    from billql.output import Columns, Rows

ChartKind = Literal["bars", "stacked", "line"]
"""Bars side by side, bars on one another, lines."""
Axis = Literal["time", "number", "text"]
"""What the labels are."""

Number = int | float

MOST_BARS, MOST_POINTS, MOST_SERIES = 200, 10_000, 8
"""The limits of a chart that can be read; named series beyond the last are drawn as one."""
_LARGEST = 1e300
"""The largest number that is drawn: sums of all of them can be held."""
_MANY = 24
"""The largest number of days or months that are drawn as bars by default."""


class Series(NamedTuple):
    """Numbers in the order of the labels; None is a gap."""

    name: str
    values: list[Number | None]


class Figure(NamedTuple):
    """The content of a chart."""

    title: str
    kind: ChartKind
    labels: list[str]
    axis: Axis
    places: list[float]
    """The position of each label: seconds of times, numbers unchanged, else the index."""
    series: list[Series]
    money: Money | None
    """What makes the numbers amounts; None if they are other numbers."""
    thousands: bool
    """Whether numbers have separators of thousands."""
    columns: Columns
    rows: list[Sequence[Any]]
    """The rows of the result, in the order of the labels."""

    def shown(self, value: Number | None) -> str:
        """Return the text of a value, an amount with the digits of its currency."""
        if value is None:
            return "NULL"
        if self.money is None:
            return text(value)
        return self.money.shown(value, thousands=self.thousands)


def read(
    columns: Columns,
    rows: Rows,
    *,
    title: str | None,
    kind: ChartKind | None,
    thousands: Callable[[], bool] = yes,
) -> Figure:
    """Return the figure of a result; `thousands` is called where there are amounts.

    Without a `kind`, more than 24 points in time are a line, and named series are stacked. Raise
    DataError if the result cannot be drawn.
    """
    amounts = amounts_of(columns)  # what finds them out ends with the statement
    columns = MoneyColumns(columns, lambda: amounts)
    places = [place for place, column in enumerate(columns) if not _is_currency(column[0])]
    names = [visible(str(columns[place][0])) for place in places]
    if len(names) < 2:
        raise DataError(
            "A chart needs at least two columns: labels, then numbers",
            hint="For example: SELECT invoice_period, amount FROM digitalocean.billing.invoices",
        )
    found = list(islice(rows, MOST_POINTS + 1))
    axis, positions = _axis([row[places[0]] for row in found])
    if axis == "time" or (axis == "number" and kind == "line"):
        order = sorted(range(len(found)), key=positions.__getitem__)
        found, positions = [found[at] for at in order], [positions[at] for at in order]
    cells = [[row[place] for place in places] for row in found]
    is_named = len(names) == 3 and _are_names([row[1] for row in cells])
    money = Money.of(columns, places[2:] if is_named else places[1:], found)
    if is_named:
        labels, positions, series = _by_name(names, cells, positions)
    else:
        labels = [row[0] for row in cells]
        series = [_series(name, place, cells) for place, name in enumerate(names[1:], 1)]
    if kind is None:
        kind = "line" if axis == "time" and len(labels) > _MANY else "bars"
        kind = "stacked" if kind == "bars" and is_named else kind
    _check_size(kind, len(found), len(labels), len(series))
    by = f"{names[0]} and {names[1]}" if is_named else names[0]
    return Figure(
        title or f"{names[2] if is_named else ', '.join(names[1:])} by {by}",
        kind,
        ["NULL" if label is None else visible(text(label)) for label in labels],
        axis,
        positions,
        series,
        money,
        money is None or thousands(),
        columns,
        found,
    )


def is_empty(figure: Figure) -> bool:
    """Return whether there is no value to draw."""
    return all(value is None for series in figure.series for value in series.values)


def totals(figure: Figure) -> list[Number | None]:
    """Return the sum of the series at each label; None where there is no value."""
    return [
        _sum_of(values) for values in zip(*(series.values for series in figure.series), strict=True)
    ]


def described(figure: Figure) -> str:
    """Return a description of the figure in text, for screen readers."""
    kind = "A line" if figure.kind == "line" and len(figure.series) == 1 else "Lines"
    kind = kind if figure.kind == "line" else "Stacked bars" if figure.kind == "stacked" else "Bars"
    sentences = [f"{kind} from {figure.labels[0]} to {figure.labels[-1]}."]
    for series in figure.series:
        found = [
            (value, label)
            for value, label in zip(series.values, figure.labels, strict=True)
            if value is not None
        ]
        if found:
            (low, at), (high, then) = (end(found, key=lambda one: one[0]) for end in (min, max))
            sentences.append(
                f"{series.name}: lowest {figure.shown(low)} ({at}), "
                f"highest {figure.shown(high)} ({then})."
            )
    return " ".join(sentences)


def _is_currency(name: str) -> bool:
    return name.lower().rpartition("_")[2] == "currency"


def _are_names(values: Sequence[Any]) -> bool:
    """Return whether a column names series: texts and NULL alone."""
    kinds = {type(value) for value in values}
    return str in kinds and kinds <= {str, type(None)}


def _by_name(
    names: Sequence[str], rows: Sequence[Sequence[Any]], positions: Sequence[float]
) -> tuple[list[Any], list[float], list[Series]]:
    """Return labels, their positions, and a series for each name, those with most first."""
    labels: dict[Any, float] = {}
    values: dict[Any, dict[Any, Number | None]] = {}
    checked = _series(names[2], 2, rows).values
    for (label, name, _), value, position in zip(rows, checked, positions, strict=True):
        labels.setdefault(label, position)
        series = values.setdefault(name, {})
        if label in series:
            raise DataError(
                f"There are two numbers for {names[0]} {label!s:.40} and {names[1]} {name!s:.40}",
                hint="Add them up, with GROUP BY 1, 2.",
            )
        series[label] = value
    sizes = {
        name: sum(abs(value) for value in found.values() if value is not None)
        for name, found in values.items()
    }
    ordered = sorted(values, key=sizes.__getitem__, reverse=True)
    most = len(ordered) if len(ordered) <= MOST_SERIES else MOST_SERIES - 1
    made = [
        Series("NULL" if name is None else visible(name), [values[name].get(at) for at in labels])
        for name in ordered[:most]
    ]
    if rest := ordered[most:]:
        made.append(
            Series(
                f"{len(rest)} others",
                [_sum_of([values[name].get(at) for name in rest]) for at in labels],
            )
        )
    at_positions = list(labels.values())
    return list(labels), at_positions, made


def _sum_of(values: Sequence[Number | None]) -> Number | None:
    found = [value for value in values if value is not None]
    return _sum(found) if found else None


def _sum(values: Sequence[Number]) -> Number:
    """Return a sum that is exact in decimal."""
    if all(isinstance(value, int) for value in values):
        return sum(values)
    from decimal import Decimal

    return float(sum(Decimal(f"{value:.15g}") for value in values))


def _check_size(kind: ChartKind, rows: int, labels: int, series: int) -> None:
    if series > MOST_SERIES:
        raise DataError(
            f"There are {series} columns of numbers; a chart has at most {MOST_SERIES}",
            hint="Select fewer columns, with the labels first.",
        )
    if kind != "line" and labels * (series if kind == "bars" else 1) > MOST_BARS:
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
        if value is None or (isinstance(value, int | float) and abs(value) <= _LARGEST):
            continue
        raise DataError(
            f"A chart draws numbers, but the column {name} has {value!r:.40} in row {number}",
            hint="The first column has the labels; the second may name the series, if the third "
            "has the numbers.",
        )
    return Series(name, [row[place] for row in rows])


def _axis(labels: Sequence[Any]) -> tuple[Axis, list[float]]:
    """Return what the labels are, and their positions."""
    kind = None if None in labels else kind_of(labels)
    if kind is not None:
        found = [moment(kind, label) for label in labels]
        return "time", [begin.timestamp() for begin in found if begin is not None]
    if labels and all(isinstance(one, int | float) and math.isfinite(one) for one in labels):
        return "number", [float(label) for label in labels]
    return "text", [float(place) for place in range(len(labels))]
