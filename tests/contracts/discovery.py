"""An OpenAPI document made from Google's discovery documents, for `make contract`.

    PYTHONPATH=tests python -m contracts.discovery cloudbilling.v1.json … > gcp.json

They say the same in another form (https://developers.google.com/discovery/v1/reference).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_KEPT = ("type", "format", "enum", "pattern", "minimum", "maximum")
_FORMATS = {"google-datetime": "date-time"}


def openapi(documents: list[Json]) -> Json:
    """Return one document with the GETs and schemas of some."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": " and ".join(f"{one['title']} {one['version']}" for one in documents),
            "version": " and ".join(one["revision"] for one in documents),
        },
        "paths": {
            f"/{method['flatPath']}": {"get": _operation(method)}
            for document in documents
            for method in _methods(document)
            if method["httpMethod"] == "GET"
        },
        "components": {
            "schemas": {
                name: _schema(one)
                for document in documents
                for name, one in document["schemas"].items()
            }
        },
    }


def _methods(resource: Json) -> Iterator[Json]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _operation(method: Json) -> Json:
    in_path = [one.partition("}")[0] for one in method["flatPath"].split("{")[1:]]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in in_path
    ]
    for name, one in method["parameters"].items():
        if one["location"] == "query":
            parameters.append({"name": name, "in": "query", "schema": _schema(one)})
    content = {"application/json": {"schema": _schema(method["response"])}}
    return {"parameters": parameters, "responses": {"200": {"content": content}}}


def _schema(schema: Json) -> Json:
    if "$ref" in schema:
        return {"$ref": f"#/components/schemas/{schema['$ref']}"}
    found: Json = {key: schema[key] for key in _KEPT if key in schema}
    if "format" in found:
        found["format"] = _FORMATS.get(found["format"], found["format"])
    if found.get("type") == "any":
        del found["type"]
    if "properties" in schema:
        found["properties"] = {name: _schema(one) for name, one in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            found[key] = _schema(schema[key])
    return found


if __name__ == "__main__":
    read = [json.loads(Path(one).read_text(encoding="utf-8")) for one in sys.argv[1:]]
    json.dump(openapi(read), sys.stdout)
