"""The connections that a statement goes on without, if its user allows that.

A connection is left out of the statement as a whole: where its token is missing or refused, or
where its API cannot be reached, before anything has been read from it. If it fails later, rows of
it have been returned already, so that the statement fails. So it does where no connection of a
scan is left, because no failure may read as an empty table.
"""

from __future__ import annotations

from collections.abc import Sequence

from billql.errors import ConnectionFailed, CredentialMissing, CredentialRefused, Error

_KINDS = (CredentialMissing, CredentialRefused, ConnectionFailed)

Key = tuple[str, str]
"""The provider and the name of a connection."""


class LeftOut:
    """What one statement knows of its connections; unless `allowed`, none is left out."""

    def __init__(self, *, allowed: bool = False) -> None:
        self._allowed = allowed
        self._errors: dict[Key, Error] = {}
        self._read: set[Key] = set()

    def __contains__(self, key: Key) -> bool:
        """Return whether a connection is left out."""
        return key in self._errors

    def view(self) -> LeftOut:
        """Return a view for a dry run: it leaves out the same connections, and never another."""
        found = LeftOut()
        found._errors = self._errors
        return found

    def read_from(self, key: Key) -> None:
        """Record that something has been read from a connection."""
        self._read.add(key)

    def leave_out(self, key: Key, error: Error) -> bool:
        """Leave out a connection that has failed; return whether that is possible."""
        is_possible = self._allowed and isinstance(error, _KINDS) and key not in self._read
        if is_possible:
            self._errors.setdefault(key, error)
        return is_possible

    def check_rest(self, keys: Sequence[Key]) -> None:
        """Raise the error of the first of some connections if all of them are left out."""
        if keys and all(key in self._errors for key in keys):
            raise self._errors[keys[0]]

    def reason(self, key: Key) -> str:
        """Return the message of the error of a connection that is left out."""
        return self._errors[key].message
