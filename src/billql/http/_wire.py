"""A request as it goes over the wire, and the headers of a response as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import httpcore

from billql._version import __version__
from billql.messages import Request

_PORTS = {"http": 80, "https": 443}
"""The port of each scheme that a URL need not name."""

_QUERY_SAFE = "!$%&'()*+,-./:;=?@[\\]^_`{|}~"
"""What need not be escaped in a query; a `%` is part of an escape (https://url.spec.whatwg.org/#query-percent-encode-set)."""

_PATH_SAFE = "".join(set(_QUERY_SAFE) - set("?`{}"))
"""What need not be escaped in a path (https://url.spec.whatwg.org/#path-percent-encode-set)."""


def encode_request(
    request: Request, headers: Mapping[str, str], timeouts: Mapping[str, float]
) -> httpcore.Request:
    """Return a request for httpcore; raise ValueError, with the reason, for one that HTTP forbids.

    `timeouts` are in seconds, by httpcore's names for them. A header of `headers` has precedence.
    """
    parts = _split(request.url)
    host = _host(parts)
    port = None if parts.port == _PORTS.get(parts.scheme) else parts.port
    content = request.content
    named = f"[{host}]" if ":" in host else host
    fields = {
        "host": ("Host", named if port is None else f"{named}:{port}"),
        "user-agent": ("User-Agent", f"billql/{__version__}"),
        "accept": ("Accept", "*/*"),
        "accept-encoding": ("Accept-Encoding", "gzip"),
    }
    if content is not None:
        fields["content-type"] = ("Content-Type", request.content_type)
    if content is not None or request.method == "POST":
        fields["content-length"] = ("Content-Length", str(len(content or b"")))
    fields |= {name.lower(): (name, value) for name, value in headers.items()}
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=parts.scheme, host=host, port=port, target=_target(parts, request)),
        headers=[(name.encode("ascii"), text.encode("ascii")) for name, text in fields.values()],
        content=content,
        extensions={"timeout": dict(timeouts)},
    )


def header_texts(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names in lower case; the values of one name are joined by commas."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _split(url: str) -> SplitResult:
    for character in url:
        if character.isascii() and not character.isprintable():
            raise ValueError(f"its URL has the character {character!r}")
    return urlsplit(url)


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return host if host.isascii() else host.encode("idna").decode()


def _target(parts: SplitResult, request: Request) -> str:
    """Return the path and the query, in which `request.query` replaces that of the URL."""
    query = urlencode(request.query) if request.query else quote(parts.query, safe=_QUERY_SAFE)
    path = quote(_without_dots(parts.path), safe=_PATH_SAFE) or "/"
    return f"{path}?{query}" if query else path


def _without_dots(path: str) -> str:
    """Resolve the segments `.` and `..` (https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4)."""
    segments = path.split("/")
    if "." not in segments and ".." not in segments:
        return path
    left: list[str] = []
    for segment in segments:
        if segment == ".." and left not in ([], [""]):
            left.pop()
        elif segment not in (".", ".."):
            left.append(segment)
    return "/".join(left)
