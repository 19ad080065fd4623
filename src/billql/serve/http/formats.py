"""The media types of responses, and how one shows that it is complete.

    json     {"columns": […], "rows": [{…}, …], "end": {…}}
    ndjson   a row on each line, and a last line {"end": {…}}
    csv      a line of names, a row on each line
    arrow    Arrow's IPC stream, which has a mark for its end

What breaks off midway has no `end`, and no mark; in any format the connection is aborted then, so
that every client of HTTP/1.1 reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from billql.output import CsvStyle, Style, csv
from billql.output.json import objects, unique

if TYPE_CHECKING:
    from billql.output import Columns, Rows

End = Callable[[], dict[str, Any]]
"""Returns what a statement has cost, once its rows are sent."""


class Body(Protocol):
    """Where a response goes."""

    def write(self, data: str | bytes, /) -> object:
        """Send a part of it."""


class Format(NamedTuple):
    """One of the formats."""

    media_type: str
    rows: str
    """The format of `billql.output` whose rows it has."""
    write: Callable[[Columns, Rows, Body, CsvStyle, End], None]
    shows_errors: bool = False
    """Whether a line with an error may stand where the end should be."""


def error_line(error: dict[str, Any]) -> str:
    """Return the last line of a response of lines that has failed."""
    return orjson.dumps({"error": error}).decode() + "\n"


def _write_json(columns: Columns, rows: Rows, body: Body, style: CsvStyle, end: End) -> None:
    body.write(f'{{"columns": {_dumped(_described(columns))},\n"rows": [')
    before = "\n"
    for text in objects(columns, rows, b",\n"):
        body.write(before + text)
        before = ",\n"
    body.write(f'],\n"end": {_dumped(end())}}}\n')


def _write_ndjson(columns: Columns, rows: Rows, body: Body, style: CsvStyle, end: End) -> None:
    for text in objects(columns, rows, b"\n"):
        body.write(text + "\n")
    body.write(_dumped({"end": end()}) + "\n")


def _write_csv(columns: Columns, rows: Rows, body: Body, style: CsvStyle, end: End) -> None:
    csv.write(columns, rows, body, Style(csv=style))


def _write_arrow(columns: Columns, rows: Rows, body: Body, style: CsvStyle, end: End) -> None:
    from pyarrow.ipc import new_stream

    from billql.output import columnar

    columnar.write(columns, rows, body, new_stream)


FORMATS = {
    "json": Format("application/json", "json", _write_json),
    "ndjson": Format("application/x-ndjson", "jsonl", _write_ndjson, shows_errors=True),
    "csv": Format("text/csv; charset=utf-8", "csv", _write_csv),
    "arrow": Format("application/vnd.apache.arrow.stream", "arrow", _write_arrow),
}
"""The formats by the names that requests use."""


def counted(rows: Rows, count: list[int]) -> Iterator[Sequence[Any]]:
    """Yield rows, and count them in the one number of `count`."""
    for row in rows:
        count[0] += 1
        yield row


def _described(columns: Columns) -> list[dict[str, Any]]:
    names = unique([column[0] for column in columns])
    return [{"name": name, "type": column[1]} for name, column in zip(names, columns, strict=True)]


def _dumped(value: Any) -> str:
    return orjson.dumps(value).decode()
