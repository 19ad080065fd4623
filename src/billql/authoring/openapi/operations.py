"""The read operations of an OpenAPI document, and those that were selected."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from billql.authoring.openapi import naming
from billql.authoring.openapi.document import Document, Schema, Shape
from billql.errors import DefinitionError, InterfaceError

Location = Literal["path", "query", "header", "cookie", "body"]


@dataclass(frozen=True)
class Field:
    """A field of a request: a parameter, or a member of its JSON body."""

    name: str
    location: Location
    required: bool
    shape: Shape
    item: Shape | None = None
    """The schema of one value, if it accepts several."""
    description: str | None = None
    example: Any = None
    lists: Literal["comma", "repeat", "brackets"] | None = None
    """The form of several values, if it accepts them."""


@dataclass(frozen=True)
class Operation:
    """One request that reads something."""

    verb: Literal["GET", "POST"]
    path: str
    """The path below the origin, with its placeholders."""
    origin: str
    tag: str | None
    """The tag that was selected, or its first."""
    summary: str | None
    description: str | None
    fields: tuple[Field, ...]
    schemas: Mapping[str, Schema | None]
    """The schema of its successful response, by media type."""
    has_link: bool
    """Whether its response has a Link header."""
    documents_missing: bool
    """Whether it documents a 404."""
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the operation in messages."""
        return f"{self.verb} {self.path}"


Offer = tuple[str, Literal["GET", "POST"], Mapping[str, Any], Mapping[str, Any]]
"""A path, a verb, the path's item and the operation."""


def select(document: Document, selectors: Sequence[str]) -> list[Offer]:
    """Return the operations that tags, paths, and paths with `/*` for all below them, select.

    A tag and a `/*` select what is read with GET; a path selects its POST too, if it has no GET,
    and `POST /path` selects that in any case. Raise InterfaceError for a selector without match.
    """
    offers = list(_offers(document))
    found: list[Offer] = []
    for selector in selectors:
        matching = [offer for offer in offers if _matches(selector, offer, offers)]
        if not matching:
            raise _nothing(selector, offers)
        found += [offer for offer in matching if offer not in found]
    return found


def tags(document: Document) -> dict[str, int]:
    """Return the number of operations of each tag that are read with GET."""
    tag_lists = (_tags(offer) for offer in _offers(document) if offer[1] == "GET")
    return dict(sorted(Counter(tag for tags in tag_lists for tag in tags).items()))


def _offers(document: Document) -> Iterator[Offer]:
    paths = document.data.get("paths")
    for path, node in paths.items() if isinstance(paths, Mapping) else ():
        item = document.resolve(node)
        for verb in ("get", "post"):
            if isinstance(item.get(verb), Mapping):
                yield path, "GET" if verb == "get" else "POST", item, item[verb]


def _matches(selector: str, offer: Offer, offers: Sequence[Offer]) -> bool:
    path, verb, _, _ = offer
    if selector.startswith("POST /"):
        return verb == "POST" and path == selector.removeprefix("POST ")
    if selector.startswith("/"):
        has_get = any(one[0] == path and one[1] == "GET" for one in offers)
        below = selector.endswith("/*") and path.startswith(selector[:-1])
        return (path == selector and (verb == "GET" or not has_get)) or (below and verb == "GET")
    return verb == "GET" and selector.casefold() in (tag.casefold() for tag in _tags(offer))


def _tags(offer: Offer) -> list[str]:
    found = offer[3].get("tags")
    return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []


def _nothing(selector: str, offers: Sequence[Offer]) -> InterfaceError:
    known = (
        [offer[0] for offer in offers] if "/" in selector else [t for o in offers for t in _tags(o)]
    )
    near = difflib.get_close_matches(selector, dict.fromkeys(known), 3, 0.5)
    kind = "path" if "/" in selector else "tag"
    hint = "Without --select, all tags are listed."
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    return InterfaceError(f"The document has no {kind} {selector!r} that can be read", hint=hint)


def operation(document: Document, offer: Offer, selected: Sequence[str]) -> Operation:
    """Return an operation; raise DefinitionError if its description is not valid."""
    path, verb, item, data = offer
    tags = _tags(offer)
    chosen = {selector.casefold() for selector in selected}
    responses = data.get("responses")
    # YAML reads the statuses as numbers.
    responses = (
        {str(status): node for status, node in responses.items()}
        if isinstance(responses, Mapping)
        else {}
    )
    response = _success_response(document, responses)
    headers = response.get("headers")
    base = _base(document, item, data)
    path = base.path.rstrip("/") + path
    fields = (*_parameters(document, item, data), *_members(document, data))
    if not path.startswith("/") or any(map(str.isspace, path)):
        raise DefinitionError("its path does not begin with a slash, or has spaces")
    if {one.name for one in fields if one.location == "path"} != {*naming.placeholders(path)}:
        raise DefinitionError("its path and its parameters do not name the same placeholders")
    return Operation(
        verb=verb,
        path=path,
        origin=f"{base.scheme}://{base.netloc}" if base.netloc else "",
        tag=next((tag for tag in tags if tag.casefold() in chosen), tags[0] if tags else None),
        summary=_text(data, "summary"),
        description=_text(data, "description"),
        fields=fields,
        schemas=_schemas(document, response),
        has_link=isinstance(headers, Mapping) and "link" in map(str.lower, headers),
        documents_missing="404" in responses,
        data=data,
    )


def _text(data: Mapping[str, Any], key: str) -> str | None:
    found = data.get(key)
    return found if isinstance(found, str) and found.strip() else None


def _base(document: Document, item: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
    """Return the address that a path is below: that of the nearest list of servers.

    Raise DefinitionError if it is no address.
    """
    for holder in (data, item, document.data):
        servers = holder.get("servers")
        if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
            address = str(servers[0].get("url", ""))
            variables = servers[0].get("variables")
            for name, variable in variables.items() if isinstance(variables, Mapping) else ():
                default = variable.get("default", "") if isinstance(variable, Mapping) else ""
                address = address.replace(f"{{{name}}}", str(default))
            try:
                return urlsplit(address)
            except ValueError:
                raise DefinitionError(f"its server {address:.80} is no address") from None
    return urlsplit("")


def _success_response(document: Document, responses: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the documentation of the successful response."""
    for status in ("200", "2XX", "default"):
        if status in responses:
            return document.resolve(responses[status])
    return {}


def _schemas(document: Document, response: Mapping[str, Any]) -> Mapping[str, Schema | None]:
    content = response.get("content")
    content = content if isinstance(content, Mapping) else {}
    return {kind: document.resolve(one).get("schema") for kind, one in content.items()}


def _parameters(
    document: Document, item: Mapping[str, Any], data: Mapping[str, Any]
) -> Iterator[Field]:
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for holder in (item, data):
        listed = holder.get("parameters")
        for node in listed if isinstance(listed, list) else ():
            one = document.resolve(node)
            found[str(one.get("name")), str(one.get("in"))] = one
    for (name, location), one in found.items():
        if location not in ("path", "query", "header", "cookie"):
            raise DefinitionError(f"the parameter {name} is in {location}, which is nowhere")
        schema = one.get("schema") or next(iter(_schemas(document, one).values()), None)
        schema = schema if isinstance(schema, Mapping) else {}
        shape = document.shape(schema)
        yield Field(
            name,
            location,  # type: ignore[arg-type]  # it is one of the four, as was just seen
            one.get("required") is True or location == "path",
            shape,
            _item(document, shape),
            _text(one, "description") or shape.description,
            _example(document, one, shape),
            _lists(name, one, shape),
        )


def _item(document: Document, shape: Shape) -> Shape | None:
    return document.shape(shape.items) if shape.kind == "array" else None


def _example(document: Document, parameter: Mapping[str, Any], shape: Shape) -> Any:
    several = parameter.get("examples")
    if isinstance(several, Mapping) and several:
        return document.resolve(next(iter(several.values()))).get("value")
    return parameter.get("example", shape.example)


def _lists(
    name: str, parameter: Mapping[str, Any], shape: Shape
) -> Literal["comma", "repeat", "brackets"] | None:
    """Return how a list is written, by https://spec.openapis.org/oas/v3.1.0#style-values."""
    if shape.kind != "array":
        return None
    if name.endswith("[]"):
        return "brackets"
    explodes = parameter.get("explode", parameter.get("style", "form") == "form")
    return "repeat" if explodes and parameter.get("in") == "query" else "comma"


def _members(document: Document, data: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the members of the JSON body."""
    content = document.resolve(data.get("requestBody")).get("content")
    for kind, one in content.items() if isinstance(content, Mapping) else ():
        if not is_json(kind):
            continue
        body = document.shape(document.resolve(one).get("schema"))
        examples = _body_example(document, one, body)
        for name, schema in body.properties.items():
            shape = document.shape(schema)
            yield Field(
                name,
                "body",
                name in body.required,
                shape,
                _item(document, shape),
                shape.description,
                examples.get(name, shape.example),
                "repeat" if shape.kind == "array" else None,
            )
        return


def _body_example(document: Document, media: Mapping[str, Any], body: Shape) -> Mapping[str, Any]:
    several = media.get("examples")
    if isinstance(several, Mapping) and several:
        found = document.resolve(next(iter(several.values()))).get("value")
    else:
        found = media.get("example", body.example)
    return found if isinstance(found, Mapping) else {}


def is_lines(media_type: str) -> bool:
    """Return whether a media type has JSON on each of its lines."""
    kind = media_type.partition(";")[0].strip().lower().removeprefix("application/")
    return kind.removeprefix("x-") in ("jsonl", "jsonlines", "ndjson")


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON (RFC 6839)."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind in ("application/json", "*/*") or kind.endswith("+json")
