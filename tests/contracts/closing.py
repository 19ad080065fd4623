"""Schemas of OpenAPI 3.0 and 3.1 as JSON Schemas that are closed: no object has a member that is
not listed, unless its schema lists none.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_PARTS = ("allOf", "anyOf", "oneOf")


def closed(schema: Any, *, whole: bool = True) -> Any:
    """Return a schema in JSON Schema's draft 2020-12, closed.

    A schema that is a part of another (not `whole`) stays open itself: only together they say which
    members there are. Of `oneOf` any number may hold, for vendors' alternatives overlap.
    """
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Json = {"$ref": f"urn:document{schema['$ref']}"}
        if whole:
            found["unevaluatedProperties"] = False
        return found
    found = {key: value for key, value in schema.items() if key not in (*_PARTS, "nullable")}
    if "properties" in schema:
        found["properties"] = {name: closed(one) for name, one in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            found[key] = closed(schema[key])
    for key in _PARTS:
        if key in schema:
            parts = [closed(one, whole=False) for one in schema[key]]
            found["allOf" if key == "allOf" else "anyOf"] = parts
    _bound(found)
    lists_none = not any(
        key in found for key in ("properties", "additionalProperties", "allOf", "anyOf")
    )
    if lists_none:
        found["additionalProperties"] = True
    elif whole and found.get("additionalProperties") is not True:
        found["unevaluatedProperties"] = False
    if schema.get("nullable"):
        return {"anyOf": [found, {"type": "null"}]}
    return found


def _bound(schema: Json) -> None:
    """Write the exclusive bounds of OpenAPI 3.0 as JSON Schema does."""
    for name, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(name) is True and bound in schema:
            schema[name] = schema.pop(bound)
        elif isinstance(schema.get(name), bool):
            del schema[name]
