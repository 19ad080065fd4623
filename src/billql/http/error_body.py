"""What the body of an error says, wherever it says it: JSON of any shape, XML, HTML, plain text.

A definition names the places where its API's errors have their words. Gateways, load balancers and
foreign definitions do not keep to them; then the usual places are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

_SENTENCES = (
    *("message", "errormessage", "errormsg", "msg", "errordescription", "faultstring", "detail"),
    *("details", "description", "reason", "error", "errors", "fault", "title", "response"),
)
"""What APIs call the sentence, or what it lies in, the best one first."""

_CODES = ("code", "errorcode", "errortype", "type", "key")
_INSIDE = ("error", "errors", "fault")
_REQUEST_IDS = ("requestid", "traceid", "correlationid")

_MOST_PARTS = 3
"""How many of several errors are shown."""

_DEPTH = 4
_MOST_BYTES = 64 * 1024
_LONG_PAGE = 300
"""Beyond so many characters the title of a page says it better."""


def parsed(body: bytes) -> Any:
    """Give what a body holds: parsed JSON, or an object with what a page or a text says."""
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


def sentence(data: Any) -> str | None:
    """Find the sentence that says what is wrong."""
    return _sentence(data, _DEPTH)


def code(data: Any, beside: str | None) -> str | None:
    """Find the code of an error whose sentence is the other one."""
    return _code(data, beside, _DEPTH)


def request_id(data: Any) -> str | None:
    """Find the id that support asks for."""
    return next((one for one in _texts(_small(data), _REQUEST_IDS)), None)


def _small(data: Any) -> dict[str, Any]:
    """Give the members of an object by their names in small letters alone."""
    if not isinstance(data, Mapping):
        return {}
    named = ((str(name), value) for name, value in data.items())
    return {"".join(filter(str.isalnum, name)).lower(): value for name, value in named}


def _sentence(data: Any, depth: int) -> str | None:
    if isinstance(data, str):
        return data.strip() or None
    if depth == 0:
        return None
    if isinstance(data, list):
        return _joined(_sentence(one, depth - 1) for one in data)
    members = _small(data)
    # https://www.rfc-editor.org/rfc/rfc9457#name-members-of-a-problem-details
    title, rest = members.get("title"), members.get("detail") or members.get("errors")
    if isinstance(title, str) and title.strip() and rest:
        return _joined((title.strip(), _sentence(rest, depth - 1)), ": ")
    found = (_sentence(members[name], depth - 1) for name in _SENTENCES if name in members)
    said = next((one for one in found if one), None)
    if said is None and depth < _DEPTH and members:
        # The members of `errors` are the fields that are wrong.
        pairs = ((name, _sentence(value, depth - 1)) for name, value in data.items())
        said = _joined(
            f"{name}: {words}"
            for name, words in pairs
            if words and not name.startswith("_") and not _is_code(name)
        )
    return said


def _is_code(name: str) -> bool:
    return "".join(filter(str.isalnum, name)).lower() in (*_CODES, *_REQUEST_IDS, "status")


def _joined(parts: Iterable[str | None], between: str = "; ") -> str | None:
    found = list(dict.fromkeys(part for part in parts if part))
    return between.join(found[:_MOST_PARTS]) or None


def _code(data: Any, beside: str | None, depth: int) -> str | None:
    if depth == 0:
        return None
    if isinstance(data, list):
        return _code(data[0], beside, depth - 1) if data else None
    members = _small(data)
    for text in _texts(members, _CODES):
        # The type of RFC 9457 is an address; one of AWS may have its namespace before it.
        if "://" not in text and not text.startswith("about:"):
            return text.rpartition("#")[2]
    for name in _INSIDE:
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
        """Go into an element."""
        self._open.append(tag.rpartition(":")[2])

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and those in it that have no end."""
        name = tag.rpartition(":")[2]
        if name in self._open:
            while self._open.pop() != name:
                pass

    def handle_data(self, data: str) -> None:
        """Take a text."""
        if data.strip() and not {"script", "style"}.intersection(self._open):
            shown = "page" if "title" not in self._open else "title"
            for name in {shown, *self._open[-1:]}:
                self._texts.setdefault(name, []).append(data)

    def found(self) -> dict[str, str]:
        """Give the texts of elements by their names; of a page, its text for a message."""
        texts = {name: " ".join(" ".join(some).split()) for name, some in self._texts.items()}
        page, title = texts.pop("page", ""), texts.get("title", "")
        if "message" not in texts and "faultstring" not in texts:
            texts = {"message": page if 0 < len(page) <= _LONG_PAGE else title or page}
        return texts
