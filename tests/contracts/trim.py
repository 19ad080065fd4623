"""Trim a vendor's OpenAPI document to what a definition can use.

    make contract PROVIDER=digitalocean FROM=openapi.json

What stays are the operations of the definition, or those that `providers.yaml` names, and the
components that they reach: names, places, types, bounds and enumerations. Sentences and examples
go. FROM may name the parts of a document in several files; without it, the document is made from
the vendor's official client.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from billql.definitions.catalog import Catalog
from contracts import filters
from contracts.document import DOCUMENTS, LOADER, PLACEHOLDER, Json, entries, resolved
from contracts.operation import request_of

_DROPPED = {
    *("title", "description", "example", "examples", "externalDocs", "deprecated", "xml"),
    *("discriminator", "contentEncoding", "contentMediaType", "$schema", "$comment"),
}
"""The keywords of a schema that say nothing about which values are valid."""

_BY_NAME = ("properties", "patternProperties", "dependentSchemas", "$defs")
"""The keywords whose members are schemas by names of the vendor's own."""


def used(provider: str) -> set[str]:
    """Return the requests of a provider's definition, like `GET /v1/invoices/{}`."""
    catalog = Catalog()
    return {
        PLACEHOLDER.sub("{}", request_of(method))
        for name in catalog.names()
        if name.startswith(f"{provider}.")
        for method in catalog.table(name).resource.methods.values()
    }


def trim(document: Json, wanted: set[str], about: Json | None = None) -> Json:
    """Return the operations that are wanted, with the components that they reach.

    Their paths begin with that of the server.

    `wanted` has requests without the names of placeholders, `about` what `providers.yaml` says:
    `paths` are those of which every GET stays, `fixed` the placeholders that have one value.
    """
    about = about or {}
    document = {**document, "components": combined(document, document.get("components", {}))}
    document["paths"] = combined(document, document["paths"])
    fixed = about.get("fixed", {})
    operations: dict[str, Json] = {}
    base = urlsplit(document.get("servers", [{"url": ""}])[0]["url"]).path.rstrip("/")
    for suffix, item in document["paths"].items():
        path = PLACEHOLDER.sub(lambda name: fixed.get(name[0][1:-1], name[0]), base + suffix)
        for verb in ("get", "post"):
            if verb not in item:
                continue
            plain = f"{verb.upper()} {PLACEHOLDER.sub('{}', path)}"
            paths = about.get("paths", ())
            listed = verb == "get" and any(re.fullmatch(one, path) for one in paths)
            if plain in wanted or listed:
                operations.setdefault(path, {})[verb] = _operation(
                    document, item, item[verb], about
                )
    reached = _reached(document, operations)
    return {
        "openapi": document["openapi"],
        "info": _info(document["info"]),
        "paths": dict(sorted(operations.items())),
        "components": {"schemas": dict(sorted(reached.items()))},
    }


def _info(info: Json) -> Json:
    return {key: info[key] for key in ("title", "version", "license") if key in info}


def _operation(document: Json, item: Json, operation: Json, about: Json) -> Json:
    parameters = [
        resolved(document, one)
        for one in (*item.get("parameters", ()), *operation.get("parameters", ()))
    ]
    kept: Json = {
        "parameters": [
            _parameter(one)
            for one in parameters
            if one["in"] in ("path", "query") and one["name"] not in about.get("fixed", {})
        ]
    }
    if (header := about.get("filter")) is not None:
        kept["parameters"] += filters.parameters(document, operation, header)
    body = resolved(document, operation.get("requestBody", {}))
    if "application/json" in body.get("content", {}):
        kept["requestBody"] = {"required": body.get("required", False), **_content(body)}
    kept["responses"] = {
        status: _content(resolved(document, response))
        for status, response in operation["responses"].items()
    }
    return kept


def _parameter(parameter: Json) -> Json:
    names = ("name", "in", "required", "style", "explode")
    kept: Json = {key: parameter[key] for key in names if key in parameter}
    return {**kept, "schema": plain(parameter.get("schema", {}))}


def _content(holder: Json) -> Json:
    return {
        "content": {
            # What follows a semicolon, such as a charset, is no part of the type.
            kind.partition(";")[0]: {"schema": plain(media["schema"])} if "json" in kind else {}
            for kind, media in holder.get("content", {}).items()
        }
    }


def plain(schema: Any) -> Any:
    """Return a schema with what decides whether a value is valid, and nothing else."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {}
    for key, value in schema.items():
        if key in _DROPPED or key.startswith("x-"):
            continue
        if key in ("allOf", "anyOf", "oneOf") and not value:
            continue  # no schema, though some vendors' documents have it
        if key in _BY_NAME:
            kept[key] = {name: plain(one) for name, one in value.items()}
        elif key in ("enum", "required", "const", "default"):
            kept[key] = value
        else:
            kept[key] = plain(value)
    return kept


def combined(document: Json, schema: Any) -> Any:
    """Return a schema where parts of an `allOf` that describe the same member are one part.

    They are closed as a whole only together.
    """
    if isinstance(schema, list):
        return [combined(document, one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: combined(document, one) for key, one in schema.items()}
    parts = [combined(document, resolved(document, one)) for one in schema.get("allOf", ())]
    names = [
        *(name for part in parts for name in part.get("properties", {})),
        *("[]" for part in parts if "items" in part),
    ]
    if len(set(names)) == len(names):
        return kept
    del kept["allOf"]
    for part in parts:
        for key, one in part.items():
            if key == "properties":
                known = kept.setdefault(key, {})
                for name, member in one.items():
                    known[name] = _both(document, known.get(name), member)
            elif key == "items":
                kept[key] = _both(document, kept.get(key), one)
            elif key in ("required", "allOf"):
                kept[key] = [*kept.get(key, ()), *one]
            else:
                kept.setdefault(key, one)
    return kept


def _both(document: Json, one: Json | None, other: Json) -> Any:
    return other if one is None else combined(document, {"allOf": [one, other]})


def _reached(document: Json, operations: Json) -> Json:
    """Return the schemas that operations reach, by the names of their components."""
    found: Json = {}
    waiting = list(_references(operations))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = plain(document["components"]["schemas"][name])
            waiting.extend(_references(found[name]))
    return found


def _references(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(reference)}:
            if not reference.startswith("#/components/schemas/"):
                raise ValueError(f"no schema: {reference}")
            yield reference.rpartition("/")[2]
        case dict():
            for one in value.values():
                yield from _references(one)
        case list():
            for one in value:
                yield from _references(one)


def written(document: Mapping[str, Any]) -> str:
    """Return a document as JSON with a line for each operation and each schema."""
    lines = ["{"]
    for key in ("openapi", "info"):
        lines.append(f" {json.dumps(key)}: {_line(document[key])},")
    lines += [' "paths": {', _block(document["paths"]), " },"]
    lines += [' "components": {"schemas": {', _block(document["components"]["schemas"]), " }}", "}"]
    return "\n".join(lines) + "\n"


def _block(members: Mapping[str, Any]) -> str:
    return ",\n".join(f"  {json.dumps(name)}: {_line(one)}" for name, one in members.items())


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def of_client(provider: str) -> Json:
    """Return the document that the installed official client of a provider makes."""
    from contracts import clients

    return trim(clients.document(provider, used(provider)), used(provider))


def of_files(provider: str, *sources: Path) -> Json:
    """Return the trimmed document of a file, or of the parts in several, in JSON or YAML."""
    texts = {source: source.read_text(encoding="utf-8") for source in sources}
    first, *others = (
        json.loads(text) if source.suffix == ".json" else yaml.load(text, LOADER)
        for source, text in texts.items()
    )
    kept = trim(first, used(provider), entries()[provider])
    for other in others:
        part = trim(other, used(provider), entries()[provider])
        kept["paths"] |= part["paths"]
        schemas, more = kept["components"]["schemas"], part["components"]["schemas"]
        if any(schemas[name] != more[name] for name in schemas.keys() & more.keys()):
            raise ValueError("two schemas of the parts have one name")
        schemas |= more
    return kept


def main(provider: str, *sources: str) -> None:
    """Write the document of a provider anew."""
    kept = of_files(provider, *map(Path, sources)) if sources else of_client(provider)
    (DOCUMENTS / f"{provider}.json").write_text(written(kept), encoding="utf-8")
    missing = used(provider) - {
        f"{verb.upper()} {PLACEHOLDER.sub('{}', path)}"
        for path, item in kept["paths"].items()
        for verb in item
    }
    print(
        f"{provider}: {sum(map(len, kept['paths'].values()))} operations;",
        "not in the document:",
        ", ".join(sorted(missing)) or "none",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
