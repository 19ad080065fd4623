"""DECLARE, FETCH, MOVE and CLOSE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billql.serve.postgres.commands import Commands, done, name_of, simple, token_at
from billql.serve.postgres.compiler.parsing import Statement
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.prepared import Outcome, Portal, Prepared, Row, Values


def declare(commands: Commands, statement: Statement, declared: Sequence[str]) -> Prepared:
    """Prepare DECLARE."""
    name = name_of(token_at(statement, 1))
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


def fetch(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare FETCH."""
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


def move(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare MOVE."""
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


def close(commands: Commands, statement: Statement, _: Sequence[str]) -> Prepared:
    """Prepare CLOSE."""
    token = token_at(statement, 1)
    name = name_of(token)
    is_all = statement.keyword_at(1) == "ALL"

    def close() -> None:
        portals = commands.transaction.portals
        for each in list(portals) if is_all else [name]:
            commands.transaction.portal(each).close()
            del portals[each]

    return simple(close, "CLOSE CURSOR ALL" if is_all else "CLOSE CURSOR")
