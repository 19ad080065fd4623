"""A figure in a terminal; plotext draws everything but labels and numbers.

Bars are horizontal, a row each, with the number before the bar, so that small charts show the
values too; stacked ones have their sum. Stacked bars and lines have a mark for each series, so that
they need no colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotext

from billql.output.chart.figure import totals
from billql.output.chart.scale import Scale, shares, shown, spread
from billql.output.text_cells import BOLD, PLAIN, truncate, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.output import Style
    from billql.output.chart.figure import Figure

    _Bar = tuple[float, Any]
    """The end of a bar that starts at 0, and its mark."""

_WIDTH, _HEIGHT = 80, 16
"""The width if there is no terminal, and the height of a line chart, in cells."""
_LEAST = 10
"""The smallest width of the picture, in cells."""
_LABEL = 32
"""The largest width of a label, in cells."""
_COLORS = (33, 166, 35, 162, 99, 136, 37, 244)
"""8-bit ANSI colours (https://en.wikipedia.org/wiki/ANSI_escape_code#8-bit) for dark and light."""
_MARKS = "•+x*o#%@"
_FILLS = "█▒▓░#=+:"
"""The marks of the series of stacked bars."""
_TICK = 12
"""The distance of two ticks, in cells."""


def render(figure: Figure, style: Style) -> str:
    """Return a figure as text, in lines of at most `style.width` cells."""
    room = style.width or _WIDTH
    lines = [truncate(figure.title, room)]
    if style.color:
        lines = [f"{BOLD}{lines[0]}{PLAIN}"]
    draw = {"bars": _bars, "stacked": _stacked, "line": _line}[figure.kind]
    lines += draw(figure, room, style.color)
    return "".join(f"{line.rstrip(' ')}\n" for line in lines)


def _bars(figure: Figure, room: int, color: bool) -> list[str]:
    bars = [
        (label if number == 0 else "", series.name, series.values[place], number)
        for place, label in enumerate(figure.labels)
        for number, series in enumerate(figure.series)
    ]
    values = [figure.shown(value) for _, _, value, _ in bars]
    columns = [_aligned([bar[0] for bar in bars]), _aligned(values, right=True)]
    if len(figure.series) > 1:
        columns.insert(1, _aligned([bar[1] for bar in bars]))
    before = ["  ".join(cells) + " " for cells in zip(*columns, strict=True)]
    drawn = [[(value, _marker("full", number))] if value else [] for _, _, value, number in bars]
    return _rows(figure, before, drawn, room, color)


def _stacked(figure: Figure, room: int, color: bool) -> list[str]:
    sums = [figure.shown(total) for total in totals(figure)]
    columns = [_aligned(figure.labels), _aligned(sums, right=True)]
    before = ["  ".join(cells) + " " for cells in zip(*columns, strict=True)]
    stacks = [_stack(figure, place) for place in range(len(figure.labels))]
    legend = "   ".join(f"{_FILLS[n]} {series.name}" for n, series in enumerate(figure.series))
    return [*_wrapped(legend, room), *_rows(figure, before, stacks, room, color)]


def _stack(figure: Figure, place: int) -> list[_Bar]:
    """Return the bars of a stack, the longest first: each covers the start of the one before."""
    bars: list[_Bar] = []
    for sign in (1, -1):
        end = 0.0
        for number, series in enumerate(figure.series):
            value = series.values[place]
            if value is not None and value * sign > 0:
                end += value
                bars.append((end, _marker(_FILLS[number], number)))
    return bars[::-1]


def _rows(
    figure: Figure, before: Sequence[str], rows: Sequence[Sequence[_Bar]], room: int, color: bool
) -> list[str]:
    """Return a line for each row of bars, which start at 0, and one for the axis."""
    size = max(room - width(before[0]), _LEAST)
    ends = [end for bars in rows for end, _ in bars]
    scale = Scale(ends, max(size // _TICK, 1))
    canvas = _canvas(size, len(rows) + 1)
    canvas.axes(False)
    canvas.ruler("y").lim(0, max(len(rows) - 1, 1)).direction(-1).ticks([])
    _mark(canvas.ruler("x"), scale, figure.thousands)
    canvas.line(scale.share(0), orientation="vertical", pixel=plotext.pixel())
    for row, bars in enumerate(rows):
        for end, marker in bars:
            bar = canvas.signal([scale.share(0), scale.share(end)], [row, row], marker=marker)
            canvas.draw(bar.lines(True))
    drawn = _lines(canvas, color)
    return [
        start + line for start, line in zip((*before, " " * width(before[0])), drawn, strict=True)
    ]


def _wrapped(legend: str, room: int) -> list[str]:
    """Return a legend in lines of at most `room` cells."""
    lines: list[str] = []
    for entry in legend.split("   "):
        if lines and width(lines[-1]) + 3 + width(entry) <= room:
            lines[-1] += f"   {entry}"
        else:
            lines.append(truncate(entry, room))
    return lines


def _line(figure: Figure, room: int, color: bool) -> list[str]:
    values = [value for series in figure.series for value in series.values if value is not None]
    scale = Scale(values)
    canvas = _canvas(room, _HEIGHT)
    canvas.axes(False, side=1)
    _mark(canvas.ruler("y"), scale, figure.thousands)
    across = shares(figure.places)
    chosen = spread(len(across), max(room // (2 * _TICK), 2))
    labels = [figure.labels[at] for at in chosen]
    canvas.ruler("x").lim(0, 1).ticks([across[at] for at in chosen], labels=labels)
    alone = len(figure.series) == 1
    for number, series in enumerate(figure.series):
        marker = _marker("braille" if alone else _MARKS[number], number)
        for points in _unbroken(across, series.values, scale):
            canvas.draw(canvas.signal(*zip(*points, strict=True), marker=marker).lines(True))
    legend = "   ".join(f"{_MARKS[n]} {series.name}" for n, series in enumerate(figure.series))
    return [*([] if alone else _wrapped(legend, room)), *_lines(canvas, color)]


def _unbroken(
    across: Sequence[float], values: Sequence[int | float | None], scale: Scale
) -> list[list[tuple[float, float]]]:
    """Split a series into parts without a gap."""
    parts: list[list[tuple[float, float]]] = [[]]
    for x, value in zip(across, values, strict=True):
        if value is None:
            parts.append([])
        else:
            parts[-1].append((x, scale.share(value)))
    return [part for part in parts if part]


def _aligned(cells: Sequence[str], *, right: bool = False) -> list[str]:
    cells = [truncate(cell, _LABEL) for cell in cells]
    size = max(map(width, cells))
    spaces = [" " * (size - width(cell)) for cell in cells]
    pairs = zip(spaces, cells, strict=True) if right else zip(cells, spaces, strict=True)
    return [one + other for one, other in pairs]


def _canvas(columns: int, rows: int) -> Any:
    """Return the empty canvas; plotext has only one, with the size of the terminal."""
    plotext.terminal.limit(width=False, height=False)
    canvas = plotext.figure
    canvas.clear()
    canvas.theme("colorless")
    canvas.plot_size(columns, rows)
    return canvas


def _mark(ruler: Any, scale: Scale, thousands: bool) -> None:
    """Set the ticks of an axis; positions are shares of the scale, which cannot overflow."""
    places = [scale.share(tick) for tick in scale.ticks]
    ruler.lim(0, 1).ticks(places, labels=[shown(tick, thousands=thousands) for tick in scale.ticks])


def _marker(symbol: str, number: int) -> Any:
    return plotext.marker(symbol, plotext.pixel(_COLORS[number]))


def _lines(canvas: Any, color: bool) -> list[str]:
    drawn = str(canvas.build().string(colorless=not color))
    return drawn.removesuffix("\n").split("\n")
