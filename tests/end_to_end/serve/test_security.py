"""Who may connect, what a client may not do, and what remains of one that vanishes."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from billql.errors import InterfaceError
from billql.serve.address import Address
from billql.serve.postgres.login import Access
from billql.serve.postgres.opening import Opening
from billql.serve.postgres.server import PostgresServer
from support.paths import TESTS
from support.wire_server import LOOPBACK, dsn, served

CERTIFICATE = TESTS / "support" / "self_signed.pem"
PASSWORD = "correct horse battery"
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n"


@pytest.fixture(scope="module")
def guarded() -> Iterator[PostgresServer]:
    """Serve with a password and TLS, as off loopback."""
    opening = Opening.checked(LOOPBACK, "billql", PASSWORD, certificate=CERTIFICATE, clients=3)
    strict = Access(
        opening.access.user, opening.access.verifier, opening.access.tls, needs_tls=True
    )
    with served(Opening(opening.address, strict, opening.clients)) as running:
        yield running


def test_the_password_is_checked_over_tls(guarded: PostgresServer) -> None:
    with psycopg.connect(dsn(guarded, sslmode="require"), password=PASSWORD) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("billql",)
        assert connection.pgconn.ssl_in_use


@pytest.mark.parametrize(
    ("more", "password"),
    [({}, "wrong"), ({}, ""), ({"user": "somebody"}, PASSWORD)],
)
def test_a_wrong_password_or_user_is_refused(
    guarded: PostgresServer, more: dict[str, str], password: str
) -> None:
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(dsn(guarded, sslmode="require", **more), password=password)
    assert "password" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_plain_text_is_refused_where_others_can_reach(guarded: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="not encrypted"):
        psycopg.connect(dsn(guarded, sslmode="disable"), password=PASSWORD)


def test_what_a_client_sends_before_tls_begins_is_no_part_of_it(guarded: PostgresServer) -> None:
    start = b"user\0billql\0\0"
    hidden = struct.pack("!II", len(start) + 8, 196_608) + start
    with socket.create_connection(guarded.address, timeout=10) as raw:
        raw.sendall(struct.pack("!II", 8, 80_877_103) + hidden)
        assert raw.recv(1) == b"S"
        assert not _rest(raw).startswith(b"R")


def _rest(raw: socket.socket) -> bytes:
    """Return all that a server sends until it closes the connection."""
    found = b""
    with suppress(ConnectionResetError):
        while data := raw.recv(65536):
            found += data
    return found


def _logged_in(server: PostgresServer) -> tuple[socket.socket, bytes]:
    """Return the socket of a client that nothing closes by itself, and how it was greeted."""
    start = b"user\0billql\0\0"
    raw = socket.create_connection(server.address, timeout=10)
    raw.sendall(struct.pack("!II", len(start) + 8, 196_608) + start)
    greeting = b""
    while not greeting.endswith(b"Z\0\0\0\5I"):
        greeting += raw.recv(65536)
    return raw, greeting


@pytest.mark.parametrize(
    ("address", "password", "certificate", "anonymous", "why"),
    [
        ("127.0.0.1:0", None, None, False, "needs a password"),
        ("127.0.0.1:0", "", None, False, "empty"),
        ("0.0.0.0:0", None, CERTIFICATE, True, "other machines"),
        ("0.0.0.0:0", PASSWORD, None, False, "certificate"),
        ("[::]:0", PASSWORD, None, False, "certificate"),
    ],
)
def test_an_unsafe_server_does_not_start(
    address: str, password: str | None, certificate: Path | None, anonymous: bool, why: str
) -> None:
    with pytest.raises(InterfaceError, match=why) as caught:
        Opening.checked(
            Address.parse(address),
            "billql",
            password,
            is_anonymous=anonymous,
            certificate=certificate,
        )
    assert caught.value.hint


WRITING = {
    "INSERT INTO charges (id) VALUES (9)": "25006",
    "UPDATE charges SET amount = 0": "25006",
    "DELETE FROM charges": "25006",
    "CREATE TABLE t (x int)": "25006",
    "DROP TABLE charges": "25006",
    "CREATE TEMP TABLE t AS SELECT 1": "25006",
    "SELECT 1 INTO t": "25006",
    "WITH gone AS (DELETE FROM charges RETURNING *) SELECT * FROM gone": "25006",
    "SELECT * FROM charges FOR UPDATE": "25006",
    "TRUNCATE charges": "25006",
    "COPY charges FROM STDIN": "25006",
    "COPY charges TO '/tmp/stolen'": "42501",
    "COPY (SELECT 1) TO PROGRAM 'id'": "42501",
    "SELECT pg_read_file('/etc/passwd')": "42883",
    "SELECT lo_import('/etc/passwd')": "42883",
    "SELECT readfile('/etc/passwd')": "42883",
    "SELECT load_extension('x')": "42883",
    "ATTACH '/tmp/x.db' AS x": "42601",
    "PRAGMA query_only = 0": "42601",
    "REGISTRY PULL stripe": "42601",
    "EXPLAIN ANALYZE SELECT 1": "0A000",
    "SELECT * FROM sqlite_schema": "42P01",
    "SELECT * FROM main.sqlite_master": "42P01",
    "SELECT * FROM pragma_table_info('charges')": "42883",
    "SET transaction_read_only = off": "0A000",
    "DO $$ BEGIN END $$": "25006",
    "LISTEN x": "0A000",
    "SET ROLE postgres": "42501",
}


def test_nothing_writes_or_reaches_a_file(server: PostgresServer) -> None:
    with psycopg.connect(dsn(server), autocommit=True) as connection:
        found = {}
        for statement in WRITING:
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(statement)
            found[statement] = caught.value.diag.sqlstate
            assert caught.value.diag.message_hint, statement
        assert found == WRITING
        assert connection.execute("SELECT count(*) FROM charges").fetchone() == (8,)


def test_a_client_too_many_is_refused_and_the_next_is_let_in(guarded: PostgresServer) -> None:
    place = dsn(guarded, sslmode="require")
    many = [psycopg.connect(place, password=PASSWORD) for _ in range(3)]
    try:
        with pytest.raises(psycopg.OperationalError, match="too many clients"):
            psycopg.connect(place, password=PASSWORD)
    finally:
        for connection in many:
            connection.close()
    _eventually(lambda: psycopg.connect(place, password=PASSWORD).close())


def test_connections_that_never_log_in_are_bounded(guarded: PostgresServer) -> None:
    idle = [socket.create_connection(guarded.address, timeout=10) for _ in range(40)]
    try:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn(guarded, sslmode="require"), password=PASSWORD)
    finally:
        for one in idle:
            one.close()
    place = dsn(guarded, sslmode="require")
    _eventually(lambda: psycopg.connect(place, password=PASSWORD).close())


def _eventually(attempt: object) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            assert callable(attempt)
            attempt()
            return
        except (psycopg.OperationalError, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def test_a_statement_is_cancelled_by_the_key_of_its_session_alone(server: PostgresServer) -> None:
    with psycopg.connect(dsn(server), autocommit=True) as connection:
        timer = threading.Timer(0.3, connection.cancel_safe)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(ENDLESS)
        timer.join()
        process = connection.info.backend_pid
        with socket.create_connection(server.address, timeout=10) as stranger:
            stranger.sendall(struct.pack("!IIII", 16, 80_877_102, process, 12345))
        assert connection.execute("SELECT 1").fetchone() == (1,)
        with psycopg.connect(dsn(server), autocommit=True) as other:
            wanted = "SELECT pg_terminate_backend(%s)"
            assert other.execute(wanted, (process,)).fetchone() == (True,)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_a_client_that_vanishes_frees_its_session(server: PostgresServer) -> None:
    raw, greeting = _logged_in(server)
    (process,) = struct.unpack_from("!I", greeting, greeting.index(b"K\0\0\0\x0c") + 5)
    query = ENDLESS.encode() + b"\0"
    raw.sendall(b"Q" + struct.pack("!I", len(query) + 4) + query)
    time.sleep(0.3)
    raw.close()

    def is_gone() -> None:
        with psycopg.connect(dsn(server), autocommit=True) as other:
            found = other.execute("SELECT pg_cancel_backend(%s)", (process,)).fetchone()
            assert found == (False,)

    _eventually(is_gone)


GARBAGE = [
    b"",
    b"\0",
    b"GET / HTTP/1.1\r\n\r\n",
    struct.pack("!I", 2**31 - 1),
    struct.pack("!II", 8, 0),
    struct.pack("!II", 9, 196_608) + b"x",
    struct.pack("!II", 9, 196_608) + b"\0",
    struct.pack("!III", 12, 80_877_102, 1),
]


@pytest.mark.parametrize("data", GARBAGE)
def test_what_is_no_startup_packet_ends_the_connection(server: PostgresServer, data: bytes) -> None:
    with socket.create_connection(server.address, timeout=10) as raw:
        raw.sendall(data)
        with suppress(OSError):
            raw.shutdown(socket.SHUT_WR)
        assert not _rest(raw).startswith(b"R")


MESSAGES = [
    b"Q\xff\xff\xff\xff",
    b"Q\0\0\0\3",
    b"Q\0\0\0\x05x",
    b"\x80\0\0\0\4",
    b"B\0\0\0\5\0",
    b"P\0\0\0\x08a\0b\0",
    b"E\0\0\0\5\0",
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_broken_message_is_an_error_and_no_more(server: PostgresServer, message: bytes) -> None:
    raw, _ = _logged_in(server)
    with raw:
        raw.sendall(message)
        raw.shutdown(socket.SHUT_WR)
        found = _rest(raw)
        assert found == b"" or found.startswith(b"E")
    with psycopg.connect(dsn(server)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_statements_that_flood_are_refused(server: PostgresServer) -> None:
    with psycopg.connect(dsn(server), autocommit=True) as connection:
        for statement in (
            "SELECT repeat('x', 2000000000)",
            "SELECT count(*) FROM generate_series(1, 1000000000)",
            "SELECT " + "(" * 5000 + "1" + ")" * 5000,
            "SELECT " + " + ".join("1" * 3 for _ in range(3000)),
            "SELECT lpad('x', 2000000000)",
        ):
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(statement)
            assert caught.value.diag.sqlstate in ("54000", "54001")
        connection.execute("SET statement_timeout = '100ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute(ENDLESS)
