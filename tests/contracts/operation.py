"""One operation of a vendor's document: which requests it allows, and which responses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from billql.definitions.methods import Method
from billql.messages import Request
from contracts import filters, query

if TYPE_CHECKING:
    from contracts.document import Document

Json = dict[str, Any]

_AWS = "MaxResults"
_SIZES = ("limit", "per_page", "page_size", "pageSize", "PageSize", _AWS)
"""The names of parameters for the size of a page."""


_TARGET = "X-Amz-Target"
"""The header that names an operation where all have one path."""


def request_of(method: Method) -> str:
    """Return what a document knows a method by: its verb and path, and the operation after a `#`,
    if a header names it.
    """
    for key, one in method.parameters.items():
        if one.location == "header" and (one.name or key) == _TARGET:
            return f"{method.request}#{one.value}"
    return method.request


class Sent(NamedTuple):
    """A request as it left."""

    method: str
    url: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    """The headers that parameters filled, or all."""

    @classmethod
    def of(cls, request: Request) -> Sent:
        """Return a request as it leaves."""
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = request.url + query
        return cls(request.method, url, request.content or b"", request.headers)

    @property
    def target(self) -> str:
        """The operation that a header names; empty if none does."""
        named = {name.lower(): value for name, value in self.headers}
        return named.get(_TARGET.lower(), "")

    @property
    def path(self) -> str:
        """Its path as it was sent, and the operation after a `#`, if a header names it."""
        return urlsplit(self.url).path + (f"#{self.target}" if self.target else "")

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
        """The parameter for the size of a page; one of AWS's takes any number, and means none."""
        found = (self.parameters[name] for name in _SIZES if name in self.parameters)
        return next((one for one in found if one.name != _AWS or "maximum" in one.schema), None)

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
        yield from self._of_filter(sent)
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

    def _of_filter(self, sent: Sent) -> Iterator[str]:
        header = self._document.about.get("filter", "").lower()
        text = next((value for name, value in sent.headers if name.lower() == header), None)
        if text is None:
            return
        members: Json = {}
        for one in self._data["parameters"]:
            if one["in"] == "header" and one["name"].lower() == header:
                members = one["schema"]["properties"]
        for found in filters.complaints(text, members):
            if isinstance(found, str):
                yield f"{self.request}: {header}: {found}"
                continue
            name, schema, value = found
            for error in _causes(self._document.validator(schema).iter_errors(value)):
                yield f"{self.request}: {header}: {name}: {error.message[:300]}"

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
        # Of JSONL, a document has the schema of one line.
        texts = body.splitlines() if kind == "application/jsonl" else [body]
        for error in _causes(
            error for text in texts for error in validator.iter_errors(json.loads(text))
        ):
            if error.instance is None and _at(error).removeprefix(".") in nulls:
                continue
            yield f"{self.request}: {status} body{_at(error)}: {error.message[:300]}"


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
