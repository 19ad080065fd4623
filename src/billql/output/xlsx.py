"""An Excel workbook (.xlsx) with a sheet for each result, by XlsxWriter.

    declared as, or every text reads as    cell
    an amount of money                     a number in the format of its currency
    DATE, MONTH, TIMESTAMP                 a date, shown as a day, a month or an instant in UTC
    BOOLEAN                                TRUE or FALSE
    anything else                          a number or a text; a blob is written as in SQL, X'…'

Excel's numbers have 15 digits and its dates begin in 1900: what does not fit is a text, as are
infinite numbers. No text is a formula or a link. NULL is an empty cell.

https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
"""

from __future__ import annotations

import datetime
import math
import re
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from billql.errors import DataError, OutputError
from billql.output.amounts import amounts_of, currency_of, shown_digits
from billql.output.moments import MomentKind, kind_of, moment
from billql.output.text_cells import HEAD, numeric, rounded, text, width
from billql.sql.tokenizer import type_name
from billql.util.currencies import digits_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from billql.output import AddResult, ByteStream, Columns, Rows, Style
    from billql.sql.amounts import Amount

binary = True
typed = False
separator = None

MOST_ROWS, _MOST_COLUMNS, _LONGEST_TEXT = 1_048_576, 16_384, 32_767
"""How much a sheet holds: rows with its header, columns, characters of a cell in UTF-16."""
_LONGEST_NAME = 31
_NO_NAME = re.compile(r"[\[\]:*?/\\\0-\x1f]")
_WIDEST = 60
"""The largest width of a column, in characters."""
_SCALE = 0.375
"""The scale of pictures, for half of their pixels: they have 72 dots an inch, and Excel 96."""
_ROW = 20
"""The height of a row in pixels."""
_DIGITS = 15
"""How many digits of a number Excel keeps."""
_MOST_DECIMALS = 30
"""How many digits after the point a format of Excel can show."""
_FIRST = datetime.datetime(1900, 3, 1, tzinfo=datetime.UTC)
"""Before it programs disagree: https://learn.microsoft.com/en-us/office/troubleshoot/excel/wrongly-assumes-1900-is-leap-year."""

CellKind = MomentKind | Literal["boolean", ""]
"""How the values of a column that are no amounts become cells."""

_DECLARED: Mapping[str, CellKind] = {
    "DATE": "date",
    "MONTH": "month",
    "TIMESTAMP": "timestamp",
    "BOOLEAN": "boolean",
}
_MOMENTS: Mapping[CellKind, str] = {
    "date": "yyyy\\-mm\\-dd",
    "month": "yyyy\\-mm",
    "timestamp": "yyyy\\-mm\\-dd\\Thh:mm:ss\\Z",
}
"""The format of each kind of time."""


@contextmanager
def document(file: ByteStream, style: Style, *, most_rows: int = MOST_ROWS) -> Iterator[AddResult]:
    """Make a workbook of results; the function that it yields adds a sheet; see `workbook`."""
    with workbook(file, style, most_rows=most_rows) as book:
        yield book.add


@contextmanager
def workbook(file: ByteStream, style: Style, *, most_rows: int = MOST_ROWS) -> Iterator[Book]:
    """Make a workbook, which is written to `file` when the block succeeds.

    `Book.add` raises DataError for a result that no sheet can hold; where the block goes on then,
    the sheet is named as incomplete. Raise OutputError if there is no room for temporary files.
    """
    with TemporaryDirectory(prefix="billql-", ignore_cleanup_errors=True) as folder:
        path = Path(folder, "result.xlsx")
        book = Book(path, folder, most_rows, thousands=style.thousands())
        try:
            yield book
            book.close()
        finally:
            book.drop()
        with path.open("rb") as made:
            copyfileobj(made, file)


def write(columns: Columns, rows: Rows, stream: ByteStream, style: Style) -> None:
    """Write a result as a workbook with one sheet; raise as `document` does."""
    with document(stream, style) as add:
        add(columns, rows, None)


def sheet_name(title: str | None, taken: Collection[str]) -> str:
    """Return a name for a sheet that Excel accepts and that is not among those `taken`.

    It has at most 31 characters in UTF-16, none of []:*?/\\, and no apostrophe at its ends; names
    that differ in case alone are the same, and History is reserved.
    """
    base = " ".join(_NO_NAME.sub(" ", title or "").split()).strip("' ") or "Result"
    lower = {name.lower() for name in taken} | {"history"}
    name, number = _truncated(base, _LONGEST_NAME), 1
    while name.lower() in lower:
        number += 1
        end = f" {number}"
        name = f"{_truncated(base, _LONGEST_NAME - len(end))}{end}"
    return name


def _truncated(name: str, room: int) -> str:
    while _utf16(name) > room:
        name = name[:-1]
    return name.rstrip("' ")


def _utf16(value: str) -> int:
    return len(value.encode("utf-16-le")) // 2


class Book:
    """A workbook in a file; each sheet is written as its rows arrive."""

    def __init__(self, path: Path, folder: str, most_rows: int, *, thousands: bool) -> None:
        self.most_rows, self.thousands = most_rows, thousands
        # Strings go to write_string only, so none becomes a formula, number or link.
        self._book = Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._beside: tuple[Any, int, int] = (None, 0, 0)
        """The last sheet, and the column and the row for a picture beside its table."""

    def add(self, columns: Columns, rows: Rows, title: str | None = None) -> None:
        """Add a sheet."""
        names = [sheet.get_name() for sheet in self._book.worksheets()]
        try:
            sheet = self._book.add_worksheet(sheet_name(title, names))
            try:
                _Sheet(self, sheet, columns).write(rows)
                self._beside = sheet, len(columns) + 1, 1
            except BaseException:
                sheet.name = sheet_name(f"incomplete {sheet.name}", names)
                raise
        except OSError as error:
            raise _no_room(error) from error

    def draw(self, picture: bytes) -> None:
        """Put a picture, a PNG, beside the table of the last sheet, below others."""
        sheet, column, row = self._beside
        sheet.insert_image(
            row,
            column,
            "chart.png",
            {"image_data": BytesIO(picture), "x_scale": _SCALE, "y_scale": _SCALE},
        )
        height = int.from_bytes(picture[20:24])  # https://www.w3.org/TR/png-3/#11IHDR
        self._beside = sheet, column, row + math.ceil(height / 2 / _ROW) + 2

    def format(self, **properties: Any) -> Any:
        """Return the format of a cell: https://xlsxwriter.readthedocs.io/format.html."""
        key = tuple(properties.items())
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]

    def close(self) -> None:
        """Write the file; a workbook without results has an empty sheet."""
        try:
            self._book.close()
        except (OSError, FileCreateError) as error:
            raise _no_room(error) from error

    def drop(self) -> None:
        """Close the temporary files, which a workbook that was not written still has open."""
        for sheet in self._book.worksheets():
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()


def _no_room(error: Exception) -> OutputError:
    return OutputError(
        f"The workbook cannot be written to a temporary file: {error}",
        hint="Make room in the folder for temporary files, or choose another with TMPDIR.",
    )


class _Sheet:
    """A sheet: a header that stays in view, and a row for each row of the result."""

    def __init__(self, book: Book, sheet: Any, columns: Columns) -> None:
        if len(columns) > _MOST_COLUMNS:
            raise DataError(
                f"The result has {len(columns)} columns, and a sheet holds {_MOST_COLUMNS}",
                hint="Select fewer columns, or write CSV.",
            )
        self._book, self._sheet, self._columns = book, sheet, columns
        self._names = [str(column[0]) for column in columns]
        self._amounts = amounts_of(columns)
        self._kinds: list[CellKind] = []

    def write(self, rows: Rows) -> None:
        """Write the rows; raise DataError if they are too many, or a text is too long."""
        head = list(islice(rows, HEAD))
        values = list(zip(*head, strict=True)) if head else [()] * len(self._columns)
        self._kinds = [
            _kind(column[1], found) for column, found in zip(self._columns, values, strict=True)
        ]
        for place, right in enumerate(numeric(head, len(self._columns))):
            style = self._book.format(bold=True, bottom=1, align="right" if right else "left")
            self._put_text(0, place, self._names[place], style)
        widths = [width(name) + len(" ▼") for name in self._names]
        number = 0
        for number, row in enumerate(chain(head, rows), 1):
            if number >= self._book.most_rows:
                raise DataError(
                    f"The result has more than the {number - 1} rows that a sheet holds",
                    hint="Select fewer rows, or write CSV or Parquet.",
                )
            for place, value in enumerate(row):
                if value is not None:
                    code = self._put(number, place, value, row)
                    if number <= HEAD and widths[place] < _WIDEST:
                        widths[place] = max(widths[place], _width(value, code))
        self._sheet.freeze_panes(1, 0)
        self._sheet.repeat_rows(0)  # on each printed page
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.autofilter(0, 0, number, len(self._columns) - 1)
        for place, size in enumerate(widths):
            self._sheet.set_column(place, place, min(size + 1, _WIDEST))

    def _put(self, row: int, place: int, value: Any, values: Sequence[Any]) -> str | None:
        """Write a value that is not NULL, of a row with some values.

        Return the number format of an amount that is a number, None for anything else.
        """
        kind = self._kinds[place]
        if isinstance(value, str):
            begin = moment(kind, value) if kind else None
            if begin is None or begin < _FIRST:
                self._put_text(row, place, value)
            else:
                style = self._book.format(num_format=_MOMENTS[kind], align="left")
                self._sheet.write_datetime(row, place, begin.replace(tzinfo=None), style)
        elif kind == "boolean" and value in (0, 1):
            self._sheet.write_boolean(row, place, bool(value))
        elif isinstance(value, int | float | Decimal) and fits(value):
            number = rounded(value) if isinstance(value, float) else value
            code, style = None, None
            if (amount := self._amounts[place]) is not None:
                code = amount_format(value, amount, values, thousands=self._book.thousands)
                style = self._book.format(num_format=code)
            self._sheet.write_number(row, place, number, style)
            return code
        else:
            self._put_text(row, place, text(value))
        return None

    def _put_text(self, row: int, place: int, value: str, style: Any = None) -> None:
        if len(value) > _LONGEST_TEXT // 2 and _utf16(value) > _LONGEST_TEXT:
            name = self._names[place]
            raise DataError(
                f"The value of {name} in row {row} is longer than the {_LONGEST_TEXT} characters "
                "of a cell",
                hint=f"Select a part of it, as in substr({name}, 1, 1000), or write CSV or JSON.",
            )
        self._sheet.write_string(row, place, value, style)


def _width(value: Any, code: str | None) -> int:
    """Return the width of a value in characters; `code` is the number format of an amount."""
    if code is not None:
        digits = len(code.partition(";")[0].partition(".")[2])
        return len(f"{value:,.{digits}f}") + (len("USD ") if "$" in code else 0)
    shown = text(value)[: _WIDEST * 4]
    return max(map(width, shown.splitlines()), default=0)


def fits(value: int | float | Decimal) -> bool:
    """Return whether Excel keeps a number, with all its digits."""
    if isinstance(value, float):
        return math.isfinite(value)  # a REAL has 15 digits
    if isinstance(value, int) and abs(value) < 10**_DIGITS:
        return True
    digits = "".join(map(str, Decimal(value).as_tuple().digits))
    return len(digits.strip("0")) <= _DIGITS


def _kind(declared: str | None, values: Sequence[Any]) -> CellKind:
    """Return the kind of a column from its declared type, or from what all its texts read as."""
    base_type = type_name(declared)
    if base_type in _DECLARED:
        return _DECLARED[base_type]
    return (kind_of(values) if base_type in ("", "TEXT") else None) or ""


def amount_format(
    value: int | float | Decimal,
    amount: Amount,
    values: Sequence[Any],
    *,
    thousands: bool = True,
) -> str:
    """Return the number format of an amount in a row with some values: see `shown_digits`.

    An amount in minor units has no currency, of which it would look like major units.
    """
    code = currency_of(amount, values)
    digits = shown_digits(value, code, is_minor=amount.is_minor, is_rounded=amount.is_rounded)
    if digits > _MOST_DECIMALS:
        return "General"
    number = f"{'#,##0' if thousands else '0'}{'.' if digits else ''}{'0' * digits}"
    if code is not None and digits_of(code) is not None and not amount.is_minor:
        number = f"[${code.upper()}] {number}"
    return f"{number};[Red]-{number}"
