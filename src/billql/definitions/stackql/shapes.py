"""Rows and their members from the JSON schema of a response.

A schema may be made of others (`$ref`, `allOf`), or leave it open which of several holds (`oneOf`,
`anyOf`); a row then has the members of all of them. Schemas contain themselves, directly or by way
of others, so each is looked at once.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from billql.definitions.stackql.document import Document, Unsupported, mapping, sequence, text
from billql.definitions.types import ColumnType

_SCALARS: dict[str, ColumnType] = {
    "string": "text",
    "integer": "integer",
    "number": "real",
    "boolean": "boolean",
}
_CHOICES = ("allOf", "oneOf", "anyOf")
_LONGEST_KEY = 1000
"""How many characters a path to rows may have."""

_STEP = re.compile(r"""\.([\w@$-]+)|\['([^'\]]+)'\]|\["([^"\]]+)"\]|(\[\*\])""")


class Shape(NamedTuple):
    """Where a response has its rows, and what these are."""

    at: str
    """The path to them, as definitions have it."""
    is_list: bool
    members: dict[str, dict[str, Any]]
    """The members of a row, with their schemas; none if its schema names none."""
    kind: ColumnType
    """What a row is as a whole."""
    may_be_left_out: bool
    envelope: dict[str, dict[str, Any]]
    """The members of the response itself."""


def shape(document: Document, schema: Any, object_key: str | None) -> Shape:
    """Find the rows of a response; raises Unsupported."""
    envelope = members(document, schema)
    path = steps(object_key) if object_key is not None else []
    if object_key is None and "items" in envelope and not is_array(document, schema):
        path = ["items"]
    here = schema
    may_be_left_out = False
    for name in path:
        if is_array(document, here):
            raise Unsupported("rows in lists of lists")
        may_be_left_out = may_be_left_out or name not in required(document, here)
        here = members(document, here).get(name)
        if here is None:
            # The description may lag behind the API, and then a list is more likely than not.
            return Shape(".".join(path) + "[]", True, {}, "json", True, envelope)
    is_list = is_array(document, here)
    row = items(document, here) if is_list else here
    at = ".".join(path) + ("[]" if is_list else "")
    found = members(document, row)
    return Shape(at, is_list, found, kind(document, row), may_be_left_out, envelope)


def steps(object_key: str) -> list[str]:
    """Return the members of a JSONPath that has nothing else; raise Unsupported otherwise."""
    if len(object_key) > _LONGEST_KEY:
        raise Unsupported(f"rows at {object_key:.80}")
    rest = object_key.strip()
    rest = rest.removeprefix("$") if rest.startswith("$") else f".{rest}"
    found: list[str] = []
    while rest:
        step = _STEP.match(rest)
        if step is None or (step[4] and rest != step[4]):
            raise Unsupported(f"rows at {object_key:.80}")
        name = step[1] or step[2] or step[3]
        if name is not None:
            if "." in name:
                raise Unsupported(f"rows at {object_key:.80}")
            found.append(name)
        rest = rest[step.end() :]
    return found


def members(document: Document, schema: Any) -> dict[str, dict[str, Any]]:
    """Return the members that an object may have, with their schemas."""
    found: dict[str, dict[str, Any]] = {}
    for part in _parts(document, schema, _CHOICES):
        for name, member in mapping(part.get("properties")).items():
            found.setdefault(name, mapping(member))
    return found


def required(document: Document, schema: Any) -> set[str]:
    """Return the members that an object always has."""
    parts = _parts(document, schema, ("allOf",))
    names = (name for part in parts for name in sequence(part.get("required")))
    return {name for name in names if isinstance(name, str)}


def _parts(document: Document, schema: Any, choices: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return a schema and those that it is made of, each of them once, in their order."""
    first = document.resolve(schema)
    if first.keys().isdisjoint(choices):
        return [first]  # as almost all are
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    waiting: list[Any] = [first]
    while waiting:
        part = document.resolve(waiting.pop())
        if id(part) not in seen:
            seen.add(id(part))
            found.append(part)
            for choice in reversed(choices):
                waiting.extend(reversed(sequence(part.get(choice))))
    return found


def is_array(document: Document, schema: Any) -> bool:
    """Return whether a schema describes a list."""
    return "array" in _types(document, schema)


def items(document: Document, schema: Any) -> dict[str, Any]:
    """Return the schema of a list's elements."""
    parts = _parts(document, schema, _CHOICES)
    return next((mapping(part["items"]) for part in parts if "items" in part), {})


def kind(document: Document, schema: Any) -> ColumnType:
    """Return the column type for a schema's values; what may be anything is JSON."""
    resolved = document.resolve(schema)
    if resolved.get("x-stackQL-stringOnly") is True:
        return "json"
    types = _types(document, resolved) - {"null"}
    return _SCALARS.get(types.pop(), "json") if len(types) == 1 else "json"


def _types(document: Document, schema: Any) -> set[str]:
    """Return what a schema's values may be, as JSON's types."""
    found: set[str] = set()
    for part in _parts(document, schema, _CHOICES):
        declared = part.get("type")
        if declared is not None:
            found.update(filter(text, declared if isinstance(declared, list) else [declared]))
        elif "properties" in part:
            found.add("object")
        elif "items" in part:
            found.add("array")
        elif sequence(part.get("enum")) and all(map(text, sequence(part.get("enum")))):
            found.add("string")
    return found


def about(document: Document, schema: Any, otherwise: str) -> str:
    """Return a description in a sentence or two; one beside a reference precedes the target's."""
    declared = text(mapping(schema).get("description")) or text(
        document.resolve(schema).get("description")
    )
    return sentence(declared, otherwise)


_LONGEST = 400
"""How many characters a description may have."""


def sentence(declared: Any, otherwise: str) -> str:
    """Make a description one line that ends in a full stop."""
    line = " ".join(text(declared).split()) or otherwise
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rsplit(" ", 1)[0] + "…."
    return line if line.endswith((".", "?", "!")) else f"{line}."
