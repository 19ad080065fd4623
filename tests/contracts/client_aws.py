"""AWS's document, made from the service models of botocore (Apache-2.0), its official client's.

All operations of a service have one path, so an operation has the header that names it after a `#`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from .clients import Json, openapi

_SERVICES = ("ce", "budgets", "organizations")

_SIMPLE: dict[str, Json] = {
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "long": {"type": "integer"},
    "double": {"type": "number"},
    "float": {"type": "number"},
    # The JSON protocol sends a moment as seconds since 1970.
    "timestamp": {"type": "number"},
}
_BOUNDS = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "integer": ("minimum", "maximum"),
    "long": ("minimum", "maximum"),
    "double": ("minimum", "maximum"),
    "float": ("minimum", "maximum"),
}
_UNLIMITED = 2**31 - 1
"""What a model has for no limit."""


def made(wanted: set[str]) -> Json:
    """Return the document of some requests, like `POST /#AWSInsightsIndexService.GetTags`."""
    paths: Json = {}
    schemas: Json = {}
    for service in _SERVICES:
        model = _model(service)
        target = model["metadata"]["targetPrefix"]
        for name, operation in model["operations"].items():
            path = f"/#{target}.{name}"
            if f"POST {path}" in wanted:
                paths[path] = {"post": _operation(operation, service)}
                for shape in _reached(model, operation):
                    schemas[f"{service}.{shape}"] = _schema(model, shape, service)
    return openapi("botocore", "AWS (botocore)", "Apache-2.0", paths, schemas)


def _model(service: str) -> Json:
    folder = Path(str(files("botocore"))) / "data" / service
    newest = max(one for one in folder.iterdir() if one.is_dir())
    found: Json = json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    return found


def _operation(operation: Json, service: str) -> Json:
    """Return an operation; an empty body is one that has no member."""
    body = _reference(service, operation["input"]["shape"]) if "input" in operation else _NOTHING
    answer = _reference(service, operation["output"]["shape"])
    return {
        "parameters": [],
        "requestBody": {"required": True, **_json(body)},
        "responses": {"200": _json(answer)},
    }


_NOTHING: Json = {"type": "object", "maxProperties": 0}


def _json(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _reference(service: str, shape: str) -> Json:
    return {"$ref": f"#/components/schemas/{service}.{shape}"}


def _reached(model: Json, operation: Json) -> Iterator[str]:
    """Yield the shapes that an operation is made of."""
    waiting = [operation[key]["shape"] for key in ("input", "output") if key in operation]
    seen = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            yield name
            waiting += _inner(model["shapes"][name])


def _inner(shape: Json) -> Iterator[str]:
    for one in (*shape.get("members", {}).values(), *(shape.get(k) for k in ("member", "value"))):
        if one is not None:
            yield one["shape"]


def _schema(model: Json, name: str, service: str) -> Json:
    """Return the schema of a shape: its members and its bounds."""
    shape = model["shapes"][name]
    kind = shape["type"]
    if kind == "structure":
        members = shape.get("members", {})
        return {
            "type": "object",
            "properties": {key: _reference(service, one["shape"]) for key, one in members.items()},
            "required": shape.get("required", []),
        }
    if kind == "map":
        inner = _reference(service, shape["value"]["shape"])
        return {"type": "object", "additionalProperties": inner}
    found: Json = {"type": "array"} if kind == "list" else {**_SIMPLE[kind]}
    if kind == "list":
        found["items"] = _reference(service, shape["member"]["shape"])
    for key, bound in zip(("min", "max"), _BOUNDS.get(kind, ()), strict=False):
        if key in shape and shape[key] not in (0, _UNLIMITED):
            found[bound] = shape[key]
    if "enum" in shape:
        found["enum"] = shape["enum"]
    elif "pattern" in shape and (pattern := _whole(shape["pattern"])) is not None:
        found["pattern"] = pattern
    return found


def _whole(pattern: str) -> str | None:
    r"""Return a pattern that matches as a whole, as AWS means it; None for one that says nothing.

    Two are no regular expressions outside of Java: `(?i)` in the middle, and a range that begins
    with the class `\p{Z}`.
    """
    if pattern in (r"[\S\s]*", r"[\s\S]*", ".*") or "(?i)" in pattern or r"\p{Z}-" in pattern:
        return None
    return f"^(?:{pattern.removeprefix('^').removesuffix('$')})$"
