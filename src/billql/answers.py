"""Answers that are kept: for a statement, for a session, and across runs if somebody asks for it.

A table of a SQLite database holds them. For a session it is a temporary database, which SQLite
keeps in memory up to a bound and beyond it in a private file that vanishes by itself
(https://sqlite.org/inmemorydb.html#temp_db). Across runs it is a file that only its owner can read.

While a statement runs it pins what it reads, so that it sees one snapshot however long it takes.
Other statements see an answer only when the whole list that it is a page of has been read: a
*reading* is kept complete or not at all, so pages of two readings are never mixed.

Only successful answers come here. A key is made from the credential's fingerprint and the request;
neither a token nor a header of a request is ever written.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import apsw

from billql.credentials import Connection
from billql.exchange import Answer, Request

Key = bytes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    id INTEGER PRIMARY KEY,
    first BLOB NOT NULL,
    until REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS reading_first ON reading (first);
CREATE TABLE IF NOT EXISTS answer (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    reading INTEGER,
    media_type TEXT NOT NULL,
    link TEXT,
    disposition TEXT,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS answer_reading ON answer (reading);
"""


def key_of(request: Request, connection: Connection) -> Key:
    """Name a request: equal requests with the same credential get equal names."""
    told = json.dumps(
        [
            connection.fingerprint,
            request.method,
            request.url,
            request.query,
            request.body,
            request.headers,
        ],
        sort_keys=True,
    )
    return hashlib.blake2b(told.encode(), digest_size=20).digest()


class Answers:
    """Keeps answers for a session, or in a file for several; thread-safe.

    `max_bytes` bounds what is kept beyond the statements that run.
    """

    def __init__(
        self,
        path: Path | None = None,
        max_bytes: int = 256 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._pins: Counter[int] = Counter()
        self._database: apsw.Connection | None = None

    def put(self, key: Key, answer: Answer) -> int:
        """Take an answer and pin it; gives its number."""
        with self._lock:
            database = self._open()
            database.execute(
                "INSERT INTO answer (key, media_type, link, disposition, body) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    key,
                    answer.media_type,
                    answer.headers.get("link"),
                    answer.headers.get("content-disposition"),
                    answer.body,
                ),
            )
            number = database.last_insert_rowid()
            self._pins[number] += 1
            return number

    def get(self, number: int) -> Answer:
        """Give an answer that the caller has pinned."""
        with self._lock:
            row: Any = self._open().execute(
                "SELECT body, media_type, link, disposition FROM answer WHERE id = ?", (number,)
            )
            ((body, media_type, link, disposition),) = row
        headers = {"content-type": media_type, "link": link, "content-disposition": disposition}
        return Answer(body, media_type, {k: v for k, v in headers.items() if v is not None})

    def publish(self, first: Key, numbers: Sequence[int], keep: float) -> None:
        """Let other statements see a whole reading, for some seconds; `first` opens it."""
        with self._lock, self._open() as database:
            for (old,) in _all(database, "SELECT id FROM reading WHERE first = ?", (first,)):
                self._drop_reading(database, old)
            database.execute(
                "INSERT INTO reading (first, until) VALUES (?, ?)", (first, self._clock() + keep)
            )
            reading = database.last_insert_rowid()
            database.executemany(
                "UPDATE answer SET reading = ? WHERE id = ? AND reading IS NULL",
                [(reading, number) for number in numbers],
            )

    def recall(self, first: Key) -> dict[Key, int]:
        """Find a whole reading that is still true, and pin its answers; empty if there is none."""
        with self._lock:
            if self._database is None and self._path is None:
                return {}
            found = dict(
                self._open().execute(
                    "SELECT answer.key, answer.id FROM reading JOIN answer "
                    "ON answer.reading = reading.id WHERE first = ? AND until > ?",
                    (first, self._clock()),
                )
            )
            self._pins.update(found.values())
            return found

    def drop(self, number: int) -> None:
        """Forget an answer that the caller has pinned, and its reading: it turned out untrue."""
        with self._lock, self._open() as database:
            for (reading,) in _all(
                database,
                "SELECT reading FROM answer WHERE id = ? AND reading IS NOT NULL",
                (number,),
            ):
                self._drop_reading(database, reading)
            self._unpin(number)

    def release(self, numbers: Iterable[int]) -> None:
        """Unpin answers; forget those that no other statement may see, and the oldest readings
        beyond the bound."""
        with self._lock:
            for number in numbers:
                self._unpin(number)
            if self._database is None:
                return
            with self._database as database:
                for (old,) in _all(
                    database,
                    "SELECT id FROM reading WHERE until <= ? UNION SELECT reading FROM ("
                    "SELECT reading, sum(length(body)) OVER (ORDER BY reading DESC) AS held "
                    "FROM answer WHERE reading IS NOT NULL) WHERE held > ?",
                    (self._clock(), self._max_bytes),
                ):
                    self._drop_reading(database, old)

    def clear(self) -> None:
        """Forget every reading."""
        with self._lock:
            if self._database is not None or self._path is not None:
                with self._open() as database:
                    for (old,) in _all(database, "SELECT id FROM reading"):
                        self._drop_reading(database, old)

    def close(self) -> None:
        """Close the database; a temporary one vanishes."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

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
            if self._path is not None:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = apsw.Connection(str(self._path or ""))
            self._database.pragma("cache_size", -8192)
            self._database.execute(_SCHEMA)
        return self._database


def _all(database: apsw.Connection, sql: str, bindings: tuple[Any, ...] = ()) -> list[Any]:
    """Read all rows before anything is changed beneath them."""
    return list(database.execute(sql, bindings))
