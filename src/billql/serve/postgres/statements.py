"""All kinds of statements, and what makes each of them ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billql.serve.postgres import explain
from billql.serve.postgres.commands import Commands, Handler, name_of, simple, token_at
from billql.serve.postgres.compiler.compile import ResultColumn
from billql.serve.postgres.compiler.parsing import Statement
from billql.serve.postgres.copying import parse_copy
from billql.serve.postgres.cursor_commands import close, declare, fetch, move
from billql.serve.postgres.engine import Engine
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.prepared import Outcome, Prepared, Values
from billql.serve.postgres.setting_commands import discard, reset, set_, show
from billql.serve.postgres.transaction_commands import begin, end, release, savepoint
from billql.serve.postgres.transactions import Transaction


def _deallocate(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    place = 2 if statement.keyword_at(1) == "PREPARE" else 1
    is_all, name = statement.keyword_at(place) == "ALL", name_of(token_at(statement, place))

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
    "SHOW": show,
    "SET": set_,
    "RESET": reset,
    "DISCARD": discard,
    "BEGIN": begin,
    "START": begin,
    "COMMIT": end(True),
    "END": end(True),
    "ROLLBACK": end(False),
    "ABORT": end(False),
    "SAVEPOINT": savepoint,
    "RELEASE": release,
    "DECLARE": declare,
    "FETCH": fetch,
    "MOVE": move,
    "CLOSE": close,
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


def commands(engine: Engine, transaction: Transaction) -> Commands:
    """Return what prepares the statements of a session."""
    return Commands(engine, transaction, _HANDLERS)
