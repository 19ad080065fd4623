"""Finds the message of an error in a body of any shape: JSON, XML, HTML, plain text.

A definition has the paths of its API's error fields. Gateways, load balancers and imported
definitions do not follow them; then the usual fields are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from billql.util.text import plain

_MESSAGE_FIELDS = (
    *("message", "errormessage", "errormsg", "msg", "errordescription", "faultstring", "detail"),
    *("details", "description", "reason", "error", "errors", "fault", "title", "response"),
)
"""The usual fields of the message, or of an object that has it, the best one first."""

_CODE_FIELDS = ("code", "errorcode", "errortype", "type", "key")
_NESTED_FIELDS = ("error", "errors", "fault")
_REQUEST_ID_FIELDS = ("requestid", "traceid", "correlationid")

_MOST_PARTS = 3
"""How many of several errors are shown."""

_DEPTH = 4
"""How many objects and lists inside each other are searched."""
_MOST_BYTES = 64 * 1024
_LONG_PAGE = 300
"""The length in characters beyond which a page is represented by its title."""


def parsed(body: bytes) -> Any:
    """Return parsed JSON, or an object with the texts of a page or a text, or None."""
    import orjson

    body = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        text = body[:_MOST_BYTES].decode("utf-8", "strict" if len(body) < _MOST_BYTES else "ignore")
    except UnicodeDecodeError:
        return None
    text = text.strip()
    if text.startswith("<"):
        page = _Page()
        page.feed(text)
        return page.found()
    return (
        None if text.startswith(("{", "[")) or "\0" in text else {"message": " ".join(text.split())}
    )


def message(data: Any) -> str | None:
    """Return the message of an error, or None."""
    return _message(data, _DEPTH)


def code(data: Any, beside: str | None) -> str | None:
    """Return the code of an error that is not its message, or None."""
    return _code(data, beside, _DEPTH)


def request_id(data: Any) -> str | None:
    """Return the id of the request, which support asks for, or None."""
    return next((one for one in _texts(_small(data), _REQUEST_ID_FIELDS)), None)


def _small(data: Any) -> dict[str, Any]:
    """Return the members of an object by their names in lower case, letters and digits alone."""
    if not isinstance(data, Mapping):
        return {}
    return {plain(str(name)): value for name, value in data.items()}


def _message(data: Any, depth: int) -> str | None:
    if isinstance(data, str):
        return data.strip() or None
    if depth == 0:
        return None
    if isinstance(data, list):
        return _joined(_message(one, depth - 1) for one in data)
    members = _small(data)
    # https://www.rfc-editor.org/rfc/rfc9457#name-members-of-a-problem-details
    title, rest = members.get("title"), members.get("detail") or members.get("errors")
    if isinstance(title, str) and title.strip() and rest:
        return _joined((title.strip(), _message(rest, depth - 1)), ": ")
    found = (_message(members[name], depth - 1) for name in _MESSAGE_FIELDS if name in members)
    message = next((one for one in found if one), None)
    if message is None and depth < _DEPTH and members:
        # The members of `errors` are the fields that are wrong.
        pairs = ((name, _message(value, depth - 1)) for name, value in data.items())
        message = _joined(
            f"{name}: {text}"
            for name, text in pairs
            if text and not name.startswith("_") and not _is_code(name)
        )
    return message


def _is_code(name: str) -> bool:
    fields = (*_CODE_FIELDS, *_REQUEST_ID_FIELDS, "status")
    return plain(name) in fields


def _joined(parts: Iterable[str | None], between: str = "; ") -> str | None:
    found = list(dict.fromkeys(part for part in parts if part))
    return between.join(found[:_MOST_PARTS]) or None


def _code(data: Any, beside: str | None, depth: int) -> str | None:
    if depth == 0:
        return None
    if isinstance(data, list):
        return _code(data[0], beside, depth - 1) if data else None
    members = _small(data)
    for text in _texts(members, _CODE_FIELDS):
        # The type of RFC 9457 is an address; one of AWS may have its namespace before it.
        if "://" not in text and not text.startswith("about:"):
            return text.rpartition("#")[2]
    for name in _NESTED_FIELDS:
        if (found := _code(members.get(name), beside, depth - 1)) is not None:
            return found
    named = members.get("error")
    return named if isinstance(named, str) and named and named != beside else None


def _texts(members: Mapping[str, Any], names: Iterable[str]) -> Iterable[str]:
    for name in names:
        value = members.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            yield str(value)


class _Page(HTMLParser):
    """Reads the texts of XML and HTML, element by element."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self._texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Begin an element."""
        self._open.append(tag.rpartition(":")[2])

    def handle_endtag(self, tag: str) -> None:
        """End an element, and those in it that have no end tag."""
        name = tag.rpartition(":")[2]
        if name in self._open:
            while self._open.pop() != name:
                pass

    def handle_data(self, data: str) -> None:
        """Add a text to its element."""
        if data.strip() and not {"script", "style"}.intersection(self._open):
            shown = "page" if "title" not in self._open else "title"
            for name in {shown, *self._open[-1:]}:
                self._texts.setdefault(name, []).append(data)

    def found(self) -> dict[str, str]:
        """Return the texts of elements by their names; the text of a page as its message."""
        texts = {name: " ".join(" ".join(some).split()) for name, some in self._texts.items()}
        page, title = texts.pop("page", ""), texts.get("title", "")
        if "message" not in texts and "faultstring" not in texts:
            texts = {"message": page if 0 < len(page) <= _LONG_PAGE else title or page}
        return texts
