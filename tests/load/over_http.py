"""One statement over HTTP: its rows by the format of the response, or a client that leaves."""

from __future__ import annotations

import csv
import http.client
import io
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow.ipc

from .statements import Answer, Place, RefusedError

FORMATS = ("ndjson", "json", "csv", "arrow")


def ask(place: Place, sql: str, format: str) -> Answer:
    """Return the number of rows that the end of a response has, if it has one, and its rows."""
    connection = http.client.HTTPConnection("127.0.0.1", place.http, timeout=120)
    try:
        headers = {"Authorization": f"Bearer {place.secret}"}
        connection.request("POST", f"/v1/query?format={format}", sql.encode(), headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RefusedError(response.status, content.decode(errors="replace")[:300])
    return _READERS[format](content)


def vanish(place: Place, sql: str) -> None:
    """Ask, and leave before the response is complete."""
    head = (
        f"POST /v1/query?format=ndjson HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {place.secret}\r\nContent-Length: {len(sql)}\r\n\r\n{sql}"
    )
    with socket.create_connection(("127.0.0.1", place.http), timeout=120) as made:
        made.sendall(head.encode())


def _of_json(content: bytes) -> Answer:
    found = json.loads(content)
    return found["end"]["rows"], [list(row.values()) for row in found["rows"]]


def _of_ndjson(content: bytes) -> Answer:
    *rows, last = map(json.loads, content.splitlines())
    return last["end"]["rows"], [list(row.values()) for row in rows]


def _of_csv(content: bytes) -> Answer:
    rows = list(csv.reader(io.StringIO(content.decode())))[1:]
    return None, [[_number(text) for text in row] for row in rows]


def _number(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_arrow(content: bytes) -> Answer:
    with pyarrow.ipc.open_stream(content) as stream:
        rows = stream.read_all().to_pylist()
    plain = (int, str)
    return None, [
        [one if isinstance(one, plain) else float(one) for one in row.values()] for row in rows
    ]


_READERS: Mapping[str, Callable[[bytes], Answer]] = {
    "json": _of_json,
    "ndjson": _of_ndjson,
    "csv": _of_csv,
    "arrow": _of_arrow,
}
