"""Errors with PostgreSQL's codes (SQLSTATE), by which clients distinguish them.

https://www.postgresql.org/docs/15/errcodes-appendix.html
"""

from __future__ import annotations

from billql import errors


class PostgresError(Exception):
    """What a client is sent as an ErrorResponse: a code of five characters, a text, and advice."""

    def __init__(
        self, code: str, message: str, *, hint: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.position = position
        """The character of the statement that it is about, from 1 on."""


class FatalError(PostgresError):
    """An error after which the connection ends."""


def unsupported(what: str, hint: str) -> PostgresError:
    """Return the error for what PostgreSQL has and billql has not."""
    return PostgresError("0A000", f"{what} is not supported by billql", hint=hint)


def invalid_text(kind: str, text: str) -> PostgresError:
    """Return the error for a text that is no value of a type."""
    return PostgresError(
        "22P02",
        f'invalid input syntax for type {kind}: "{text}"',
        hint=f"Write a value of type {kind}.",
    )


_CODES: dict[type[errors.Error], str] = {
    errors.CredentialMissing: "28000",
    errors.CredentialRefused: "28000",
    errors.ApiError: "58000",
    errors.ConnectionFailed: "08006",
    errors.ListChanged: "40001",
    errors.BadValue: "22023",
    errors.BadResponse: "58000",
    errors.DefinitionError: "F0000",
    errors.RequestLimit: "53400",
    errors.CostLimit: "53400",
    errors.RowLimit: "53400",
    errors.StatementTimeout: "57014",
    errors.Interrupted: "57014",
    errors.ParameterMissing: "55000",
    errors.UnknownName: "42P01",
    errors.SqlError: "42601",
    errors.IntegrityError: "23000",
    errors.NotSupportedError: "0A000",
    errors.DataError: "22000",
    errors.ProgrammingError: "42000",
    errors.OperationalError: "58000",
    errors.InterfaceError: "F0000",
}
"""The code of each of billql's errors; a class has that of the nearest one above it."""


def of_billql(error: errors.Error) -> PostgresError:
    """Return one of billql's errors with a code, its message and its hint."""
    code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), "XX000")
    if isinstance(error, errors.Interrupted):
        return PostgresError(
            code, "canceling statement due to user request", hint="Run the statement again."
        )
    return PostgresError(code, error.message, hint=error.hint or "See the message.")
