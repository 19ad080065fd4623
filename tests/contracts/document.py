"""The vendors' OpenAPI documents: which requests they allow, and which responses.

Nothing may be in a request or in a response that the document does not have: objects are closed.
Where a document is wrong or silent, `providers.yaml` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
import yaml

from contracts import query
from contracts.closing import DOCUMENT, PARTIAL, closed

Json = dict[str, Any]

HERE = Path(__file__).parent
DOCUMENTS = HERE / "documents"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SIZES = ("limit", "per_page", "page_size", "pageSize")
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


class Sent(NamedTuple):
    """A request as it left."""

    method: str
    url: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """Its path, as it was sent."""
        return urlsplit(self.url).path

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The names and values of its query."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @property
    def data(self) -> Any:
        """What its body holds; None if it has none."""
        return json.loads(self.body) if self.body else None


class Parameter(NamedTuple):
    """A parameter of a path or a query, or a member of a body."""

    name: str
    place: str
    required: bool
    schema: Json
    is_joined: bool = False
    """Whether several values stand in one text, with commas."""

    @property
    def facts(self) -> Json:
        """The schema of one of its values, of the alternative that says most."""
        return _plainest(self.schema)

    def leaves(self) -> Iterator[Parameter]:
        """Yield it, and the members that it has: `created[gte]` in a query, `a.b` in a body."""
        yield self
        for one in (self.schema, *self.schema.get("anyOf", ())):
            for name, schema in one.get("properties", {}).items():
                inner = f"{self.name}.{name}" if self.place == "body" else f"{self.name}[{name}]"
                yield from Parameter(inner, self.place, False, schema).leaves()


def _plainest(schema: Json) -> Json:
    if "items" in schema:
        return _plainest(schema["items"])
    parts = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    found = [_plainest(one) for one in parts]
    return max(found, key=lambda one: ("enum" in one, "format" in one), default=schema)


class Operation:
    """A verb and a path: its parameters, the schema of its body and those of its responses."""

    def __init__(self, request: str, data: Json, document: Document) -> None:
        self.request = request
        """As the document has it, like `GET /v1/invoices/{invoice}`."""
        self._data = data
        self._document = document

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """Its parameters by name; a body's members are beside those of the query."""
        return {
            one.name: one
            for one in (*self.in_place("path"), *self.in_place("query"), *self.members)
        }

    @property
    def _unknown(self) -> Sequence[str]:
        found: Sequence[str] = self._document.about.get("unknown", {}).get(self.request, ())
        return found

    @cached_property
    def leaves(self) -> dict[str, Parameter]:
        """Its parameters and their members by name."""
        return {leaf.name: leaf for one in self.parameters.values() for leaf in one.leaves()}

    def in_place(self, place: str) -> Iterator[Parameter]:
        """Yield its parameters in one place."""
        for one in self._data["parameters"]:
            if one["in"] == place and one["name"] not in self._unknown:
                is_joined = one.get("style", "form") == "form" and one.get("explode") is False
                schema = self._document.expanded(self._stated(one["name"], one["schema"]))
                yield Parameter(one["name"], place, one.get("required", False), schema, is_joined)

    @cached_property
    def members(self) -> tuple[Parameter, ...]:
        """The members of its body."""
        schema = self._document.merged(self._body_schema or {})
        required = schema.get("required", ())
        return tuple(
            Parameter(name, "body", name in required, self._document.expanded(one))
            for name, one in schema.get("properties", {}).items()
        )

    @property
    def takes_body(self) -> bool:
        """Whether a request may have a body."""
        return self._body_schema is not None

    @cached_property
    def _body_schema(self) -> Json | None:
        content = self._data.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        schema = self._document.merged(content["application/json"]["schema"])
        members = {
            name: self._stated(name, one)
            for name, one in schema.get("properties", {}).items()
            if name not in self._unknown
        }
        return {**schema, "properties": members}

    def _stated(self, name: str, schema: Json) -> Json:
        """Return the schema of a parameter with what the vendor states in words alone."""
        stated = self._document.about.get("stated", {})
        for request in ("all", self.request):
            if (more := stated.get(request, {}).get(name)) is not None:
                inner = self._document.merged(schema)
                if "items" in inner and "items" not in more and more.keys() != {"maxItems"}:
                    schema = {**inner, "items": {**self._document.merged(inner["items"]), **more}}
                else:
                    schema = {**inner, **more}
        return schema

    @property
    def size(self) -> Parameter | None:
        """The parameter for the size of a page."""
        found = (self.parameters[name] for name in _SIZES if name in self.parameters)
        return next(found, None)

    @cached_property
    def _validators(self) -> dict[str, Any]:
        return {
            one.name: self._document.validator(one.schema)
            for place in ("path", "query")
            for one in self.in_place(place)
        }

    def _judge(self, one: Parameter, value: Any) -> Iterator[str]:
        for error in _causes(self._validators[one.name].iter_errors(value)):
            yield f"{self.request}: {one.name}{_at(error)}: {error.message[:300]}"

    @cached_property
    def _body_validator(self) -> Any:
        return self._document.validator(self._body_schema or {})

    def complaints(self, sent: Sent, in_path: Mapping[str, str]) -> Iterator[str]:
        """Yield what the document does not allow in a request."""
        for one in self.in_place("path"):
            yield from self._judge(one, query.read(one.schema, in_path[one.name]))
        yield from self._of_query(sent.pairs)
        data = sent.data
        if data is None:
            if self._data.get("requestBody", {}).get("required"):
                yield f"{self.request}: it needs a body"
        elif not self.takes_body:
            if data != {}:
                yield f"{self.request}: the document has no body"
        else:
            for error in _causes(self._body_validator.iter_errors(self._without_ahead(data))):
                yield f"{self.request}: body{_at(error)}: {error.message[:300]}"

    def _of_query(self, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
        known = {one.name: one for one in self.in_place("query")}
        found: dict[str, list[tuple[str, str]]] = {}
        for name, value in pairs:
            base = name if name in known else name.partition("[")[0]
            found.setdefault(base, []).append((name, value))
        for name, values in found.items():
            if name in self.ahead:
                continue
            if name not in known:
                yield f"{self.request}: the document has no {name} in its query"
                continue
            one = known[name]
            try:
                value = query.value_of(one.schema, name, values, is_joined=one.is_joined)
            except ValueError as error:
                yield f"{self.request}: {name}: {error}"
                continue
            yield from self._judge(one, value)
        for one in known.values():
            if one.required and one.name not in found:
                yield f"{self.request}: it needs {one.name}"

    @property
    def ahead(self) -> Mapping[str, str]:
        """What is sent although the document has it not, with the reason."""
        found: Mapping[str, str] = self._document.about.get("ahead", {}).get(self.request, {})
        return found

    def _without_ahead(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if name not in self.ahead}

    def response_complaints(self, status: int, kind: str, body: bytes) -> Iterator[str]:
        """Yield what the document does not allow in a response. Raises LookupError if it says
        nothing of such a response.
        """
        responses = self._data["responses"]
        response = responses.get(str(status), responses.get("default"))
        if response is None:
            raise LookupError(f"{self.request}: the document has no response with {status}")
        kind = kind.partition(";")[0].strip()
        content = response.get("content", {})
        if kind not in content:
            if content:
                yield f"{self.request}: {status} is {kind}, not {', '.join(content)}"
                return
            raise LookupError(f"{self.request}: the document has no content for {status}")
        if "schema" not in content[kind]:
            return
        partial = "partial" in self._document.about
        validator = self._document.validator(content[kind]["schema"], partial=partial)
        nulls = self._document.about.get("nulls", {}).get(self.request, {})
        for error in _causes(validator.iter_errors(json.loads(body))):
            if error.instance is None and _at(error).removeprefix(".") in nulls:
                continue
            yield f"{self.request}: {status} body{_at(error)}: {error.message[:300]}"


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

    def expanded(self, schema: Json) -> Json:
        """Return a schema, as that of a parameter, without references anywhere."""
        found = {**self.merged(schema)}
        if "items" in found:
            found["items"] = self.expanded(found["items"])
        if "properties" in found:
            members = found["properties"].items()
            found["properties"] = {name: self.expanded(one) for name, one in members}
        for key in ("anyOf", "oneOf"):
            if key in found:
                found[key] = [self.expanded(one) for one in found[key]]
        return found

    def validator(self, schema: Json, *, partial: bool = False) -> Any:
        """Return what judges values; if `partial`, any member may be missing or null."""
        key = json.dumps([partial, schema], sort_keys=True)
        if key not in self._compiled:
            self._compiled[key] = jsonschema_rs.Draft202012Validator(
                closed(schema, partial=partial),
                validate_formats=True,
                formats={"decimal": lambda text: _DECIMAL.fullmatch(text) is not None},
                registry=self._registry,
            )
        return self._compiled[key]


def _pattern(template: str) -> str:
    """Return the regular expression of what a path with placeholders stands for."""
    return re.sub(r"\\\{[^{}]*\\\}", "([^/]+)", re.escape(template))


def _components(schemas: Json, *, partial: bool) -> Json:
    return {name: closed(one, whole=False, partial=partial) for name, one in schemas.items()}


def _causes(errors: Iterable[Any]) -> Iterator[Any]:
    """Yield errors, in place of one of alternatives those of the alternative that comes nearest."""
    for error in errors:
        if hasattr(error.kind, "context") and error.kind.context:
            # An alternative that fails deep inside was meant, and one of another type was not.
            nearest = max(
                error.kind.context, key=lambda one: max(len(each.instance_path) for each in one)
            )
            yield from _causes(nearest)
        else:
            yield error


def _at(error: Any) -> str:
    return "".join(f".{'N' if isinstance(step, int) else step}" for step in error.instance_path)


def resolved(document: Json, value: Json) -> Json:
    """Follow references to other parts of a document."""
    while "$ref" in value:
        found: Any = document
        for key in value["$ref"].removeprefix("#/").split("/"):
            found = found[key.replace("~1", "/").replace("~0", "~")]
        value = found
    return value
