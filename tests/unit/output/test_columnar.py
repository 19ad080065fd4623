"""Parquet and Arrow: the types and the values that a reader gets back."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billql import output
from billql.errors import DataError, NotSupportedError
from billql.output import ResultWriter, Style, columnar, text_cells
from support.paths import GOLDEN

TYPED = ("parquet", "arrow")

Row = tuple[Any, ...]

COLUMNS = [
    ("day", "DATE TEXT"),
    ("month", "MONTH TEXT"),
    ("at", "TIMESTAMP TEXT"),
    ("amount", "DECIMAL REAL"),
    ("paid", "BOOLEAN INTEGER"),
    ("items", "INTEGER"),
    ("share", "REAL"),
    ("name", "TEXT"),
    ("name", "TEXT"),
    ("tags", "JSON TEXT"),
    ("pdf", "BLOB"),
    ("usd", None),
    ("nothing", None),
]
ROWS: list[Row] = [
    (
        *("2026-01-31", "2026-01", "2026-01-31T23:59:59Z", 12.5, 1, 3, 0.25),
        *("Droplets", "", '{"env": "prod"}', b"%PDF", Decimal("0.3"), None),
    ),
    (
        *("2024-02-29", "2024-02", "1970-01-01T00:00:00Z", 0.1 + 0.2, 0, 0, -0.0),
        *("日本語", "\x1b", "{broken", b"", 0, None),
    ),
    (
        *("0001-01-01", "9999-12", "9999-12-31T23:59:59Z", -1234567890.12, None, -(2**63), 1e300),
        *("a\nb", "c", "7", b"\0\xff", Decimal("-0.000000000000000001"), None),
    ),
    (None,) * 13,
]


def written(name: str, columns: Sequence[Sequence[Any]], rows: Sequence[Row]) -> bytes:
    stream = io.BytesIO()
    output.find(name).write(columns, iter(rows), stream, Style())
    return stream.getvalue()


def read(name: str, data: bytes) -> pa.Table:
    if name == "parquet":
        return pa.parquet.read_table(pa.BufferReader(data))
    return pa.ipc.open_file(data).read_all()


def back(name: str, columns: Sequence[Sequence[Any]], rows: Sequence[Row]) -> pa.Table:
    return read(name, written(name, columns, rows))


def column(declared: str | None, *values: Any) -> pa.ChunkedArray[Any]:
    """Return a column as a reader gets it."""
    return back("arrow", [("x", declared)], [(value,) for value in values]).column(0)


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.parametrize("rows", [ROWS, []], ids=["rows", "no-rows"])
def test_golden(name: str, rows: list[Row]) -> None:
    kind = "rows" if rows else "no-rows"
    golden = (GOLDEN / f"{kind}.{name}.txt").read_text(encoding="utf-8")
    assert described(back(name, COLUMNS, rows)) == golden


def described(table: pa.Table) -> str:
    """Return a table as text: its columns and their types, then its values, row by row."""
    lines = [f"{field.name}: {field.type}" for field in table.schema]
    for row in table.to_pylist():
        lines += ["", *(repr(v) if isinstance(v, str) else str(v) for v in row.values())]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("declared", "values", "kind", "expected"),
    [
        (None, [1, 2], "int64", [1, 2]),
        (None, [1, 0.5, None], "double", [1.0, 0.5, None]),
        (None, [Decimal("0.5"), 1], "decimal128(38, 18)", [Decimal("0.5"), Decimal(1)]),
        (None, [None, "a"], "string", [None, "a"]),
        (None, [b"a"], "binary", [b"a"]),
        (None, [None], "string", [None]),
        ("INTEGER", [None], "int64", [None]),
        ("BLOB", [None], "binary", [None]),
        ("REAL", [None], "double", [None]),
        ("DOUBLE PRECISION", [], "double", []),
        ("VARCHAR(20)", [], "string", []),
        ("INTEGER", ["a"], "string", ["a"]),
        ("DECIMAL(10, 2)", [2**63 - 1], "decimal128(38, 18)", [Decimal(2**63 - 1)]),
        ("decimal", [0.1 + 0.2], "decimal128(38, 18)", [Decimal("0.3")]),
        ("DATETIME", ["2026-01-01 00:00"], "string", ["2026-01-01 00:00"]),
        ("DATE", ["2026-01-01"], "date32[day]", [datetime.date(2026, 1, 1)]),
        # Reals of an expression that are no amounts.
        (None, [Decimal("3.33333333333333E-9"), 1], "double", [3.33333333333333e-9, 1.0]),
        (None, [Decimal("1E+300")], "double", [1e300]),
        (None, [Decimal("Infinity")], "double", [float("inf")]),
    ],
)
def test_types(declared: str | None, values: list[Any], kind: str, expected: list[Any]) -> None:
    seen = column(declared, *values)
    assert (str(seen.type), seen.to_pylist()) == (kind, expected)


@pytest.mark.parametrize(
    ("declared", "values", "message", "hint"),
    [
        ("DECIMAL REAL", [1, 1e-19], "decimal128(38, 18), and 1e-19 in row 2", "round(x, 12)"),
        ("DECIMAL REAL", [1e20], "and 1e+20 in row 1", "round(x, 12)"),
        ("DECIMAL REAL", [float("inf")], "and inf in row 1", "CAST(x AS TEXT)"),
        ("DECIMAL REAL", ["12.50"], "and '12.50' in row 1", "CAST(x AS TEXT)"),
        ("DATE TEXT", ["2026-02-30"], "date32[day], and '2026-02-30' in", "CAST(x AS TEXT)"),
        ("DATE TEXT", [20260101], "and 20260101 in row 1", "CAST(x AS TEXT)"),
        ("TIMESTAMP TEXT", ["2026-01-01"], "timestamp[s, tz=UTC], and '2026-01-01'", "TEXT"),
        ("BOOLEAN INTEGER", [1, 0, 2], "written as bool, and 2 in row 3", "CAST(x AS TEXT)"),
        (None, [1, "a"], "written as int64, and 'a' in row 2", "CAST(x AS TEXT)"),
        (None, ["a", None, b"b"], "written as string, and b'b' in row 3", "CAST(x AS TEXT)"),
        (None, [0.5, 2**53 + 1], "written as double, and 9007199254740993 in", "TEXT"),
    ],
)
def test_what_does_not_fit(declared: str, values: list[Any], message: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        column(declared, *values)
    assert caught.value.message.startswith("The column x is written as ")
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_later_value_that_is_not_as_the_first_ones() -> None:
    values = [1] * (text_cells.HEAD + 2000)
    assert column(None, *values).to_pylist() == values
    with pytest.raises(DataError, match=f"written as int64, and 0.5 in row {len(values) + 1} does"):
        column(None, *values, Decimal("0.5"), 2)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False))
def test_amounts_keep_their_digits(amount: Decimal) -> None:
    assert column("DECIMAL REAL", float(amount)).to_pylist() == [amount]


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=5))
def test_integers_are_the_same_as_integers_and_as_amounts(values: list[int | None]) -> None:
    assert column("INTEGER", *values).to_pylist() == values
    assert column("DECIMAL", *values).to_pylist() == values


@pytest.mark.parametrize("name", TYPED)
def test_a_result_that_fails_late_does_not_look_whole(name: str) -> None:
    def rows() -> Iterator[Row]:
        for number in range(300_000):
            yield (number,)
        raise RuntimeError("late")

    stream = io.BytesIO()
    with pytest.raises(RuntimeError, match="late"):
        output.find(name).write([("x", None)], rows(), stream, Style())
    assert len(stream.getvalue()) > 100_000
    with pytest.raises(pa.ArrowInvalid):
        read(name, stream.getvalue())


@pytest.mark.parametrize("name", TYPED)
def test_what_the_stream_raises_comes_through(name: str) -> None:
    class Full:
        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left on device"):
        output.find(name).write(COLUMNS, iter(ROWS), Full(), Style())


def test_rows_are_grouped() -> None:
    rows = [(number, "x" * 10) for number in range(300_000)]
    data = written("parquet", [("n", None), ("t", None)], rows)
    groups = pa.parquet.ParquetFile(pa.BufferReader(data)).metadata
    sizes = [groups.row_group(n).num_rows for n in range(groups.num_row_groups)]
    assert sum(sizes) == len(rows)
    assert len(sizes) == 3
    assert read("parquet", data).column("n").to_pylist() == list(range(len(rows)))


def test_few_long_rows_decide_the_types() -> None:
    read_so_far = 0

    def rows() -> Iterator[Row]:
        nonlocal read_so_far
        for _ in range(100):
            read_so_far += 1
            yield ("x" * (1 << 20),)

    head = columnar._head(rows())
    assert len(head) == read_so_far == 9


def test_a_second_result_is_refused() -> None:
    stream = io.BytesIO()
    for name in (*TYPED, "html"):
        results = ResultWriter(name, Style())
        out: Any = io.StringIO() if name == "html" else stream
        results.write([("a", None)], iter([(1,)]), out)
        with pytest.raises(NotSupportedError, match=f"The format {name} holds one result"):
            results.write([("a", None)], iter([(1,)]), out)
        assert results.count == 1
