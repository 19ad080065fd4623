"""Every error that billql raises, as one tree, with stable codes and exit codes.

The tree is PEP 249's, so that a program written for any DB-API driver catches what it expects;
below its classes stand billql's own, which are more precise:

    Warning
    Error
    ├── InterfaceError
    │   ├── CredentialMissing      no token for a provider            no-credential
    │   └── ClosedError            a closed connection was used       closed
    └── DatabaseError
        ├── DataError
        │   ├── BadValue           a value that the API cannot take   bad-value
        │   └── BadResponse          a response of the wrong shape      bad-response
        ├── IntegrityError
        ├── InternalError
        ├── NotSupportedError
        ├── OperationalError
        │   ├── DefinitionError    a definition with a mistake        bad-definition
        │   ├── ApiError           the API returned an error          api-error
        │   │   └── CredentialRefused  401 or 403                     credential-refused
        │   ├── ConnectionFailed   no response at all                 no-connection
        │   ├── ListChanged        a list moved while it was read     list-changed
        │   ├── OutputError        a result that cannot be written    output
        │   ├── Inaccessible       a file that cannot be used         inaccessible
        │   ├── RequestLimit       more requests than allowed         request-limit
        │   ├── CostLimit          more money than allowed            cost-limit
        │   ├── RowLimit           more rows than allowed             row-limit
        │   ├── StatementTimeout   more time than allowed             statement-timeout
        │   └── Interrupted        Ctrl-C or interrupt()              interrupted
        └── ProgrammingError
            ├── SqlError           SQL that SQLite refuses            bad-sql
            │   ├── UnknownName    no such provider, service, …       unknown-name
            │   └── ReadOnly       what a read-only session refuses   read-only
            └── ParameterMissing   a key column without a value       missing-parameter

A message describes what is wrong, `hint` what to do about it. Neither ever holds a secret.
"""

# ruff: noqa: N818 - each name describes a condition; only PEP 249's own end in Error

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any


class Exit(enum.IntEnum):
    """The exit codes of the command line."""

    OK = 0
    """The result is complete."""
    INTERNAL = 1
    """A fault of billql's own."""
    USAGE = 2
    """The command line makes no sense."""
    SQL = 3
    """The SQL does not hold: syntax, an unknown name, a missing key column, a bad value."""
    CREDENTIAL = 4
    """A token is missing or was refused."""
    API = 5
    """The API returned an error, or a response of another form than documented."""
    NETWORK = 6
    """The API could not be reached."""
    LIMIT = 7
    """A limit that the user set was reached."""
    DEFINITION = 8
    """A definition has a mistake."""
    OUTPUT = 9
    """The result could not be written, as on a full disk."""
    PARTIAL = 10
    """Connections that failed were left out, as the user allows."""
    INTERRUPTED = 130
    """Ctrl-C, as shells count it: 128 and the number of SIGINT."""
    BROKEN_PIPE = 141
    """The reader of the output closed it early, as `head` does: 128 and the number of SIGPIPE."""


class Warning(Exception):
    """PEP 249's warning; billql raises none so far."""


class Error(Exception):
    """The base class of all errors.

    `code` and `exit_code` are stable: programs may rely on them. `hint` is advice in a sentence,
    which Python shows below a traceback.
    """

    code = "error"
    exit_code = Exit.INTERNAL

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self._notes: list[str] = []

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # Python only reads it
        """The hint and the notes that were added, as PEP 678 has them."""
        return self._notes if self.hint is None else [f"hint: {self.hint}", *self._notes]

    def add_note(self, note: str, /) -> None:
        """Add a note, which Python shows below a traceback."""
        self._notes.append(note)

    def locate(self, place: str) -> None:
        """Put a place, such as a file and a line, before the message."""
        self.message = f"{place}: {self.message}"
        self.args = (self.message, *self.args[1:])

    def redact(self, hide: Callable[[str], str]) -> None:
        """Remove secrets from all of its texts: some APIs repeat the token that they were sent.

        Its cause and context are dropped, because they may hold the response itself.
        """
        self.__cause__ = self.__context__ = None
        self.args = tuple(hide(str(one)) for one in self.args)
        self._notes = [hide(note) for note in self._notes]
        for name, value in vars(self).items():
            if isinstance(value, str):
                setattr(self, name, hide(value))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to pickle it whole; by default pickle would call `__init__` with the message
        only.
        """
        return _bare, (type(self), self.args), vars(self)


def _bare(kind: type[Error], arguments: tuple[Any, ...]) -> Error:
    return kind.__new__(kind, *arguments)


class InterfaceError(Error):
    """The Python API was used wrongly."""

    code = "interface"
    exit_code = Exit.USAGE


class DatabaseError(Error):
    """Anything that has to do with the data."""

    code = "database"
    exit_code = Exit.SQL


class DataError(DatabaseError):
    """A value is not what it should be."""

    code = "data"


class OperationalError(DatabaseError):
    """Something outside of the statement failed."""

    code = "operational"


class IntegrityError(DatabaseError):
    """A constraint of a local table was violated."""

    code = "integrity"


class InternalError(DatabaseError):
    """SQLite or billql is in a state that it should not be in."""

    code = "internal"
    exit_code = Exit.INTERNAL


class ProgrammingError(DatabaseError):
    """The statement cannot be run as it is written."""

    code = "programming"


class NotSupportedError(DatabaseError):
    """Something that billql does not do."""

    code = "not-supported"


class ClosedError(InterfaceError):
    """A connection or cursor was used after it had been closed."""

    code = "closed"


class CredentialMissing(InterfaceError):
    """There is no token for a provider."""

    code = "no-credential"
    exit_code = Exit.CREDENTIAL


class BadValue(DataError):
    """A value in the statement cannot be sent to the API."""

    code = "bad-value"


class BadResponse(DataError):
    """The API's response does not have the shape that its definition declares."""

    code = "bad-response"
    exit_code = Exit.API


class DefinitionError(OperationalError):
    """A definition has a mistake; the message names file, line and path."""

    code = "bad-definition"
    exit_code = Exit.DEFINITION


class ApiError(OperationalError):
    """The API returned an error.

    `status` is the HTTP status, `method` and `url` the request (without secrets), `api_code` and
    `api_message` are from the API's error body, `request_id` is for its support.
    `unknown_parameter` is the parameter whose value names nothing that exists, if that is the
    error.
    """

    code = "api-error"
    exit_code = Exit.API

    def __init__(
        self,
        message: str,
        *,
        status: int,
        method: str,
        url: str,
        api_code: str | None = None,
        api_message: str | None = None,
        request_id: str | None = None,
        unknown: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.method = method
        self.url = url
        self.api_code = api_code
        self.api_message = api_message
        self.request_id = request_id
        self.unknown_parameter = unknown


class CredentialRefused(ApiError):
    """The API refused the token: 401, or 403 for lack of a permission."""

    code = "credential-refused"
    exit_code = Exit.CREDENTIAL


class ConnectionFailed(OperationalError):
    """No response: the host is unknown, refused the connection, timed out, or broke it off."""

    code = "no-connection"
    exit_code = Exit.NETWORK


class ListChanged(OperationalError):
    """A list changed repeatedly while its pages were read, so no complete answer was possible."""

    code = "list-changed"
    exit_code = Exit.API

    @classmethod
    def at(cls, url: str, why: str) -> ListChanged:
        """Return the error for the list at a URL; `why` states what shows that it changed."""
        return cls(
            f"The list at {url} changed while it was read: {why}",
            hint="Run the statement again; a list that changes has no complete answer.",
        )


class OutputError(OperationalError):
    """The result could not be written."""

    code = "output"
    exit_code = Exit.OUTPUT


class Inaccessible(OperationalError):
    """A file or a folder that billql needs cannot be read or written."""

    code = "inaccessible"
    exit_code = Exit.USAGE


class RequestLimit(OperationalError):
    """The statement needs more requests than the user allows."""

    code = "request-limit"
    exit_code = Exit.LIMIT


class CostLimit(OperationalError):
    """The API charges more for the statement's requests than the user allows."""

    code = "cost-limit"
    exit_code = Exit.LIMIT


class RowLimit(OperationalError):
    """A statement reads more rows from APIs than the user allows."""

    code = "row-limit"
    exit_code = Exit.LIMIT


class StatementTimeout(OperationalError):
    """A statement sends requests for longer than the user allows."""

    code = "statement-timeout"
    exit_code = Exit.LIMIT


class Interrupted(OperationalError):
    """The statement was interrupted."""

    code = "interrupted"
    exit_code = Exit.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("The statement was interrupted")


class SqlError(ProgrammingError):
    """SQLite refuses the statement.

    `sql` is the statement as the user wrote it, `offset` the character at which SQLite stopped.
    """

    code = "bad-sql"

    def __init__(
        self,
        message: str,
        *,
        sql: str | None = None,
        offset: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sql = sql
        self.offset = offset


class UnknownName(SqlError):
    """A provider, service, resource or column that does not exist."""

    code = "unknown-name"


class ReadOnly(SqlError):
    """A read-only session refuses what writes, or reaches a file."""

    code = "read-only"


class ParameterMissing(ProgrammingError):
    """A key column has no value; `column` is its name, `resource` the table's."""

    code = "missing-parameter"

    def __init__(self, message: str, *, resource: str, column: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.resource = resource
        self.column = column
