"""The start of a connection: TLS, the startup packet, the password.

https://www.postgresql.org/docs/15/protocol-flow.html#id-1.10.6.7.3
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from billql.serve.postgres import scram, wire
from billql.serve.postgres.errors import FatalError


@dataclass(frozen=True)
class Access:
    """Who may connect, and how."""

    user: str = "billql"
    verifier: scram.Verifier | None = None
    """The password's; None lets everybody in who can reach the port."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    needs_tls: bool = False
    """Whether a connection without TLS is refused."""


@dataclass(frozen=True)
class Start:
    """What a client has sent in its startup packet."""

    options: Mapping[str, str]
    stream: socket.socket


@dataclass(frozen=True)
class CancelRequest:
    """A connection that only cancels the statement of another one."""

    process_id: int
    key: int


def accept(connection: socket.socket, access: Access) -> Start | CancelRequest:
    """Read the first packets, begin TLS if it is wanted; raise Hangup or FatalError."""
    stream, encrypted = connection, False
    for _ in range(3):
        code, body = wire.read_start(stream)
        if code == wire.CANCEL and len(body) == 8:
            return CancelRequest(*struct.unpack("!II", body))
        if code == wire.SSL and access.tls is not None and not encrypted:
            stream.sendall(b"S")
            try:
                stream = access.tls.wrap_socket(stream, server_side=True)
            except OSError:
                raise wire.Hangup from None
            encrypted = True
        elif code in (wire.SSL, wire.GSS):
            stream.sendall(b"N")
        else:
            return Start(_options(code, body, stream, access, encrypted=encrypted), stream)
    raise wire.Hangup


def _options(
    code: int, body: bytes, stream: socket.socket, access: Access, *, encrypted: bool
) -> Mapping[str, str]:
    writer = wire.Writer(stream)
    try:
        if code >> 16 != 3:
            raise FatalError(
                "0A000", "unsupported frontend protocol", hint="Use protocol version 3."
            )
        if access.needs_tls and not encrypted:
            raise FatalError(
                "28000", "the connection is not encrypted", hint="Connect with sslmode=require."
            )
        parts = body.split(b"\0")
        texts = [part.decode(errors="replace") for part in parts[: len(parts) // 2 * 2]]
        found = dict(zip(texts[::2], texts[1::2], strict=True))
        found.pop("", None)
        if not found.get("user"):
            raise FatalError("28000", "no user name in the startup packet", hint="Name a user.")
        if found.get("replication", "false").lower() not in ("false", "off", "0", "no"):
            raise FatalError("0A000", "billql has no replication", hint="Connect without it.")
    except FatalError as error:
        writer.add(b"E", wire.error_body(error, "FATAL"))
        writer.flush()
        raise
    if code & 0xFFFF or any(name.startswith("_pq_.") for name in found):
        unknown = [name for name in found if name.startswith("_pq_.")]
        names = b"".join(wire.text(name) for name in unknown)
        writer.add(b"v", struct.pack("!II", wire.PROTOCOL, len(unknown)) + names)
        writer.flush()
    return {name: value for name, value in found.items() if not name.startswith("_pq_.")}


def authenticate(reader: wire.Reader, writer: wire.Writer, user: str, access: Access) -> None:
    """Let a client prove that it knows the password; raise FatalError if it does not."""
    if access.verifier is not None:
        exchange = scram.Exchange(access.verifier, is_known_user=user == access.user)
        mechanisms = wire.text(scram.MECHANISM) + b"\0"
        writer.add(b"R", struct.pack("!I", 10) + mechanisms)
        writer.flush()
        body = _response(reader)
        if body.text() != scram.MECHANISM:
            raise FatalError("28000", "unknown SASL mechanism", hint=f"Use {scram.MECHANISM}.")
        challenge = exchange.challenge(body.bytes_of(body.integer("i")))
        writer.add(b"R", struct.pack("!I", 11) + challenge)
        writer.flush()
        final = exchange.proof(_response(reader).rest())
        writer.add(b"R", struct.pack("!I", 12) + final)
    writer.add(b"R", struct.pack("!I", 0))


def _response(reader: wire.Reader) -> wire.Body:
    kind, body = reader.message()
    if kind != "p":
        raise FatalError("08P01", "expected a password message", hint="Send the password.")
    return body
