"""Clients that ask until the end, and note what is wrong."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import over_http, over_postgres
from .statements import COUNTED, LONG, Answer, Expected, Place, RefusedError, statement

SCHEMAS = {"http": "digitalocean.billing", "postgres": "digitalocean_billing"}
"""The name of the schema of bills in each protocol."""
_BUSY = http.client.SERVICE_UNAVAILABLE
_VANISHES = 5
"""A client vanishes in the midst of its statement of this number, and each ten later."""


@dataclass
class Findings:
    """What all clients have found."""

    responses: int = 0
    rows: int = 0
    busy: int = 0
    """Statements that the server refused because others waited."""
    vanished: int = 0
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Client:
    """One client of one protocol."""

    number: int
    protocol: str
    place: Place
    expected: Expected

    def run(self, end: Callable[[], bool], findings: Findings) -> None:
        """Ask one statement after the other, and check every row."""
        number = 0
        try:
            with asking(self.protocol, self.place) as ask:
                while not end():
                    number += 1
                    self._step(number, ask, findings)
        except Exception as error:
            self._note(findings, number, repr(error))

    def _step(self, number: int, ask: Callable[[str, int], Answer], findings: Findings) -> None:
        if number % 10 == _VANISHES:
            sql = COUNTED.format(client=self.number, ask=number, rows=LONG)
            module = over_http if self.protocol == "http" else over_postgres
            module.vanish(self.place, sql)
            with findings.lock:
                findings.vanished += 1
            return
        asked = statement(self.number, number, self.expected, SCHEMAS[self.protocol])
        try:
            end, rows = ask(asked.sql, self.number + number)
        except RefusedError as refused:
            if refused.status != _BUSY:
                self._note(findings, number, str(refused))
            with findings.lock:
                findings.busy += refused.status == _BUSY
            return
        if rows != asked.rows or end not in (None, len(rows)):
            wrong = next((row for row in rows if row not in asked.rows), None)
            self._note(
                findings, number, f"{len(rows)} rows of {len(asked.rows)}, end {end}, {wrong}"
            )
        with findings.lock:
            findings.responses += 1
            findings.rows += len(rows)

    def _note(self, findings: Findings, number: int, text: str) -> None:
        with findings.lock:
            findings.faults.append(
                f"{self.protocol} client {self.number}, statement {number}: {text}"
            )


@contextmanager
def asking(protocol: str, place: Place) -> Iterator[Callable[[str, int], Answer]]:
    """Yield what asks a statement in a protocol; its number chooses the format over HTTP."""
    if protocol == "http":
        formats = over_http.FORMATS
        yield lambda sql, number: over_http.ask(place, sql, formats[number % len(formats)])
        return
    with over_postgres.connect(place) as connection:
        yield lambda sql, number: over_postgres.ask(connection, sql)
