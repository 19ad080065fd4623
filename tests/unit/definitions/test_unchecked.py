"""What was made is read back whatever its names are, and still has its type."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from billql.definitions.json_schema import json_schema
from billql.definitions.methods import Parameter
from billql.definitions.model import Column, Provider, Resource
from billql.definitions.unchecked import unchecked


def constrained(kind: Any, seen: set[Any]) -> bool:
    """Return whether a bound or a pattern is left anywhere in a type."""
    if kind in seen:
        return False
    seen.add(kind)
    if typing.get_origin(kind) is typing.Annotated:
        return True
    parts = list(typing.get_args(kind))
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        parts += typing.get_type_hints(kind, include_extras=True).values()
    return any(constrained(one, seen) for one in parts)


@pytest.mark.parametrize("kind", [Resource, Provider])
def test_nothing_is_left_of_patterns(kind: type) -> None:
    assert constrained(kind, set())
    assert not constrained(unchecked(kind), set())
    assert issubclass(unchecked(kind), kind)


def test_members_have_their_names_and_defaults() -> None:
    made = Parameter(location="header", column="No Name")
    written = msgspec.json.encode(made)
    found = msgspec.json.decode(written, type=unchecked(Parameter))
    assert (found.location, found.column, found.required) == ("header", "No Name", False)
    assert msgspec.json.encode(found) == written
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(written, type=Parameter)


def test_what_is_of_another_type_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"type": "text", "description": 5}', type=unchecked(Column))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"type": "words", "description": ""}', type=unchecked(Column))


def test_the_schema_is_of_what_is_written() -> None:
    schema = json_schema()
    unchecked(Resource)
    assert json_schema() == schema
