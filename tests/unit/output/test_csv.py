"""CSV: its separators, header, mark, and what a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billql.errors import InterfaceError
from billql.output import CsvStyle, ResultWriter, Style, parse_separator, text_cells


def written(style: CsvStyle, *rows: Sequence[Any], names: Sequence[str] = "ab") -> str:
    stream = io.StringIO()
    columns = [(name, None) for name in names]
    ResultWriter("csv", Style(csv=style)).write(columns, iter(rows), stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (CsvStyle(), "a,b\n1,x;y\n"),
        (CsvStyle(separator=";"), 'a;b\n1;"x;y"\n'),
        (CsvStyle(separator="\t"), "a\tb\n1\tx;y\n"),
        (CsvStyle(header=False), "1,x;y\n"),
        (CsvStyle(bom=True), "\ufeffa,b\n1,x;y\n"),
        (CsvStyle(header=False, bom=True), "\ufeff1,x;y\n"),
    ],
)
def test_styles(style: CsvStyle, text: str) -> None:
    assert written(style, (1, "x;y")) == text


def test_the_mark_is_at_the_beginning_alone() -> None:
    stream = io.StringIO()
    writer = ResultWriter("csv", Style(csv=CsvStyle(bom=True)))
    for _ in range(2):
        writer.write([("a", None)], iter([(1,)]), stream)
    assert stream.getvalue() == "\ufeffa\n1\na\n1\n"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("=1+1", "'=1+1"),
        ("+1-2", "'+1-2"),
        ("-1+2", "'-1+2"),
        ("-2e5", "'-2e5"),
        ("--1", "'--1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-12.50", "-12.50"),
        ("-5\n", "'-5\n"),
        (-12.5, "-12.5"),
        (-7, "-7"),
        (" =1", " =1"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("", ""),
        (None, ""),
        (b"=", "X'3D'"),
    ],
)
def test_what_a_spreadsheet_would_run_is_marked(value: Any, field: str) -> None:
    safe = written(CsvStyle(safe=True), (value, "x"), names=("=a", "b"))
    assert list(csv.reader(io.StringIO(safe, newline=""))) == [["'=a", "b"], [field, "x"]]
    plain = written(CsvStyle(), (value, "x"), names=("=a", "b"))
    unmarked = field if value == "'=1" else field.removeprefix("'")
    assert list(csv.reader(io.StringIO(plain, newline=""))) == [["=a", "b"], [unmarked, "x"]]


@given(st.text(), st.sampled_from(",;|\t: "))
def test_a_reader_gets_the_same_fields_whatever_the_separator(value: str, separator: str) -> None:
    text = written(CsvStyle(separator=separator), (value, 1))
    found = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    assert found == [["a", "b"], [value, "1"]]


FIELDS = st.one_of(
    st.none(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from([0.1 + 0.2, 1e22, 1e-5, "", '"', "a,b", "\r", "\n", ";", "1.5"]),
    st.text(max_size=5),
    st.binary(max_size=3),
)


@settings(max_examples=60)
@given(
    st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[FIELDS] * width), max_size=9)),
    st.sampled_from(",;1"),
)
def test_the_lines_are_those_of_the_csv_module(rows: list[tuple[Any, ...]], separator: str) -> None:
    expected = []
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=separator).writerow(map(text_cells.text, row))
        expected.append(line.getvalue().removesuffix("\r\n") + "\n")
    names = "abc"[: len(rows[0])] if rows else "a"
    found = written(CsvStyle(separator=separator, header=False), *rows, names=names)
    assert found == "".join(expected)


@pytest.mark.parametrize(("text", "found"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), ("|", "|")])
def test_separators(text: str, found: str) -> None:
    assert parse_separator(text) == found


@pytest.mark.parametrize("text", ["", "ab", '"', "\n", "\r", "\0"])
def test_what_is_no_separator(text: str) -> None:
    with pytest.raises(InterfaceError, match="is no separator of fields"):
        parse_separator(text)
