"""The response cache of a session: whole lists that statements have read.

A table of a temporary SQLite database holds the responses, which SQLite keeps in memory up to a
bound and beyond it in a private file that vanishes by itself
(https://sqlite.org/inmemorydb.html#temp_db).

While a statement runs it pins what it reads, so that it sees one snapshot however long it takes.
Other statements see a response only as part of an *entry*: a list that was read to its end. An
entry is cached whole or not at all, so pages of two readings of a list are never mixed. If there
is a disk cache, entries of which no header is needed are *dirty* until they are written there too;
what is found there is copied first.

Only successful responses are cached. A key is made from the credential's fingerprint and the
request; neither a token nor a header of a request is ever written.
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
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    first BLOB NOT NULL,
    stored_at REAL NOT NULL,
    ttl REAL NOT NULL,
    ttl_is_from_definition INTEGER NOT NULL,
    dirty INTEGER NOT NULL,
    bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX entry_first ON entry (first);
CREATE INDEX entry_end ON entry (stored_at + ttl);
CREATE INDEX entry_dirty ON entry (dirty) WHERE dirty;
CREATE TABLE response (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    entry INTEGER,
    media_type TEXT NOT NULL,
    headers TEXT,
    body BLOB NOT NULL
);
CREATE INDEX response_entry ON response (entry);
"""

_CACHE_KIBIBYTES = 8192


def cache_key(request: Request, connection: ApiConnection) -> Key:
    """Return the key of a request: equal for equal requests with the same credential."""
    text = json.dumps(
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
    return hashlib.blake2b(text.encode(), digest_size=20).digest()


class CacheStats(NamedTuple):
    """How much is cached: whole lists, the responses they consist of, and the bytes of these."""

    lists: int
    responses: int
    bytes: int


class ResponseCache:
    """Caches responses for a session; thread-safe.

    `max_bytes` bounds what is cached beyond the statements that run; `clock` returns Unix seconds.
    """

    def __init__(
        self,
        max_bytes: int = 256 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
        disk: DiskCache | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._disk = disk
        self._lock = Lock()
        self._pins: Counter[int] = Counter()
        self._bytes = 0
        """How many bytes the responses of all entries have: a statement's end must not count them
        anew, for a session may run thousands."""
        self._database: apsw.Connection | None = None

    def put(self, key: Key, response: Response) -> int:
        """Add a response and pin it; returns its number."""
        with self._lock:
            database = self._open()
            headers = json.dumps(dict(response.headers)) if response.headers else None
            database.execute(
                "INSERT INTO response (key, media_type, headers, body) VALUES (?, ?, ?, ?)",
                (key, response.media_type, headers, response.body),
            )
            number = database.last_insert_rowid()
            self._pins[number] += 1
            return number

    def get(self, number: int) -> Response:
        """Return a response that the caller has pinned."""
        with self._lock:
            found: Any = self._open().execute(
                "SELECT body, media_type, headers FROM response WHERE id = ?", (number,)
            )
            ((body, media_type, headers),) = found
        return Response(body, media_type, json.loads(headers) if headers else {})

    def commit(
        self,
        first: Key,
        numbers: Sequence[int],
        ttl: float,
        *,
        ttl_is_from_definition: bool = False,
        secrets: Iterable[str] = (),
    ) -> None:
        """Make an entry of a list, which other statements see for `ttl` seconds.

        `first` is the key of its first request, `numbers` are its responses. What repeats one of
        the `secrets` is never written to the disk cache; the rest is when the statement ends.
        """
        times = EntryTimes(self._clock(), ttl, ttl_is_from_definition)
        with self._lock, self._open() as database:
            for (old,) in _all(database, "SELECT id FROM entry WHERE first = ?", (first,)):
                self._drop_entry(database, old)
            entry = _add_entry(database, first, times)
            for number in numbers:
                database.execute(
                    "UPDATE response SET entry = ? WHERE id = ? AND entry IS NULL",
                    (entry, number),
                )
                if not database.changes():
                    # It is a page of another entry, which it must not be taken from.
                    self._drop_entry(database, entry)
                    return
            self._count_bytes(database, entry)
            if self._disk is not None and _may_be_written(database, entry, secrets):
                database.execute("UPDATE entry SET dirty = TRUE WHERE id = ?", (entry,))

    def lookup(self, first: Key, max_age: float) -> dict[Key, int]:
        """Return the keys and numbers of an entry's responses, pinned; empty if there is none.

        `max_age` bounds its age in seconds, unless its ttl is from its definition.
        """
        with self._lock:
            found = self._find(first, max_age)
            if not found and self._disk is not None and self._copy(self._disk, first, max_age):
                found = self._find(first, max_age)
            self._pins.update(found.values())
            return found

    def invalidate(self, number: int) -> None:
        """Drop a response that the caller has pinned, and its entry: it turned out wrong."""
        with self._lock, self._open() as database:
            for entry, first in _all(
                database,
                "SELECT entry.id, first FROM response JOIN entry ON entry.id = response.entry "
                "WHERE response.id = ?",
                (number,),
            ):
                self._drop_entry(database, entry)
                if self._disk is not None:
                    self._disk.invalidate(first)
            self._unpin(number)

    def unpin(self, numbers: Iterable[int]) -> None:
        """Unpin responses; drop those of no entry, and the oldest entries beyond the bound.

        Dirty entries are written to the disk cache.
        """
        with self._lock:
            if self._disk is not None and self._database is not None:
                self._write_dirty(self._disk, self._database)
            for number in numbers:
                self._unpin(number)
            if self._database is None:
                return
            with self._database as database:
                ended = "SELECT id FROM entry WHERE stored_at + ttl <= ?"
                for (old,) in _all(database, ended, (self._clock(),)):
                    self._drop_entry(database, old)
                while self._bytes > self._max_bytes:
                    oldest = _all(database, "SELECT id FROM entry ORDER BY id LIMIT 1")
                    if not oldest:
                        self._bytes = 0  # SQLite has undone what was counted
                    for (old,) in oldest:
                        self._drop_entry(database, old)

    def stats(self) -> CacheStats:
        """Return how much other statements of the session would see."""
        with self._lock:
            if self._database is None:
                return CacheStats(0, 0, 0)
            ((lists, responses, size),) = _all(
                self._database,
                "SELECT count(DISTINCT entry), count(*), ifnull(sum(length(body)), 0) "
                "FROM response JOIN entry ON entry.id = response.entry WHERE stored_at + ttl > ?",
                (self._clock(),),
            )
        return CacheStats(lists, responses, size)

    def clear(self) -> None:
        """Drop every entry, in the disk cache too."""
        with self._lock:
            if self._disk is not None:
                self._disk.clear()
            if self._database is not None:
                with self._database as database:
                    for (old,) in _all(database, "SELECT id FROM entry"):
                        self._drop_entry(database, old)

    def close(self) -> None:
        """Close the database, which vanishes, and the disk cache, which does not."""
        with self._lock:
            if self._disk is not None:
                self._disk.close()
            if self._database is not None:
                self._database.close()
                self._database = None

    def _find(self, first: Key, max_age: float) -> dict[Key, int]:
        if self._database is None:
            return {}
        now = self._clock()
        return dict(
            self._database.execute(
                "SELECT response.key, response.id FROM entry JOIN response "
                "ON response.entry = entry.id "
                "WHERE first = ? AND stored_at + ttl > ? "
                "AND (ttl_is_from_definition OR stored_at > ?)",
                (first, now, now - max_age),
            )
        )

    def _write_dirty(self, disk: DiskCache, database: apsw.Connection) -> None:
        """Write the dirty entries to the disk cache, all at once: each time costs it a commit."""
        dirty = _all(
            database,
            "SELECT id, first, stored_at, ttl, ttl_is_from_definition FROM entry WHERE dirty",
        )
        if dirty:
            disk.store(
                (first, CachedList(EntryTimes(*times), _pages(database, entry)))
                for entry, first, *times in dirty
            )
            database.execute("UPDATE entry SET dirty = FALSE")

    def _copy(self, disk: DiskCache, first: Key, max_age: float) -> bool:
        """Copy an entry from the disk cache, if it is whole; returns whether it is."""
        found = disk.load(first, self._clock(), max_age)
        if found is None:
            return False
        try:
            with self._open() as database:
                entry = _add_entry(database, first, found.times)
                database.executemany(
                    "INSERT INTO response (entry, key, media_type, body) VALUES (?, ?, ?, ?)",
                    ((entry, *page) for page in found.pages),
                )
                self._count_bytes(database, entry)
        except (CorruptEntry, apsw.Error):
            disk.invalidate(first)
            return False
        return True

    def _unpin(self, number: int) -> None:
        self._pins[number] -= 1
        if self._pins[number] > 0:
            return
        del self._pins[number]
        if self._database is not None:
            self._database.execute("DELETE FROM response WHERE id = ? AND entry IS NULL", (number,))

    def _count_bytes(self, database: apsw.Connection, entry: int) -> None:
        sql = "SELECT ifnull(sum(length(body)), 0) FROM response WHERE entry = ?"
        ((size,),) = _all(database, sql, (entry,))
        database.execute("UPDATE entry SET bytes = ? WHERE id = ?", (size, entry))
        self._bytes += size

    def _drop_entry(self, database: apsw.Connection, entry: int) -> None:
        """Drop an entry; its responses stay as long as they are pinned."""
        ((size,),) = _all(database, "DELETE FROM entry WHERE id = ? RETURNING bytes", (entry,))
        self._bytes -= size
        for (number,) in _all(database, "SELECT id FROM response WHERE entry = ?", (entry,)):
            pinned = number in self._pins
            change = "UPDATE response SET entry = NULL" if pinned else "DELETE FROM response"
            database.execute(f"{change} WHERE id = ?", (number,))

    def _open(self) -> apsw.Connection:
        if self._database is None:
            self._database = apsw.Connection("")
            self._database.pragma("cache_size", -_CACHE_KIBIBYTES)
            self._database.execute(_SCHEMA)
        return self._database


def _may_be_written(database: apsw.Connection, entry: int, secrets: Iterable[str]) -> bool:
    """Return whether an entry has nothing that may not be written to a file."""
    sql = "SELECT 1 FROM response WHERE entry = ? AND headers IS NOT NULL LIMIT 1"
    if _all(database, sql, (entry,)):
        return False
    sql = "SELECT 1 FROM response WHERE entry = ? AND instr(body, ?) LIMIT 1"
    return not any(_all(database, sql, (entry, one.encode())) for one in secrets)


def _pages(database: apsw.Connection, entry: int) -> Iterator[Any]:
    return database.execute("SELECT key, media_type, body FROM response WHERE entry = ?", (entry,))


def _add_entry(database: apsw.Connection, first: Key, times: EntryTimes) -> int:
    database.execute(
        "INSERT INTO entry (first, stored_at, ttl, ttl_is_from_definition, dirty) "
        "VALUES (?, ?, ?, ?, FALSE)",
        (first, *times),
    )
    return database.last_insert_rowid()


def _all(database: apsw.Connection, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
    """Return all rows at once, before anything changes beneath them."""
    return list(database.execute(sql, bindings))
