"""The vendors' OpenAPI documents: which requests they allow, and which responses.

Nothing may be in a request or in a response that the document does not have: objects are closed.
Where a document is wrong or silent, `providers.yaml` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import yaml

from contracts.closing import DOCUMENT, PARTIAL, closed
from contracts.operation import Operation, Sent

Json = dict[str, Any]

HERE = Path(__file__).parent
DOCUMENTS = HERE / "documents"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
_DECIMAL = re.compile(r"-?\d+(\.\d{1,12})?")


@cache
def entries() -> dict[str, Json]:
    """Return what is known of each provider's document."""
    found: dict[str, Json] = yaml.load((HERE / "providers.yaml").read_text("utf-8"), LOADER)
    return found


@cache
def document(provider: str) -> Document:
    """Return the document of a provider."""
    return Document(json.loads((DOCUMENTS / f"{provider}.json").read_bytes()), entries()[provider])


class Document:
    """One document."""

    def __init__(self, data: Json, about: Json) -> None:
        self.data = data
        self.about = about
        self.title = f"{data['info']['title']} {data['info']['version']}"
        schemas = data["components"]["schemas"]
        self._registry = jsonschema_rs.Registry(
            [
                (urn, {"components": {"schemas": _components(schemas, partial=urn == PARTIAL)}})
                for urn in (DOCUMENT, PARTIAL)
            ]
        )
        self._compiled: dict[str, Any] = {}

    @property
    def _formats(self) -> dict[str, Callable[[str], bool]]:
        """What a text must be to have a format, where JSON Schema leaves it open or says other."""
        found: dict[str, Callable[[str], bool]] = {
            "decimal": lambda text: _DECIMAL.fullmatch(text) is not None
        }
        if "no_zone" in self.about:
            found["date-time"] = lambda text: _NO_ZONE.fullmatch(text) is not None
        return found

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Its operations."""
        return tuple(
            Operation(f"{verb.upper()} {path}", one, self)
            for path, item in self.data["paths"].items()
            for verb, one in item.items()
        )

    @cached_property
    def _patterns(self) -> list[tuple[str, list[str], re.Pattern[str], Operation]]:
        found = []
        for one in self.operations:
            verb, _, path = one.request.partition(" ")
            names = [name[1:-1] for name in PLACEHOLDER.findall(path)]
            found.append((verb, names, re.compile(_pattern(path)), one))
        return sorted(found, key=lambda each: len(each[1]))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Return the operation of a path, and the values in the path.

        Raises LookupError where the document has none. What spells more out comes first.
        """
        for verb, names, pattern, one in self._patterns:
            if verb == method and (match := pattern.fullmatch(path)) is not None:
                return one, dict(zip(names, map(unquote, match.groups()), strict=True))
        raise LookupError(f"the document has no {method} {path}")

    def operation(self, request: str) -> Operation:
        """Return the operation of a definition's method; the names of placeholders may differ."""
        shape = PLACEHOLDER.sub("{}", request)
        for one in self.operations:
            if PLACEHOLDER.sub("{}", one.request) == shape:
                return one
        raise LookupError(f"the document has no {request}")

    def leaves_out(self, sent: Sent) -> bool:
        """Return whether a request is one of those that are listed as not in the document."""
        return any(
            re.fullmatch(_pattern(request), f"{sent.method} {sent.path}")
            for request in self.about.get("uncovered", {})
        )

    def complaints(self, sent: Sent) -> list[str]:
        """Return what the document does not allow in a request."""
        try:
            found, in_path = self.find(sent.method, sent.path)
        except LookupError as error:
            return [] if self.leaves_out(sent) else [str(error)]
        return list(found.complaints(sent, in_path))

    def merged(self, schema: Json) -> Json:
        """Return a schema without references at its top, its parts together in one."""
        while "$ref" in schema:
            schema = {**resolved(self.data, schema)}
        if "allOf" not in schema:
            return schema
        whole: Json = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            for key, value in self.merged(part).items():
                if key == "properties":
                    whole[key] = {**value, **whole.get(key, {})}
                elif key == "required":
                    whole[key] = [*whole.get(key, ()), *value]
                else:
                    whole.setdefault(key, value)
        return whole

    def expanded(self, schema: Json, within: tuple[str, ...] = ()) -> Json:
        """Return a schema, as that of a parameter, without references anywhere.

        What lies `within` itself is any value there.
        """
        name = schema.get("$ref", "")
        if name in within:
            return {}
        within = (*within, name) if name else within
        found = {**self.merged(schema)}
        if "items" in found:
            found["items"] = self.expanded(found["items"], within)
        if "properties" in found:
            members = found["properties"].items()
            found["properties"] = {name: self.expanded(one, within) for name, one in members}
        for key in ("anyOf", "oneOf"):
            if key in found:
                found[key] = [self.expanded(one, within) for one in found[key]]
        return found

    def validator(self, schema: Json, *, partial: bool = False) -> Any:
        """Return what judges values; if `partial`, any member may be missing or null."""
        key = json.dumps([partial, schema], sort_keys=True)
        if key not in self._compiled:
            self._compiled[key] = jsonschema_rs.Draft202012Validator(
                closed(schema, partial=partial),
                validate_formats=True,
                formats=self._formats,
                registry=self._registry,
            )
        return self._compiled[key]


def _pattern(template: str) -> str:
    """Return the regular expression of what a path with placeholders stands for."""
    return re.sub(r"\\\{[^{}]*\\\}", "([^/]+)", re.escape(template))


def _components(schemas: Json, *, partial: bool) -> Json:
    return {name: closed(one, whole=False, partial=partial) for name, one in schemas.items()}


def resolved(document: Json, value: Json) -> Json:
    """Follow references to other parts of a document."""
    while "$ref" in value:
        found: Any = document
        for key in value["$ref"].removeprefix("#/").split("/"):
            found = found[key.replace("~1", "/").replace("~0", "~")]
        value = found
    return value
