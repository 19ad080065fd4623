"""Every statement that a client may send becomes one that is ready to run.

Queries are compiled; SET, SHOW, BEGIN and the like are read by their
tokens, for they have no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from billql.serve.postgres import explain
from billql.serve.postgres.compiler.compile import Compiled, ResultColumn, read_only
from billql.serve.postgres.compiler.parsing import Statement, Token, TokenType
from billql.serve.postgres.copying import parse_copy
from billql.serve.postgres.engine import Engine
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.prepared import Outcome, Portal, Prepared, Row, Values
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

    def __init__(self, engine: Engine, transaction: Transaction) -> None:
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
        handler = _HANDLERS.get(keyword)
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


def _token(statement: Statement, place: int) -> Token | None:
    return statement.tokens[place] if place < len(statement.tokens) else None


# Settings -----------------------------------------------------------------------------------------


def _show(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    keywords = [token.text for token in statement.tokens[1:]]
    name = "".join(keywords) if "." in keywords else " ".join(keywords)
    if name.upper() == "ALL":
        return texts(
            ("name", "setting", "description"),
            lambda: [(key, value, "") for key, value in commands.settings.all()],
            "SHOW",
        )
    shown = name.lower()
    for other, known in (
        ("time zone", "TimeZone"),
        ("transaction isolation level", "transaction_isolation"),
    ):
        shown = known if shown == other else shown
    commands.settings.show(shown)
    return texts((shown,), lambda: [(commands.settings.show(shown),)], "SHOW")


def _set(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    rest = statement.after(1)
    is_local = rest.keyword == "LOCAL"
    if rest.keyword in ("SESSION", "LOCAL") and rest.keyword_at(1) not in (
        "AUTHORIZATION",
        "CHARACTERISTICS",
    ):
        rest = rest.after(1)
    if rest.keyword == "TRANSACTION" or (
        rest.keyword == "SESSION" and rest.keyword_at(1) == "CHARACTERISTICS"
    ):
        _check_modes([token.text.upper() for token in rest.tokens])
        return simple(lambda: None, "SET")
    if rest.keyword == "SESSION" or rest.keyword == "ROLE":
        return _set_role(commands, rest)
    if rest.keyword == "TIME" and rest.keyword_at(1) == "ZONE":
        name, values = "timezone", rest.tokens[2:]
    elif rest.keyword == "NAMES":
        name, values = "client_encoding", rest.tokens[1:]
    else:
        name, values = _assignment(rest)
    return _setting(commands, name, values, is_local=is_local)


def _assignment(statement: Statement) -> tuple[str, Sequence[Token]]:
    at = next(
        (
            place
            for place, token in enumerate(statement.tokens)
            if token.text.upper() == "TO" or token.token_type == TokenType.EQ
        ),
        None,
    )
    if not at:
        raise PostgresError("42601", "syntax error in SET", hint="Write SET name = value.")
    return "".join(token.text for token in statement.tokens[:at]).lower(), statement.tokens[
        at + 1 :
    ]


def _setting(commands: Commands, name: str, values: Sequence[Token], *, is_local: bool) -> Prepared:
    parts = [
        f"{'-' if place and values[place - 1].token_type == TokenType.DASH else ''}{token.text}"
        for place, token in enumerate(values)
        if token.token_type not in (TokenType.COMMA, TokenType.DASH)
    ]
    value = ", ".join(parts)
    is_default = value.upper() == "DEFAULT" and values[0].token_type != TokenType.STRING

    def change() -> None:
        if is_local and commands.transaction.status == "I":
            return
        settings = commands.settings
        found = settings.reset(name) if is_default else settings.set(name, value)
        commands.transaction.changed += found

    return simple(change, "SET")


def _set_role(commands: Commands, statement: Statement) -> Prepared:
    role = statement.tokens[-1].text
    if role.lower() not in ("none", "default", commands.settings.user.lower()):
        raise PostgresError(
            "42501", f'permission denied to set role "{role}"', hint="Connect as that user."
        )
    return simple(lambda: None, "SET")


def _reset(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    name = "".join(token.text for token in statement.tokens[1:]).lower()
    if name == "sessionauthorization":
        return simple(lambda: None, "RESET")

    def change() -> None:
        found = commands.settings.reset(
            None if name == "all" else name.replace("timezone", "timezone")
        )
        commands.transaction.changed += found

    return simple(change, "RESET")


def _discard(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    what = statement.keyword_at(1)
    if what not in ("ALL", "PLANS", "TEMP", "TEMPORARY", "SEQUENCES"):
        raise PostgresError("42601", "syntax error in DISCARD", hint="Write DISCARD ALL.")

    def discard() -> None:
        if what == "ALL":
            if commands.transaction.status != "I":
                raise PostgresError(
                    "25001",
                    "DISCARD ALL cannot run inside a transaction block",
                    hint="COMMIT first.",
                )
            commands.transaction.changed += commands.settings.reset()
            commands.statements.clear()
            for portal in commands.transaction.portals.values():
                portal.close()
            commands.transaction.portals.clear()

    return simple(discard, f"DISCARD {what}")


# Transactions -------------------------------------------------------------------------------------

_MODES = frozenset(
    [
        "TRANSACTION",
        "WORK",
        "ISOLATION",
        "LEVEL",
        "READ",
        "ONLY",
        "COMMITTED",
        "UNCOMMITTED",
        "REPEATABLE",
        "SERIALIZABLE",
        "NOT",
        "DEFERRABLE",
        ",",
        "SESSION",
        "CHARACTERISTICS",
        "AS",
        "SNAPSHOT",
    ]
)


def _check_modes(keywords: Sequence[str]) -> None:
    # Many clients begin READ WRITE and then only read.
    unknown = [keyword for keyword in keywords if keyword not in _MODES | {"WRITE"}]
    if unknown:
        raise PostgresError(
            "42601", f'syntax error at or near "{unknown[0]}"', hint="Write BEGIN READ ONLY."
        )


def _begin(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    start = 2 if statement.keyword == "START" else 1
    _check_modes([token.text.upper() for token in statement.tokens[start:]])
    tag = "START TRANSACTION" if statement.keyword == "START" else "BEGIN"
    return simple(commands.transaction.begin, tag)


def _end(commits: bool) -> Handler:
    def handler(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
        keywords = [token.text.upper() for token in statement.tokens[1:]]
        if "PREPARED" in keywords:
            raise unsupported(f"{statement.keyword} PREPARED", "Use COMMIT.")
        if "CHAIN" in keywords and "NO" not in keywords:
            raise unsupported("AND CHAIN", "Write BEGIN again.")
        if not commits and "TO" in keywords:
            name = name_of(statement.tokens[-1])
            return simple(
                lambda: commands.transaction.roll_back_to(name), "ROLLBACK", ends_failure=True
            )

        def run(_: Values) -> Outcome:
            return done(commands.transaction.end(commits=commits))

        return Prepared(run, ends_failure=True)

    return handler


def _savepoint(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    name = name_of(_token(statement, 1))
    return simple(lambda: commands.transaction.save(name), "SAVEPOINT")


def _release(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    name = name_of(_token(statement, 2 if statement.keyword_at(1) == "SAVEPOINT" else 1))
    return simple(lambda: commands.transaction.release(name), "RELEASE")


# Cursors ------------------------------------------------------------------------------------------


def _declare(commands: Commands, statement: Statement, declared: Sequence[str]) -> Prepared:
    name = name_of(_token(statement, 1))
    at = next(
        (place for place, token in enumerate(statement.tokens) if token.text.upper() == "FOR"), None
    )
    if at is None:
        raise PostgresError("42601", "DECLARE needs FOR and a query", hint="DECLARE c CURSOR FOR …")
    keywords = [token.text.upper() for token in statement.tokens[2:at]]
    if "BINARY" in keywords:
        raise unsupported("a binary cursor", "Ask for binary results in FETCH.")
    holds = "HOLD" in keywords and "WITHOUT" not in keywords
    scrolls = "SCROLL" in keywords and "NO" not in keywords
    inner = commands.query(statement.after(at + 1), declared)

    def run(values: Values) -> Outcome:
        transaction = commands.transaction
        if transaction.status == "I" and not holds:
            raise PostgresError(
                "25P01",
                "DECLARE CURSOR can only be used in transaction blocks",
                hint="Write BEGIN first, or WITH HOLD.",
            )
        if name in transaction.portals:
            raise PostgresError("42P03", f'cursor "{name}" already exists', hint="CLOSE it first.")
        transaction.portals[name] = Portal(inner, values, holds=holds, scrolls=scrolls)
        return done("DECLARE CURSOR")

    return Prepared(run, parameters=inner.parameters)


def _fetch_target(statement: Statement) -> tuple[int | None, str, str]:
    """Return how many rows FETCH or MOVE wants (None for all), the cursor, and the direction."""
    keywords = list(statement.tokens[1:])
    cursor = name_of(keywords.pop() if keywords else None)
    rest = [token.text.upper() for token in keywords if token.text.upper() not in ("FROM", "IN")]
    backward = rest[:1] in (
        ["BACKWARD"],
        ["PRIOR"],
        ["FIRST"],
        ["LAST"],
        ["ABSOLUTE"],
        ["RELATIVE"],
    )
    direction = rest[0] if backward else "FORWARD"
    amounts = [keyword for keyword in rest if keyword not in ("FORWARD", "NEXT", "BACKWARD")]
    if not amounts:
        return (1, cursor, direction)
    if amounts[0] == "ALL":
        return (None, cursor, direction)
    if amounts[0].isdecimal():
        return (int(amounts[0]), cursor, direction)
    return (1, cursor, direction if direction != "FORWARD" else "BACKWARD")


def _fetch(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    count, name, direction = _fetch_target(statement)
    portal = commands.transaction.portal(name)
    if direction != "FORWARD":
        raise PostgresError(
            "55000", "cursor can only scan forward", hint="Read the rows again with a new cursor."
        )

    def run(_: Values) -> Outcome:
        rows: Iterator[Row] = commands.transaction.portal(name).read(count)
        return Outcome(lambda number: f"FETCH {number}", rows)

    return Prepared(run, portal.prepared.columns)


def _move(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    count, name, direction = _fetch_target(statement)

    def run(_: Values) -> Outcome:
        portal = commands.transaction.portal(name)
        if direction == "BACKWARD" and count is None:
            before = portal.sent
            portal.rewind()
            return done(f"MOVE {before}")
        if direction != "FORWARD":
            raise PostgresError(
                "55000", "cursor can only scan forward", hint="MOVE BACKWARD ALL goes to the start."
            )
        return done(f"MOVE {sum(1 for _ in portal.read(count))}")

    return Prepared(run)


def _close(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    token = _token(statement, 1)
    name = name_of(token)
    is_all = statement.keyword_at(1) == "ALL"

    def close() -> None:
        portals = commands.transaction.portals
        for each in list(portals) if is_all else [name]:
            commands.transaction.portal(each).close()
            del portals[each]

    return simple(close, "CLOSE CURSOR ALL" if is_all else "CLOSE CURSOR")


# Prepared statements ------------------------------------------------------------------------------


def _deallocate(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    place = 2 if statement.keyword_at(1) == "PREPARE" else 1
    is_all, name = statement.keyword_at(place) == "ALL", name_of(_token(statement, place))

    def forget() -> None:
        if is_all:
            commands.statements.clear()
        elif commands.statements.pop(name, None) is None:
            raise PostgresError(
                "26000", f'prepared statement "{name}" does not exist', hint="PREPARE it first."
            )

    return simple(forget, "DEALLOCATE ALL" if is_all else "DEALLOCATE")


def _of_clients(what: str, hint: str) -> Handler:
    def handler(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
        raise unsupported(what, hint)

    return handler


def _unlisten(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    return simple(lambda: None, "UNLISTEN")


# Queries in other statements ----------------------------------------------------------------------


def _explain(commands: Commands, statement: Statement, declared: Sequence[str]) -> Prepared:
    options, inner = explain.parse_options(statement)
    compiled = commands.compiled(inner, declared)

    def run(values: Values) -> Outcome:
        found = commands.engine.estimate(compiled, values or [None] * len(compiled.parameters))
        return Outcome(lambda _: "EXPLAIN", iter(explain.rows(found, compiled, options)))

    column = ResultColumn("QUERY PLAN", "json" if options == "json" else "text", -1)
    return Prepared(run, (column,), compiled.parameters)


def _copy(commands: Commands, statement: Statement, declared: Sequence[str]) -> Prepared:
    inner, options = parse_copy(statement)
    compiled = commands.compiled(inner, declared)

    def run(values: Values) -> Outcome:
        rows = commands.engine.run(compiled, values)
        return Outcome(lambda count: f"COPY {count}", rows, options)

    return Prepared(run, compiled.columns, compiled.parameters, is_copy=True)


_HANDLERS: Mapping[str, Handler] = {
    "SHOW": _show,
    "SET": _set,
    "RESET": _reset,
    "DISCARD": _discard,
    "BEGIN": _begin,
    "START": _begin,
    "COMMIT": _end(True),
    "END": _end(True),
    "ROLLBACK": _end(False),
    "ABORT": _end(False),
    "SAVEPOINT": _savepoint,
    "RELEASE": _release,
    "DECLARE": _declare,
    "FETCH": _fetch,
    "MOVE": _move,
    "CLOSE": _close,
    "DEALLOCATE": _deallocate,
    "PREPARE": _of_clients("PREPARE", "Use your client's own prepared statements."),
    "EXECUTE": _of_clients("EXECUTE", "Use your client's own prepared statements."),
    "LISTEN": _of_clients("LISTEN", "billql sends no notifications."),
    "NOTIFY": _of_clients("NOTIFY", "billql sends no notifications."),
    "UNLISTEN": _unlisten,
    "EXPLAIN": _explain,
    "COPY": _copy,
    "LOAD": _of_clients("LOAD", "billql loads no libraries."),
}
