"""What one client asks over HTTP, and what it finds."""

from __future__ import annotations

import csv
import http.client
import io
import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow.ipc

_COUNTED = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
    "SELECT {client} AS client, {ask} AS ask, i, {client} * 1000000 + i AS x FROM n"
)
_BILLS = (
    "SELECT {client} AS client, {ask} AS ask, invoice_period, amount "
    "FROM digitalocean.billing.invoices ORDER BY invoice_period"
)
_JOINED = (
    "SELECT {client} AS client, {ask} AS ask, count(*) AS n FROM digitalocean.billing.invoices "
    "JOIN digitalocean.billing.invoice_items USING (invoice_uuid)"
)
_BUSY = 503
_LONG, _SHORT = 5000, 40


class Address(NamedTuple):
    """Where the server is, and the token for it."""

    port: int
    token: str


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


class RefusedError(Exception):
    """A response with a status that is not 200."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


def expectations(address: Address) -> Mapping[str, Any]:
    """Return the bills and the number of their lines, as one client alone gets them."""
    _, bills = _asked(address, _BILLS.format(client=0, ask=0), "json")
    _, lines = _asked(address, _JOINED.format(client=0, ask=0), "json")
    return {"bills": [row[2:] for row in bills], "lines": lines[0][2]}


def ask_until(
    end: Callable[[], bool],
    client: int,
    address: Address,
    expected: Mapping[str, Any],
    findings: Findings,
) -> None:
    """Ask statements one after the other, and check every row; note what is wrong."""
    number = 0
    while not end():
        number += 1
        format = ("ndjson", "json", "csv", "arrow")[(client + number) % 4]
        try:
            rows = 0
            if number % 10 == 5:
                _vanish(address, _COUNTED.format(client=client, ask=number, rows=_LONG))
            else:
                rows = _check(address, client, number, format, expected)
        except RefusedError as refused:
            with findings.lock:
                findings.busy += refused.status == _BUSY
                if refused.status != _BUSY:
                    findings.faults.append(f"client {client}, statement {number}: {refused}")
        except Exception as error:
            with findings.lock:
                findings.faults.append(f"client {client}, statement {number}: {error!r}")
            return
        else:
            with findings.lock:
                findings.vanished += number % 10 == 5
                findings.responses += 1
                findings.rows += rows


def _check(
    address: Address, client: int, number: int, format: str, expected: Mapping[str, Any]
) -> int:
    """Ask one statement and return how many rows it has; raise AssertionError for a wrong one."""
    kind = number % 3
    length = _LONG if number % 9 == 0 else _SHORT
    sql = (_COUNTED, _BILLS, _JOINED)[kind].format(client=client, ask=number, rows=length)
    end, rows = _asked(address, sql, format)
    wanted: Sequence[Sequence[Any]]
    if kind == 0:
        wanted = [[i, client * 1_000_000 + i] for i in range(1, length + 1)]
    elif kind == 1:
        wanted = expected["bills"]
    else:
        wanted = [[expected["lines"]]]
    if rows != [[client, number, *row] for row in wanted]:
        first = next((row for row in rows if row[:2] != [client, number]), rows[:1])
        raise AssertionError(f"{len(rows)} rows of {len(wanted)} as {format}, such as {first}")
    if end is not None and end != len(rows):
        raise AssertionError(f"{len(rows)} rows as {format}, and its end has {end}")
    return len(rows)


def _asked(address: Address, sql: str, format: str) -> tuple[int | None, list[list[Any]]]:
    """Return the number of rows that the end of a response has, if it has one, and its rows."""
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=120)
    try:
        headers = {"Authorization": f"Bearer {address.token}"}
        connection.request("POST", f"/v1/query?format={format}", sql.encode(), headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RefusedError(response.status, content.decode(errors="replace")[:300])
    return _READERS[format](content)


def _vanish(address: Address, sql: str) -> None:
    """Ask, and leave before the response is complete."""
    head = (
        f"POST /v1/query?format=ndjson HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {address.token}\r\nContent-Length: {len(sql)}\r\n\r\n{sql}"
    )
    with socket.create_connection(("127.0.0.1", address.port), timeout=120) as made:
        made.sendall(head.encode())


def _of_json(content: bytes) -> tuple[int | None, list[list[Any]]]:
    found = json.loads(content)
    return found["end"]["rows"], [list(row.values()) for row in found["rows"]]


def _of_ndjson(content: bytes) -> tuple[int | None, list[list[Any]]]:
    *rows, last = map(json.loads, content.splitlines())
    return last["end"]["rows"], [list(row.values()) for row in rows]


def _of_csv(content: bytes) -> tuple[int | None, list[list[Any]]]:
    rows = list(csv.reader(io.StringIO(content.decode())))[1:]
    return None, [[_number(text) for text in row] for row in rows]


def _number(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_arrow(content: bytes) -> tuple[int | None, list[list[Any]]]:
    with pyarrow.ipc.open_stream(content) as stream:
        rows = stream.read_all().to_pylist()
    plain = (int, str)
    return None, [
        [one if isinstance(one, plain) else float(one) for one in row.values()] for row in rows
    ]


_READERS: Mapping[str, Callable[[bytes], tuple[int | None, list[list[Any]]]]] = {
    "json": _of_json,
    "ndjson": _of_ndjson,
    "csv": _of_csv,
    "arrow": _of_arrow,
}
