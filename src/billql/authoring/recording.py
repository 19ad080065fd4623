"""Responses of an API in a file: recorded once, replayed without a network.

A recording is a file of JSON lines: the first has its version and the origins of the requests, the
others have a request and its response each. It has no request headers but those that parameters
fill, and no token, not even where a response repeats it. It does have bills, so only its owner can
read it.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from billql.errors import ConnectionFailed, InterfaceError
from billql.http.credentials import ApiConnection
from billql.http.reply import HttpBackend, HttpResponse, describe_request
from billql.messages import RESPONSE_HEADERS, FormRequest, Request
from billql.util import atomic_file
from billql.util.lock import Lock
from billql.util.redaction import PART

_VERSION = 1
_GRANTED = b'{"access_token": "replayed", "expires_in": 3600}'
"""The response to the request for an access token, which is not recorded."""

_HIDDEN = b"..."
"""The replacement of a token in a recording."""

Pairs = tuple[tuple[str, str], ...]
Key = tuple[str, str, Pairs, Pairs, str]


def _key(request: Request) -> Key:
    """Return the identity of a request: everything but the credential."""
    body = json.dumps(request.body, sort_keys=True)
    return request.method, request.url, request.query, request.headers, body


class Recorder:
    """A backend that records the last response to each request."""

    def __init__(self, backend: HttpBackend) -> None:
        self._backend = backend
        self._lock = Lock()
        self._replies: dict[Key, tuple[Request, HttpResponse]] = {}
        self._origins: dict[str, str] = {}
        self._secrets: set[str] = set()
        """The tokens, in each form in which an API may repeat them."""

    def know(self, connection: ApiConnection) -> None:
        """Register the origin of a provider, and the token that must not be written."""
        self._origins[connection.provider_name] = connection.url
        self._secrets |= {*connection.redact.forms}

    def exchange(
        self, request: Request, headers: Mapping[str, str], stop: threading.Event
    ) -> HttpResponse:
        """Send a request and record its response."""
        reply = self._backend.exchange(request, headers, stop)
        with self._lock:
            if isinstance(request, FormRequest):
                self._secrets |= {*_texts(reply.body)}
            else:
                self._replies[_key(request)] = request, reply
        return reply

    def close(self) -> None:
        """Close the backend."""
        self._backend.close()

    def write(self, path: Path) -> int:
        """Write the recording, in place of an older one; return its number of responses.

        Raise InterfaceError if it cannot be written.
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
        names = {*RESPONSE_HEADERS, *request.keep_headers} & {*reply.headers}
        return {
            "method": request.method,
            "url": request.url,
            "query": request.query,
            "request_headers": request.headers,
            "body": request.body,
            "status": reply.status,
            "headers": {name: self._hidden(reply.headers[name]) for name in sorted(names)},
            **_written(body),
        }

    def _hidden(self, text: str) -> str:
        for secret in self._hidden_first():
            text = text.replace(secret, _HIDDEN.decode())
        return text

    def _hidden_first(self) -> list[str]:
        """Return the secrets, the longest first: some are parts of others."""
        return sorted(self._secrets, key=len, reverse=True)


class Player:
    """A backend that responds from a recording; no request leaves the machine."""

    def __init__(self, path: Path) -> None:
        """Read a recording; raise InterfaceError if the file is none."""
        self._path = path
        try:
            first, *lines = [json.loads(line) for line in path.read_bytes().splitlines()] or [{}]
            if first.get("billql_recording") != _VERSION:
                raise ValueError("its first line is that of no recording")
            self.origins: dict[str, str] = dict(first["origins"])
            """The origin of each provider's requests."""
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
        """Return the recorded response; raise ConnectionFailed if there is none."""
        if isinstance(request, FormRequest):
            return HttpResponse(200, {}, _GRANTED)
        found = self._replies.get(_key(request))
        if found is None:
            query = f"?{urlencode(request.query)}" if request.query else ""
            body = "" if request.body is None else f" with the body {json.dumps(request.body)}"
            raise ConnectionFailed(
                f"{describe_request(request)}{query}{body} is not in the recording {self._path}",
                hint="An example that depends on the date sends other requests every day. "
                "Record again with --record.",
            )
        return found

    def close(self) -> None:
        """Do nothing: no connection is open."""


def _texts(body: bytes) -> Iterator[str]:
    """Yield the texts of a response that grants an access token: one of them is the token."""
    try:
        data = json.loads(body)
    except ValueError:
        return
    for text in data.values() if isinstance(data, dict) else ():
        if isinstance(text, str) and len(text) >= PART:
            yield text


def _written(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def _read(line: Mapping[str, Any]) -> tuple[Key, HttpResponse]:
    request = Request(
        line["method"],
        line["url"],
        _pairs(line["query"]),
        line["body"],
        _pairs(line["request_headers"]),
    )
    text = line.get("text")
    body = base64.b64decode(line["base64"]) if text is None else text.encode()
    return _key(request), HttpResponse(line["status"], line["headers"], body)


def _pairs(listed: Iterable[Iterable[str]]) -> Pairs:
    return tuple((name, value) for name, value in listed)
