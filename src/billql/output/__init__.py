"""Output: one writer for each format.

A format is a module of this package with the name of the format, and a key of `FORMATS`. It writes
to a stream of text or of bytes, row by row where the format allows it. Where several results make
one document, it has a function `document` too: see `results`.

table, line                    for people
markdown, html                 for documents
json, jsonl, csv               for programs
parquet, arrow                 for programs that want types; `columnar` converts rows to columns
xlsx                           for spreadsheets
raw                            for files that are values, such as PDFs
text_cells, amounts, page, batches
                               shared by several formats
file, stdout, stderr           destinations: a file, replaced only on success, and the streams
screen, pager                  the size of the terminal, and the pager for long results
progress, error_report         the progress of a statement, and error messages
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from billql.errors import InterfaceError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol

    from billql.sql.amounts import Amount

    class Stream(Protocol):
        """A destination of text."""

        def write(self, text: str, /) -> object:
            """Write text."""

    class ByteStream(Protocol):
        """A destination of bytes."""

        def write(self, data: bytes, /) -> object:
            """Write bytes."""

    class FormatModule(Protocol):
        """The interface of a format's module."""

        binary: bool
        """Whether it writes bytes instead of text."""
        typed: bool
        """Whether amounts shall be `decimal.Decimal`."""
        separator: str | None
        """The text between two results; None if a file can hold only one."""

        @staticmethod
        def write(columns: Columns, rows: Rows, stream: Any, style: Style) -> None:
            """Write one result; `stream` is a Stream, or a ByteStream for a binary format."""

    Columns = Sequence[Sequence[Any]]
    """The description of PEP 249: each column starts with its name and declared type; or
    `MoneyColumns`, which know more."""
    Rows = Iterator[Sequence[Any]]
    AddResult = Callable[[Columns, Rows, str | None], None]
    """Writes one more result from its columns, its rows, and its title if it has one."""

FORMATS = {
    "table": (".txt",),
    "line": (),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "csv": (".csv",),
    "markdown": (".md",),
    "html": (".html", ".htm"),
    "parquet": (".parquet",),
    "arrow": (".arrow",),
    "xlsx": (".xlsx",),
    "raw": (".pdf",),
}
"""The formats, and their file extensions."""


_PLAN = ["id", "parent", "notused", "detail"]
"""The columns of EXPLAIN QUERY PLAN: https://sqlite.org/eqp.html."""


class CsvStyle(NamedTuple):
    """How CSV is written."""

    separator: str = ","
    """The character between two fields."""
    header: bool = True
    """Whether the first line has the names of the columns."""
    bom: bool = False
    """Whether a file begins with a byte order mark, by which Excel knows UTF-8."""
    safe: bool = False
    """Whether texts that a spreadsheet would run as formulas are marked as texts."""


def parse_separator(text: str) -> str:
    """Return the separator that a person has written; raise InterfaceError if it is none."""
    found = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(found) != 1 or found == '"' or not (found.isprintable() or found == "\t"):
        raise InterfaceError(
            f"{text!r} is no separator of fields",
            hint="Use one character, such as ';', or tab.",
        )
    return found


class MoneyColumns(tuple[Any, ...]):
    """A description of columns that knows which of them are amounts of money.

    `amounts` returns for each column what makes it an amount, and None for any other column.
    Finding out takes time, so only formats for people call it.
    """

    amounts: Callable[[], Sequence[Amount | None]]

    def __new__(
        cls, columns: Columns, amounts: Callable[[], Sequence[Amount | None]]
    ) -> MoneyColumns:
        """Return the columns with what finds out."""
        made = super().__new__(cls, columns)
        made.amounts = amounts
        return made


def yes() -> bool:
    """Return that separators of thousands are wanted."""
    return True


class Style(NamedTuple):
    """The properties of the terminal, or whatever shows the output; and how CSV is written."""

    width: int | None = None
    """The number of cells of a line; None if lines have no limit."""
    color: bool = False
    vertical: bool | None = False
    """Whether a table has a line for each value; None: if its columns do not fit the width."""
    csv: CsvStyle = CsvStyle()
    thousands: Callable[[], bool] = yes
    """Returns whether amounts have separators of thousands; called where people read them."""


def find(name: str) -> FormatModule:
    """Return the format with a name; raise InterfaceError if a package that it needs is missing."""
    from importlib import import_module

    if name not in FORMATS:
        raise ValueError(f"no such format: {name}")
    try:
        found: Any = import_module(f"billql.output.{name}")
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        extra = "xlsx" if package == "xlsxwriter" else "arrow"
        raise InterfaceError(
            f"The format {name} needs {package}, which is not installed",
            hint=f"Install it with: pip install 'billql[{extra}]'",
        ) from error
    return found  # type: ignore[no-any-return]


def makes_document(name: str, *, several: bool) -> bool:
    """Return whether a format holds a result, or `several`, in one document.

    It is written at its end; any other result is written as its rows arrive.
    """
    found = find(name)
    return hasattr(found, "document") and (several or found.separator is None)


@contextmanager
def results(
    name: str, stream: Stream | ByteStream, style: Style, *, several: bool
) -> Iterator[AddResult]:
    """Write a result to `stream`, or `several`; what is yielded adds one.

    A document is written when the block succeeds. The errors are those of the format.
    """
    if makes_document(name, several=several):
        found: Any = find(name)
        with found.document(stream, style) as add:
            yield add
    else:
        writer = ResultWriter(name, style)
        yield lambda columns, rows, title: writer.write(columns, rows, stream)


class ResultWriter:
    """Writes results one after the other, in one format."""

    def __init__(self, name: str, style: Style) -> None:
        self._name = name
        self._format = find(name)
        self._style = style
        self.count = 0
        """The number of results so far."""

    def write(self, columns: Columns, rows: Rows, stream: Stream | ByteStream) -> None:
        """Write one more; raise NotSupportedError if the format holds only one."""
        separator = self._format.separator
        if self.count and separator is None:
            raise NotSupportedError(
                f"The format {self._name} holds one result, but several statements return rows",
                hint="Write each with its own command, or use another format.",
            )
        if self.count and separator:
            stream.write(separator)  # type: ignore[arg-type]  # only text formats have a separator
        if not self.count and self._name == "csv" and self._style.csv.bom:
            stream.write("\ufeff")  # type: ignore[arg-type]  # CSV is text
        style = self._style
        if [column[0] for column in columns] == _PLAN:
            style = style._replace(width=None)  # a plan that is cut explains nothing
        self._format.write(columns, rows, stream, style)
        self.count += 1
