"""Answers that are kept across runs: a SQLite file that only its owner can read.

It holds whole readings of lists, and of their answers the bodies and what kind of thing they are:
neither a header nor a token is ever written. Several processes may use it at once. It is a help
and nothing more, so what goes wrong with it costs requests, not the statement: a reading counts
only if it is what was written, and a file that is damaged or none of ours is put aside and begun
anew.
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
"""The name of a request, and its answer: what kind of thing it is, and the thing itself."""

_FORMAT = 1
_APPLICATION = 0x62716C61
"""Marks a file as ours (https://sqlite.org/fileformat.html#application_id)."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS reading (
    id INTEGER PRIMARY KEY,
    first BLOB NOT NULL UNIQUE,
    since REAL NOT NULL,
    keep REAL NOT NULL,
    stated INTEGER NOT NULL,
    size INTEGER NOT NULL,
    digest BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS page (
    id INTEGER PRIMARY KEY,
    reading INTEGER NOT NULL,
    key BLOB NOT NULL,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS page_reading ON page (reading);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
COMMIT;
"""

_BUSY_MILLISECONDS = 250
"""How long to wait for another process: not so long that somebody who interrupts would notice."""


class CorruptEntry(Exception):  # noqa: N818 - it says what happened
    """What is read is not what was written."""


_NONSENSE = (CorruptEntry, TypeError, ValueError, AttributeError)
"""What values of the wrong type lead to, which a damaged file may have anywhere."""


class EntryTimes(NamedTuple):
    """When something was read, and for how many seconds it is kept."""

    since: float
    keep: float
    stated: bool
    """Whether its definition states how long, and not a setting."""


class CachedList(NamedTuple):
    """A whole list, as it was read.

    The pages must be read to their end: then they raise Damaged if they are not what was written.
    """

    times: EntryTimes
    pages: Iterator[Page]


class DiskCache:
    """Keeps readings in a folder, `max_bytes` of them at most; one thread at a time."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._path = folder / "answers.db"
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

    def load(self, first: Key, now: float, keep: float) -> CachedList | None:
        """Find a reading that is still true; `keep` bounds its age, unless that is stated."""

        def find(database: apsw.Connection) -> CachedList | None:
            found: Any = database.execute(
                "SELECT id, since, keep, stated, digest FROM reading "
                "WHERE first = ? AND since + keep > ? AND (stated OR since > ?)",
                (first, now, now - keep),
            ).fetchone()
            if found is None:
                return None
            number, since, kept, stated, expected = found
            times = EntryTimes(float(since), float(kept), bool(stated))
            pages: Any = database.execute(
                "SELECT key, media_type, body FROM page WHERE reading = ? ORDER BY id", (number,)
            )
            return CachedList(times, _checked(_Digest(first, times), pages, expected))

        return self._try(find)

    def store(self, readings: Iterable[tuple[Key, CachedList]]) -> None:
        """Keep readings, in place of earlier ones; the oldest make room."""

        def write(database: apsw.Connection) -> None:
            with database:
                for first, reading in readings:
                    _remove(
                        database, "first = ? OR since + keep <= ?", (first, reading.times.since)
                    )
                    _add(database, first, reading)
                _remove(
                    database,
                    "id IN (SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id DESC) AS held "
                    "FROM reading) WHERE held > ?)",
                    (self._max_bytes,),
                )

        self._try(write)

    def forget(self, first: Key) -> None:
        """Forget a reading."""
        self._try(lambda database: _remove(database, "first = ?", (first,)))

    def clear(self) -> None:
        """Forget every reading."""
        self._try(lambda database: _remove(database, "TRUE", ()))

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _try(self, work: Callable[[apsw.Connection], Result]) -> Result | None:
        """Do something with the file, as far as it can be done."""
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
        """Begin anew, unless another process has done so already."""
        self.close()
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._file:
                Path(f"{self._path}-journal").unlink(missing_ok=True)
                self._path.replace(f"{self._path}.aside")
            self._file = _private(self._path)


class _Digest:
    """Recognizes a reading."""

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


def _add(database: apsw.Connection, first: Key, reading: CachedList) -> None:
    database.execute(
        "INSERT INTO reading (first, since, keep, stated, size, digest) "
        "VALUES (?, ?, ?, ?, 0, x'')",
        (first, *reading.times),
    )
    number = database.last_insert_rowid()
    digest, size = _Digest(first, reading.times), 0
    for page in reading.pages:
        digest.add(page)
        size += len(page[-1])
        database.execute(
            "INSERT INTO page (reading, key, media_type, body) VALUES (?, ?, ?, ?)",
            (number, *page),
        )
    database.execute(
        "UPDATE reading SET size = ?, digest = ? WHERE id = ?", (size, digest.value, number)
    )


def _remove(database: apsw.Connection, which: str, bindings: tuple[Any, ...]) -> None:
    with database:
        for (number,) in database.execute(
            f"SELECT id FROM reading WHERE {which}", bindings
        ).fetchall():
            database.execute("DELETE FROM page WHERE reading = ?", (number,))
            database.execute("DELETE FROM reading WHERE id = ?", (number,))


def _private(path: Path) -> int:
    """Make sure that a file is there, ours and closed to others; gives its number."""
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
