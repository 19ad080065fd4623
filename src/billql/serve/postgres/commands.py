"""Every statement that a client may send becomes one that is ready to run.

Queries are compiled; SET, SHOW, BEGIN and the like are read by their tokens, for they have no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from billql.serve.postgres.compiler.compile import Compiled, ResultColumn, read_only
from billql.serve.postgres.compiler.parsing import Statement, Token, TokenType
from billql.serve.postgres.engine import Engine
from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.prepared import Outcome, Prepared, Values
from billql.serve.postgres.transactions import Transaction

Handler = Callable[["Commands", Statement, Sequence[str]], Prepared]

_QUERIES = frozenset(("SELECT", "WITH", "VALUES", "TABLE", "("))
_WRITING = frozenset(
    [
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "CREATE",
        "DROP",
        "ALTER",
        "TRUNCATE",
        "GRANT",
        "REVOKE",
        "COMMENT",
        "REINDEX",
        "VACUUM",
        "ANALYZE",
        "CLUSTER",
        "REFRESH",
        "LOCK",
        "CALL",
        "DO",
        "IMPORT",
        "SECURITY",
        "REASSIGN",
    ]
)


class Commands:
    """Prepares the statements of one session."""

    def __init__(
        self, engine: Engine, transaction: Transaction, handlers: Mapping[str, Handler]
    ) -> None:
        self._handlers = handlers
        self.engine = engine
        self.transaction = transaction
        self.settings = engine.context.settings
        self.statements: dict[str, Prepared] = {}
        """Prepared statements by name."""

    def prepare(self, statement: Statement, declared: Sequence[str] = ()) -> Prepared:
        """Return a statement that is ready to run; raise PostgresError if there is no such."""
        keyword = statement.keyword
        if keyword in _QUERIES:
            return self.query(statement, declared)
        if keyword in _WRITING:
            raise read_only(keyword)
        handler = self._handlers.get(keyword)
        if handler is None:
            raise PostgresError(
                "42601",
                f'syntax error at or near "{statement.tokens[0].text}"',
                hint="billql runs SELECT, EXPLAIN, COPY (…) TO STDOUT, cursors, SET and SHOW.",
                position=statement.tokens[0].start + 1,
            )
        return handler(self, statement, declared)

    def query(self, statement: Statement, declared: Sequence[str] = ()) -> Prepared:
        """Return a query that is ready to run."""
        fresh = _Fresh(self, statement, declared)

        def run(values: Values) -> Outcome:
            rows = self.engine.run(fresh.compiled(), values)
            return Outcome(lambda count: f"SELECT {count}", rows)

        compiled = fresh.compiled()
        return Prepared(run, compiled.columns, compiled.parameters)

    def compiled(self, statement: Statement, declared: Sequence[str]) -> Compiled:
        """Return a compiled query; raise PostgresError for any other statement."""
        if statement.keyword not in _QUERIES:
            raise PostgresError(
                "42601", f'syntax error at or near "{statement.keyword}"', hint="Write a SELECT."
            )
        return self.engine.compile(statement, declared)


class _Fresh:
    """A compiled query, compiled again when a setting has changed that it depends on."""

    def __init__(self, commands: Commands, statement: Statement, declared: Sequence[str]) -> None:
        self._commands = commands
        self._statement = statement
        self._declared = declared
        self._compiled: Compiled | None = None
        self._made_for: object = None

    def compiled(self) -> Compiled:
        """Return the query as it is compiled for the settings of now; raise PostgresError."""
        settings = self._commands.settings
        now = settings.zone, settings.search_path
        if self._compiled is None or self._made_for != now:
            self._compiled = self._commands.engine.compile(self._statement, self._declared)
            self._made_for = now
        return self._compiled


def done(tag: str) -> Outcome:
    """Return the outcome of a statement that returns no rows."""
    return Outcome(lambda _: tag)


def simple(action: Callable[[], object], tag: str, *, ends_failure: bool = False) -> Prepared:
    """Return a statement without a result that does something."""

    def run(_: Values) -> Outcome:
        action()
        return done(tag)

    return Prepared(run, ends_failure=ends_failure)


def texts(names: Sequence[str], rows: Callable[[], Sequence[Sequence[str]]], tag: str) -> Prepared:
    """Return a statement whose result has columns of text."""
    columns = tuple(ResultColumn(name, "text", -1) for name in names)
    return Prepared(lambda _: Outcome(lambda _: tag, iter(rows())), columns)


def name_of(token: Token | None) -> str:
    """Return the name that a token is; raise PostgresError if it is none."""
    if token is None:
        raise PostgresError("42601", "syntax error at end of input", hint="Write a name.")
    return token.text if token.token_type == TokenType.IDENTIFIER else token.text.lower()


def token_at(statement: Statement, place: int) -> Token | None:
    """Return a token of a statement; None if it has fewer."""
    return statement.tokens[place] if place < len(statement.tokens) else None
