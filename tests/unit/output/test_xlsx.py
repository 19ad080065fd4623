"""Excel workbooks, as openpyxl reads them: values, types, formats, names of sheets, limits."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from billql.errors import DataError
from billql.output import MoneyColumns, Style, xlsx
from billql.output.xlsx import MOST_ROWS
from billql.sql.amounts import Amount

Row = tuple[Any, ...]


def made(
    *results: tuple[Sequence[tuple[str, str | None]], Sequence[Row]],
    most_rows: int = MOST_ROWS,
    style: Style | None = None,
) -> Workbook:
    stream = io.BytesIO()
    with xlsx.document(stream, style or Style(), most_rows=most_rows) as add:
        for columns, rows in results:
            add(columns, iter(rows), None)
    return load_workbook(io.BytesIO(stream.getvalue()))


def money(amount: Amount, *columns: tuple[str, str | None]) -> MoneyColumns:
    """Return columns of which the first is an amount."""
    return MoneyColumns(columns, lambda: [amount, *[None] * (len(columns) - 1)])


BESIDE = money(Amount(place=1), ("amount", "DECIMAL DOUBLE"), ("currency", "TEXT"))


def cells(columns: Sequence[tuple[str, str | None]], *rows: Row) -> list[list[Any]]:
    """Return the rows of the only sheet, as cells, without its header."""
    (sheet,) = made((columns, rows)).worksheets
    return [list(row) for row in sheet.iter_rows(min_row=2)]


# Values and formats.


@pytest.mark.parametrize(
    ("amount", "currency", "value", "code"),
    [
        (1694.3, "USD", 1694.3, "[$USD] #,##0.00"),
        (-25.0, "usd", -25, "[$USD] #,##0.00"),
        (4408080, "JPY", 4408080, "[$JPY] #,##0"),
        (1.05, "KWD", 1.05, "[$KWD] #,##0.000"),
        (0.1 + 0.2, "EUR", 0.3, "[$EUR] #,##0.00"),
        (0.00372, "USD", 0.00372, "[$USD] #,##0.00000"),
        (Decimal("12.50"), "USD", 12.5, "[$USD] #,##0.00"),
        (12.5, "usdc", 12.5, "#,##0.00"),
        (12.5, '"];@', 12.5, "#,##0.00"),
        (12.5, None, 12.5, "#,##0.00"),
    ],
)
def test_an_amount_has_the_format_of_its_currency(
    amount: Any, currency: str | None, value: float, code: str
) -> None:
    ((cell, beside),) = cells(BESIDE, (amount, currency))
    assert (cell.value, cell.data_type) == (value, "n")
    assert cell.number_format == f"{code};[Red]-{code}"
    assert beside.value == currency


@pytest.mark.parametrize(
    ("amount", "value", "code"),
    [
        (Amount("USD"), 1694.3, "[$USD] #,##0.00"),
        (Amount("USD", is_minor=True), 169430, "#,##0"),
        (Amount("USD", is_rounded=True), 1 / 3, "[$USD] #,##0.000"),
        (Amount(), 2.5, "#,##0.00"),
    ],
)
def test_an_expression_may_be_an_amount(amount: Amount, value: float, code: str) -> None:
    columns = money(amount, ("usd", None))
    ((cell,),) = cells(columns, (value,))
    assert cell.value == pytest.approx(value, rel=1e-14)
    assert cell.number_format == f"{code};[Red]-{code}"
    plain = made((columns, [(value,)]), style=Style(thousands=lambda: False))
    assert plain["Result"]["A2"].number_format == f"{code};[Red]-{code}".replace("#,##", "")


def test_a_decimal_that_is_no_amount_has_no_format_of_its_own() -> None:
    assert cells([("quantity", "DECIMAL REAL")], (2.5,))[0][0].number_format == "General"


def test_amounts_that_no_format_shows() -> None:
    found = cells(BESIDE, (9e999, "USD"), (5e-324, "USD"), (-9e999, None), ("n/a", "USD"))
    assert [row[0].value for row in found] == ["inf", 5e-324, "-inf", "n/a"]
    assert found[1][0].number_format == "General"


@pytest.mark.parametrize(
    ("declared", "text", "value", "code"),
    [
        ("DATE TEXT", "2026-01-31", datetime.datetime(2026, 1, 31), r"yyyy\-mm\-dd"),
        ("MONTH TEXT", "2026-02", datetime.datetime(2026, 2, 1), r"yyyy\-mm"),
        (
            "TIMESTAMP TEXT",
            "2026-01-31T23:59:59Z",
            datetime.datetime(2026, 1, 31, 23, 59, 59),
            r"yyyy\-mm\-dd\Thh:mm:ss\Z",
        ),
        ("TEXT", "2024-02-29", datetime.datetime(2024, 2, 29), r"yyyy\-mm\-dd"),
        (None, "2026-01", datetime.datetime(2026, 1, 1), r"yyyy\-mm"),
    ],
)
def test_a_time_is_a_date_of_excel(
    declared: str | None, text: str, value: datetime.datetime, code: str
) -> None:
    ((cell,),) = cells([("at", declared)], (text,))
    assert cell.is_date
    assert (cell.value, cell.number_format) == (value, code)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("DATE TEXT", "1899-12-31"),
        ("DATE TEXT", "1900-02-28"),
        ("DATE TEXT", "2026-02-30"),
        ("DATE TEXT", "2026-W05-1"),
        ("DATE TEXT", ""),
        ("TIMESTAMP TEXT", "2026-01-31 23:59:59Z"),
        ("TEXT", "2026-01-31T23:59+01:00"),
        ("JSON TEXT", "2026-01"),
    ],
)
def test_what_is_no_date_of_excel_stays_text(declared: str, value: str) -> None:
    ((cell, _),) = cells([("at", declared), ("n", None)], (value, 1))
    assert (cell.value, cell.data_type) == (value, "s")


def test_texts_that_do_not_all_read_as_times_stay_text() -> None:
    found = cells([("at", "TEXT")], ("2026-01-31",), (None,), ("n/a",))
    assert [row[0].value for row in found] == ["2026-01-31", None, "n/a"]


@pytest.mark.parametrize(
    ("value", "read", "kind"),
    [
        (999_999_999_999_999, 999_999_999_999_999, "n"),
        (12345678901234567, "12345678901234567", "s"),
        (-(2**63), "-9223372036854775808", "s"),
        (10**17, 10**17, "n"),
        (Decimal("1.000000000000000000000000000001"), "1.000000000000000000000000000001", "s"),
        (Decimal("123456789012345678.5"), "123456789012345678.5", "s"),
        (9e999, "inf", "s"),
        (-5.25, -5.25, "n"),
        (1e300, 1e300, "n"),
        (0.1 + 0.2, 0.3, "n"),
        (b"\x00\xff", "X'00FF'", "s"),
        ("007", "007", "s"),
        ("-12", "-12", "s"),
    ],
)
def test_a_number_that_would_lose_digits_is_text(value: Any, read: Any, kind: str) -> None:
    ((cell,),) = cells([("n", None)], (value,))
    assert (cell.value, cell.data_type) == (read, kind)


FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "{=1}", "https://x.y", "#REF!"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_or_a_link(text: str) -> None:
    stream = io.BytesIO()
    xlsx.write([(text, "TEXT")], iter([(text,)]), stream, Style())
    with zipfile.ZipFile(stream) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "hyperlink" not in xml
    assert xml.count('t="inlineStr"') == 2
    cell = load_workbook(stream).worksheets[0]["A2"]
    assert "f" not in (cell.data_type, None)


def test_booleans() -> None:
    found = cells([("paid", "BOOLEAN INTEGER")], (1,), (0,), (None,), (7,))
    assert [row[0].value for row in found] == [True, False, None, 7]


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(10**15) + 1, 10**15 - 1),
            st.none() | st.floats(-1e15, 1e15).map(lambda value: float(f"{value:.15g}")),
            st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=5),
        ),
        max_size=5,
    )
)
def test_what_is_written_is_read(rows: list[Row]) -> None:
    found = cells([("n", "INTEGER"), ("x", "REAL"), ("t", "BLOB")], *rows)
    read = [tuple(cell.value for cell in row) for row in found]
    assert [row[:2] for row in read] == [row[:2] for row in rows]
    written = [row[2].replace("\n", "") for row in rows]
    # openpyxl leaves _xHHHH_, by which the format names control characters, as it is.
    assert all(
        (text or "").replace("\n", "") == want or "_x" in (text or "")
        for (_, _, text), want in zip(read, written, strict=True)
    )


# Sheets.


def test_the_header_stays_in_view_and_columns_are_as_wide_as_what_they_hold() -> None:
    names = [("n", "INTEGER"), ("description", "TEXT"), ("amount", "DECIMAL REAL")]
    columns = MoneyColumns(names, lambda: [None, None, Amount()])
    (sheet,) = made((columns, [(1, "x" * 30, 1234567.5), (2, "y" * 500, 0.0)])).worksheets
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C3"
    assert [cell.value for cell in sheet[1]] == ["n", "description", "amount"]
    assert all(cell.font.b for cell in sheet[1])
    assert [cell.alignment.horizontal for cell in sheet[1]] == ["right", "left", "right"]
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths[0] < 6
    assert 60 <= widths[1] < 62
    assert len("1,234,567.50") < widths[2] < 20


def test_a_sheet_for_each_result() -> None:
    stream = io.BytesIO()
    with xlsx.document(stream, Style()) as add:
        for title in ("Spend: by month/product", "invoices", "INVOICES", None):
            add([("a", None)], iter([(title,)]), title)
    book = load_workbook(stream)
    assert book.sheetnames == ["Spend by month product", "invoices", "INVOICES 2", "Result"]
    assert [sheet["A2"].value for sheet in book.worksheets][1:] == ["invoices", "INVOICES", None]


def test_a_result_without_rows_has_its_header() -> None:
    (sheet,) = made(([("a", None), ("b", "DATE TEXT")], [])).worksheets
    assert [[cell.value for cell in row] for row in sheet.rows] == [["a", "b"]]


@pytest.mark.parametrize(
    ("title", "taken", "name"),
    [
        (None, [], "Result"),
        ("", ["result"], "Result 2"),
        ("[]:*?/\\", [], "Result"),
        ("'quoted'", [], "quoted"),
        ("history", [], "history 2"),
        ("x" * 40, [], "x" * 31),
        ("x" * 40, ["X" * 31], "x" * 29 + " 2"),
        ("x" * 30 + "'s", [], "x" * 30),
        ("😀" * 20, [], "😀" * 15),
        ("a\tb\n\x00c", [], "a b c"),
    ],
)
def test_names_of_sheets(title: str | None, taken: list[str], name: str) -> None:
    assert xlsx.sheet_name(title, taken) == name


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40) | st.none(), max_size=4))
def test_any_title_makes_a_name_that_the_writer_takes(titles: list[str | None]) -> None:
    stream = io.BytesIO()
    with xlsx.document(stream, Style()) as add:
        for title in titles:
            add([("a", None)], iter([]), title)
    assert len(set(load_workbook(stream).sheetnames)) == max(len(titles), 1)


# Limits and failures.


def test_a_text_that_no_cell_holds_is_an_error() -> None:
    assert cells([("t", "TEXT")], ("é" * 32_767,))[0][0].value == "é" * 32_767
    with pytest.raises(DataError, match="value of t in row 2 is longer than the 32767") as caught:
        cells([("t", "TEXT")], ("a",), ("😀" * 16_384,))
    assert "substr(t, 1, 1000)" in (caught.value.hint or "")


def test_more_rows_or_columns_than_a_sheet_holds_are_an_error() -> None:
    with pytest.raises(DataError, match="has 16385 columns, and a sheet holds 16384"):
        cells([("a", None)] * 16_385)
    rows = [(1,), (2,), (3,)]
    assert len(made(([("a", None)], rows), most_rows=4)["Result"]["A"]) == 4
    with pytest.raises(DataError, match="more than the 3 rows"):
        made(([("a", None)], [*rows, (4,)]), most_rows=4)


def test_a_result_that_fails_does_not_look_complete() -> None:
    def broken() -> Any:
        yield (1,)
        raise DataError("no more")

    stream = io.BytesIO()
    with xlsx.document(stream, Style()) as add:
        add([("a", None)], iter([(1,)]), "one")
        with pytest.raises(DataError, match="no more"):
            add([("a", None)], broken(), "two")
    assert load_workbook(stream).sheetnames == ["one", "incomplete two"]
    unwritten = io.BytesIO()
    with pytest.raises(DataError, match="no more"):
        xlsx.write([("a", None)], broken(), unwritten, Style())
    assert unwritten.getvalue() == b""
