"""The rows of COPY … TO STDOUT, in its three formats.

https://www.postgresql.org/docs/15/sql-copy.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from billql.serve.postgres.formats.binary_output import sender
from billql.serve.postgres.formats.text_output import Surroundings, writer

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)
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
            self._send = [sender(kind, around) for _, kind in columns]
            self.row: Callable[[Sequence[Any]], bytes] = self._binary
            return
        self._write = [writer(kind, around) for _, kind in columns]
        forced = options.force_quote
        self._forced = [forced is None or name in forced for name, _ in columns]
        self._single = len(columns) == 1
        self.row = self._csv if options.format == "csv" else self._text
        if options.header:
            names = [name for name, _ in columns]
            texts = (
                [self._quoted(name, forced=False) for name in names]
                if options.format == "csv"
                else [self._escaped(name) for name in names]
            )
            self.head = f"{options.delimiter.join(texts)}\n".encode()

    def _binary(self, row: Sequence[Any]) -> bytes:
        parts = [struct.pack("!h", len(row))]
        for value, send in zip(row, self._send, strict=True):
            if value is None:
                parts.append(b"\xff\xff\xff\xff")
            else:
                sent = send(value)
                parts += (struct.pack("!i", len(sent)), sent)
        return b"".join(parts)

    def _text(self, row: Sequence[Any]) -> bytes:
        texts = [
            self._options.null if value is None else self._escaped(write(value))
            for value, write in zip(row, self._write, strict=True)
        ]
        return f"{self._options.delimiter.join(texts)}\n".encode()

    def _escaped(self, text: str) -> str:
        escaped = text.translate(_ESCAPES)
        mark = self._options.delimiter
        return escaped if mark == "\t" else escaped.replace(mark, f"\\{mark}")

    def _csv(self, row: Sequence[Any]) -> bytes:
        texts = [
            self._options.null if value is None else self._quoted(write(value), forced=forced)
            for value, write, forced in zip(row, self._write, self._forced, strict=True)
        ]
        return f"{self._options.delimiter.join(texts)}\n".encode()

    def _quoted(self, text: str, *, forced: bool) -> str:
        quote, escape = self._options.quote, self._options.escape
        needed = (
            forced
            or text == self._options.null
            or any(mark in text for mark in (self._options.delimiter, quote, "\n", "\r"))
            or (self._single and text == "\\.")
        )
        if not needed:
            return text
        if escape != quote:
            text = text.replace(escape, escape * 2)
        return f"{quote}{text.replace(quote, escape + quote)}{quote}"
