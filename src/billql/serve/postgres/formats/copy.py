"""The rows of COPY … TO STDOUT, in its three formats.

https://www.postgresql.org/docs/15/sql-copy.html
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from billql.serve.postgres.formats.binary_output import column_sender
from billql.serve.postgres.formats.text_output import Surroundings, column_writer
from billql.serve.postgres.wire import data_rows

_ESCAPES = {
    "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"
}  # fmt: skip
HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
TRAILER = struct.pack("!h", -1)


@dataclass(frozen=True)
class CopyOptions:
    """How the rows are to be written."""

    format: str = "text"
    delimiter: str = "\t"
    null: str = "\\N"
    header: bool = False
    quote: str = '"'
    escape: str = '"'
    force_quote: frozenset[str] | None = frozenset()
    """The columns that are always in quotes; None is all."""


class CopyWriter:
    """Writes rows; `head` and `tail` stand before the first and after the last one."""

    def __init__(
        self,
        columns: Sequence[tuple[str, str]],
        options: CopyOptions,
        around: Surroundings,
    ) -> None:
        self._options = options
        self.head = b""
        self.tail = b""
        if options.format == "binary":
            self.head, self.tail = HEADER, TRAILER
            self._send = [column_sender(kind, around) for _, kind in columns]
            return
        self._write = [column_writer(kind, around) for _, kind in columns]
        forced = options.force_quote
        self._forced = [forced is None or name in forced for name, _ in columns]
        self._single = len(columns) == 1
        if options.header:
            names = [(name,) for name, _ in columns]
            (self.head,) = self._joined(
                [self._quoted(name, forced=False) for name in names]
                if options.format == "csv"
                else [self._escaped(name) for name in names]
            )

    def lines(self, rows: Sequence[Sequence[Any]]) -> Iterator[bytes]:
        """Yield what is written of each of some rows."""
        columns = zip(*rows, strict=True)
        if self._options.format == "binary":
            found = zip(self._send, columns, strict=True)
            return data_rows([send(values) for send, values in found])
        texts = [write(values) for write, values in zip(self._write, columns, strict=True)]
        if self._options.format == "csv":
            fields = zip(texts, self._forced, strict=True)
            return self._joined([self._quoted(each, forced=forced) for each, forced in fields])
        return self._joined([self._escaped(each) for each in texts])

    def _joined(self, columns: Sequence[Sequence[str]]) -> Iterator[bytes]:
        """Yield the lines of some rows from the fields of each column."""
        for fields in zip(*columns, strict=True):
            yield f"{self._options.delimiter.join(fields)}\n".encode()

    def _escaped(self, texts: Sequence[str | None]) -> Sequence[str]:
        """Return the fields of a column in the format `text`."""
        mark, null = self._options.delimiter, self._options.null
        escapes = _ESCAPES if mark in _ESCAPES else {**_ESCAPES, mark: f"\\{mark}"}
        if _have_none(escapes, texts):
            return [null if text is None else text for text in texts]
        table = str.maketrans(escapes)
        return [null if text is None else text.translate(table) for text in texts]

    def _quoted(self, texts: Sequence[str | None], *, forced: bool) -> Sequence[str]:
        """Return the fields of a column in the format `csv`."""
        null, quote = self._options.null, self._options.quote
        marks = (self._options.delimiter, quote, "\n", "\r")
        is_plain = not forced and not self._single and null not in texts
        if is_plain and _have_none(marks, texts):
            return [null if text is None else text for text in texts]
        return [
            null
            if text is None
            else self._in_quotes(text)
            if forced
            or text == null
            or any(mark in text for mark in marks)
            or (self._single and text == "\\.")
            else text
            for text in texts
        ]

    def _in_quotes(self, text: str) -> str:
        quote, escape = self._options.quote, self._options.escape
        if escape != quote:
            text = text.replace(escape, escape * 2)
        return f"{quote}{text.replace(quote, escape + quote)}{quote}"


def _have_none(marks: Collection[str], texts: Sequence[str | None]) -> bool:
    """Return whether no text has one of some marks."""
    joined = "".join(filter(None, texts))
    return not any(mark in joined for mark in marks)
