"""Runs what was typed, and has the settings that dot commands change."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

from billql import names
from billql.errors import Error, Interrupted, SqlError
from billql.output import problems, stderr
from billql.output.progress import Progress
from billql.shell import tree
from billql.shell.printer import Printer
from billql.shell.text import is_command, pieces
from billql.tokens import first_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billql.frontends.dbapi import Connection
    from billql.frontends.dbapi.cursor import Cursor


_PLANNED = ("SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE")
"""What statements with a plan begin with."""


class Open(Protocol):
    """Opens a connection, with whatever else the command line has said."""

    def __call__(self, database: str, *, sandbox: bool) -> Connection:
        """Open it; each statement is a transaction of its own."""


class RunCommand(Protocol):
    """Runs a dot command. It is passed in, because the commands stand on the shell."""

    def __call__(self, shell: Shell, line: str, /) -> None:
        """Run the command in `line`, which begins with a dot; raise what goes wrong."""


class Shell:
    """A connection, the printer of its results, and the settings that dot commands change.

    `open` makes the connection, which `close()` closes; `run_command` runs dot commands. With
    `verbose` stderr shows each request instead of the progress; with `debug` the traceback of an
    internal error is shown.
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
    ) -> None:
        self._open = open
        self._run_command = run_command
        self._debug = debug
        self.database = database
        """The file that is open, or `:memory:`."""
        self.sandbox = sandbox
        """Whether a private sandbox is asked instead of the APIs."""
        self.connection = open(database, sandbox=sandbox)
        self._progress = Progress(sys.stderr, off=verbose)
        self.printer = Printer(self._progress.end)
        self.timer = False
        self.stats = False
        self.explain = False
        """Whether each statement's plan is shown before its rows."""
        self.last: Cursor | None = None
        """The statement that was run last."""
        self.ended = False
        self.depth = 0
        """How many scripts run inside each other."""

    def close(self) -> None:
        """Close what is open."""
        self.printer.close()
        self.connection.close()

    def reopen(self, database: str, *, sandbox: bool) -> None:
        """Open another database, or the same one otherwise; raises what opening raises."""
        opened = self._open(database, sandbox=sandbox)
        self.connection.close()
        self.connection, self.database, self.sandbox = opened, database, sandbox

    def run_all(self, lines: Iterable[str]) -> None:
        """Run a script up to its end, the first error, or `.quit`."""
        for piece in pieces(lines):
            self.run(piece)
            if self.ended:
                return

    def run(self, text: str) -> None:
        """Run a dot command, or statements; raises what goes wrong."""
        if is_command(text):
            self._run_command(self, text.strip())
        else:
            self.execute(text)

    def attempt(self, text: str) -> None:
        """Run as `run` does, but tell what goes wrong instead of raising it."""
        self.printer.begin()
        try:
            self.run(text)
        except (KeyboardInterrupt, Interrupted):
            problems.show(["The statement was interrupted."], sys.stderr)
        except Error as error:
            problems.show(problems.told(error), sys.stderr)
        except OSError as error:
            problems.show_refused(error, sys.stderr, debug=self._debug)
        except Exception as error:
            problems.show_fault(error, sys.stderr, debug=self._debug)

    def execute(self, sql: str) -> None:
        """Run statements and print their rows."""
        for statement in names.split(sql):
            try:
                self._execute(statement.text)
            except SqlError as error:
                # The place is told in the text as it was typed, all of it.
                error.sql = sql
                error.offset = None if error.offset is None else error.offset + statement.start
                raise

    def show_plan(self, sql: str) -> None:
        """Print how SQLite and the APIs would answer a statement, without asking them."""
        self.printer.write(tree.drawn(self.connection.execute(f"EXPLAIN QUERY PLAN {sql}")))

    def _execute(self, sql: str) -> None:
        if self.explain and first_word(sql) in _PLANNED:
            self.show_plan(sql)
        begun = time.perf_counter()
        self.last = cursor = self.connection.cursor()
        try:
            with self._progress.of(lambda: cursor.scans):
                cursor.execute(sql)
                if cursor.description is not None:
                    self.printer.print(cursor.description, cursor)
        finally:
            cursor.close()
            if self.stats:
                self.show_stats()
            if self.timer:
                stderr.write(f"Time: {time.perf_counter() - begun:.3f} s\n")

    def show_stats(self) -> None:
        """Tell what the last statement has cost."""
        for scan in self.last.scans if self.last is not None else ():
            told = scan.as_dict()
            resource, notes = told.pop("resource"), told.pop("notes", None)
            costs = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told.items())
            stderr.write(f"{resource}: {costs} s\n")
            if notes:
                stderr.write(f"{resource}: {'; '.join(scan.notes)}\n")
