"""Accepts PostgreSQL's clients, a thread for each, within limits; and stops.

A statement of a client ends when the client cancels it, vanishes, or has set a time limit; its
requests end with it.
"""

from __future__ import annotations

import decimal
import secrets
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from billql.serve.address import Address
from billql.serve.context import ServerContext
from billql.serve.postgres import login, wire
from billql.serve.postgres.catalog import tables
from billql.serve.postgres.catalog.names import Catalog
from billql.serve.postgres.client import Client
from billql.serve.postgres.context import SessionContext
from billql.serve.postgres.engine import Engine
from billql.serve.postgres.errors import FatalError, PostgresError
from billql.serve.postgres.functions.install import all_functions
from billql.serve.postgres.login import Access
from billql.serve.postgres.settings import Settings
from billql.serve.postgres.values.numerics import CONTEXT
from billql.serve.postgres.watch import HangupWatch

DATABASE = "billql"
_START_SECONDS = 30.0
"""How long a client may take to log in."""
_MOST_STARTING = 20
"""How many connections more than clients there may be: they log in, or cancel a statement."""
_SEND_SECONDS = 60_000
"""How many milliseconds may pass until a client acknowledges what it was sent."""


@dataclass
class _Session:
    """A client that is connected."""

    process_id: int
    key: int
    connection: socket.socket
    engine: Engine | None = None
    is_busy: bool = False
    ended_by: PostgresError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def interrupt(self, why: PostgresError) -> None:
        """End the statement that runs, if there is one."""
        with self.lock:
            if self.is_busy and self.engine is not None:
                self.ended_by = why
                self.engine.session.interrupt()

    def insist(self) -> None:
        """Interrupt again what shall end and still runs: it may not have begun the first time."""
        with self.lock:
            if self.ended_by is not None and self.is_busy and self.engine is not None:
                self.engine.session.interrupt()


class PostgresServer:
    """A server of PostgreSQL's protocol.

    `context` has what it shares with other servers of the process.
    """

    def __init__(
        self,
        address: Address,
        access: Access,
        context: ServerContext,
        most_clients: int = 50,
    ) -> None:
        self._access = access
        self._open = context.open_connection
        self._notes = context.notes
        self._observe = context.observe
        self._most = most_clients
        self._sessions: dict[int, _Session] = {}
        self._lock = threading.Lock()
        self._next_id = 1
        self._threads: set[threading.Thread] = set()
        self._stopping = False
        self._listener = address.bind()
        self._registry = all_functions()
        with context.open_connection() as connection, connection.session.unbounded():
            self._catalog = Catalog(tables.read(connection), access.user, DATABASE)
        _ = self._catalog.image  # which takes a moment that the first client need not wait for
        self._watch = HangupWatch()
        self._accepting = threading.Thread(target=self._accept, name="billql-postgres", daemon=True)

    @property
    def url(self) -> str:
        """Return how clients connect to it."""
        return f"postgresql://{self._access.user}@{Address(*self.address)}/{DATABASE}"

    @property
    def address(self) -> tuple[str, int]:
        """Return the host and the port."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    def start(self) -> None:
        """Accept clients, in a thread."""
        self._listener.listen(128)
        self._accepting.start()

    def stop(self, grace: float) -> None:
        """Accept no more clients; let statements go on for so many seconds, and end."""
        self._stopping = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for session in list(self._sessions.values()):
            with session.lock:
                if not session.is_busy:
                    _shut(session.connection)
        self._join(grace)
        for session in list(self._sessions.values()):
            session.interrupt(_shutdown())
            _shut(session.connection)
        self._join(5.0)
        self._watch.close()

    def _join(self, seconds: float) -> None:
        threads = list(self._threads)
        for thread in threads:
            thread.join(seconds / max(1, len(threads)))

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                is_full = len(self._threads) >= self._most + _MOST_STARTING
                if not is_full:
                    self._threads.add(thread)
            if is_full:
                connection.close()
            else:
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(wire.Hangup, OSError, FatalError):
                _prepare(connection)
                found = login.accept(connection, self._access)
                if isinstance(found, login.CancelRequest):
                    self._cancel(found)
                    return
                with found.stream:
                    self._serve_start(found)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _serve_start(self, start: login.Start) -> None:
        stream = start.stream
        reader, writer = wire.Reader(stream), wire.Writer(stream)
        try:
            with self._session(stream) as session:
                settings = self._log_in(reader, writer, start)
                stream.settimeout(None)
                self._converse(session, reader, writer, settings)
        except PostgresError as error:
            with suppress(wire.Hangup):
                writer.add(b"E", wire.error_body(error, "FATAL"))
                writer.flush()

    def _log_in(self, reader: wire.Reader, writer: wire.Writer, start: login.Start) -> Settings:
        user = start.options["user"]
        login.authenticate(reader, writer, user, self._access)
        database = start.options.get("database", user)
        if database not in (DATABASE, user, "postgres"):
            raise FatalError(
                "3D000", f'database "{database}" does not exist', hint=f"Connect to {DATABASE}."
            )
        settings = Settings(user, DATABASE)
        settings.start_with(_start_settings(start.options))
        return settings

    def _converse(
        self, session: _Session, reader: wire.Reader, writer: wire.Writer, settings: Settings
    ) -> None:
        context = SessionContext(settings, self._catalog, session.process_id, self._terminate)
        connection = self._open()
        engine = Engine(connection.session, self._catalog, self._registry, context, self._observe)
        # A numeric has more digits than the usual context of a thread.
        decimal.setcontext(CONTEXT.copy())
        notices = self._notes.begin()
        client = Client(
            engine, reader, writer, lambda limit: self._running(session, limit), notices
        )
        session.engine = engine
        try:
            for name, value in settings.reported():
                writer.add(b"S", wire.text(name) + wire.text(value))
            writer.add(b"K", struct.pack("!II", session.process_id, session.key))
            client.serve()
        finally:
            session.engine = None
            self._notes.end()
            client.close()
            connection.close()

    @contextmanager
    def _session(self, connection: socket.socket) -> Iterator[_Session]:
        """Count a client in a block; raise FatalError if there are too many."""
        with self._lock:
            if self._stopping:
                raise _shutdown()
            if len(self._sessions) >= self._most:
                raise FatalError(
                    "53300", "sorry, too many clients already", hint="Close some, or connect later."
                )
            session = _Session(self._next_id, secrets.randbits(32), connection)
            self._next_id += 1
            self._sessions[session.process_id] = session
        try:
            yield session
        finally:
            with self._lock:
                del self._sessions[session.process_id]

    @contextmanager
    def _running(self, session: _Session, limit: float) -> Iterator[None]:
        """Watch over a statement in a block; raise PostgresError for why it was ended."""
        with session.lock:
            session.is_busy, session.ended_by = True, None
        timer = None
        if limit:
            timer = threading.Timer(limit, session.interrupt, (_timeout(),))
            timer.daemon = True
            timer.start()
        try:
            gone = partial(session.interrupt, _vanished())
            with self._watch.over(session.connection, gone, session.insist):
                yield
        except PostgresError as error:
            if error.code == "57014" and session.ended_by is not None:
                raise session.ended_by from error
            raise
        finally:
            if timer is not None:
                timer.cancel()
            with session.lock:
                session.is_busy = False
            if self._stopping:
                _shut(session.connection, socket.SHUT_RD)

    def _cancel(self, request: login.CancelRequest) -> None:
        session = self._sessions.get(request.process_id)
        if session is not None and secrets.compare_digest(
            struct.pack("!I", session.key), struct.pack("!I", request.key)
        ):
            session.interrupt(_cancelled())

    def _terminate(self, process_id: int, ends: bool) -> bool:
        session = self._sessions.get(process_id)
        if session is None:
            return False
        session.interrupt(_cancelled())
        if ends:
            _shut(session.connection)
        return True


def _prepare(connection: socket.socket) -> None:
    connection.settimeout(_START_SECONDS)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SEND_SECONDS)


def _shut(connection: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    with suppress(OSError):
        connection.shutdown(how)


def _start_settings(options: Mapping[str, str]) -> dict[str, str]:
    """Return the settings in a startup packet: its own fields, and `-c name=value` of options."""
    found = {
        name.lower(): value
        for name, value in options.items()
        if name not in ("user", "database", "options", "replication")
    }
    keywords = options.get("options", "").replace("\\ ", "\0").split()
    for place, keyword in enumerate(keywords):
        text = keyword
        if keyword == "-c" and place + 1 < len(keywords):
            text = keywords[place + 1]
        elif keyword.startswith(("-c", "--")):
            text = keyword[2:]
        elif place and keywords[place - 1] == "-c":
            continue
        name, equals, value = text.partition("=")
        if equals:
            found[name.replace("-", "_").lower()] = value.replace("\0", " ")
    return found


def _cancelled() -> PostgresError:
    return PostgresError(
        "57014", "canceling statement due to user request", hint="Run the statement again."
    )


def _timeout() -> PostgresError:
    return PostgresError(
        "57014", "canceling statement due to statement timeout", hint="Raise statement_timeout."
    )


def _vanished() -> PostgresError:
    return PostgresError("08006", "the client has gone", hint="Connect again.")


def _shutdown() -> FatalError:
    return FatalError(
        "57P01", "terminating connection due to administrator command", hint="Connect later."
    )
