"""A figure as SVG or PNG, drawn by Vega-Lite.

The figure becomes a Vega-Lite specification (https://vega.github.io/vega-lite/docs/), which
vl-convert draws in this process: no browser, no network, no file. Times go to the right, other
labels of bars downwards, where there is room for their texts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import vl_convert

from billql.output.chart.figure import described, totals

if TYPE_CHECKING:
    from billql.output.chart.figure import Figure

_COLORS = [
    *("#3b82c4", "#d0672a", "#2f9a5f", "#c4559b", "#8a6fd1", "#a98619", "#1b9aaa", "#808080"),
]
"""For dark and light pages; neighbours differ in brightness too."""
_WIDTH, _HEIGHT = 720, 360
"""The size of the picture without its texts, in pixels."""
_BAR = 24
"""The height of a bar and its gap, in pixels, where labels go downwards."""
_MARKED = 60
"""The largest number of points that are marked, and of totals that are written."""
_PADDING = {"left": 12, "top": 12, "right": 32, "bottom": 12}
"""The space around a picture in pixels; a viewer's font may be wider than the one measured here."""
_SCALE = 2
"""How many pixels of a PNG make one of the picture, for screens with a high resolution."""


def svg(figure: Figure, *, embedded: bool = False) -> str:
    """Return a figure as SVG; one that is `embedded` has the colours of the page around it."""
    return vl_convert.vegalite_to_svg(specification(figure, embedded=embedded))


def png(figure: Figure) -> bytes:
    """Return a figure as PNG."""
    return vl_convert.vegalite_to_png(specification(figure), scale=_SCALE)


def specification(figure: Figure, *, embedded: bool = False) -> dict[str, Any]:
    """Return the Vega-Lite specification of a figure."""
    ink = "currentColor" if embedded else "#222"
    downwards = figure.kind != "line" and figure.axis != "time"
    label, measure = ("y", "x") if downwards else ("x", "y")
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": described(figure),
        "title": {"text": figure.title, "anchor": "start", "fontSize": 16, "color": ink},
        "background": None if embedded else "white",
        "padding": 5 if embedded else _PADDING,
        "width": _WIDTH,
        "height": max(_bands(figure) * _BAR, _BAR) if downwards else _HEIGHT,
        "data": {"values": _values(figure)},
        "layer": [*_marks(figure, label, measure), *_totals(figure, label, measure, ink)],
        "config": {
            "axis": {"labelColor": ink, "titleColor": ink, "gridColor": "#88888844"},
            "legend": {"labelColor": ink, "labelLimit": 240, "symbolType": "square"},
            "view": {"stroke": None},
            "font": "sans-serif",
        },
    }


def _bands(figure: Figure) -> int:
    """Return the number of bars beside one another."""
    return len(figure.labels) * (len(figure.series) if figure.kind == "bars" else 1)


def _values(figure: Figure) -> list[dict[str, Any]]:
    return [
        {
            "at": _position(figure, place),
            "series": series.name,
            "order": number,
            "value": value,
            "text": f"{label}, {series.name}: {figure.shown(value)}",
        }
        for number, series in enumerate(figure.series)
        for place, (label, value) in enumerate(zip(figure.labels, series.values, strict=True))
    ]


def _position(figure: Figure, place: int) -> float:
    if figure.kind != "line":
        return place
    return figure.places[place] * 1000 if figure.axis == "time" else figure.places[place]


def _marks(figure: Figure, label: str, measure: str) -> list[dict[str, Any]]:
    """Return the layers of bars, or of lines and their points."""
    encoding = {
        label: _label_axis(figure),
        measure: {
            "field": "value",
            "type": "quantitative",
            "stack": "zero" if figure.kind == "stacked" else None,
            "axis": {"title": _measure(figure), "format": _number_format(figure)},
        },
        "color": {
            "field": "series",
            "type": "nominal",
            "scale": {"domain": [series.name for series in figure.series], "range": _COLORS},
            "legend": {"title": None} if len(figure.series) > 1 else None,
        },
        "order": {"field": "order", "type": "quantitative"},
        "description": {"field": "text", "type": "nominal"},
    }
    if figure.kind == "line":
        del encoding["order"]
        point = len(figure.labels) <= _MARKED
        return [{"mark": {"type": "line", "point": point}, "encoding": encoding}]
    if figure.kind == "bars" and len(figure.series) > 1:
        encoding[f"{label}Offset"] = {"field": "order", "type": "ordinal"}
    return [{"mark": {"type": "bar"}, "encoding": encoding}]


def _label_axis(figure: Figure) -> dict[str, Any]:
    if figure.kind == "line" and figure.axis == "time":
        return {
            "field": "at",
            "type": "temporal",
            "scale": {"type": "utc"},
            "axis": {"title": None, "format": _time_format(figure), "labelOverlap": True},
        }
    if figure.kind == "line" and figure.axis == "number":
        return {"field": "at", "type": "quantitative", "axis": {"title": None}}
    # A label may be there twice, so bars stand at numbers, of which the axis shows the label.
    return {
        "field": "at",
        "type": "ordinal",
        "sort": None,
        "axis": {
            "title": None,
            "labelExpr": f"{json.dumps(figure.labels)}[datum.value]",
            "labelOverlap": figure.axis == "time",
            "labelAngle": 0,
            "labelLimit": 240,
        },
    }


def _time_format(figure: Figure) -> str:
    """Return the format of times: https://d3js.org/d3-time-format."""
    forms = {len("YYYY-MM"): "%Y-%m", len("YYYY-MM-DD"): "%Y-%m-%d"}
    return forms.get(len(figure.labels[0]), "%Y-%m-%dT%H:%MZ")


def _measure(figure: Figure) -> str | None:
    """Return the title of the axis of the numbers: their currency, if it is known."""
    if figure.money is None or figure.money.is_minor:
        return None
    return figure.money.currency


def _number_format(figure: Figure) -> str:
    """Return the format of the axis of the numbers: https://d3js.org/d3-format."""
    values = [abs(value) for one in figure.series for value in one.values if value]
    if values and not 1e-4 <= max(values) < 1e12:
        return ".3~g"
    return ",~f" if figure.thousands else "~f"


def _totals(figure: Figure, label: str, measure: str, ink: str) -> list[dict[str, Any]]:
    """Return the layer with the text of each bar, or of each stack."""
    alone = figure.kind == "stacked" or (figure.kind == "bars" and len(figure.series) == 1)
    if not alone or len(figure.labels) > _MARKED:
        return []
    ends = [
        sum(value for series in figure.series if (value := series.values[place] or 0) > 0)
        for place in range(len(figure.labels))
    ]
    written = [
        {"at": place, "end": end, "total": "" if total is None else figure.shown(total)}
        for place, (end, total) in enumerate(zip(ends, totals(figure), strict=True))
    ]
    offset = {"x": {"align": "left", "dx": 4}, "y": {"align": "center", "dy": -8}}[measure]
    return [
        {
            "data": {"values": written},
            "mark": {"type": "text", "color": ink, "baseline": "middle", "fontSize": 10, **offset},
            "encoding": {
                label: {"field": "at", "type": "ordinal", "sort": None},
                measure: {"field": "end", "type": "quantitative"},
                "text": {"field": "total", "type": "nominal"},
            },
        }
    ]
