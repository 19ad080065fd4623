"""`billql query`: runs statements and prints their rows."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from billql import names
from billql.cli import terminal
from billql.cli.options import add_parameters, add_session, open_session
from billql.cli.parser import EXIT_TEXT
from billql.cli.report import guarded
from billql.errors import InterfaceError, SqlError
from billql.output import FORMATS, Style, find

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Iterator

    from billql.frontends.dbapi import Connection
    from billql.frontends.dbapi.cursor import Cursor, Row
    from billql.statement import ScanFigures

_EPILOG = f"""\
examples:
  billql query "SELECT * FROM digitalocean.billing.balances"
  billql query --param since=2025-01 -f report.sql --format csv > report.csv
  billql query --sandbox "SELECT * FROM digitalocean.billing.invoices" | head

The beginning of an answer is held back until it is known to be complete or grows long, so that a
statement that fails soon prints nothing; one that fails later leaves a JSON array open. The exit
code tells in any case.

{EXIT_TEXT}"""


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    add = command.add_argument
    add("sql", metavar="SQL", nargs="?", help="one or more statements; - reads them from stdin")
    add("-f", "--file", metavar="FILE", help="read the SQL from a file")
    add("--format", choices=FORMATS, help="default: table on a terminal, csv in a pipe")
    add_parameters(command)
    add("--stats", action="store_true", help="end stderr with a JSON object that tells the costs")
    add_session(command)


class Costs:
    """What the statements of a command have given and cost."""

    def __init__(self) -> None:
        self.rows = 0
        self.scans: list[ScanFigures] = []
        self._start = time.perf_counter()

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Pass rows on, and count them."""
        for row in rows:
            self.rows += 1
            yield row

    def print(self) -> None:
        """Tell the costs in a line of JSON."""
        import json

        told = {
            "rows": self.rows,
            "seconds": round(time.perf_counter() - self._start, 3),
            "scans": [scan.as_dict() for scan in self.scans],
        }
        sys.stderr.write(f"{json.dumps(told)}\n")


def run(options: Namespace) -> int:
    """Run the command."""
    costs = Costs()
    code = guarded(lambda: _run(options, costs), debug=options.debug)
    if options.stats:
        costs.print()
    return code


def _run(options: Namespace, costs: Costs) -> int:
    script = _read(options)
    statements = names.split(script)
    if not statements:
        raise InterfaceError("There is no SQL to run", hint="Give it as an argument, or with -f.")
    printer = _Printer(options.format, costs)
    connection = open_session(options)
    try:
        for statement in statements:
            try:
                _execute(connection, statement.text, dict(options.parameters), printer, costs)
            except SqlError as error:
                # The place is told in the text as the user wrote it, all of it.
                error.sql = script
                error.offset = None if error.offset is None else error.offset + statement.start
                raise
    finally:
        connection.close()
    return 0


def _execute(
    connection: Connection, sql: str, parameters: dict[str, Any], printer: _Printer, costs: Costs
) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(sql, parameters)
        if cursor.description is not None:
            printer.print(cursor)
    finally:
        costs.scans += cursor.scans


class _Printer:
    """Prints one result after the other on stdout."""

    def __init__(self, name: str | None, costs: Costs) -> None:
        self._format = find(name or ("table" if sys.stdout.isatty() else "csv"))
        self._style = Style(terminal.width(sys.stdout), terminal.has_color(sys.stdout))
        self._costs = costs
        self._before = ""

    def print(self, cursor: Cursor) -> None:
        """Print the rows of a statement."""
        answer = terminal.Answer(self._before)
        rows = self._costs.counted(cursor)
        self._format.write(cursor.description or (), rows, answer, self._style)
        answer.end()
        self._before = self._format.between


def _read(options: Namespace) -> str:
    """Give the SQL: the argument, a file, or what stdin has."""
    if (options.sql is None) == (options.file is None):
        both = options.sql is not None
        raise InterfaceError(
            "The SQL is given twice" if both else "There is no SQL to run",
            hint="Give it as an argument, with -f FILE, or with - to read it from stdin.",
        )
    if options.sql not in (None, "-"):
        return str(options.sql)
    name = "stdin" if options.file in (None, "-") else options.file
    try:
        if name == "stdin":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        with open(name, "rb") as file:  # noqa: PTH123 - pathlib takes longer to load than to run
            return file.read().decode("utf-8-sig")
    except OSError as error:
        raise InterfaceError(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InterfaceError(f"{name} is not text in UTF-8: {error}") from error
