"""The disk cache: entries that outlive the session, in a SQLite file that only its owner can read.

An entry is a whole list: of its responses the bodies and media types are written, but no header
and no token. Several processes may use the file at once. A failure of the cache costs requests and
never the statement: an entry counts only if its digest shows that it is what was written, and a
file that is corrupt or not billql's is quarantined and begun anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import apsw

from billql.errors import Inaccessible

Key = bytes
Result = TypeVar("Result")

Page = tuple[Key, str, bytes]
"""The key of a request, and the media type and the body of its response."""

_FORMAT = 2
_APPLICATION = 0x62716C61
"""Marks a file as billql's (https://sqlite.org/fileformat.html#application_id)."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY,
    first BLOB NOT NULL UNIQUE,
    stored_at REAL NOT NULL,
    ttl REAL NOT NULL,
    ttl_is_from_definition INTEGER NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS page (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL,
    key BLOB NOT NULL,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS page_entry ON page (entry);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
COMMIT;
"""

_BUSY_MILLISECONDS = 250
"""How long to wait for another process: so short that nobody who interrupts notices."""


class CorruptEntry(Exception):  # noqa: N818 - the name of a condition
    """Raised when what is read is not what was written."""


_NONSENSE = (CorruptEntry, TypeError, ValueError, AttributeError)
"""What values of the wrong type lead to, which a corrupt file may have anywhere."""


class EntryTimes(NamedTuple):
    """How long an entry is valid: `ttl` seconds from `stored_at`, in Unix seconds."""

    stored_at: float
    ttl: float
    ttl_is_from_definition: bool
    """Whether its definition states the ttl, and not a setting."""


class CachedList(NamedTuple):
    """A whole list, as it was read.

    The pages must be read to their end, where they raise CorruptEntry unless they are as written.
    """

    times: EntryTimes
    pages: Iterator[Page]


class DiskCache:
    """Caches entries in a folder, of `max_bytes` altogether; for one thread at a time."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._path = folder / "responses.db"
        self._max_bytes = max_bytes
        self._database: apsw.Connection | None = None
        self._file = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = _private(self._path)
        except OSError as error:
            raise Inaccessible(
                f"The cache in {folder} cannot be used: {error.strerror}",
                hint="Give a folder of your own for it, or do without.",
            ) from None

    def load(self, first: Key, now: float, max_age: float) -> CachedList | None:
        """Return a valid entry, or None; `now` is in Unix seconds.

        `max_age` bounds its age in seconds, unless its ttl is from its definition.
        """

        def find(database: apsw.Connection) -> CachedList | None:
            found: Any = database.execute(
                "SELECT id, stored_at, ttl, ttl_is_from_definition, digest FROM entry "
                "WHERE first = ? AND stored_at + ttl > ? "
                "AND (ttl_is_from_definition OR stored_at > ?)",
                (first, now, now - max_age),
            ).fetchone()
            if found is None:
                return None
            number, stored_at, ttl, is_from_definition, expected = found
            times = EntryTimes(float(stored_at), float(ttl), bool(is_from_definition))
            pages: Any = database.execute(
                "SELECT key, media_type, body FROM page WHERE entry = ? ORDER BY id", (number,)
            )
            return CachedList(times, _checked(_Digest(first, times), pages, expected))

        return self._try(find)

    def store(self, entries: Iterable[tuple[Key, CachedList]]) -> None:
        """Write entries, in place of earlier ones of the same list; the oldest are evicted."""

        def write(database: apsw.Connection) -> None:
            with database:
                for first, entry in entries:
                    _remove(
                        database,
                        "first = ? OR stored_at + ttl <= ?",
                        (first, entry.times.stored_at),
                    )
                    _add(database, first, entry)
                _remove(
                    database,
                    "id IN (SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id DESC) AS held "
                    "FROM entry) WHERE held > ?)",
                    (self._max_bytes,),
                )

        self._try(write)

    def invalidate(self, first: Key) -> None:
        """Drop the entry of a list."""
        self._try(lambda database: _remove(database, "first = ?", (first,)))

    def clear(self) -> None:
        """Drop every entry."""
        self._try(lambda database: _remove(database, "TRUE", ()))

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _try(self, work: Callable[[apsw.Connection], Result]) -> Result | None:
        """Return what `work` returns, or None where the file does not allow it."""
        try:
            return work(self._open())
        except (apsw.CorruptError, apsw.NotADBError, *_NONSENSE):
            self._quarantine()
        except apsw.Error:
            pass  # Busy, full or read-only.
        return None

    def _open(self) -> apsw.Connection:
        if self._database is None:
            self._database = apsw.Connection(str(self._path))
            self._database.transaction_mode = "IMMEDIATE"
            self._database.set_busy_timeout(_BUSY_MILLISECONDS)
            # A file that a crash of the whole machine damages is noticed, and only a cache.
            self._database.pragma("synchronous", "OFF")
            self._database.pragma("auto_vacuum", "FULL")
            if self._database.pragma("schema_version") == 0:
                self._database.execute(_SCHEMA)
            marks = self._database.pragma("application_id"), self._database.pragma("user_version")
            if marks != (_APPLICATION, _FORMAT):
                raise CorruptEntry
        return self._database

    def _quarantine(self) -> None:
        """Move the file aside and begin anew, unless another process has done so already."""
        self.close()
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._file:
                Path(f"{self._path}-journal").unlink(missing_ok=True)
                self._path.replace(f"{self._path}.aside")
            self._file = _private(self._path)


class _Digest:
    """The digest of an entry: its times, its first key and its pages."""

    def __init__(self, first: Key, times: EntryTimes) -> None:
        self._hash = hashlib.blake2b(struct.pack("<dd?", *times) + first, digest_size=16)

    def add(self, page: Page) -> None:
        key, media_type, body = page
        self._hash.update(f"{key.hex()} {len(media_type)} {media_type} {len(body)} ".encode())
        self._hash.update(body)

    @property
    def value(self) -> bytes:
        return self._hash.digest()


def _checked(digest: _Digest, pages: Iterator[Page], expected: bytes) -> Iterator[Page]:
    try:
        for page in pages:
            digest.add(page)
            yield page
    except _NONSENSE:
        raise CorruptEntry from None
    if digest.value != expected:
        raise CorruptEntry


def _add(database: apsw.Connection, first: Key, entry: CachedList) -> None:
    database.execute(
        "INSERT INTO entry (first, stored_at, ttl, ttl_is_from_definition, size, digest) "
        "VALUES (?, ?, ?, ?, 0, x'')",
        (first, *entry.times),
    )
    number = database.last_insert_rowid()
    digest, size = _Digest(first, entry.times), 0
    for page in entry.pages:
        digest.add(page)
        size += len(page[-1])
        database.execute(
            "INSERT INTO page (entry, key, media_type, body) VALUES (?, ?, ?, ?)",
            (number, *page),
        )
    database.execute(
        "UPDATE entry SET size = ?, digest = ? WHERE id = ?", (size, digest.value, number)
    )


def _remove(database: apsw.Connection, which: str, bindings: tuple[Any, ...]) -> None:
    with database:
        for (number,) in database.execute(
            f"SELECT id FROM entry WHERE {which}", bindings
        ).fetchall():
            database.execute("DELETE FROM page WHERE entry = ?", (number,))
            database.execute("DELETE FROM entry WHERE id = ?", (number,))


def _private(path: Path) -> int:
    """Make sure that a file exists, is the user's and closed to others; returns its inode."""
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)
    opened = os.open(path, flags, 0o600)
    try:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, f"{path.name} is not a file")
        if hasattr(os, "getuid") and status.st_uid != os.getuid():
            raise OSError(0, f"{path.name} belongs to another user")
        if stat.S_IMODE(status.st_mode) != 0o600:
            path.chmod(0o600)
        return status.st_ino
    finally:
        os.close(opened)
