"""Values of a path or a query, which are texts, as the types that their schema has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]


def value_of(schema: Json, name: str, pairs: Sequence[tuple[str, str]], *, is_joined: bool) -> Any:
    """Return the value of a parameter from its pairs, like `created[gte]=5`, `expand[]=data`.

    Raises ValueError for pairs that make no value of its kind.
    """
    if any(key != name for key, _ in pairs):
        return _nested(schema, name, pairs)
    values = [value for _, value in pairs]
    if _kind(schema) == "array":
        items = schema.get("items", {})
        texts = values[0].split(",") if is_joined and len(values) == 1 else values
        return [read(items, text) for text in texts]
    if len(values) > 1:
        raise ValueError(f"it has {len(values)} values, and takes one")
    return read(schema, values[0])


def _nested(schema: Json, name: str, pairs: Sequence[tuple[str, str]]) -> Any:
    found: Any = {}
    for key, text in pairs:
        steps = re.findall(r"\[([^\[\]]*)\]", key.removeprefix(name))
        place = found
        for step in steps[:-1]:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise ValueError(f"{key} stands beside a value of its own")
        place.setdefault(steps[-1] if steps else "", []).append(text)
    return _typed(schema, found)


def _typed(schema: Json, value: Any) -> Any:
    """Return what pairs hold, by the schema: maps of texts become arrays and objects."""
    if isinstance(value, list):
        if _kind(schema) == "array":
            return [read(schema.get("items", {}), one) for one in value]
        if len(value) > 1:
            raise ValueError(f"it has {len(value)} values, and takes one")
        return read(schema, value[0])
    alternatives = [one for key in ("anyOf", "oneOf") for one in schema.get(key, ())]
    if alternatives and "properties" not in schema:
        is_list = all(key.isdecimal() or key == "" for key in value)
        kind = "array" if is_list else "object"
        schema = next((one for one in alternatives if _kind(one) == kind), schema)
    if _kind(schema) == "array":
        items = schema.get("items", {})
        if not all(key.isdecimal() or key == "" for key in value):
            raise ValueError("it is no list")
        listed: list[Any] = []
        for key, one in value.items():
            if key == "" and isinstance(one, list):
                listed += [read(items, text) for text in one]
            else:
                listed.append(_typed(items, one))
        return listed
    members = schema.get("properties", {})
    return {key: _typed(members.get(key, {}), one) for key, one in value.items()}


def read(schema: Json, text: str) -> Any:
    """Return a text as the type that its schema has, or the text, which the schema then refuses."""
    kinds = {_kind(one) for key in ("anyOf", "oneOf") for one in schema.get(key, ())}
    kinds.add(_kind(schema))
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    if kinds & {"integer", "number"} and re.fullmatch(r"-?\d{1,19}", text):
        return int(text)
    if "number" in kinds and re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    return text


def _kind(schema: Json) -> Any:
    kind = schema.get("type")
    return next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
