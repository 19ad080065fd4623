"""The JSON Schema of definition files, made from the structs of their grammar."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from billql.definitions.model import Provider, Service
from billql.definitions.story import Story


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a definition file, for editors, be it a story."""
    kinds = (Provider, Service, Story)
    alternatives, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for kind in _structs_below(msgspec.Struct):
        if _is_written(kind) and kind.__name__ in components:
            _describe(components[kind.__name__], kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "billql definition",
        "description": "A provider.yaml, a service's file beside it, or its sandbox/story.yaml.",
        "anyOf": list(alternatives),
        "$defs": components,
    }


def _is_written(kind: type[msgspec.Struct]) -> bool:
    """Return whether a class stands in a file of billql's; others are made from these."""
    module = sys.modules.get(kind.__module__)
    is_own = kind.__module__.startswith("billql.")
    return is_own and getattr(module, kind.__name__, None) is kind


def _structs_below(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _structs_below(kind)


def _describe(schema: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Put a struct's docstring into its schema, and those that stand under its attributes."""
    import ast
    import inspect

    schema["description"] = inspect.getdoc(kind)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    for base in reversed(kind.__mro__[: kind.__mro__.index(msgspec.Struct)]):
        attribute = ""
        for node in ast.parse(inspect.getsource(base)).body[0].body:  # type: ignore[attr-defined]
            match node:
                case ast.AnnAssign(target=ast.Name(id=attribute)):
                    pass
                case ast.Expr(value=ast.Constant(value=str(text))) if attribute in names:
                    place = schema["properties"][names[attribute]]
                    place["description"] = inspect.cleandoc(text)
