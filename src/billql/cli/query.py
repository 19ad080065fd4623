"""`billql query`: runs statements and prints their results."""

from __future__ import annotations

import sys
import time
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

from billql.cli import script, terminal
from billql.cli.options import add_session, open_session
from billql.cli.parser import EXIT_TEXT
from billql.cli.report import run_guarded
from billql.errors import InterfaceError
from billql.output import FORMATS, ResultWriter, Style, find, screen, stderr
from billql.output.progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from billql.dbapi.cursor import Row
    from billql.fetching.scan_stats import ScanStats
    from billql.output import Columns, Rows
    from billql.output.file import WriteResult
    from billql.sql.statements import ParsedStatement

_ENDINGS = " ".join(ending for endings in FORMATS.values() for ending in endings)

_EPILOG = f"""\
examples:
  billql query "SELECT * FROM digitalocean.billing.balances"
  billql query --param since=2025-01 -f report.sql --output report.csv
  billql query --sandbox "SELECT * FROM digitalocean.billing.invoices" | head

The extension of the output file selects its format: {_ENDINGS}.
The file is replaced only if all statements succeed.

On stdout, a result is buffered until it is complete or about 256 KiB long. A statement that fails
before that prints nothing; one that fails later leaves a JSON array without its end. The exit code
shows every failure.

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
        "--stats",
        action="store_true",
        help="print a JSON object with rows, seconds and requests as the last line of stderr",
    )
    add_session(command)


class QueryStats:
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
        """Print the figures on stderr, as a line of JSON."""
        import json

        figures = {
            "rows": self.rows,
            "seconds": round(time.perf_counter() - self._start, 3),
            "scans": [scan.as_dict() for scan in self.scans],
        }
        stderr.write(f"{json.dumps(figures)}\n")


def run(options: Namespace) -> int:
    """Run the command."""
    stats = QueryStats()
    code = run_guarded(lambda: _run(options, stats), debug=options.debug)
    if options.stats:
        stats.print()
    return code


def _run(options: Namespace, stats: QueryStats) -> int:
    statements = script.read(options)
    name = _format(options)
    progress = Progress(sys.stderr, off=options.verbose)
    destination = _destination(options.output, name, progress)
    with destination as write_result, closing(open_session(options)) as connection:
        # Typed formats have a decimal type for amounts.
        connection.decimals = find(name).binary

        def execute(statement: ParsedStatement) -> None:
            cursor = connection.cursor()
            try:
                with progress.of(lambda: cursor.scans):
                    cursor.execute(statement, dict(options.parameters))
                    if cursor.description is not None:
                        write_result(cursor.description, stats.count_rows(cursor))
            finally:
                stats.scans += cursor.scans

        for statement in statements:
            execute(statement)
    return 0


def _format(options: Namespace) -> str:
    """Return the name of the format: of --format, of the output file, or the default of stdout."""
    if options.format is not None:
        return str(options.format)
    if options.output not in (None, *terminal.STDOUT):
        from billql.output.file import format_of

        return format_of(options.output)
    return "table" if sys.stdout.isatty() else "csv"


def _destination(
    path: str | None, name: str, progress: Progress
) -> AbstractContextManager[WriteResult]:
    """Return what writes the results; on a terminal the progress is erased first."""
    if path in (None, *terminal.STDOUT):
        clear = progress.end if sys.stdout.isatty() else lambda: None
        return nullcontext(_stdout_writer(name, clear))
    from billql.output import file

    return file.open_results(path, name)


def _stdout_writer(name: str, clear: Callable[[], None]) -> WriteResult:
    """Return what writes results to stdout; raise InterfaceError for bytes on a terminal."""
    if find(name).binary and sys.stdout.isatty():
        raise InterfaceError(
            f"The format {name} cannot be shown on a terminal",
            hint=f"Write it to a file: --output bill.{name}",
        )
    out = sys.stdout
    style = Style(screen.width(out), screen.has_color(out), vertical=None)
    results = ResultWriter(name, style)

    def write_result(columns: Columns, rows: Rows) -> None:
        buffer = terminal.BufferedStdout(clear)
        results.write(columns, rows, buffer)
        buffer.end()

    return write_result
