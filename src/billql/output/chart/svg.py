"""A figure as SVG (https://www.w3.org/TR/SVG2/), as wide as its page.

Horizontal positions are in per cent, so that it fits a phone with text of the page's size; vertical
ones are in pixels. Each bar and point has a title, which browsers show as a tooltip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.output.chart.scale import Scale, shares, shown, spread
from billql.output.page import shown as escaped
from billql.output.text_cells import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from billql.output.chart.figure import Figure, Series

STYLE = """\
svg { overflow: visible; }
svg text { fill: currentColor; font-size: .875rem; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--line); }
svg path, svg circle { fill: none; stroke-width: 2; stroke-linecap: round; }
.s0 { --c: #3b82c4; } .s1 { --c: #d0672a; --d: 6 4; } .s2 { --c: #2f9a5f; --d: 2 4; }
.s3 { --c: #c4559b; --d: 9 4 2 4; } .s4 { --c: #8a6fd1; --d: 12 4; } .s5 { --c: #a98619; --d: 4 2; }
.s6 { --c: #1b9aaa; --d: 1 3; } .s7 { --c: #808080; --d: 9 2 2 2 2 2; }
rect { fill: var(--c); }
svg path { stroke: var(--c); stroke-dasharray: var(--d); vector-effect: non-scaling-stroke; }
svg circle { fill: var(--c); }
"""

_ROW, _BAR = 38, 12
"""The height in pixels of a bar with its text, and of the bar alone."""
_TOP, _HEIGHT, _BOTTOM = 16, 280, 28
"""The heights in pixels of a line chart: above the axis, of the axis, and below it."""
_POINTS = 120
"""The largest number of points of a series that are marked."""


def render(figure: Figure) -> str:
    """Return a figure as an SVG element."""
    bars = figure.kind == "bars"
    count = len(figure.labels) * len(figure.series)
    height = count * _ROW if bars else _TOP + _HEIGHT + _BOTTOM
    lines = [
        f'<svg role="img" aria-labelledby="title text" width="100%" height="{height}">',
        f'<title id="title">{escaped(figure.title)}</title>',
        f'<desc id="text">{escaped(described(figure))}</desc>',
        *(_bars(figure, height) if bars else _lines(figure)),
        "</svg>",
    ]
    return "".join(f"{line}\n" for line in lines)


def described(figure: Figure) -> str:
    """Return a description of the figure in text, for screen readers."""
    kind = "Bars" if figure.kind == "bars" else "A line" if len(figure.series) == 1 else "Lines"
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
                f"{series.name}: lowest {text(low)} ({at}), highest {text(high)} ({then})."
            )
    return " ".join((*sentences, "All values are in the table below."))


def legend(figure: Figure) -> str:
    """Return the legend as list items; the empty text for a single series."""
    if len(figure.series) == 1:
        return ""
    swatch = '<svg class="s{0}" width="24" height="12" aria-hidden="true">{1}</svg>'
    inside = '<path d="M2 6H22"/>' if figure.kind == "line" else '<rect width="24" height="12"/>'
    return "".join(
        f"<li>{swatch.format(number, inside)} {escaped(series.name)}</li>\n"
        for number, series in enumerate(figure.series)
    )


def _bars(figure: Figure, height: int) -> Iterator[str]:
    scale = _scale(figure)
    zero = scale.share(0)
    if scale.low < 0:
        yield f'<line class="grid" x1="{zero:.3%}" x2="{zero:.3%}" y1="0" y2="{height}"/>'
    top = 0
    for place, label in enumerate(figure.labels):
        yield f'<text x="0" y="{top + 16}" font-weight="bold">{escaped(label)}</text>'
        for number, series in enumerate(figure.series):
            value = series.values[place]
            label = "NULL" if value is None else text(value)
            if len(figure.series) > 1:
                label = f"{series.name} {label}"
            yield f'<text x="100%" y="{top + 16}" text-anchor="end">{escaped(label)}</text>'
            if value is not None:
                left, right = sorted((zero, scale.share(value)))
                yield (
                    f'<rect class="s{number}" x="{left:.3%}" y="{top + 20}" '
                    f'width="{right - left:.3%}" height="{_BAR}">'
                    f"{_title(figure, series, place)}</rect>"
                )
            top += _ROW


def _lines(figure: Figure) -> Iterator[str]:
    scale = _scale(figure)
    for tick in scale.ticks:
        y = _TOP + (1 - scale.share(tick)) * _HEIGHT
        yield f'<line class="grid" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="0" y="{y - 3:.1f}">{shown(tick)}</text>'
    across = shares(figure.places)
    for at in spread(len(across), 3):
        anchor = "start" if at == 0 else "end" if at == len(across) - 1 else "middle"
        y = _TOP + _HEIGHT + 20
        label = escaped(figure.labels[at])
        yield f'<text x="{across[at]:.3%}" y="{y}" text-anchor="{anchor}">{label}</text>'
    yield (
        f'<svg y="{_TOP}" width="100%" height="{_HEIGHT}" viewBox="0 0 1000 1000" '
        'preserveAspectRatio="none" overflow="visible">'
    )
    for number, series in enumerate(figure.series):
        yield f'<path class="s{number}" d="{_path(across, series, scale)}"/>'
    yield "</svg>"
    for number, series in enumerate(figure.series):
        if len(across) <= _POINTS:
            for place, value in enumerate(series.values):
                if value is not None:
                    y = _TOP + (1 - scale.share(value)) * _HEIGHT
                    yield (
                        f'<circle class="s{number}" cx="{across[place]:.3%}" cy="{y:.1f}" r="3">'
                        f"{_title(figure, series, place)}</circle>"
                    )


def _path(across: Sequence[float], series: Series, scale: Scale) -> str:
    """Return the path of a series in a square of 1000; NULL breaks it, a lone point is a dot."""
    path, pen = "", "M"
    for x, value in zip(across, series.values, strict=True):
        if value is None:
            pen = "M"
            continue
        point = f"{x * 1000:.1f} {(1 - scale.share(value)) * 1000:.1f}"
        path += f"M{point}h0" if pen == "M" else f"L{point}"
        pen = "L"
    return path


def _scale(figure: Figure) -> Scale:
    return Scale(value for series in figure.series for value in series.values if value is not None)


def _title(figure: Figure, series: Series, place: int) -> str:
    value = series.values[place]
    return f"<title>{escaped(f'{figure.labels[place]}, {series.name}: {text(value)}')}</title>"
