"""One client: its messages in order, simple and extended.

https://www.postgresql.org/docs/15/protocol-flow.html
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from billql.output.batches import batches
from billql.serve.postgres import types, wire
from billql.serve.postgres.compiler.compile import ResultColumn
from billql.serve.postgres.compiler.parsing import split
from billql.serve.postgres.engine import Engine, translating
from billql.serve.postgres.errors import FatalError, PostgresError
from billql.serve.postgres.formats.binary_input import receive
from billql.serve.postgres.formats.binary_output import ColumnSender, column_sender
from billql.serve.postgres.formats.codes import format_codes
from billql.serve.postgres.formats.copy import CopyWriter
from billql.serve.postgres.formats.text_input import reader
from billql.serve.postgres.formats.text_output import column_writer
from billql.serve.postgres.prepared import Outcome, Portal, Prepared
from billql.serve.postgres.statements import commands
from billql.serve.postgres.transactions import Transaction

MOST_OPEN = 1_000
"""How many prepared statements, and how many portals, a client may have at once."""

Guarding = Callable[[float], AbstractContextManager[None]]
"""Watches over a statement that runs: the client may vanish, cancel it, or set a time limit."""


class Client:
    """Responds to the messages of one client until it leaves."""

    def __init__(
        self,
        engine: Engine,
        reader: wire.Reader,
        writer: wire.Writer,
        guarding: Guarding,
        notices: list[str],
    ) -> None:
        self._engine = engine
        self._context = engine.context
        self._reader = reader
        self._writer = writer
        self._guarding = guarding
        self._notices = notices
        self._transaction = Transaction(engine.context)
        self._commands = commands(engine, self._transaction)
        self._skips = False
        """Whether messages are passed over until Sync, after an error."""

    def serve(self) -> None:
        """Respond until the client ends; raise Hangup if it vanishes, or FatalError."""
        self._ready()
        while True:
            kind, body = self._reader.message()
            if kind == "X":
                return
            handler = _HANDLERS.get(kind)
            if handler is None:
                raise FatalError(
                    "08P01", f"invalid frontend message type {ord(kind)}", hint="Use version 3."
                )
            if self._skips and kind != "S":
                continue
            try:
                with self._flushing_settings():
                    handler(self, body)
            except FatalError:
                raise
            except PostgresError as error:
                self._failed(error)
                if kind == "Q":
                    self._ready()
                else:
                    self._skips = True
                    self._writer.flush()  # the client may wait for it before it sends Sync

    # Responses ----------------------------------------------------------------------------------

    def _failed(self, error: PostgresError) -> None:
        self._transaction.fail()
        self._send_notices()
        self._writer.add(b"E", wire.error_body(error))

    def _ready(self) -> None:
        self._writer.add(b"Z", self._transaction.status.encode())
        self._writer.flush()

    def _send_notices(self) -> None:
        for notice in self._notices:
            self._writer.add(b"N", wire.error_body(PostgresError("01000", notice), "WARNING"))
        self._notices.clear()

    @contextmanager
    def _flushing_settings(self) -> Iterator[None]:
        """Send the settings that have changed, once a message is answered."""
        try:
            yield
        finally:
            for name, value in self._transaction.changed:
                self._writer.add(b"S", wire.text(name) + wire.text(value))
            self._transaction.changed.clear()

    def _describe(
        self, columns: Sequence[ResultColumn] | None, formats: Sequence[int] = ()
    ) -> None:
        if columns is None:
            self._writer.add(b"n")
            return
        chosen = format_codes(formats, len(columns))
        described = [
            (one.name, types.TYPES[one.type].oid, types.TYPES[one.type].size, one.typmod, form)
            for one, form in zip(columns, chosen, strict=True)
        ]
        self._writer.add(b"T", wire.row_description(described))

    def _send_rows(
        self, columns: Sequence[ResultColumn], rows: Iterator[Sequence[Any]], formats: Sequence[int]
    ) -> int:
        """Send rows and return how many; raise PostgresError for a value of another type."""
        encoders = [
            self._encoder(column.type, form)
            for column, form in zip(columns, format_codes(formats, len(columns)), strict=True)
        ]
        count = 0
        with translating():
            for batch in batches(rows):
                found = zip(encoders, zip(*batch, strict=True), strict=True)
                for body in wire.data_rows([encode(values) for encode, values in found]):
                    self._writer.add(b"D", body)
                count += len(batch)
        return count

    def _encoder(self, kind: str, form: int) -> ColumnSender:
        if form == 1:
            return column_sender(kind, self._context)
        write = column_writer(kind, self._context)
        return lambda values: [
            None if text is None else text.encode(errors="replace") for text in write(values)
        ]

    def _copy(self, prepared: Prepared, outcome: Outcome) -> int:
        """Send the rows of a COPY; the first of them goes with what stands before it."""
        columns = prepared.columns or ()
        assert outcome.copy is not None
        made = CopyWriter([(one.name, one.type) for one in columns], outcome.copy, self._context)
        form = int(outcome.copy.format == "binary")
        self._writer.add(
            b"H", struct.pack("!bH", form, len(columns)) + struct.pack("!H", form) * len(columns)
        )
        head, count = made.head, 0
        with translating():
            for batch in batches(iter(outcome.rows or ())):
                for line in made.lines(batch):
                    self._writer.add(b"d", head + line)
                    head = b""
                count += len(batch)
        if head or made.tail:
            self._writer.add(b"d", head + made.tail)
        self._writer.add(b"c")
        return count

    # Running --------------------------------------------------------------------------------------

    def _check_state(self, prepared: Prepared) -> None:
        if self._transaction.status == "E" and not prepared.ends_failure:
            raise PostgresError(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
                hint="ROLLBACK first.",
            )

    def _begin_statement(self) -> None:
        if self._transaction.status == "I":
            self._context.begin()

    # Simple ---------------------------------------------------------------------------------------

    def _query(self, body: wire.Body) -> None:
        text = body.text()
        statements = split(text)
        if not statements:
            self._writer.add(b"I")
        self._begin_statement()
        for statement in statements:
            with self._guarding(self._context.settings.timeout):
                prepared = self._prepare_checked(statement)
                portal = Portal(prepared)
                try:
                    self._run_simple(prepared, portal)
                finally:
                    portal.close()
        self._ready()

    def _prepare_checked(self, statement: Any, declared: Sequence[str] = ()) -> Prepared:
        if self._transaction.status == "E" and statement.keyword not in (
            "ROLLBACK", "ABORT", "COMMIT", "END",
        ):  # fmt: skip
            self._check_state(Prepared(lambda _: Outcome(str)))
        return self._commands.prepare(statement, declared)

    def _run_simple(self, prepared: Prepared, portal: Portal) -> None:
        if prepared.parameters:
            raise PostgresError(
                "42P02",
                "there is no parameter $1",
                hint="Use the extended protocol for parameters.",
            )
        outcome = portal.start()
        count = 0
        if outcome.copy is not None:
            count = self._copy(prepared, outcome)
        elif prepared.columns is not None:
            self._describe(prepared.columns)
            count = self._send_rows(prepared.columns, portal.read(None), ())
        self._send_notices()
        self._writer.add(b"C", wire.text(outcome.tag(count)))

    # Extended -------------------------------------------------------------------------------------

    def _parse(self, body: wire.Body) -> None:
        name, text = body.text(), body.text()
        oids = body.integers("I")
        declared = [types.BY_OID[oid].name if oid in types.BY_OID else "unknown" for oid in oids]
        statements = split(text)
        if len(statements) > 1:
            raise PostgresError(
                "42601",
                "cannot insert multiple commands into a prepared statement",
                hint="Send one at a time.",
            )
        known = self._commands.statements
        if name and name in known:
            raise PostgresError(
                "42P05", f'prepared statement "{name}" already exists', hint="DEALLOCATE it first."
            )
        if len(known) >= MOST_OPEN and name not in known:
            raise _too_many("prepared statements")
        self._begin_statement()
        if statements:
            with self._guarding(self._context.settings.timeout):
                prepared = self._prepare_checked(statements[0], declared)
        else:
            prepared = Prepared(lambda _: Outcome(lambda _: ""))
        known[name] = prepared
        self._writer.add(b"1")

    def _statement(self, name: str) -> Prepared:
        found = self._commands.statements.get(name)
        if found is None:
            raise PostgresError(
                "26000", f'prepared statement "{name}" does not exist', hint="Parse it first."
            )
        return found

    def _bind(self, body: wire.Body) -> None:
        portal_name, name = body.text(), body.text()
        prepared = self._statement(name)
        forms = body.integers("H")
        sent = body.values()
        results = body.integers("H")
        if len(sent) != len(prepared.parameters):
            raise PostgresError(
                "08P01",
                f"bind message supplies {len(sent)} parameters, but prepared statement "
                f'"{name}" requires {len(prepared.parameters)}',
                hint="Send a value for each.",
            )
        values = [
            self._parameter(kind, data, form)
            for kind, data, form in zip(
                prepared.parameters, sent, format_codes(forms, len(sent)), strict=True
            )
        ]
        portals = self._transaction.portals
        if portal_name and portal_name in portals:
            raise PostgresError("42P03", f'cursor "{portal_name}" already exists', hint="Close it.")
        if len(portals) >= MOST_OPEN and portal_name not in portals:
            raise _too_many("portals")
        if portal_name in portals:
            portals[portal_name].close()
        portals[portal_name] = Portal(prepared, values, results)
        self._writer.add(b"2")

    def _parameter(self, kind: str, data: bytes | None, form: int) -> Any:
        if data is None:
            return None
        with translating():
            if form == 1:
                return receive(kind, data)
            try:
                return reader(kind, self._context)(data.decode())
            except UnicodeDecodeError:
                raise PostgresError(
                    "22021", 'invalid byte sequence for encoding "UTF8"', hint="Send UTF-8."
                ) from None

    def _describe_message(self, body: wire.Body) -> None:
        kind, name = body.bytes_of(1), body.text()
        if kind == b"S":
            prepared = self._statement(name)
            oids = [types.TYPES[one].oid for one in prepared.parameters]
            self._writer.add(b"t", struct.pack(f"!H{len(oids)}I", len(oids), *oids))
            self._describe(_described(prepared))
        else:
            portal = self._transaction.portal(name)
            self._describe(_described(portal.prepared), portal.formats)

    def _execute(self, body: wire.Body) -> None:
        portal = self._transaction.portal(body.text())
        most = body.integer("i")
        prepared = portal.prepared
        self._check_state(prepared)
        with self._guarding(self._context.settings.timeout):
            outcome = portal.start()
            count = 0
            if outcome.copy is not None:
                count = self._copy(prepared, outcome)
            elif prepared.columns is not None:
                rows = portal.read(most or None)
                count = self._send_rows(prepared.columns, rows, portal.formats)
        self._send_notices()
        if most and count == most and prepared.columns is not None:
            self._writer.add(b"s")
        elif tag := outcome.tag(count):
            self._writer.add(b"C", wire.text(tag))
        else:
            self._writer.add(b"I")

    def _close_message(self, body: wire.Body) -> None:
        kind, name = body.bytes_of(1), body.text()
        if kind == b"S":
            self._commands.statements.pop(name, None)
        elif name in self._transaction.portals:
            self._transaction.portals.pop(name).close()
        self._writer.add(b"3")

    def _sync(self, body: wire.Body) -> None:
        self._skips = False
        if self._transaction.status == "I":
            portals = self._transaction.portals
            for name in [name for name, portal in portals.items() if not portal.holds]:
                portals.pop(name).close()
        self._ready()

    def _flush(self, body: wire.Body) -> None:
        self._writer.flush()

    def _ignore(self, body: wire.Body) -> None:
        """Pass over what belongs to a COPY that is refused."""

    def close(self) -> None:
        """End what is under way."""
        for portal in self._transaction.portals.values():
            portal.close()
        self._engine.close()


def _described(prepared: Prepared) -> Sequence[ResultColumn] | None:
    return prepared.columns if prepared.columns is not None and not prepared.is_copy else None


def _too_many(what: str) -> PostgresError:
    return PostgresError(
        "53400", f"too many {what} are open", hint=f"Close some; {MOST_OPEN} may be."
    )


Handler = Callable[[Client, wire.Body], None]
_HANDLERS: Mapping[str, Handler] = {
    "Q": Client._query,
    "P": Client._parse,
    "B": Client._bind,
    "D": Client._describe_message,
    "E": Client._execute,
    "C": Client._close_message,
    "S": Client._sync,
    "H": Client._flush,
    "d": Client._ignore,
    "c": Client._ignore,
    "f": Client._ignore,
}
