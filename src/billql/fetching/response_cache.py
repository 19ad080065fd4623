"""Answers that are kept for the statements of a session.

A table of a temporary SQLite database holds them, which SQLite keeps in memory up to a bound and
beyond it in a private file that vanishes by itself (https://sqlite.org/inmemorydb.html#temp_db).

While a statement runs it pins what it reads, so that it sees one snapshot however long it takes.
Other statements see an answer only when the whole list that it is a page of has been read: a
*reading* is kept complete or not at all, so pages of two readings are never mixed. If there is an
archive, readings of which no header is needed go there too; what is recalled from there is copied
first.

Only successful answers come here. A key is made from the credential's fingerprint and the request;
neither a token nor a header of a request is ever written.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import apsw

from billql.fetching.disk_cache import CachedList, CorruptEntry, DiskCache, EntryTimes, Key
from billql.http.credentials import ApiConnection
from billql.messages import Request, Response
from billql.util.lock import Lock

_SCHEMA = """
CREATE TABLE reading (
    id INTEGER PRIMARY KEY,
    first BLOB NOT NULL,
    since REAL NOT NULL,
    keep REAL NOT NULL,
    stated INTEGER NOT NULL,
    fresh INTEGER NOT NULL
);
CREATE INDEX reading_first ON reading (first);
CREATE TABLE answer (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    reading INTEGER,
    media_type TEXT NOT NULL,
    headers TEXT,
    body BLOB NOT NULL
);
CREATE INDEX answer_reading ON answer (reading);
"""

_CACHE_KIBIBYTES = 8192


def cache_key(request: Request, connection: ApiConnection) -> Key:
    """Name a request: equal requests with the same credential get equal names."""
    told = json.dumps(
        [
            connection.fingerprint,
            request.method,
            request.url,
            request.query,
            request.body,
            request.headers,
            request.keep_headers,
        ],
        sort_keys=True,
    )
    return hashlib.blake2b(told.encode(), digest_size=20).digest()


class CacheStats(NamedTuple):
    """How much is kept: whole lists, the answers that they came in, and the bytes of these."""

    lists: int
    answers: int
    bytes: int


class ResponseCache:
    """Keeps answers for a session; thread-safe.

    `max_bytes` bounds what is kept beyond the statements that run.
    """

    def __init__(
        self,
        max_bytes: int = 256 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
        archive: DiskCache | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._archive = archive
        self._lock = Lock()
        self._pins: Counter[int] = Counter()
        self._database: apsw.Connection | None = None

    def put(self, key: Key, answer: Response) -> int:
        """Take an answer and pin it; gives its number."""
        with self._lock:
            database = self._open()
            headers = json.dumps(dict(answer.headers)) if answer.headers else None
            database.execute(
                "INSERT INTO answer (key, media_type, headers, body) VALUES (?, ?, ?, ?)",
                (key, answer.media_type, headers, answer.body),
            )
            number = database.last_insert_rowid()
            self._pins[number] += 1
            return number

    def get(self, number: int) -> Response:
        """Give an answer that the caller has pinned."""
        with self._lock:
            found: Any = self._open().execute(
                "SELECT body, media_type, headers FROM answer WHERE id = ?", (number,)
            )
            ((body, media_type, headers),) = found
        return Response(body, media_type, json.loads(headers) if headers else {})

    def commit(
        self,
        first: Key,
        numbers: Sequence[int],
        keep: float,
        *,
        stated: bool = False,
        secrets: Iterable[str] = (),
    ) -> None:
        """Let other statements see a whole reading for some seconds; `first` opens it.

        `stated` says that its definition states how long, and not a setting. What repeats one of
        the `secrets` does not go into the archive; the rest does when the statement ends.
        """
        times = EntryTimes(self._clock(), keep, stated)
        with self._lock, self._open() as database:
            for (old,) in _all(database, "SELECT id FROM reading WHERE first = ?", (first,)):
                self._drop_reading(database, old)
            reading = _add_reading(database, first, times)
            for number in numbers:
                database.execute(
                    "UPDATE answer SET reading = ? WHERE id = ? AND reading IS NULL",
                    (reading, number),
                )
                if not database.changes():
                    # It is a page of another reading, which it must not be taken from.
                    self._drop_reading(database, reading)
                    return
            if self._archive is not None and _may_last(database, reading, secrets):
                database.execute("UPDATE reading SET fresh = TRUE WHERE id = ?", (reading,))

    def lookup(self, first: Key, keep: float) -> dict[Key, int]:
        """Find a whole reading that is still true, and pin its answers; empty if there is none.

        `keep` bounds its age in seconds, unless its definition states how long it stays true.
        """
        with self._lock:
            found = self._find(first, keep)
            if not found and self._archive is not None and self._copy(self._archive, first, keep):
                found = self._find(first, keep)
            self._pins.update(found.values())
            return found

    def invalidate(self, number: int) -> None:
        """Forget an answer that the caller has pinned, and its reading: it turned out untrue."""
        with self._lock, self._open() as database:
            for reading, first in _all(
                database,
                "SELECT reading.id, first FROM answer JOIN reading ON reading.id = answer.reading "
                "WHERE answer.id = ?",
                (number,),
            ):
                self._drop_reading(database, reading)
                if self._archive is not None:
                    self._archive.forget(first)
            self._unpin(number)

    def unpin(self, numbers: Iterable[int]) -> None:
        """Unpin answers; forget those that no other statement may see, and the oldest readings
        beyond the bound. What was published meanwhile goes into the archive."""
        with self._lock:
            if self._archive is not None and self._database is not None:
                self._file(self._archive, self._database)
            for number in numbers:
                self._unpin(number)
            if self._database is None:
                return
            with self._database as database:
                for (old,) in _all(
                    database,
                    "SELECT id FROM reading WHERE since + keep <= ? UNION SELECT reading FROM ("
                    "SELECT reading, sum(length(body)) OVER (ORDER BY reading DESC) AS held "
                    "FROM answer WHERE reading IS NOT NULL) WHERE held > ?",
                    (self._clock(), self._max_bytes),
                ):
                    self._drop_reading(database, old)

    def stats(self) -> CacheStats:
        """Tell what other statements of the session would see."""
        with self._lock:
            if self._database is None:
                return CacheStats(0, 0, 0)
            ((lists, answers, size),) = _all(
                self._database,
                "SELECT count(DISTINCT reading), count(*), ifnull(sum(length(body)), 0) "
                "FROM answer JOIN reading ON reading.id = answer.reading WHERE since + keep > ?",
                (self._clock(),),
            )
        return CacheStats(lists, answers, size)

    def clear(self) -> None:
        """Forget every reading, in the archive too."""
        with self._lock:
            if self._archive is not None:
                self._archive.clear()
            if self._database is not None:
                with self._database as database:
                    for (old,) in _all(database, "SELECT id FROM reading"):
                        self._drop_reading(database, old)

    def close(self) -> None:
        """Close the database, which vanishes, and the archive, which does not."""
        with self._lock:
            if self._archive is not None:
                self._archive.close()
            if self._database is not None:
                self._database.close()
                self._database = None

    def _find(self, first: Key, keep: float) -> dict[Key, int]:
        if self._database is None:
            return {}
        now = self._clock()
        return dict(
            self._database.execute(
                "SELECT answer.key, answer.id FROM reading JOIN answer "
                "ON answer.reading = reading.id "
                "WHERE first = ? AND since + keep > ? AND (stated OR since > ?)",
                (first, now, now - keep),
            )
        )

    def _file(self, archive: DiskCache, database: apsw.Connection) -> None:
        """Put what is fresh into the archive, all at once: each time costs it a commit."""
        fresh = _all(database, "SELECT id, first, since, keep, stated FROM reading WHERE fresh")
        if fresh:
            archive.store(
                (first, CachedList(EntryTimes(*times), _pages(database, reading)))
                for reading, first, *times in fresh
            )
            database.execute("UPDATE reading SET fresh = FALSE")

    def _copy(self, archive: DiskCache, first: Key, keep: float) -> bool:
        """Take a reading over from the archive, if it is whole."""
        found = archive.load(first, self._clock(), keep)
        if found is None:
            return False
        try:
            with self._open() as database:
                reading = _add_reading(database, first, found.times)
                database.executemany(
                    "INSERT INTO answer (reading, key, media_type, body) VALUES (?, ?, ?, ?)",
                    ((reading, *page) for page in found.pages),
                )
        except (CorruptEntry, apsw.Error):
            archive.forget(first)
            return False
        return True

    def _unpin(self, number: int) -> None:
        self._pins[number] -= 1
        if self._pins[number] > 0:
            return
        del self._pins[number]
        if self._database is not None:
            self._database.execute("DELETE FROM answer WHERE id = ? AND reading IS NULL", (number,))

    def _drop_reading(self, database: apsw.Connection, reading: int) -> None:
        database.execute("DELETE FROM reading WHERE id = ?", (reading,))
        database.execute("UPDATE answer SET reading = NULL WHERE reading = ?", (reading,))
        for (number,) in _all(database, "SELECT id FROM answer WHERE reading IS NULL"):
            if number not in self._pins:
                database.execute("DELETE FROM answer WHERE id = ?", (number,))

    def _open(self) -> apsw.Connection:
        if self._database is None:
            self._database = apsw.Connection("")
            self._database.pragma("cache_size", -_CACHE_KIBIBYTES)
            self._database.execute(_SCHEMA)
        return self._database


def _may_last(database: apsw.Connection, reading: int, secrets: Iterable[str]) -> bool:
    """Tell whether a reading has nothing that may not be written to a file."""
    sql = "SELECT 1 FROM answer WHERE reading = ? AND headers IS NOT NULL LIMIT 1"
    if _all(database, sql, (reading,)):
        return False
    sql = "SELECT 1 FROM answer WHERE reading = ? AND instr(body, ?) LIMIT 1"
    return not any(_all(database, sql, (reading, one.encode())) for one in secrets)


def _pages(database: apsw.Connection, reading: int) -> Iterator[Any]:
    return database.execute(
        "SELECT key, media_type, body FROM answer WHERE reading = ?", (reading,)
    )


def _add_reading(database: apsw.Connection, first: Key, times: EntryTimes) -> int:
    database.execute(
        "INSERT INTO reading (first, since, keep, stated, fresh) VALUES (?, ?, ?, ?, FALSE)",
        (first, *times),
    )
    return database.last_insert_rowid()


def _all(database: apsw.Connection, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
    """Read all rows before anything is changed beneath them."""
    return list(database.execute(sql, bindings))
