"""Output: one writer for each format.

A format is a module in this package, named as the format, and a word in `FORMATS`. What it writes
goes to a stream of text or of bytes, row after row wherever the format allows it.

table, line                    for people
markdown, html                 for documents
json, jsonl, csv               for programs
parquet, arrow                 for programs that want types; `columnar` makes columns of rows
cells, page                    what several formats have in common
file, stdout, stderr           where results go: a file, whole or not at all, or stdout
screen, pager                  how large a terminal is, and what shows long results on it
progress, problems             what else people see: how far a statement has come, what went wrong
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from billql.errors import InterfaceError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    class Stream(Protocol):
        """Where text goes."""

        def write(self, text: str, /) -> object:
            """Write a piece of it."""

    class ByteStream(Protocol):
        """Where bytes go."""

        def write(self, data: bytes, /) -> object:
            """Write a piece of them."""

    class Format(Protocol):
        """What a module of this package offers."""

        binary: bool
        """Whether it writes bytes, and not text."""
        between: str | None
        """What separates two results; None where each has to stand alone."""

        @staticmethod
        def write(columns: Columns, rows: Rows, stream: Any, style: Style) -> None:
            """Write one result; `stream` is a Stream, or a ByteStream for a binary format."""

    Columns = Sequence[Sequence[Any]]
    """PEP 249's description: of each column, the name and the declared type come first."""
    Rows = Iterator[Sequence[Any]]

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
}
"""The formats, and the endings that the names of their files have."""


class Style(NamedTuple):
    """What is known of the place where people read the output."""

    width: int | None = None
    """How many cells a line has, where there is an end to it."""
    color: bool = False
    vertical: bool | None = False
    """Whether a table has a line for each value; None: where its columns do not fit the width."""


def find(name: str) -> Format:
    """Give a format by its name; raises InterfaceError if something that it needs is missing."""
    from importlib import import_module

    if name not in FORMATS:
        raise ValueError(f"no such format: {name}")
    try:
        found: Any = import_module(f"billql.output.{name}")
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise InterfaceError(
            f"The format {name} needs {package}, which is not installed",
            hint="Install it with: pip install 'billql[arrow]'",
        ) from error
    return found  # type: ignore[no-any-return]


class Results:
    """Results that follow each other, in one format."""

    def __init__(self, name: str, style: Style) -> None:
        self._name = name
        self._format = find(name)
        self._style = style
        self.count = 0
        """How many there have been."""

    def write(self, columns: Columns, rows: Rows, stream: Stream | ByteStream) -> None:
        """Write one more; raises NotSupportedError where one has to stand alone."""
        between = self._format.between
        if self.count and between is None:
            raise NotSupportedError(
                f"The format {self._name} takes one result, and there are more",
                hint="Write each in a run of its own, or take another format.",
            )
        if self.count and between:
            stream.write(between)  # type: ignore[arg-type]  # only formats of text have any
        self._format.write(columns, rows, stream, self._style)
        self.count += 1
