"""A document: YAML text to plain data, within bounds, and the references inside it.

The documents are large and come from strangers. So they are read event by event, which needs no
recursion; tags mean nothing; aliases are copied, and counted, because a few lines of them can stand
for billions of nodes. A provider's own document is cached as MessagePack, under a name made of its
content; of those of its services `compiled` has what matters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from billql._version import __version__
from billql.definitions.yaml_file import content as content_of
from billql.definitions.yaml_file import store_in_cache
from billql.errors import DefinitionError

MAX_BYTES = 64 * 1024 * 1024
"""The size of the largest documents in use is about a quarter of that."""

MAX_NODES = 3_000_000
"""How many values a document may have, aliases included; their texts may have `MAX_BYTES`."""

MAX_DEPTH = 200
"""How deep it may nest."""

_HOPS = 32
"""How many references may follow each other."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+", re.ASCII)
_NUMERIC = frozenset("-0123456789")
_PLAIN_SCALARS = {"": None, "~": None, "null": None, "true": True, "false": False}


class Unsupported(Exception):  # noqa: N818 - the name of a condition
    """Something that a document asks for and billql cannot do; its text completes 'it needs …'."""


class Document:
    """A document's data, in which references are followed."""

    def __init__(self, data: Any) -> None:
        self.data = mapping(data)
        self._found: dict[str, Any] = {}
        """What references lead to, which are the same ones again and again."""

    def resolve(self, value: Any) -> dict[str, Any]:
        """Return an object, or the one that it refers to; raises Unsupported."""
        for _ in range(_HOPS):
            if not isinstance(value, dict):
                return {}
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            if reference not in self._found:
                self._found[reference] = self._at(reference)
            value = self._found[reference]
        raise Unsupported("a reference that leads to itself")

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise Unsupported(f"another document ({reference:.80})")
        found: Any = self.data
        for part in pointer(reference):
            if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
                found = found[int(part)]
            elif isinstance(found, dict) and part in found:
                found = found[part]
            else:
                raise Unsupported(f"what is not there ({reference:.80})")
        return found


def pointer(reference: str) -> list[str]:
    """Return the parts of a JSON Pointer (RFC 6901)."""
    parts = reference.removeprefix("#/").split("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def mapping(value: Any) -> dict[str, Any]:
    """Return an object; what is none counts as an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """Return a list; what is none counts as an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """Return a text; what is none counts as an empty one."""
    return value if isinstance(value, str) else ""


def load(path: Path, cache: Path | None) -> Document:
    """Read a document, and cache it; raises DefinitionError."""
    content = read(path)
    if cache is None:
        return parse(path, content)
    named = hashlib.sha256(f"stackql\0{__version__}\0".encode() + content).hexdigest()
    cached = cache / f"{named}.msgpack"
    try:
        return Document(msgspec.msgpack.decode(cached.read_bytes()))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = parse(path, content)
    store_in_cache(cached, msgspec.msgpack.encode(document.data))
    return document


def read(path: Path) -> bytes:
    """Return the bytes of a document; raises DefinitionError."""
    content = content_of(path, MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DefinitionError(f"{path}: larger than {MAX_BYTES} bytes")
    return content


def parse(path: Path, content: bytes) -> Document:
    """Return the document that some bytes are; raises DefinitionError, which names its path."""
    import yaml

    from billql.definitions.yaml_events import LOADER, events

    try:
        try:
            return Document(_Builder(path).build(iter(LOADER(content).get_event, None)))
        except yaml.MarkedYAMLError:
            # What comes before the fault may be what is wrong.
            return Document(_Builder(path).build(events(content)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DefinitionError(f"{path}:{line}: not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        raise DefinitionError(f"{path}: not YAML: {error.reason}") from None


class _Builder:
    """Makes plain data of YAML's events."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._event: Any = None
        self._nodes = 0
        self._copied = 0
        """How many characters aliases stand for."""
        self._anchors: dict[str, Any] = {}

    def build(self, events: Iterator[Any]) -> Any:
        """Return the data of a document.

        A large one has a million events, so the loop does nothing that is not needed for most of
        them.
        """
        import yaml

        scalar, mapping, sequence, alias = (
            yaml.ScalarEvent,
            yaml.MappingStartEvent,
            yaml.SequenceStartEvent,
            yaml.AliasEvent,
        )
        root: list[Any] = []
        holder: list[Any] | dict[str, Any] = root
        is_list = True
        key: str | None = None
        """In an object, the key whose value comes next."""
        around: list[tuple[list[Any] | dict[str, Any], bool, str | None]] = []
        nodes, most = 0, MAX_NODES
        """How many values there are, and how many there may be here; none where it is too deep."""
        for event in events:
            kind = event.__class__
            value: Any
            if kind is scalar:
                value = event.value
                if not (is_list or key is not None):
                    pass  # a key is its text
                elif not event.style and event.implicit[0]:
                    value = _plain(value)
            elif kind is mapping:
                value = {}
            elif kind is sequence:
                value = []
            elif kind is alias:
                self._event, self._nodes = event, nodes
                value = self._copy(self._anchors.get(event.anchor), len(around) + 1)
                nodes = self._nodes
            else:
                if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                    holder, is_list, key = around.pop()
                    most = MAX_NODES
                continue
            nodes += 1
            if nodes > most:
                self._event, self._nodes = event, nodes
                self._count(len(around) + 1, 0)
            if kind is not alias and event.anchor is not None:
                self._anchors[event.anchor] = value
            if is_list:
                holder.append(value)  # type: ignore[union-attr]
            elif key is None:
                # A key that is no text means nothing in OpenAPI.
                key = value if kind is scalar else ""
            else:
                holder.setdefault(key, value)  # type: ignore[union-attr]
                key = None
            if kind is mapping or kind is sequence:
                around.append((holder, is_list, key))
                holder, is_list, key = value, kind is sequence, None
                if len(around) >= MAX_DEPTH:
                    most = 0
        return root[0] if root else {}

    def _copy(self, value: Any, depth: int) -> Any:
        """Copy what an alias stands for, as far as it has been read."""
        self._count(depth, 1)
        if isinstance(value, dict):
            self._copied += sum(map(len, value))
            return {key: self._copy(part, depth + 1) for key, part in list(value.items())}
        if isinstance(value, list):
            return [self._copy(part, depth + 1) for part in list(value)]
        if isinstance(value, str):
            self._copied += len(value)
        return value

    def _count(self, depth: int, more: int) -> None:
        """Refuse what is too much, with so many more values."""
        self._nodes += more
        if self._nodes > MAX_NODES:
            self._fail(f"more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH} levels")
        if self._copied > MAX_BYTES:
            self._fail(f"aliases that stand for more than {MAX_BYTES} characters")

    def _fail(self, message: str) -> NoReturn:
        raise DefinitionError(f"{self._path}:{self._event.start_mark.line + 1}: {message}")


def _plain(written: str) -> str | int | float | bool | None:
    """Return the value of a scalar without quotes; what is not plainly a number, true, false or
    null is text.
    """
    if written in _PLAIN_SCALARS:
        return _PLAIN_SCALARS[written]
    if len(written) < 24 and written[0] in _NUMERIC:
        if _INTEGER.fullmatch(written):
            return int(written)
        if _DECIMAL.fullmatch(written):
            return float(written)
    return written
