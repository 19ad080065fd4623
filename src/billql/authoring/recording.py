"""Answers of an API in a file: recorded once, played again without a network.

A recording is a text file, an object of JSON on each line: the first says what it is and where the
requests went, the others hold a request and what came back. It has no headers of requests, and the
token stands nowhere in it, not even where the API repeats it. It does hold bills, so only its
owner can read it.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from billql.errors import ConnectionFailed, InterfaceError
from billql.http.credentials import ApiConnection
from billql.http.reply import HttpBackend, HttpResponse, describe_request
from billql.messages import KEPT_HEADERS, Request
from billql.util import atomic_file

_VERSION = 1
_HIDDEN = b"..."
"""What stands in a recording for a token."""

Key = tuple[str, str, tuple[tuple[str, str], ...], str]


def _key(request: Request) -> Key:
    """What makes two requests the same: everything but the credential."""
    return request.method, request.url, request.query, json.dumps(request.body, sort_keys=True)


class Recorder:
    """Passes requests on, and keeps what comes back: the last answer to each."""

    def __init__(self, wire: HttpBackend) -> None:
        self._wire = wire
        self._lock = threading.Lock()
        self._replies: dict[Key, tuple[Request, HttpResponse]] = {}
        self._origins: dict[str, str] = {}
        self._secrets: set[str] = set()
        """The tokens, in each form in which an API may repeat them."""

    def know(self, connection: ApiConnection) -> None:
        """Learn where a provider's requests go, and which token must not be written."""
        self._origins[connection.provider_name] = connection.url
        self._secrets |= {*connection.redact.forms}

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        """Send a request and keep what comes back."""
        reply = self._wire.exchange(request, headers, stop)
        with self._lock:
            self._replies[_key(request)] = request, reply
        return reply

    def close(self) -> None:
        """Close the wire."""
        self._wire.close()

    def write(self, path: Path) -> int:
        """Write the recording, in place of an older one; gives how many answers it has.

        Raises InterfaceError if it cannot be written.
        """
        first = {"billql_recording": _VERSION, "origins": self._origins}
        lines = [first, *(self._line(*pair) for pair in self._replies.values())]
        text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        try:
            atomic_file.replace(path, text.encode(), private=True)
        except OSError as error:
            raise InterfaceError(f"{path} cannot be written: {error.strerror}") from error
        return len(self._replies)

    def _line(self, request: Request, reply: HttpResponse) -> dict[str, Any]:
        body = reply.body
        for secret in self._hidden_first():
            body = body.replace(secret.encode(), _HIDDEN)
        kept = {*KEPT_HEADERS, *request.keep_headers} & {*reply.headers}
        return {
            "method": request.method,
            "url": request.url,
            "query": request.query,
            "body": request.body,
            "status": reply.status,
            "headers": {name: self._hidden(reply.headers[name]) for name in sorted(kept)},
            **_written(body),
        }

    def _hidden(self, text: str) -> str:
        for secret in self._hidden_first():
            text = text.replace(secret, _HIDDEN.decode())
        return text

    def _hidden_first(self) -> list[str]:
        """Give what must not be shown, the longest first: some of it is part of other."""
        return sorted(self._secrets, key=len, reverse=True)


class Player:
    """Answers from a recording; no request leaves the machine."""

    def __init__(self, path: Path) -> None:
        """Read a recording; raises InterfaceError for a file that is none."""
        self._path = path
        try:
            first, *lines = [json.loads(line) for line in path.read_bytes().splitlines()] or [{}]
            if first.get("billql_recording") != _VERSION:
                raise ValueError("its first line is that of no recording")
            self.origins: dict[str, str] = dict(first["origins"])
            """Where the requests of each provider went."""
            self._replies = dict(map(_read, lines))
        except OSError as error:
            raise InterfaceError(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InterfaceError(
                f"{path} is no recording: {error}",
                hint="`billql provider try … --record FILE` makes one.",
            ) from error

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        """Give the answer that was recorded; raises ConnectionFailed if there is none."""
        found = self._replies.get(_key(request))
        if found is None:
            query = f"?{urlencode(request.query)}" if request.query else ""
            body = "" if request.body is None else f" with the body {json.dumps(request.body)}"
            raise ConnectionFailed(
                f"{describe_request(request)}{query}{body} is not in the recording {self._path}",
                hint="An example that speaks of today asks for something else every day. "
                "Record again with --record.",
            )
        return found

    def close(self) -> None:
        """Nothing is open."""


def _written(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _read(line: Mapping[str, Any]) -> tuple[Key, HttpResponse]:
    query: Iterable[Iterable[str]] = line["query"]
    request = Request(
        line["method"],
        line["url"],
        tuple((name, value) for name, value in query),
        line["body"],
    )
    text = line.get("text")
    body = base64.b64decode(line["base64"]) if text is None else text.encode()
    return _key(request), HttpResponse(line["status"], line["headers"], body)
