"""OpenAPI documents made from the types of vendors' official Python clients.

For vendors whose own document cannot be had, or not kept. The clients are generated from it, so
their types say what it says.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Any

Json = dict[str, Any]


def document(provider: str, wanted: set[str]) -> Json:
    """Return the document of a provider's requests, like `GET /v1/customers/{}`."""
    found: Json = import_module(f"contracts.client_{provider}").made(wanted)
    return found


def openapi(package: str, title: str, licence: str, paths: Json, schemas: Json) -> Json:
    """Return the document with some paths and schemas, of the version of a package."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version(package), "license": {"name": licence}},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def tidied(schema: Any) -> Any:
    """Close what is open only for members of the future, and let a time be no other text."""
    if isinstance(schema, list):
        return [tidied(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: tidied(value) for key, value in schema.items()}
    if "properties" in found and found.get("additionalProperties") is True:
        del found["additionalProperties"]
    branches = found.get("anyOf", [])
    if any(one.get("format") in ("date", "date-time") for one in branches):
        kept = [one for one in branches if one != {"type": "string"}]
        if len(kept) == 1:
            return kept[0]
        found["anyOf"] = kept
    return found
