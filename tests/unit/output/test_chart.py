"""Charts: what a person sees in a terminal, and the page with its picture and its values."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from billql.errors import DataError
from billql.output import MoneyColumns, Style
from billql.output.chart import figure as figures
from billql.output.chart import page, picture, scale
from billql.output.chart.figure import ChartKind, Figure
from billql.output.chart.terminal import render
from billql.output.text_cells import width
from billql.sql.amounts import Amount
from support.paths import GOLDEN

FLOATS = st.floats(-1e300, 1e300)
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
        (
            "stacked",
            read(
                [
                    ("2026-02", "Droplets", 5.5),
                    ("2026-01", "GPU", 20),
                    ("2026-01", "Droplets", 12),
                    ("2026-02", "Credits", -3),
                    ("2026-03", "Backups", None),
                ]
            ),
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
        lines = {"bars": len(rows) * 2 + 3, "stacked": len(rows) + 4, "line": 19}
        assert len(shown.split("\n")) == lines[kind]
        # Whoever draws a picture is told the same numbers.
        values = [value["value"] for value in picture.specification(figure)["data"]["values"]]
        assert values == [row[place] for place in (1, 2) for row in figure.rows]


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
    assert read(rows, "bars").rows == sorted(rows)
    names: list[Row] = [("b", 1), ("a", 2)]
    assert read(names, "line").rows == names


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([5137.36, 12], "0 2,000 4,000"),
        ([-300, 2250.25], "0 1,000 2,000"),
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


# Series that a column names.


def bills(*rows: Row, kind: ChartKind | None = None) -> Figure:
    return read(list(rows), kind, "month", "product", "usd", *(["currency"] * (len(rows[0]) - 3)))


def test_month_product_amount_is_a_series_for_each_product_oldest_first() -> None:
    figure = bills(
        ("2026-02", "Droplets", 5.5),
        ("2026-02", "GPU", 20),
        ("2026-01", "Droplets", 12),
        ("2026-02", None, None),
    )
    assert (figure.kind, figure.title) == ("stacked", "usd by month and product")
    assert (figure.axis, figure.labels) == ("time", ["2026-01", "2026-02"])
    assert figure.series == [
        ("GPU", [None, 20]),
        ("Droplets", [12, 5.5]),
        ("NULL", [None, None]),
    ]
    assert figures.totals(figure) == [12, 25.5]


def test_series_beyond_the_eighth_are_one() -> None:
    rows = [("2026-01", f"p{n}", n + 0.1) for n in range(12)]
    figure = bills(*rows, ("2026-02", "p0", 0.2), ("2026-02", "p1", 0.1))
    assert [series.name for series in figure.series[:2]] == ["p11", "p10"]
    assert len(figure.series) == 8
    assert figure.series[-1] == ("5 others", [10.5, 0.3])
    assert figures.totals(figure) == [67.2, 0.3]
    assert len(bills(*rows[:8]).series) == 8


def test_two_numbers_for_one_place_are_an_error() -> None:
    with pytest.raises(DataError, match="two numbers for month 2026-01 and product GPU") as caught:
        bills(("2026-01", "GPU", 1), ("2026-01", "GPU", 2))
    assert "GROUP BY 1, 2" in (caught.value.hint or "")


def test_the_days_of_several_series_are_lines() -> None:
    days = [f"2026-01-{day:02}" for day in range(1, 31)]
    assert bills(*[(day, name, 1) for day in days for name in "ab"]).kind == "line"


def priced(amount: Amount, *rows: Row, thousands: bool = True) -> Figure:
    names = [("month", None), ("product", None), ("usd", None), ("currency", None)][: len(rows[0])]
    columns = MoneyColumns(names, lambda: [None, None, amount, None][: len(names)])
    return figures.read(columns, iter(rows), title=None, kind=None, thousands=lambda: thousands)


def test_amounts_have_the_digits_of_their_currency() -> None:
    figure = priced(Amount(place=3), ("2026-01", "GPU", 1234.5, "usd"), ("2026-01", "S3", 2, None))
    assert [series.name for series in figure.series] == ["GPU", "S3"]
    assert figure.shown(1234.5) == "1,234.50"
    assert figure.shown(figures.totals(figure)[0]) == "1,236.50"
    assert {"USD", "1,236.50"} <= set(texts(figure))
    assert "1,236.50" in render(figure, Style(width=60))
    assert priced(Amount("JPY"), ("2026-01", "GPU", 1234)).shown(1234) == "1,234"
    assert priced(Amount("JPY"), ("2026-01", "GPU", 1), thousands=False).shown(1234) == "1234"
    minor = priced(Amount("USD", is_minor=True), ("2026-01", "GPU", 123400))
    assert minor.shown(123400) == "123,400"
    assert "USD" not in texts(minor)
    assert bills(("2026-01", "GPU", 1234.5)).shown(1234.5) == "1234.5"


def test_a_chart_has_one_currency() -> None:
    rows: list[Row] = [("2026-01", "GPU", 1, "usd"), ("2026-01", "GPU", 2, "jpy")]
    with pytest.raises(DataError, match="has JPY, USD"):
        bills(*rows)
    with pytest.raises(DataError, match="has JPY, USD"):
        priced(Amount(place=3), *rows)
    assert priced(Amount(place=3), *rows[:1]).money is not None


def test_a_number_too_large_to_add_up_is_not_drawn() -> None:
    with pytest.raises(DataError, match=r"has 1.7e\+308 in row 1"):
        read([("a", 1.7e308)])


# Pictures.

BAR = re.compile(r"M([-\d.]+),([-\d.]+)h([-\d.]+)v([-\d.]+)h")


def drawn(figure: Figure) -> dict[str, tuple[float, float, float, float]]:
    """Return the bars of a picture by their labels: left, top, width, height."""
    root = ET.fromstring(picture.svg(figure))
    found = {}
    for path in root.iter("{http://www.w3.org/2000/svg}path"):
        label, shape = path.get("aria-label", ""), BAR.match(path.get("d", ""))
        if path.get("aria-roledescription") == "bar" and shape:
            left, top, width, height = map(float, shape.groups())
            found[label] = left, top, width, height
    return found


def texts(figure: Figure) -> list[str]:
    root = ET.fromstring(picture.svg(figure))
    return [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_stacked_bars_are_as_high_as_their_numbers_and_on_one_another() -> None:
    figure = bills(
        ("2026-02", "Droplets", 5.5),
        ("2026-01", "GPU", 20.0),
        ("2026-01", "Droplets", 12.0),
        ("2026-02", "Credits", -3.0),
    )
    bars = drawn(figure)
    gpu, droplets = bars["2026-01, GPU: 20.0"], bars["2026-01, Droplets: 12.0"]
    assert gpu[3] / droplets[3] == pytest.approx(20 / 12, rel=0.01)
    assert droplets[1] + droplets[3] == pytest.approx(gpu[1], abs=0.1)
    assert gpu[0] == droplets[0] < bars["2026-02, Droplets: 5.5"][0]
    zero = gpu[1] + gpu[3]
    assert bars["2026-02, Credits: -3.0"][1] == pytest.approx(zero, abs=0.1)
    found = texts(figure)
    assert found.index("2026-01") < found.index("2026-02")
    assert {"GPU", "Droplets", "Credits", "32.0", "2.5", figure.title} <= set(found)


def test_bars_side_by_side() -> None:
    rows = [("2026-01", 30, -10), ("2026-02", None, 20)]
    bars = drawn(read(rows, "bars", "month", "a", "b"))
    one, other = bars["2026-01, a: 30"], bars["2026-01, b: -10"]
    assert one[0] + one[2] <= other[0]
    assert one[3] == pytest.approx(3 * other[3], rel=0.01)
    assert bars["2026-02, b: 20"][3] == pytest.approx(2 * other[3], rel=0.01)


def test_names_go_downwards_and_may_be_there_twice() -> None:
    figure = read([('a "quoted" <name>', 30), ("b", 10), ("b", 20)])
    bars = sorted(drawn(figure).items(), key=lambda bar: bar[1][1])
    assert [label for label, _ in bars] == [
        'a "quoted" <name>, series 1: 30',
        "b, series 1: 10",
        "b, series 1: 20",
    ]
    assert [bar[2] / bars[1][1][2] for _, bar in bars] == pytest.approx([3, 1, 2], rel=0.01)
    found = texts(figure)
    assert [text for text in found if text in figure.labels] == figure.labels


def test_a_line_has_a_gap_where_there_is_no_number() -> None:
    days = [(f"2026-01-{n:02}", None if 9 < n < 12 else n) for n in range(1, 31)]
    svg = picture.svg(read(days))
    (line,) = re.findall(
        r'aria-roledescription="line mark"[^>]* d="([^"]+)"|d="([^"]+)"[^>]*"line mark"', svg
    ) or [("", "")]
    assert sum(part.count("M") for part in line) == 2
    assert sum(part.count("L") for part in line) == 28 - 2


def test_a_picture_is_drawn_as_png_too() -> None:
    figure = bills(("2026-01", "GPU", 20.0), ("2026-02", "Droplets", 20.0))
    image = Image.open(io.BytesIO(picture.png(figure))).convert("RGB")
    root = ET.fromstring(picture.svg(figure))
    size = [round(2 * float(root.attrib[name])) for name in ("width", "height")]
    assert list(image.size) == size
    colors = {color: count for count, color in image.getcolors(1 << 24) or ()}
    assert max(colors, key=colors.__getitem__) == (255, 255, 255)
    blue, orange = colors[0x3B, 0x82, 0xC4], colors[0xD0, 0x67, 0x2A]
    assert blue > 10_000
    assert blue == pytest.approx(orange, rel=0.05)  # as high, but for squares in the legend


EVIL = "</title><script>alert(1)</script><svg onload=alert(1)>"


def test_a_page_loads_and_runs_nothing() -> None:
    file = io.BytesIO()
    page.write(read([(EVIL, EVIL, 1)], None, EVIL, EVIL, EVIL)._replace(title=EVIL), file)
    text = file.getvalue().decode()
    assert "<script" not in text
    assert "<svg onload" not in text
    assert not re.search(r"\s(src|href)=|url\(|@import", text)


def test_amounts_are_exact_on_the_axis() -> None:
    assert scale.Scale([0.1 + 0.2]).high == Decimal("0.3")
