"""Where a value does not fit the strict struct that it should become, and what would fit.

msgspec reports where the first mistake lies; this reports the innermost part, in the terms of
the people who wrote the value: definitions and the config file are read this way.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from billql.util.lock import Lock

MSGSPEC_LOCK = Lock()
"""To be held while msgspec makes a struct: 0.22 crashes the process where two threads use a type
for the first time at once."""

DocumentPath = tuple[str | int, ...]
"""The path to a part of a value."""


def explain_mismatch(value: Any, kind: Any, place: DocumentPath = ()) -> tuple[DocumentPath, str]:
    """Find the innermost part of a value that does not fit its type, and return its path and a
    message.
    """
    for key, part, expected in _parts(value, kind):
        try:
            msgspec.convert(part, expected)
        except msgspec.ValidationError:
            return explain_mismatch(part, expected, (*place, key))
    if isinstance(value, dict):
        structs = [one for one in _alternatives(kind) if _is_struct(one)]
        matching = [one for one in structs if _has_tag_of(value, one)]
        if structs and not matching:
            field = structs[0].__struct_config__.tag_field
            return (*place, field), _choices(one.__struct_config__.tag for one in structs)
        for one in matching:
            known = [field.encode_name for field in msgspec.structs.fields(one)]
            for key in value:
                if key not in (*known, one.__struct_config__.tag_field):
                    return (*place, key), f"unknown key; {_meant(key, known)}"
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return place, _expected(kind) or str(error)
    raise AssertionError("a part that does not fit must lie somewhere")


def _meant(key: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key, known, 1)
    return f"did you mean {near[0]}?" if near else f"expected {', '.join(known)}"


def _choices(values: Iterable[Any]) -> str:
    return f"expected {' or '.join(map(str, values))}"


def _expected(kind: Any) -> str | None:
    """Return what would fit, where msgspec's own message is vague: choices, described patterns."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        return _choices(typing.get_args(kind))
    if origin is typing.Annotated:
        for meta in typing.get_args(kind)[1:]:
            if isinstance(meta, msgspec.Meta) and meta.description:
                return f"expected: {meta.description}"
    if origin in (typing.Union, types.UnionType):
        expected = [_expected(one) for one in typing.get_args(kind) if one is not types.NoneType]
        return expected[0] if len(expected) == 1 else None
    return None


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types that a type stands for: the members of a union."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(kind)[0])
    elif origin in (typing.Union, types.UnionType):
        for one in typing.get_args(kind):
            yield from _alternatives(one)
    else:
        yield kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _has_tag_of(value: dict[str, Any], kind: Any) -> bool:
    config = kind.__struct_config__
    return config.tag_field is None or value.get(config.tag_field) == config.tag


def _parts(value: Any, kind: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Yield the parts of a value with the type that each should have."""
    for one in _alternatives(kind):
        origin = typing.get_origin(one)
        if isinstance(value, dict) and origin is dict:
            named, expected = typing.get_args(one)
            yield from ((key, key, named) for key in value)
            yield from ((key, part, expected) for key, part in value.items())
        elif isinstance(value, list) and origin is tuple:
            expected = typing.get_args(one)[0]
            yield from ((index, part, expected) for index, part in enumerate(value))
        elif isinstance(value, dict) and _is_struct(one) and _has_tag_of(value, one):
            hints = typing.get_type_hints(one, include_extras=True)
            for field in msgspec.structs.fields(one):
                if field.encode_name in value:
                    yield field.encode_name, value[field.encode_name], hints[field.name]
