"""Results: any rows can be written in any format, are safe to show, and read back equal."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from billql.errors import DataError
from billql.output import FORMATS, CsvStyle, Style, find, text_cells
from billql.output.json import unique

from .drawing import JSON, SQL_VALUES, TEXTS
from .prop import Property

DECLARED = st.sampled_from(
    (
        *(None, "", "TEXT", "INTEGER", "REAL", "BLOB", "DECIMAL REAL", "BOOLEAN INTEGER"),
        *("DATE TEXT", "MONTH TEXT", "TIMESTAMP TEXT", "JSON TEXT"),
    )
)
VALUES = st.one_of(
    SQL_VALUES,
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from((1.7976931348623157e308, 9e999, -9e999, 5e-324, 123456789012345678, -0.0)),
    st.sampled_from(("2025-01-31", "2025-01-31T00:00:00Z", "99999-01-01", "[1e400]", '{"a":1}')),
    JSON.map(lambda data: json.dumps(data, ensure_ascii=False)),
)
Result = tuple[list[tuple[str, str | None]], list[tuple[Any, ...]], Style]


@st.composite
def results(draw: DrawFn) -> Result:
    """Draw a result, and the terminal that shows it."""
    width = draw(st.integers(1, 4))
    columns = [(draw(TEXTS), draw(DECLARED)) for _ in range(width)]
    rows = draw(st.lists(st.tuples(*[VALUES] * width), max_size=4))
    csv_style = CsvStyle(
        separator=draw(st.sampled_from(",;\t| -")),
        header=draw(st.booleans()),
        safe=draw(st.booleans()),
    )
    style = Style(
        width=draw(st.none() | st.integers(0, 60)),
        color=draw(st.booleans()),
        vertical=draw(st.none() | st.booleans()),
        csv=csv_style,
    )
    return columns, rows, style


def writes(drawn: Result) -> None:
    """Formats of text take any rows; those with types take them, or name the value that is none."""
    columns, rows, style = drawn
    for name in FORMATS:
        chosen = find(name)
        stream: Any = io.BytesIO() if chosen.binary else io.StringIO()
        try:
            chosen.write(columns, _given(rows), stream, style)
        except DataError:
            assert chosen.binary
            continue
        if not chosen.binary:
            text = stream.getvalue().replace("\x1b[1m", "").replace("\x1b[2m", "")
            _check(name, columns, rows, text.replace("\x1b[0m", ""), style.csv)


def _given(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return iter(rows)


def _check(
    name: str, columns: list[Any], rows: list[tuple[Any, ...]], text: str, style: CsvStyle
) -> None:
    names = [column[0] for column in columns]
    if name not in ("csv", "json", "jsonl"):
        assert not re.search("[\u2028-\u202e\u2066-\u2069]", text)
    if name != "csv":
        assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f]", text)
    if name == "csv":
        stream = io.StringIO(text, newline="")
        back = list(csv.reader(stream, delimiter=style.separator, strict=True))
        given = [names] * style.header + [list(row) for row in rows]
        assert len(back) == len(given)
        for fields, values in zip(back, given, strict=True):
            for field, value in zip(fields, values, strict=True):
                plain = text_cells.text(value)
                assert field in ((plain, f"'{plain}") if style.safe else (plain,))
                if style.safe and isinstance(value, str) and field[:1] in tuple("=+-@\t\r"):
                    assert field[0] == "-"
                    assert float(field) < 1
    if name in ("json", "jsonl"):
        lines = text.strip("[]\n").split("\n") if name == "json" else text.split("\n")
        told = [json.loads(line.rstrip(","), parse_float=Decimal) for line in lines if line]
        assert [list(one) for one in told] == [unique(names)] * len(rows)
        for one, row in zip(told, rows, strict=True):
            for found, value in zip(one.values(), row, strict=True):
                assert (found is None) == (value is None) or isinstance(value, str)
                if isinstance(value, float) and abs(value) < 9e999:
                    assert abs(float(found) - value) <= abs(value) * 1e-14


PROPERTIES = (Property("formats", results(), writes, 60),)
