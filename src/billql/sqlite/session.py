"""A session runs statements of SQL and returns their rows; the Python API stands on it.

It rewrites the names of resources, lets SQLite run the statements and translates what goes wrong
into billql's errors, with offsets in the text that the user wrote. What resources need is loaded
when a statement first names one.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import apsw

from billql import errors
from billql.sql.rewriter import Rewritten
from billql.sql.source_map import RewrittenText
from billql.sql.statement_kind import CHANGES, verb_of
from billql.sql.statements import Bindings, ParsedStatement, parse
from billql.sqlite._amount_rewriter import AmountRewriter
from billql.sqlite._connection_guard import ConnectionGuard
from billql.sqlite._functions import CURRENCIES as CURRENCIES
from billql.sqlite._functions import ONE_CURRENCY as ONE_CURRENCY
from billql.sqlite._functions import Converter, register
from billql.sqlite._lifetime import Lifetime
from billql.sqlite._name_resolver import NameResolver
from billql.sqlite._read_only import ReadOnlyGuard, trusted
from billql.sqlite._sqlite_errors import translating
from billql.sqlite._statement_log import Log, StatementLog
from billql.sqlite._statement_notes import StatementNotes
from billql.sqlite._time_collation import TimeCollation
from billql.sqlite.execution import Execution, FunctionsAddedError, Texts
from billql.sqlite.restrictions import UNRESTRICTED, Deadline, Restrictions

if TYPE_CHECKING:
    from billql.fetching.scan_stats import ScanStats
    from billql.sql.read_part import ReadPart
    from billql.sqlite._stored_types import Target
    from billql.sqlite.conversion import Conversion
    from billql.sqlite.engine import Engine
    from billql.sqlite.later_functions import LaterFunctions
    from billql.sqlite.shared import Options, Shared

_OF_CHANGES = frozenset(("RETURNING", "CONFLICT"))
"""What may read more for each row that a statement changes, beside triggers."""

_SIGNAL_STEPS = 100_000
"""How many steps of SQLite's machine pass between checks of Python's signals."""


class Session:
    """One SQLite connection in which resources are tables.

    `options` is called when a statement first names a resource, and returns them or what another
    session shares. `note` is called with what people should know of a statement that is no error.
    Raise ProgrammingError if two threads use it at once, and InterfaceError in a process that has
    inherited it by a fork; `interrupt()` may be called in any thread.
    """

    def __init__(
        self,
        database: str,
        options: Callable[[], Options | Shared],
        note: Callable[[str], object] = lambda text: None,
        log: Log | None = None,
        restrictions: Restrictions = UNRESTRICTED,
    ) -> None:
        self.restrictions = restrictions
        with translating():
            self.database = _opened(database, read_only=restrictions.read_only)
        self.guard = ConnectionGuard(self.database)
        self.lifetime = Lifetime(self.guard)
        self.database.set_busy_timeout(5000)
        # 0.1 + 0.2 reads 0.3 as a text too (https://sqlite.org/c3ref/c_dbconfig_defensive.html).
        self.database.config(apsw.SQLITE_DBCONFIG_FP_DIGITS, 15)
        # A misspelt name in double quotes would be a text (https://sqlite.org/quirks.html#dblquote).
        for switch in (apsw.SQLITE_DBCONFIG_DQS_DML, apsw.SQLITE_DBCONFIG_DQS_DDL):
            self.database.config(switch, 0)
        # A signal such as Ctrl-C is only noticed when Python runs, and SQLite alone does not.
        self.deadline = Deadline()
        self.database.set_progress_handler(self.deadline, _SIGNAL_STEPS)
        self.note = StatementNotes(note)
        register(self.database, self.note)
        # SQLite holds the function, and Python does not see that: so it does not hold the session.
        own = weakref.ref(self)
        self.converter = Converter(lambda: _conversion(own))
        self.database.create_scalar_function("convert", self.converter, 4)
        self._collation = TimeCollation()
        self.database.collation_needed(self._collation.add)
        self._later_functions: LaterFunctions | None = None
        self._options = options
        self._log = log
        self._engine: Engine | None = None
        self.names = NameResolver(self.database, lambda: self.engine, self.as_of)
        self.amounts = AmountRewriter(self.database, lambda: self._engine)
        self.scans: list[ScanStats] = []
        """The statistics of the statement that was begun last, even if it has failed."""
        self.under_way: weakref.WeakSet[Execution] = weakref.WeakSet()
        """Statements that have more rows to return."""
        self._read_only = ReadOnlyGuard(self.database) if restrictions.read_only else None

    @property
    def engine(self) -> Engine:
        """Return what reads resources; it is made when it is first needed."""
        if self._engine is None:
            from billql.sqlite.engine import Engine

            with self.guard:
                self._engine = Engine(self.database, self._options(), self.note)
            self._collation.current = self._engine.current
            self.lifetime.own(self, self._engine)
        return self._engine

    def as_of(self, statement: ParsedStatement) -> RewrittenText | None:
        """Return a statement that reads tables as they were; None if it reads none.

        A session alone keeps no history.
        """
        return None

    def carry_out(self, statement: ParsedStatement) -> list[ScanStats] | None:
        """Carry out a statement that SQLite does not have, and return its scans.

        None for one that SQLite is to run, as are all of a session alone.
        """
        return None

    def execute(self, sql: str | ParsedStatement, bindings: Bindings = ()) -> Execution:
        """Run one statement up to its first row; raise one of billql's errors."""
        statement = parse(sql) if isinstance(sql, str) else sql
        with self.guard:
            self.lifetime.end_orphans()
            self.end_interrupted()
            if self._read_only is not None:
                self._read_only.check(statement)
            log = StatementLog(self._log, statement.text)
            try:
                with translating():
                    scans = self.carry_out(statement)
                if scans is not None:
                    ended = self._execute(statement._replace(text="", tokens=()), (), log)
                    self.scans = scans
                    return ended
                try:
                    return self._execute(statement, bindings, log)
                except FunctionsAddedError:
                    return self._execute(statement, bindings, log)
            except errors.Error as error:
                log.failed(error)
                raise

    def add_functions(self, statement: ParsedStatement) -> bool:
        """Add the functions that a statement may have lacked; return whether there are any."""
        if self._later_functions is None:
            from billql.sqlite.later_functions import LaterFunctions

            self._later_functions = LaterFunctions(self.database)
        with translating():
            stored = [sql for (sql,) in self.names.stored("sql", "sql IS NOT NULL")]
            return self._later_functions.add_named((statement.text, *stored))

    def _execute(
        self, statement: ParsedStatement, bindings: Bindings, log: StatementLog
    ) -> Execution:
        if self.scans:
            self.engine.last_scans = self.scans
        self.scans = []
        self.note.begin()
        if self._engine is not None:
            self._engine.refresh()
        with translating():
            rewritten = self.names.rewrite(statement)
            has_stored_sql = bool(rewritten.tables) and self.names.register_stored_sql()
            rewritten, without_null = self._without_idle_nulls(rewritten)
        running, run, named = None, rewritten, rewritten
        if rewritten.resources or has_stored_sql:
            with translating():
                plain, run = self._as_run(rewritten, has_stored_sql)
            self._collation.watch(plain.parsed, bindings)
            reads = self._with_changes(run.parsed, has_stored_sql)
            running = self.engine.begin(plain.parsed, bindings, run.parsed, reads)
            running.without_null = without_null
            self.scans = running.statement.scans
        described = None
        try:
            with translating():
                rewritten, types = self._of_amounts(statement, rewritten)
                if run is named:
                    run = rewritten
                elif rewritten is not named:
                    _, run = self._as_run(rewritten, has_stored_sql)
                if run is not rewritten:
                    described = self.amounts.describe(rewritten.sql)
        except BaseException:
            if running is not None:
                running.close()
            raise
        texts = Texts(statement, rewritten, run, described)
        execution = Execution(self, texts, bindings, running, log)
        if types is not None:
            from billql.sqlite._stored_types import declare

            with translating():
                declare(self.database, *types)
        return execution

    def _without_idle_nulls(
        self, rewritten: Rewritten
    ) -> tuple[Rewritten, frozenset[tuple[str, str]]]:
        """Return a statement without the NULLS FIRST that only costs requests, and the columns, by
        table, of which it then needs that they have no NULL.
        """
        if not rewritten.resources:
            return rewritten, frozenset()
        from billql.sql.idle_nulls import has_nulls_order, idle_nulls

        if not has_nulls_order(rewritten.parsed):
            return rewritten, frozenset()
        found = [
            one
            for one in idle_nulls(rewritten.parsed, self.engine.promised_orders)
            if self.engine.is_never_null(one.table, one.column)
        ]
        columns = frozenset((one.table, one.column) for one in found)
        return rewritten.edited([one.edit for one in found]), columns

    def _as_run(self, rewritten: Rewritten, has_stored_sql: bool) -> tuple[Rewritten, Rewritten]:
        """Return a statement with the SELECTs of definitions' views in their place, and the same
        with columns for what it computes of times, with what follows from its truth values, and
        without what SQLite would look up wrongly, as it is run.
        """
        from billql.sql.truth_values import truth_edits

        computed = self.engine.computed.rewrite(rewritten)

        def truth_values() -> set[str]:
            return self.engine.truth_values(None if has_stored_sql else rewritten.resources)

        edits = list(truth_edits(computed.parsed, truth_values))
        if any(token.keyword in ("RIGHT", "FULL") for token in computed.parsed.tokens):
            from billql.sql.row_values import row_value_edits

            edits += row_value_edits(computed.parsed)
        computed = computed.edited_within(edits)
        if not (has_stored_sql or any(map(self.engine.view, rewritten.resources))):
            return rewritten, computed
        expander, tables = self.engine.expander(), self.amounts.known_tables()
        plain = expander.expand(rewritten, tables)
        return plain, plain if computed is rewritten else expander.expand(computed, tables)

    def _with_changes(self, run: ParsedStatement, has_stored_sql: bool) -> ReadPart | None:
        """Return what a statement reads with what is read for the rows that it changes, if
        anything.
        """
        if verb_of(run) not in CHANGES:
            return None
        if not has_stored_sql and all(one.keyword not in _OF_CHANGES for one in run.tokens):
            return None
        from billql.sqlite._change_reads import reads_of

        with translating():
            return reads_of(self.database, self.names, run)

    def _of_amounts(
        self, statement: ParsedStatement, rewritten: Rewritten
    ) -> tuple[Rewritten, tuple[Target, Sequence[str | None]] | None]:
        """Return what SQLite is to run, and a new table with the types that it declares."""
        if rewritten.tables and any(token.keyword == "SELECT" for token in statement.tokens):
            rewritten = self.amounts.rewrite(statement, rewritten)
        return rewritten, (
            self.amounts.types_of_table(rewritten) if statement.keyword == "CREATE" else None
        )

    def end_interrupted(self) -> None:
        """End the statements that were under way when the connection was interrupted.

        SQLite would interrupt each new statement too, until the last of the old ones is gone.
        """
        if self.database.is_interrupted:
            for execution in list(self.under_way):
                execution.interrupted()

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """Let a program's own statements, not its users', write in a block, even if it is
        read-only: tables that it adds for them.
        """
        with self.guard, trusted(self.database):
            yield

    @contextmanager
    def unbounded(self) -> Iterator[None]:
        """Let a program's own statements return any number of rows in a block, in any time."""
        bounds = self.restrictions
        self.restrictions = Restrictions(read_only=bounds.read_only)
        try:
            yield
        finally:
            self.restrictions = bounds

    def interrupt(self) -> None:
        """End the statements under way; may be called in any thread."""
        self.guard.check()
        with translating():
            self.database.interrupt()

    def close(self) -> None:
        """Close the connection; one that was inherited by a fork is left to its own process."""
        if self.guard.is_forked_copy:
            return
        with self.guard:
            with translating():
                self.database.close()
            self.lifetime.close()


def _conversion(reference: weakref.ref[Session]) -> Conversion:
    """Return a conversion by the exchange rates of a session that is running a statement."""
    from billql.sqlite.conversion import Conversion

    session = reference()
    assert session is not None, "a function runs in a session"
    engine = session.engine
    return Conversion(session.database, lambda: engine.rates)


def _opened(database: str, *, read_only: bool) -> apsw.Connection:
    """Open a database; a file that is opened to be read must exist."""
    if read_only and database not in ("", ":memory:"):
        return apsw.Connection(database, flags=apsw.SQLITE_OPEN_READONLY)
    return apsw.Connection(database)
