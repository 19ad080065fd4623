"""The frames of PostgreSQL's protocol, version 3: reading and writing messages.

https://www.postgresql.org/docs/15/protocol-message-formats.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from billql.serve.postgres.errors import FatalError, PostgresError

PROTOCOL = 196_608
CANCEL = 80_877_102
SSL = 80_877_103
GSS = 80_877_104

MOST_START = 10_000
"""How long a startup packet may be, in bytes; as in PostgreSQL."""
MOST_MESSAGE = 32 * 1024 * 1024
"""How long a message of a client may be, in bytes."""


class Stream(Protocol):
    """A socket, plain or with TLS."""

    def recv(self, size: int, /) -> bytes:
        """Return up to so many bytes; none at the end."""

    def sendall(self, data: bytes, /) -> None:
        """Send all bytes."""


class Hangup(Exception):  # noqa: N818 - it describes a condition
    """The client has gone."""


def read_exactly(stream: Stream, size: int) -> bytes:
    """Return so many bytes and not one more; raise Hangup at the end."""
    parts: list[bytes] = []
    while size:
        try:
            part = stream.recv(min(size, 1 << 16))
        except OSError:
            raise Hangup from None
        if not part:
            raise Hangup
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_start(stream: Stream) -> tuple[int, bytes]:
    """Return the code and the body of a packet without a type, as the first one is."""
    (length,) = struct.unpack("!I", read_exactly(stream, 4))
    if not 8 <= length <= MOST_START:
        raise Hangup
    body = read_exactly(stream, length - 4)
    return struct.unpack("!I", body[:4])[0], body[4:]


class Reader:
    """Reads messages from a stream, many at a time."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""

    def message(self) -> tuple[str, Body]:
        """Return the type and the body of the next message; raise Hangup at the end."""
        head = self._next_bytes(5)
        kind, length = chr(head[0]), struct.unpack("!I", head[1:])[0]
        if not 4 <= length <= MOST_MESSAGE:
            raise FatalError(
                "08P01",
                f"a message of {length:,} bytes is too long",
                hint=f"A message may have {MOST_MESSAGE:,} bytes.",
            )
        return kind, Body(self._next_bytes(length - 4))

    def _next_bytes(self, size: int) -> bytes:
        parts, missing = [self._buffer], size - len(self._buffer)
        while missing > 0:
            try:
                part = self._stream.recv(1 << 16)
            except OSError:
                raise Hangup from None
            if not part:
                raise Hangup
            parts.append(part)
            missing -= len(part)
        whole = b"".join(parts)
        self._buffer = whole[size:]
        return whole[:size]


class Body:
    """The fields of a message, one after the other; raise FatalError if one is cut off."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def text(self) -> str:
        """Return a text that ends in a NUL."""
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise _malformed()
        found, self._at = self._data[self._at : end], end + 1
        return _decoded(found)

    def integer(self, form: str) -> int:
        """Return a number in one of struct's forms."""
        return int(struct.unpack(f"!{form}", self.bytes_of(struct.calcsize(f"!{form}")))[0])

    def integers(self, form: str) -> list[int]:
        """Return a count and as many numbers."""
        return [self.integer(form) for _ in range(self.integer("H"))]

    def bytes_of(self, size: int) -> bytes:
        """Return so many bytes."""
        if size < 0 or self._at + size > len(self._data):
            raise _malformed()
        self._at += size
        return self._data[self._at - size : self._at]

    def values(self) -> list[bytes | None]:
        """Return the values of parameters."""
        found: list[bytes | None] = []
        for _ in range(self.integer("H")):
            size = self.integer("i")
            found.append(None if size == -1 else self.bytes_of(size))
        return found

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.bytes_of(len(self._data) - self._at)


def _malformed() -> FatalError:
    return FatalError(
        "08P01", "invalid message format", hint="The client has sent a broken message."
    )


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise PostgresError(
            "22021", 'invalid byte sequence for encoding "UTF8"', hint="Send UTF-8."
        ) from None


class Writer:
    """Writes messages to a stream; they are sent when there are many, or by `flush`."""

    def __init__(self, stream: Stream, most: int = 1 << 16) -> None:
        self._stream = stream
        self._most = most
        self._buffer = bytearray()

    def add(self, kind: bytes, body: bytes = b"") -> None:
        """Add a message."""
        self._buffer += kind
        self._buffer += struct.pack("!I", len(body) + 4)
        self._buffer += body
        if len(self._buffer) >= self._most:
            self.flush()

    def flush(self) -> None:
        """Send what waits; raise Hangup if the client has gone."""
        data, self._buffer = bytes(self._buffer), bytearray()
        if not data:
            return
        try:
            self._stream.sendall(data)
        except OSError:
            raise Hangup from None


def text(value: str) -> bytes:
    """Return a text and a NUL."""
    return value.encode(errors="replace").replace(b"\0", b"") + b"\0"


def error_body(error: PostgresError, severity: str = "ERROR") -> bytes:
    """Return the fields of an ErrorResponse or a NoticeResponse."""
    fields = {"S": severity, "V": severity, "C": error.code, "M": error.message}
    if error.hint:
        fields["H"] = error.hint
    if error.position is not None:
        fields["P"] = str(error.position)
    return b"".join(name.encode() + text(value) for name, value in fields.items()) + b"\0"


def row_description(columns: Iterable[tuple[str, int, int, int, int]]) -> bytes:
    """Return the fields of a RowDescription: name, type, size, typmod and format of each column."""
    found = list(columns)
    parts = [struct.pack("!H", len(found))]
    for name, oid, size, typmod, form in found:
        parts.append(text(name) + struct.pack("!IHIhiH", 0, 0, oid, size, typmod, form))
    return b"".join(parts)


_NULL = b"\xff\xff\xff\xff"
_size = struct.Struct("!I").pack


def _fields(values: Iterable[bytes | None]) -> list[bytes]:
    """Return values as the messages of rows have them, each behind its length."""
    return [_NULL if value is None else _size(len(value)) + value for value in values]


def data_rows(columns: Sequence[Iterable[bytes | None]]) -> Iterator[bytes]:
    """Yield the fields of the DataRow of each row, of which the values of each column are given.

    COPY in its binary format has the same for each row.
    """
    count = struct.pack("!H", len(columns))
    for row in zip(*map(_fields, columns), strict=True):
        yield count + b"".join(row)
