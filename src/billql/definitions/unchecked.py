"""The format's types without their patterns and bounds, for what has been made, and not written.

A struct that code makes is not checked: documents of strangers have columns and methods whose names
no definition may have. What is stored of them is read back as these types.
"""

from __future__ import annotations

import functools
import types
import typing
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def unchecked(kind: type[T]) -> type[T]:
    """Return a struct's class, or a subclass of it, whose members may be anything of their type."""
    found: type[T] = _unchecked(kind)
    return found


def _unchecked(kind: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _unchecked(typing.get_args(kind)[0])
    if origin in (dict, tuple, list):
        return origin[tuple(map(_unchecked, typing.get_args(kind)))]
    if origin in (typing.Union, types.UnionType):
        return typing.Union[tuple(map(_unchecked, typing.get_args(kind)))]  # noqa: UP007
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _subclass(kind)
    return kind


@functools.cache
def _subclass(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    hints = typing.get_type_hints(kind, include_extras=True)
    fields = []
    for field in msgspec.structs.fields(kind):
        declared = hints[field.name]
        if (loose := _unchecked(declared)) != declared:
            fields.append((field.name, loose, _default(field)))
    if not fields:
        return kind
    config = kind.__struct_config__
    return msgspec.defstruct(
        kind.__name__,
        fields,
        bases=(kind,),
        module=__name__,
        tag=config.tag,
        tag_field=config.tag_field,
        frozen=True,
        kw_only=True,
    )


def _default(field: msgspec.structs.FieldInfo) -> Any:
    name = None if field.encode_name == field.name else field.encode_name
    if field.default is not msgspec.NODEFAULT:
        return msgspec.field(default=field.default, name=name)
    if field.default_factory is not msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory, name=name)
    return msgspec.field(name=name)
