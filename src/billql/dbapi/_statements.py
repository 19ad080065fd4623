"""What a cursor accepts as a statement and its values, and the errors for what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from billql import errors
from billql.dbapi.types import Parameters
from billql.sql.statements import ParsedStatement, parse, split


def check(statement: ParsedStatement) -> None:
    """Raise SqlError if there is a NUL character."""
    if "\0" in statement.text:
        raise statement.error("A NUL character in the SQL", statement.text.index("\0"))


def single_statement(sql: str | ParsedStatement) -> ParsedStatement:
    """Return a text as a statement; raise SqlError if it has several, or a NUL character."""
    statement = parse(sql) if isinstance(sql, str) else sql
    check(statement)
    if statement is not sql and (second := next(islice(split(statement), 1, None), None)):
        raise statement.error(
            "There is more than one statement",
            second.start,
            hint="Use executescript() for several.",
        )
    return statement


def unbound(statement: ParsedStatement, parameters: Parameters) -> errors.SqlError:
    """Return the error for values that do not fit the parameters in a statement."""
    variables = [token for token in statement.tokens if token.kind == "variable"]
    if isinstance(parameters, Mapping):
        return statement.error(
            "A parameter without a name has no value",
            next((token.start for token in variables if token.text[0] == "?"), None),
            hint="Write :name, or pass a list with a value for each ?.",
        )
    count = len({token.start if token.text == "?" else token.text for token in variables})
    return statement.error(
        f"The statement has {count} parameters, and {len(parameters)} values were passed",
        hint="Pass a list with a value for each ?, or a dictionary with one for each :name.",
    )


def not_unicode(error: UnicodeError) -> errors.DataError:
    return errors.DataError(
        f"A text is not Unicode: {error}",
        hint="Read it with CAST(… AS BLOB), or write it as bytes.",
    )
