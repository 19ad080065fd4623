"""The settings of a session, which SET changes and SHOW reads.

A client may set what changes no answer, and is shown it again. What would change an answer is
obeyed (TimeZone, statement_timeout, bytea_output, search_path, extra_float_digits) or refused.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

from billql._version import __version__
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.values import moments

VERSION = "15.18"
VERSION_NUMBER = "150018"
VERSION_TEXT = f"PostgreSQL {VERSION} (billql {__version__})"

DEFAULTS: Mapping[str, str] = {
    "application_name": "",
    "backslash_quote": "safe_encoding",
    "bytea_output": "hex",
    "client_encoding": "UTF8",
    "client_min_messages": "notice",
    "datestyle": "ISO, MDY",
    "default_table_access_method": "heap",
    "default_transaction_deferrable": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "on",
    "enable_seqscan": "on",
    "escape_string_warning": "on",
    "extra_float_digits": "1",
    "geqo": "on",
    "idle_in_transaction_session_timeout": "0",
    "in_hot_standby": "off",
    "integer_datetimes": "on",
    "intervalstyle": "postgres",
    "is_superuser": "off",
    "jit": "off",
    "lc_collate": "C.UTF-8",
    "lc_ctype": "C.UTF-8",
    "lc_messages": "C.UTF-8",
    "lc_monetary": "C.UTF-8",
    "lc_numeric": "C.UTF-8",
    "lc_time": "C.UTF-8",
    "lock_timeout": "0",
    "max_identifier_length": "63",
    "max_index_keys": "32",
    "password_encryption": "scram-sha-256",
    "role": "none",
    "row_security": "on",
    "search_path": '"$user", public',
    "server_encoding": "UTF8",
    "server_version": VERSION,
    "server_version_num": VERSION_NUMBER,
    "standard_conforming_strings": "on",
    "statement_timeout": "0",
    "synchronize_seqscans": "on",
    "timezone": "UTC",
    "transaction_deferrable": "off",
    "transaction_isolation": "read committed",
    "transaction_read_only": "on",
    "xmloption": "content",
}
"""Each setting's value at first."""

REPORTED = {
    "application_name": "application_name",
    "client_encoding": "client_encoding",
    "datestyle": "DateStyle",
    "default_transaction_read_only": "default_transaction_read_only",
    "in_hot_standby": "in_hot_standby",
    "integer_datetimes": "integer_datetimes",
    "intervalstyle": "IntervalStyle",
    "is_superuser": "is_superuser",
    "server_encoding": "server_encoding",
    "server_version": "server_version",
    "session_authorization": "session_authorization",
    "standard_conforming_strings": "standard_conforming_strings",
    "timezone": "TimeZone",
}
"""What a client is sent at the start and whenever it changes, with the names that it expects."""

_FIXED = frozenset(
    [
        "in_hot_standby",
        "integer_datetimes",
        "is_superuser",
        "lc_collate",
        "lc_ctype",
        "max_identifier_length",
        "max_index_keys",
        "server_encoding",
        "server_version",
        "server_version_num",
    ]
)
_ALLOWED: Mapping[str, frozenset[str]] = {
    "client_encoding": frozenset(("utf8", "utf-8", "unicode", "sql_ascii")),
    "intervalstyle": frozenset(("postgres",)),
    "standard_conforming_strings": frozenset(("on", "true", "1", "yes")),
    "bytea_output": frozenset(("hex",)),
    "transaction_read_only": frozenset(("on", "true", "1", "yes")),
    "default_transaction_read_only": frozenset(("on", "true", "1", "yes")),
}
_OTHER_NAMES = {
    "time zone": "timezone",
    "names": "client_encoding",
    "transaction isolation level": "transaction_isolation",
    "session characteristics": "default_transaction_isolation",
}


class Settings:
    """The settings of one session."""

    def __init__(self, user: str, database: str) -> None:
        self.user = user
        self.database = database
        self._start = dict(DEFAULTS) | {"session_authorization": user}
        self._values = dict(self._start)
        self.zone: datetime.tzinfo = moments.UTC

    def show(self, name: str) -> str:
        """Return a setting's value; raise PostgresError if there is none of that name."""
        known = _known(name)
        if known not in self._values:
            raise PostgresError(
                "42704",
                f'unrecognized configuration parameter "{name}"',
                hint="SHOW ALL lists the parameters.",
            )
        return self._values[known]

    def all(self) -> list[tuple[str, str]]:
        """Return the names and the values of all settings."""
        return sorted((REPORTED.get(name, name), value) for name, value in self._values.items())

    def set(self, name: str, value: str) -> list[tuple[str, str]]:
        """Change a setting, and return what the client is to be sent about it."""
        known = _known(name)
        if known == "client_encoding":
            value = value.strip("'")  # asyncpg sends quotes
        if known in _FIXED:
            raise PostgresError(
                "55P02", f'parameter "{name}" cannot be changed', hint="Leave it as it is."
            )
        allowed = _ALLOWED.get(known)
        if allowed is not None and value.lower() not in allowed:
            raise unsupported(f"{name} = {value}", f"Use {DEFAULTS[known]}.")
        return self._store(known, _checked(known, value))

    def start_with(self, values: Mapping[str, str]) -> None:
        """Change settings as a client wants them from the start, which RESET goes back to."""
        for name, value in values.items():
            self.set(name, value)
        self._start = dict(self._values)

    def reset(self, name: str | None = None) -> list[tuple[str, str]]:
        """Set one setting, or all of them, to what it was at the start."""
        names = self._start if name is None else (_known(name),)
        changed: list[tuple[str, str]] = []
        for each in names:
            if each in self._start and self._values[each] != self._start[each]:
                changed += self._store(each, self._start[each])
        for each in [one for one in self._values if one not in self._start and name is None]:
            del self._values[each]
        return changed

    def snapshot(self) -> dict[str, str]:
        """Return the values, which a transaction that is rolled back restores."""
        return dict(self._values)

    def restore(self, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return to the values of a snapshot, and return what the client is to be sent."""
        changed: list[tuple[str, str]] = []
        for name, value in values.items():
            if self._values.get(name) != value:
                changed += self._store(name, value)
        return changed

    def reported(self) -> list[tuple[str, str]]:
        """Return what a client is sent at the start."""
        return [(shown, self._values[name]) for name, shown in REPORTED.items()]

    @property
    def search_path(self) -> list[str]:
        """Return the schemas in which a name without one is looked for."""
        parts = [part.strip() for part in self._values["search_path"].split(",")]
        names = [part[1:-1] if part.startswith('"') else part.lower() for part in parts]
        return [self.user if name == "$user" else name for name in names if name]

    @property
    def timeout(self) -> float:
        """Return how many seconds a statement may take; 0 is any time."""
        return _milliseconds(self._values["statement_timeout"]) / 1000

    def _store(self, known: str, value: str) -> list[tuple[str, str]]:
        if known == "timezone":
            self.zone = moments.zone_of(value)
        self._values[known] = value
        return [(REPORTED[known], value)] if known in REPORTED else []


def _known(name: str) -> str:
    lowered = " ".join(name.lower().split())
    return _OTHER_NAMES.get(lowered, lowered)


def _checked(name: str, value: str) -> str:
    """Return a value as SHOW shows it; raise PostgresError for one that is none."""
    if name == "datestyle":
        keywords = [keyword.strip().lower() for keyword in value.split(",")]
        if not set(keywords) <= {"iso", "mdy", "dmy", "ymd", "us", "european"}:
            raise unsupported(f"DateStyle = {value}", "Use ISO.")
        return "ISO, MDY"
    if name == "client_encoding":
        return "UTF8"
    if name == "timezone":
        text = value.strip("'")
        return "UTC" if text.lower() in ("default", "local") else text
    if name == "statement_timeout":
        _milliseconds(value)
    return value


_UNITS = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def _milliseconds(text: str) -> int:
    found = re.fullmatch(r"\s*(\d{1,10})\s*(ms|s|min|h|d)?\s*", text)
    if found is None:
        raise PostgresError(
            "22023",
            f'invalid value for parameter "statement_timeout": "{text}"',
            hint='Valid units for this parameter are "ms", "s", "min", "h", and "d".',
        )
    return int(found[1]) * _UNITS[found[2] or ""]
