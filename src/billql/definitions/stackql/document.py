"""A document: its data, and the references inside it.

A provider's own document is cached as MessagePack; of those of its services `compiled` has what
matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from billql._version import __version__
from billql.definitions import cache as files
from billql.definitions.stackql.values import MAX_BYTES, Builder
from billql.definitions.yaml_file import content as content_of
from billql.errors import DefinitionError

T = TypeVar("T")

_HOPS = 32
"""How many references may follow each other."""


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
            if "$ref" not in value or not isinstance(reference := value["$ref"], str):
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
    cached = cache / f"{files.digest('stackql', str(path.absolute()))}.msgpack"
    fingerprint = hashlib.sha256(f"stackql\0{__version__}\0".encode() + content).digest()
    if (found := files.load(cached, fingerprint)) is not None:
        return Document(msgspec.msgpack.decode(found))
    document = parse(path, content)
    files.store(cached, fingerprint, msgspec.msgpack.encode(document.data))
    return document


def read(path: Path) -> bytes:
    """Return the bytes of a document; raises DefinitionError."""
    content = content_of(path, MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DefinitionError(f"{path}: larger than {MAX_BYTES} bytes")
    return content


def made_of(path: Path, content: bytes, make: Callable[[Document], T]) -> T:
    """Return what is made of a document, of which no more becomes data than is looked at; raises
    DefinitionError as `parse` does.
    """
    from billql.definitions.stackql.parts import NotInParts, in_parts

    try:
        with in_parts(path, content) as parts:
            return make(Document(parts))
    except NotInParts:
        return make(parse(path, content))


def parse(path: Path, content: bytes) -> Document:
    """Return the document that some bytes are; raises DefinitionError, which names its path."""
    import yaml

    from billql.definitions.yaml_events import LOADER, events

    try:
        try:
            return Document(Builder(path).build(iter(LOADER(content).get_event, None)))
        except yaml.MarkedYAMLError:
            # What comes before the fault may be what is wrong.
            return Document(Builder(path).build(events(content)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DefinitionError(f"{path}:{line}: not YAML: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        raise DefinitionError(f"{path}: not YAML: {error.reason}") from None
