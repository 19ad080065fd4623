"""Schemas of OpenAPI 3.0 and 3.1 as JSON Schemas that are closed: no object has a member that is
not listed, unless its schema lists none.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DOCUMENT = "urn:document"
PARTIAL = "urn:partial"
"""The names under which a document's schemas are known: as they are, and with members missing."""

_PARTS = ("allOf", "anyOf", "oneOf")


def closed(schema: Any, *, whole: bool = True, partial: bool = False) -> Any:
    """Return a schema in JSON Schema's draft 2020-12, closed.

    A schema that is a part of another (not `whole`) stays open itself: only together they say which
    members there are. Of `oneOf` any number may hold, for vendors' alternatives overlap. If it is
    `partial`, any member may be missing or null.
    """
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Json = {"$ref": f"{PARTIAL if partial else DOCUMENT}{schema['$ref']}"}
        if whole:
            found["unevaluatedProperties"] = False
        return _or_null(found) if partial and whole else found
    dropped = (*_PARTS, "nullable", *(["required"] if partial else []))
    found = {key: value for key, value in schema.items() if key not in dropped}
    if "properties" in schema:
        members = schema["properties"].items()
        found["properties"] = {name: closed(one, partial=partial) for name, one in members}
    for key in ("items", "additionalProperties"):
        if key in schema:
            found[key] = closed(schema[key], partial=partial)
    for key in _PARTS:
        if key in schema:
            parts = [closed(one, whole=False, partial=partial) for one in schema[key]]
            found["allOf" if key == "allOf" else "anyOf"] = parts
    _bound(found)
    lists = any(key in found for key in ("properties", "additionalProperties", "allOf", "anyOf"))
    if not lists:
        found["additionalProperties"] = True
    elif whole and found.get("additionalProperties") is not True:
        found["unevaluatedProperties"] = False
    return _or_null(found) if schema.get("nullable") or (partial and whole) else found


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _bound(schema: Json) -> None:
    """Write the exclusive bounds of OpenAPI 3.0 as JSON Schema does."""
    for name, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(name) is True and bound in schema:
            schema[name] = schema.pop(bound)
        elif isinstance(schema.get(name), bool):
            del schema[name]
