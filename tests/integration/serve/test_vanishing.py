"""Clients that leave or cancel at any moment, also before SQLite has begun their statement."""

from __future__ import annotations

import socket
import struct
import time

import psycopg

import billql
from billql.serve.context import Ended
from support.serving import serving, until
from support.wire_server import dsn, served

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
MOMENTS = [moment / 1000 for moment in (0, 0.5, 1, 2, 3, 5, 8, 13, 21)] * 2


def test_postgresqls_clients_that_leave_end_their_statements() -> None:
    with served() as server:
        for moment in MOMENTS:
            connection = psycopg.connect(dsn(server))
            connection.pgconn.send_query(ENDLESS.encode())
            connection.pgconn.flush()
            time.sleep(moment)
            connection.pgconn.finish()
            connection.close()
        assert until(lambda: not server._sessions)


def test_postgresqls_clients_cancel_as_soon_as_a_statement_is_there() -> None:
    with served() as server, psycopg.connect(dsn(server), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 20000")
        (session,) = server._sessions.values()
        for _ in range(6):
            connection.pgconn.send_query(ENDLESS.encode())
            connection.pgconn.flush()
            while not session.is_busy:
                time.sleep(0.0001)
            # libpq would wait for the server with the interpreter's lock.
            with socket.create_connection(server.address, timeout=10) as other:
                number = session.key & 0xFFFFFFFF
                other.sendall(struct.pack("!IIII", 16, 80877102, session.process_id, number))
                assert other.recv(1) == b""
            while connection.pgconn.is_busy():
                time.sleep(0.005)
                connection.pgconn.consume_input()
            found = connection.pgconn.get_result()
            assert found is not None
            assert b"due to user request" in found.error_message
            while connection.pgconn.get_result() is not None:
                pass


def test_clients_of_http_that_leave_end_their_statements() -> None:
    with (
        billql.connect(read_only=True, autocommit=True) as base,
        serving(base.another) as running,
    ):
        for moment in MOMENTS:
            with running.raw(ENDLESS):
                time.sleep(moment)
        assert until(lambda: running.metric("billql_statements_running") == 0)
        assert running.metric("billql_statements_waiting") == 0


WIDE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, {} AS x FROM n"
CELL, MOST = 1_000, 32_000_000


def test_no_rows_are_made_ahead_of_a_client_of_postgresql_that_does_not_read() -> None:
    """Not many more, at least, than what sockets hold."""
    ended: list[Ended] = []
    with served(observe=ended.append) as server:
        connection = psycopg.connect(dsn(server))
        connection.pgconn.send_query(WIDE.format(f"repeat('x', {CELL})").encode())
        connection.pgconn.flush()
        time.sleep(0.5)
        connection.pgconn.finish()
        connection.close()
        assert until(lambda: bool(ended))
    assert 0 < ended[0].rows * CELL < MOST


def test_no_rows_are_made_ahead_of_a_client_of_http_that_does_not_read() -> None:
    with (
        billql.connect(read_only=True, autocommit=True) as base,
        serving(base.another) as running,
    ):
        with running.raw(WIDE.format(f"printf('%.*c', {CELL}, 'x')"), "csv"):
            time.sleep(0.5)
        assert until(lambda: running.metric("billql_statements_running") == 0)
        assert 0 < running.metric("billql_rows_total") * CELL < MOST
