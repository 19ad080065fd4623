"""Charts: what a person sees in a terminal, and the page with its picture and its values."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql.output import Style
from billql.output.chart import figure as figures
from billql.output.chart import page, scale, svg
from billql.output.chart.figure import ChartKind, Figure
from billql.output.chart.terminal import render
from billql.output.text_cells import width
from support.paths import GOLDEN

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1) | FLOATS

Row = tuple[Any, ...]


def read(rows: Sequence[Row], kind: ChartKind | None = None, *names: str) -> Figure:
    names = names or ("label", *(f"series {n}" for n in range(1, len(rows[0]))))
    columns = [(name, None) for name in names]
    return figures.read(columns, iter(rows), title=None, kind=kind)


# In the terminal.


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("bars", read([("2026-01", 12.5), ("2026-02", -3), ("日本語", None), (None, 0)])),
        ("grouped", read([("2026-01", 12.5, 20), ("2026-02", None, 5)], "bars", "m", "usd", "eur")),
        ("line", read([(f"2026-01-{day:02}", day * day) for day in range(1, 31)])),
        (
            "lines",
            read([(day, None if 9 < day < 12 else day, 20 - day) for day in range(30)], "line"),
        ),
    ],
)
def test_golden(name: str, figure: Figure) -> None:
    shown = render(figure, Style(width=60))
    assert shown == (GOLDEN / f"chart-{name}.txt").read_text(encoding="utf-8")
    assert max(map(width, shown.splitlines())) <= 60
    assert "\x1b" not in shown
    colored = render(figure, Style(width=60, color=True))
    assert "\x1b[38;5;33m" in colored
    assert [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", colored).splitlines()] == (
        shown.splitlines()
    )


@given(st.lists(st.tuples(st.text(max_size=5), NUMBERS, NUMBERS), min_size=1, max_size=8))
def test_any_numbers_can_be_drawn(rows: list[Row]) -> None:
    for kind in get_args(ChartKind):
        figure = read(rows, kind)
        shown = render(figure, Style(width=50))
        assert len(shown.split("\n")) == (len(rows) * 2 + 3 if kind == "bars" else 19)
        ET.fromstring(svg.render(figure))


# What is drawn.


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([f"20{n // 12:02}-{n % 12 + 1:02}" for n in range(25)], "line"),
        ([f"20{n // 12:02}-{n % 12 + 1:02}" for n in range(24)], "bars"),
        ([f"2026-01-{n + 1:02}" for n in range(30)], "line"),
        ([f"2026-01-01T00:{n:02}:00Z" for n in range(30)], "line"),
        ([f"2026-02-{n + 1:02}" for n in range(30)], "bars"),  # which is no month
        ([f"name {n:02}" for n in range(30)], "bars"),
        (list(range(30)), "bars"),
        ([None] * 30, "bars"),
    ],
)
def test_a_line_or_bars(labels: list[Any], kind: str) -> None:
    assert read([(label, 1) for label in labels]).kind == kind


def test_a_line_lies_in_the_order_of_time() -> None:
    rows: list[Row] = [("2026-01-03", 3), ("2026-01-01", 1), ("2026-01-11", 11)]
    figure = read(rows, "line")
    assert figure.rows == sorted(rows)
    assert figure.series[0].values == [1, 3, 11]
    assert scale.shares(figure.places) == [0.0, 0.2, 1.0]
    assert read(rows, "bars").rows == rows


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([5137.36, 12], "0 2000 4000"),
        ([-300, 2250.25], "0 1000 2000"),
        ([-1, -2], "-2 -1.5 -1 -0.5 0"),
        ([0.3], "0 0.1 0.2 0.3"),
        ([], "0 0.2 0.4 0.6 0.8 1"),
        ([0, 0.0], "0 0.2 0.4 0.6 0.8 1"),
        ([2e-9], "0 5e-10 1e-9 1.5e-9 2e-9"),
        ([1e20], "0 2e+19 4e+19 6e+19 8e+19 1e+20"),
    ],
)
def test_ticks_are_round(values: list[float], ticks: str) -> None:
    axis = scale.Scale(values)
    assert " ".join(map(scale.shown, axis.ticks)) == ticks
    assert axis.low <= 0 <= axis.high


@given(st.lists(NUMBERS.filter(lambda value: value is not None), max_size=5))
def test_a_scale_has_a_place_for_every_value(values: list[Any]) -> None:
    axis = scale.Scale(values)
    assert all(0 <= axis.share(value) <= 1 for value in values)
    assert 1 <= len(axis.ticks) <= 12
    assert [axis.low, *axis.ticks, axis.high] == sorted([axis.low, *axis.ticks, axis.high])


# On a page.


def percent(element: ET.Element, name: str) -> float:
    return float(element.attrib[name].removesuffix("%"))


def test_values_below_nothing_and_gaps_among_bars() -> None:
    figure = read([("a", 30, -10), ("b", None, 0)], None, "label", "usd", "<eur>")
    root = ET.fromstring(svg.render(figure))
    bars = [
        (bar.findtext("title"), percent(bar, "x"), percent(bar, "width"))
        for bar in root.iter("rect")
    ]
    assert bars == [("a, usd: 30", 25, 75), ("a, <eur>: -10", 0, 25), ("b, <eur>: 0", 25, 0)]
    texts = [element.text for element in root.iter("text")]
    assert texts == ["a", "usd 30", "<eur> -10", "b", "usd NULL", "<eur> 0"]
    assert "&lt;eur&gt;</li>" in svg.legend(figure)


def test_a_page_loads_and_runs_nothing() -> None:
    pieces: list[str] = []

    class Stream:
        def write(self, text: str) -> None:
            pieces.append(text)

    evil = "</title><script>alert(1)</script>"
    page.write(read([(evil, 1)], None, evil, evil)._replace(title=evil), Stream())
    text = "".join(pieces)
    assert "<script" not in text
    assert not re.search(r"\s(src|href)=|url\(|@import", text)


def test_amounts_are_exact_on_the_axis() -> None:
    assert scale.Scale([0.1 + 0.2]).high == Decimal("0.3")
