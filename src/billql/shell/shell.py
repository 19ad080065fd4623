"""Runs the input of the shell, and holds the settings that dot commands change."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from billql.errors import Interrupted
from billql.output import MoneyColumns, error_report, left_out, stderr, yes
from billql.output.progress import Progress
from billql.shell import tree
from billql.shell.habits import translate
from billql.shell.printer import Printer
from billql.shell.text import pieces
from billql.sql.statements import each_statement
from billql.sql.title import title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from billql.dbapi.connection import Connection
    from billql.dbapi.cursor import Cursor
    from billql.output import AddResult
    from billql.output.chart.figure import ChartKind
    from billql.sql.statements import ParsedStatement


_PLANNED = ("SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE")
"""The first keywords of statements with a query plan."""


class Open(Protocol):
    """Opens a connection with the options of the command line."""

    def __call__(self, database: str, *, sandbox: bool) -> Connection:
        """Open a connection in autocommit mode."""


class RunCommand(Protocol):
    """Runs a dot command. It is passed in, because the commands stand on the shell."""

    def __call__(self, shell: Shell, line: str, /) -> None:
        """Run the command in `line`, which begins with a dot; raise its errors."""


class Shell:
    """A connection, the printer of its results, and the settings that dot commands change.

    `open` makes the connection, which `close()` closes; `run_command` runs dot commands. With
    `verbose` stderr shows each request instead of the progress; with `debug` the traceback of an
    internal error is shown. `shows_left_out` adds a column to results, see `output.left_out`.
    `thousands` returns whether amounts have separators of thousands.
    """

    def __init__(
        self,
        open: Open,
        run_command: RunCommand,
        database: str,
        *,
        sandbox: bool,
        verbose: bool = False,
        debug: bool = False,
        thousands: Callable[[], bool] = yes,
        shows_left_out: bool = False,
    ) -> None:
        self._shows_left_out = shows_left_out
        self._open = open
        self._run_command = run_command
        self._debug = debug
        self.database = database
        """The path of the database, or `:memory:`."""
        self.sandbox = sandbox
        """Whether a private sandbox is used instead of the APIs."""
        self.connection = open(database, sandbox=sandbox)
        self._progress = Progress(sys.stderr, off=verbose)
        self.printer = Printer(self._progress.end, thousands)
        self.timer = False
        self.stats = False
        self.explain = False
        """Whether the plan of each statement is shown before its rows."""
        self.last: Cursor | None = None
        """The cursor of the last statement."""
        self.has_left_out = False
        """Whether a connection was left out of any statement."""
        self.ended = False
        self.depth = 0
        """How many scripts are nested."""

    def close(self) -> None:
        """Close the connection and the output file."""
        self.printer.close()
        self.connection.close()

    def reopen(self, database: str, *, sandbox: bool) -> None:
        """Replace the connection; if the new one cannot be opened, raise and keep the old one."""
        opened = self._open(database, sandbox=sandbox)
        self.connection.close()
        self.connection, self.database, self.sandbox = opened, database, sandbox

    def run_all(self, lines: Iterable[str]) -> None:
        """Run a script until its end, `.quit`, or the first error, which is raised."""
        for piece in pieces(lines):
            self.run(piece)
            if self.ended:
                return

    def run(self, text: str) -> None:
        """Run a command of the shell's, or statements; raise their errors."""
        meant = translate(text)
        if meant.lstrip().startswith("."):
            self._run_command(self, meant.strip())
        else:
            self.execute(meant)

    def attempt(self, text: str) -> None:
        """Run an input, and show its error instead of raising it."""
        self.attempt_action(lambda: self.run(text))

    def attempt_action(self, action: Callable[[], None]) -> None:
        """Run an action, and show its error instead of raising it."""
        self.printer.begin()
        try:
            action()
        except (KeyboardInterrupt, Interrupted):
            stderr.line("The statement was interrupted.")
        except Exception as error:
            error_report.report(error, sys.stderr, debug=self._debug)

    def execute(self, sql: str) -> None:
        """Run statements and print their rows."""
        for statement in each_statement(sql):
            self._execute(statement, self.printer.print)

    def chart(self, sql: str, kind: ChartKind | None) -> None:
        """Run statements and draw their rows, in a shape that suits them unless `kind` sets one."""
        for statement in each_statement(sql):
            self._execute(
                statement, lambda columns, rows, title: self.printer.chart(columns, rows, kind)
            )

    def show_plan(self, sql: str) -> None:
        """Print the query plan of a statement, without running it."""
        plan = tree.render(self.connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
        estimate = self.connection.estimate(sql)
        # The plan itself has the requests of one scan.
        total = f"IN ALL: {estimate}\n" if len(estimate.scans) > 1 else ""
        self.printer.write(f"{plan}{total}")

    def _execute(self, statement: ParsedStatement, show: AddResult) -> None:
        if self.explain and statement.keyword in _PLANNED:
            self.show_plan(statement.text)
        start = time.perf_counter()
        self.last = cursor = self.connection.cursor()
        try:
            with self._progress.of(lambda: cursor.scans):
                cursor.execute(statement)
                if cursor.description is not None:
                    columns, rows = MoneyColumns(cursor.description, cursor.amounts), iter(cursor)
                    if self._shows_left_out:
                        columns, rows = left_out.with_column(columns, rows, lambda: cursor.scans)
                    show(columns, rows, title_of(statement))
        finally:
            cursor.close()
            for text in left_out.warnings(cursor.scans):
                error_report.warn(text)
            self.has_left_out |= bool(left_out.names(cursor.scans))
            if self.stats:
                self.show_stats()
            if self.timer:
                stderr.write(f"Time: {time.perf_counter() - start:.3f} s\n")

    def show_stats(self) -> None:
        """Show the requests and rows of the last statement on stderr, a line for each scan."""
        for scan in self.last.scans if self.last is not None else ():
            stats = scan.as_dict()
            resource, notes = stats.pop("resource"), stats.pop("notes", None)
            stats.pop("warnings", None)
            if scan.cost is not None:
                stats["cost"] = f"{scan.cost}"
                del stats["currency"]
            shown = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in stats.items())
            stderr.write(f"{resource}: {shown} s\n")
            if notes:
                stderr.write(f"{resource}: {'; '.join(scan.notes)}\n")
