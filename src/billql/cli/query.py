"""`billql query`: runs statements and prints their results."""

from __future__ import annotations

import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from billql.cli import script, terminal
from billql.cli.guard import run_guarded, warn
from billql.cli.options import add_from_history, add_session, open_session, thousands
from billql.cli.parameters import bind
from billql.cli.parser import EXIT_TEXT
from billql.errors import Exit, InterfaceError
from billql.output import (
    FORMATS,
    CsvStyle,
    MoneyColumns,
    ResultWriter,
    Style,
    find,
    left_out,
    makes_document,
    parse_separator,
    results,
    screen,
    stderr,
)
from billql.output.progress import Progress
from billql.sql.title import title_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from billql.fetching.scan_stats import ScanStats
    from billql.output import AddResult, Columns, Rows
    from billql.sql.statements import ParsedStatement, Row

_ENDINGS = " ".join(ending for endings in FORMATS.values() for ending in endings)

_EPILOG = f"""\
examples:
  billql query "SELECT * FROM digitalocean.billing.balances"
  billql query --param since=2025-01 -f report.sql --output report.csv
  billql query --sandbox "SELECT * FROM digitalocean.billing.invoices" | head
  echo "SELECT 5 AS five" | billql query
  billql query --output bill.pdf "SELECT bytes FROM digitalocean.billing.invoice_pdf
      WHERE invoice_uuid = '…'"

The extension of the output file selects its format:
{_ENDINGS}.
The file is replaced only if all statements succeed. An .xlsx file has a sheet for each statement
that returns rows, named after the comment before it or its first table; a .json file has an array
of the results if there are several; a .pdf file is the value of one column of one row.

On stdout, a result is buffered until it is complete or about 256 KiB long. A statement that fails
before that prints nothing; one that fails later leaves a JSON array without its end. Several
results in JSON are printed when all are complete. The exit code shows every failure.

{EXIT_TEXT}"""


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    add = command.add_argument
    script.add_script(command)
    add(
        "--format", choices=FORMATS, help="the format (default: table on a terminal, csv in a pipe)"
    )
    add("--output", metavar="FILE", help="write to a file, replaced only on success; - is stdout")
    add(
        "--separator", metavar="CHAR", help="CSV: the character between fields, or tab (default: ,)"
    )
    add("--no-header", action="store_true", help="CSV: without the names of the columns")
    add("--bom", action="store_true", help="CSV: begin with a byte order mark, for Excel")
    add("--safe", action="store_true", help="CSV: mark texts that a spreadsheet runs as formulas")
    add(
        "--stats",
        action="store_true",
        help="print a JSON object with rows, seconds and requests as the last line of stderr",
    )
    add_session(command)
    add_from_history(command)


class _QueryStats:
    """The rows, the time and the scans of the statements of a command."""

    def __init__(self) -> None:
        self.rows = 0
        self.scans: list[ScanStats] = []
        self._start = time.perf_counter()

    def count_rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows, and count them."""
        for row in rows:
            self.rows += 1
            yield row

    def print(self) -> None:
        """Print the statistics on stderr, as a line of JSON."""
        import json

        stats = {
            "rows": self.rows,
            "seconds": round(time.perf_counter() - self._start, 3),
            "scans": [scan.as_dict() for scan in self.scans],
        }
        stderr.write(f"{json.dumps(stats)}\n")


def run(options: Namespace) -> int:
    """Run the command."""
    stats = _QueryStats()
    code = run_guarded(lambda: _run(options, stats), debug=options.debug)
    if options.stats:
        stats.print()
    return code


def _run(options: Namespace, stats: _QueryStats) -> int:
    statements = script.read(options)
    name = _format(options)
    progress = Progress(sys.stderr, off=options.verbose)
    style = Style(csv=_csv_style(options, name), thousands=lambda: thousands(options))
    several = len(statements) > 1
    destination = _destination(options.output, name, style, progress, several=several)
    with destination as add_result, closing(open_session(options)) as connection:
        connection.decimals = find(name).typed

        def execute(statement: ParsedStatement) -> None:
            cursor = connection.cursor()

            def read() -> Sequence[ScanStats]:
                return cursor.scans

            try:
                with progress.of(read):
                    cursor.execute(statement, bind(options.parameters, statement, connection))
                    if cursor.description is not None:
                        rows = stats.count_rows(cursor.rows_for(name))
                        columns = MoneyColumns(cursor.description, cursor.amounts)
                        if options.skip_failing_connections:
                            columns, rows = left_out.with_column(columns, rows, read)
                        add_result(columns, rows, title_of(statement))
            finally:
                stats.scans += cursor.scans
                for text in left_out.warnings(cursor.scans):
                    warn(text)

        for statement in statements:
            execute(statement)
    return Exit.PARTIAL if left_out.names(stats.scans) else Exit.OK


def _format(options: Namespace) -> str:
    """Return the name of the format: of --format, of the output file, or the default of stdout."""
    if options.format is not None:
        return str(options.format)
    if options.output not in (None, *terminal.STDOUT):
        from billql.output.file import format_of

        return format_of(options.output)
    return "table" if sys.stdout.isatty() else "csv"


def _csv_style(options: Namespace, name: str) -> CsvStyle:
    """Return how CSV is written; raise InterfaceError for options of CSV with another format."""
    found = CsvStyle(
        "," if options.separator is None else parse_separator(options.separator),
        header=not options.no_header,
        bom=options.bom,
        safe=options.safe,
    )
    if found != CsvStyle() and name != "csv":
        raise InterfaceError(
            f"--separator, --no-header, --bom and --safe are for CSV, and the format is {name}",
            hint="Add --format csv, or omit them.",
        )
    return found


def _destination(
    path: str | None, name: str, style: Style, progress: Progress, *, several: bool
) -> AbstractContextManager[AddResult]:
    """Return what writes the results; on a terminal the progress is erased first."""
    if path in (None, *terminal.STDOUT):
        clear = progress.end if sys.stdout.isatty() else lambda: None
        return _stdout_results(name, style, clear, several=several)
    from billql.output import file

    return file.open_results(path, name, style, several=several)


@contextmanager
def _stdout_results(
    name: str, style: Style, clear: Callable[[], None], *, several: bool
) -> Iterator[AddResult]:
    """Write results to stdout; raise InterfaceError for bytes on a terminal."""
    found, out = find(name), sys.stdout
    if found.binary and out.isatty():
        raise InterfaceError(
            f"The format {name} cannot be shown on a terminal",
            hint=f"Write it to a file: --output bill{FORMATS[name][0]}",
        )
    style = style._replace(width=screen.width(out), color=screen.has_color(out), vertical=None)
    if makes_document(name, several=several):
        buffer = terminal.BufferedStdout(clear)
        with results(name, buffer, style, several=several) as add:
            yield add
        buffer.end()
        return
    writer = ResultWriter(name, style)

    def write_result(columns: Columns, rows: Rows, title: str | None) -> None:
        buffer = terminal.BufferedStdout(clear)
        writer.write(columns, rows, buffer)
        buffer.end()

    yield write_result
