"""Output: each format against a golden file, byte for byte, and what must hold of any value."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billql import output
from billql.output import Style, text_cells
from billql.output.json import unique
from support.paths import GOLDEN

ENDINGS = {
    "table": "txt",
    "line": "line.txt",
    "json": "json",
    "jsonl": "jsonl",
    "csv": "csv",
    "markdown": "md",
    "html": "html",
}
BINARY = ("parquet", "arrow", "xlsx", "raw")

Row = tuple[Any, ...]

COLUMNS = [
    ("invoice_period", "MONTH TEXT"),
    ("amount", "DECIMAL REAL"),
    ("amount", None),
    ("items", "INTEGER"),
    ("description", "TEXT"),
    ("tags", "JSON TEXT"),
    ("pdf", "BLOB"),
]
ROWS: list[Row] = [
    (
        "2026-01",
        12.5,
        0.1 + 0.2,
        3,
        "Droplets, Volumes",
        '{"env": "prod", "id": 12345678901234567890.5}',
        b"%PDF",
    ),
    ("2026-02", 100.0, -0.0, 0, "", "[]", b""),
    ("2026-03", 1234567.89, None, None, None, None, None),
    (
        "2026-04",
        -30.0,
        1e20,
        9223372036854775807,
        'say "hi" | *now*\nor\r\nlater',
        "{broken",
        b"\0",
    ),
    ("2026-05", 0.0, 1e-7, -1, "日本語 ﾊﾝｶｸ 👩‍👩‍👧 é", '[\n  "a\\nb",\n  2\n]', b"\xff"),
    ("2026-06", 5e-324, 1.0, 7, "\x1b[31mred\x1b[0m\t\x9b2J\u202eabc\u2069", "7", b"\n"),
]


def written(
    name: str, columns: Sequence[Sequence[Any]], rows: Sequence[Row], style: Style | None = None
) -> str:
    stream = io.StringIO()
    output.find(name).write(columns, iter(rows), stream, style or Style())
    return stream.getvalue()


def golden(name: str) -> str:
    return (GOLDEN / name).read_bytes().decode()


@pytest.mark.parametrize("name", ENDINGS)
def test_golden(name: str) -> None:
    assert written(name, COLUMNS, ROWS) == golden(f"rows.{ENDINGS[name]}")


@pytest.mark.parametrize("name", ENDINGS)
def test_golden_without_rows(name: str) -> None:
    assert written(name, COLUMNS, []) == golden(f"no-rows.{ENDINGS[name]}")


def test_golden_in_a_narrow_terminal() -> None:
    shown = written("table", COLUMNS, ROWS, Style(width=100))
    assert shown == golden("narrow.txt")
    assert max(map(text_cells.width, shown.splitlines())) <= 100


def test_identifiers_are_cut_before_other_texts_and_times_never() -> None:
    columns = [("invoice_uuid", "TEXT"), ("id", None), ("at", "TIMESTAMP TEXT"), ("day", None)]
    columns += [("description", "TEXT"), ("amount", "DECIMAL REAL")]
    uuid, at = "cfe53992-5c49-4a7e-8a80-f23a6691ca92", "2026-11-05T08:44:38Z"
    row = (uuid, "in_1OxAAAAAAAAAAAAAAAAAAAAA", at, "2026-11-05", "Invoice for October", -5400.95)

    def last(width: int) -> list[str]:
        return written("table", columns, [row], Style(width)).splitlines()[-1].split("  ")

    assert last(200)[:2] == [uuid, row[1]]
    for width in (90, 84):
        found = last(width)
        assert found[0].endswith("…")
        assert found[0][:-1] == uuid[: len(found[0]) - 1]
        assert found[2:] == [at, "2026-11-05", "Invoice for October", "-5400.95"]
    assert last(78)[:2] == ["cfe5399…", "in_1OxA…"]
    assert last(78)[2:4] == [at, "2026-11-05"]
    assert last(78)[4].endswith("…")
    assert last(20) == ["cfe5399…", "in_1OxA…", at, "2026-11-05", "Invoice…", "-5400.95"]
    # Where the description can still be read, no value has a line of its own.
    table = written("table", columns, [row], Style(80, vertical=None))
    assert table == written("table", columns, [row], Style(80))


def test_a_plan_is_never_cut() -> None:
    columns = [(name, None) for name in ("id", "parent", "notused", "detail")]
    row = (3, 0, 0, "SCAN i VIRTUAL TABLE INDEX 1:list; " * 5)
    stream = io.StringIO()
    for vertical in (False, None):
        output.ResultWriter("table", Style(40, vertical=vertical)).write(
            columns, iter([row]), stream
        )
    assert stream.getvalue().count(row[3].strip()) == 2


def test_golden_in_colour() -> None:
    assert written("table", COLUMNS[:3], [row[:3] for row in ROWS], Style(color=True)) == golden(
        "color.txt"
    )


def test_golden_with_a_line_for_each_value() -> None:
    style = Style(width=40, color=True, vertical=True)
    shown = written("table", COLUMNS, ROWS, style)
    assert shown == golden("vertical.txt")
    assert shown == written("line", COLUMNS, ROWS, style)


def test_every_format_has_a_golden_file() -> None:
    assert {*ENDINGS, *BINARY} == set(output.FORMATS)
    with pytest.raises(ValueError, match="xml"):
        output.find("xml")


# Values.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (12.50, "12.5"),
        (100.0, "100.0"),
        (-0.0, "-0.0"),
        (123456789012345.67, "123456789012346.0"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e+16"),
        (1e-5, "1e-05"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
    ],
)
def test_reals_have_fifteen_digits(value: float, text: str) -> None:
    assert text_cells.real(value) == text
    assert written("csv", [("a", None)], [(value,)]) == f"a\n{text}\n"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False))
def test_amounts_keep_their_digits(amount: Decimal) -> None:
    assert Decimal(text_cells.real(float(amount))) == amount
    (row,) = json.loads(written("json", [("a", None)], [(float(amount),)]), parse_float=Decimal)
    assert row["a"] == amount


def test_a_decimal_is_printed_as_it_is() -> None:
    rows = [(Decimal("12.50"),)]
    assert written("csv", [("a", None)], rows) == "a\n12.50\n"
    assert written("jsonl", [("a", None)], rows) == '{"a":12.50}\n'


def test_infinity_is_infinity_in_json() -> None:
    text = written("json", [("a", None), ("b", None)], [(math.inf, -math.inf)])
    assert json.loads(text) == [{"a": math.inf, "b": -math.inf}]


TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
VALUES = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXTS)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(st.tuples(TEXTS, st.none()), min_size=width, max_size=width),
        st.lists(st.tuples(*[VALUES] * width), max_size=4),
    )
)


@given(TABLES)
def test_csv_can_be_read_back(table: tuple[list[tuple[str, None]], list[Row]]) -> None:
    columns, rows = table
    text = written("csv", columns, rows)
    back = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert back == [
        [column[0] for column in columns],
        *([text_cells.text(value) for value in row] for row in rows),
    ]


def shown(value: float) -> float:
    """Return the real of 15 digits, where there is one: the largest reals are rounded to none."""
    digits = float(f"{value:.15g}")
    return value if math.isinf(digits) else digits


@given(TABLES)
@example(([("a", None)], [(1.7976931348623151e308,), (-1.7976931348623157e308,)]))
def test_json_can_be_read_back(table: tuple[list[tuple[str, None]], list[Row]]) -> None:
    columns, rows = table
    names = unique([column[0] for column in columns])
    expected = [
        {
            name: shown(value) if isinstance(value, float) else value
            for name, value in zip(names, row, strict=True)
        }
        for row in rows
    ]
    assert json.loads(written("json", columns, rows)) == expected
    lines = written("jsonl", columns, rows).split("\n")
    assert [json.loads(line) for line in lines[:-1]] == expected
    assert lines[-1] == ""


REALS = st.none() | st.floats(allow_nan=False) | st.sampled_from([0.5, 0.1 + 0.2, 1e22, math.inf])


@settings(max_examples=60)
@given(st.lists(st.tuples(REALS, st.sampled_from(["a", "é", "\x7f", "\u2028", "\x85", "é\x9f"]))))
def test_the_rows_of_a_batch_are_those_that_each_would_be(rows: list[Row]) -> None:
    columns = [("a", "REAL"), ("b", "TEXT")]
    alone = [written("jsonl", columns, [row]) for row in rows]
    assert written("jsonl", columns, rows) == "".join(alone)


@given(TABLES, st.none() | st.integers(1, 60))
def test_tables_are_safe_to_show(
    table: tuple[list[tuple[str, None]], list[Row]], width: int | None
) -> None:
    columns, rows = table
    for name in ("table", "markdown", "line", "html"):
        text = written(name, columns, rows, Style(width))
        if name in ("table", "markdown"):
            assert len(text.split("\n")) == len(rows) + 3
        if name == "line":
            assert text.count("\n") == (len(columns) + 1) * len(rows) - bool(rows)
        assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text)


@given(TABLES)
def test_a_table_is_aligned(table: tuple[list[tuple[str, None]], list[Row]]) -> None:
    columns, rows = table
    lines = written("table", columns, rows).split("\n")
    assert max(map(text_cells.width, lines)) == text_cells.width(lines[1])


@given(TABLES)
def test_html_can_be_read_back(table: tuple[list[tuple[str, None]], list[Row]]) -> None:
    columns, rows = table
    page = Page()
    page.feed(written("html", columns, rows))
    page.close()
    names, *cells_of_rows = page.rows
    assert names == [_in_html(column[0]) for column in columns]
    assert cells_of_rows == [
        ["NULL" if value is None else _in_html(text_cells.text(value)) for value in row]
        for row in rows
    ]


class Page(HTMLParser):
    """Reads the table of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def _in_html(text: str) -> str:
    return "\n".join(map(text_cells.visible, re.split("\r\n|\r|\n", text)))


def test_a_page_loads_and_runs_nothing() -> None:
    page = Page()
    page.feed(written("html", [("<script>a</script>", None)], [('"><img src=x onerror=a()>',)]))
    assert not {"script", "img", "link", "iframe"} & page.tags
    assert page.attributes <= {
        *("lang", "charset", "name", "content", "http-equiv"),
        *("class", "role", "aria-label", "tabindex", "scope"),
    }


# Duplicate names.


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("a b", "a b"),
        ("a a a", "a a:1 a:2"),
        ("a a a:1", "a a:2 a:1"),
        ("a:1 a a", "a:1 a a:2"),
        ("a A", "a A"),
    ],
)
def test_duplicate_names_are_made_unique(names: str, expected: str) -> None:
    assert unique(names.split()) == expected.split()


def test_no_column_is_lost_in_json() -> None:
    assert written("jsonl", [("a", None), ("a", None)], [(1, 2)]) == '{"a":1,"a:1":2}\n'


# JSON columns.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"a":[1.10,18446744073709551617,1E400]}', '{"a":[1.10,18446744073709551617,1E400]}'),
        ('{"a":[1,null]}', '{"a":[1,null]}'),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        ("not json", '"not json"'),
        ("", '""'),
        ('{"a":\r\n1}', '{"a":  1}'),
        (7, "7"),
        (None, "null"),
    ],
)
def test_a_json_column_is_json(value: object, expected: str) -> None:
    for declared in ("JSON TEXT", "json"):
        assert written("jsonl", [("a", declared)], [(value,)]) == f'{{"a":{expected}}}\n'


def test_any_other_text_is_a_string_even_if_it_reads_like_json() -> None:
    assert written("jsonl", [("a", "TEXT")], [("[1]",)]) == '{"a":"[1]"}\n'


# Tables.


def test_a_table_is_vertical_if_its_texts_would_be_too_short() -> None:
    columns = [("a", None), ("b", None), ("c", None)]
    rows: list[Row] = [("x" * 20, "y" * 20, 123456)]

    def vertical(width: int | None) -> bool:
        style = Style(width, vertical=None)
        return written("table", columns, rows, style) == written("line", columns, rows, style)

    assert not vertical(None)
    assert not vertical(12 + 2 + 12 + 2 + 6)
    assert vertical(12 + 2 + 12 + 2 + 6 - 1)
    assert written("table", columns, rows, Style(20)) != written("line", columns, rows, Style(20))


def test_numbers_are_never_cut() -> None:
    columns = [("a_long_name_for_a_number", None), ("text", None)]
    shown = written("table", columns, [(123456789.25, "x" * 50)], Style(width=24))
    assert shown.splitlines() == [
        "a_long_name…  text",
        "────────────  ──────────",
        "123456789.25  xxxxxxxxx…",
    ]
    assert "123456789.25" in written("table", columns, [(123456789.25, "x")], Style(width=5))


def test_a_text_in_a_pipe_is_never_cut() -> None:
    assert "x" * 500 in written("table", [("a", None)], [("x" * 500,)])


def test_rows_beyond_the_head_are_written_too() -> None:
    count = text_cells.HEAD + 5
    for name, more in (("table", 2), ("markdown", 2), ("html", 40)):
        text = written(name, [("a", None)], [(number,) for number in range(count)])
        assert count + 2 <= len(text.splitlines()) <= count + more
        assert str(count - 1) in text


@pytest.mark.parametrize("name", ["csv", "json", "jsonl", "line"])
def test_the_first_row_is_written_before_the_second_is_read(name: str) -> None:
    stream = io.StringIO()
    seen: list[int] = []

    def rows() -> Iterator[Row]:
        for number in range(3):
            seen.append(stream.getvalue().count("row"))
            yield (f"row {number}",)

    output.find(name).write([("a", None)], rows(), stream, Style())
    assert seen[:2] == [0, 1]


def test_a_json_array_stays_open_when_the_rows_fail() -> None:
    stream = io.StringIO()

    def rows() -> Iterator[Row]:
        yield (1,)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        output.find("json").write([("a", None)], rows(), stream, Style())
    assert stream.getvalue() == '[\n{"a":1}'
