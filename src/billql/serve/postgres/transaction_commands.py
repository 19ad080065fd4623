"""BEGIN, COMMIT, ROLLBACK and savepoints."""

from __future__ import annotations

from collections.abc import Sequence

from billql.serve.postgres.commands import Commands, Handler, done, name_of, simple, token_at
from billql.serve.postgres.compiler.parsing import Statement
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.prepared import Outcome, Prepared, Values

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


def check_modes(keywords: Sequence[str]) -> None:
    """Raise PostgresError for what is no mode of a transaction."""
    # Many clients begin READ WRITE and then only read.
    unknown = [keyword for keyword in keywords if keyword not in _MODES | {"WRITE"}]
    if unknown:
        raise PostgresError(
            "42601", f'syntax error at or near "{unknown[0]}"', hint="Write BEGIN READ ONLY."
        )


def begin(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare BEGIN and START TRANSACTION."""
    start = 2 if statement.keyword == "START" else 1
    check_modes([token.text.upper() for token in statement.tokens[start:]])
    tag = "START TRANSACTION" if statement.keyword == "START" else "BEGIN"
    return simple(commands.transaction.begin, tag)


def end(commits: bool) -> Handler:
    """Return what prepares COMMIT or ROLLBACK."""

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


def savepoint(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare SAVEPOINT."""
    name = name_of(token_at(statement, 1))
    return simple(lambda: commands.transaction.save(name), "SAVEPOINT")


def release(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare RELEASE."""
    name = name_of(token_at(statement, 2 if statement.keyword_at(1) == "SAVEPOINT" else 1))
    return simple(lambda: commands.transaction.release(name), "RELEASE")
