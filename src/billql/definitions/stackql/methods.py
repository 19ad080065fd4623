"""The methods that read a resource: what each sends, and what its rows are made of."""

from __future__ import annotations

from typing import Any, NamedTuple

from billql.definitions.methods import Rows
from billql.definitions.pagination import Paging
from billql.definitions.stackql import requests, shapes
from billql.definitions.stackql.document import (
    Document,
    Unsupported,
    mapping,
    pointer,
    sequence,
    text,
)
from billql.definitions.stackql.paging import paging
from billql.definitions.stackql.requests import Argument, Call, Server
from billql.definitions.stackql.settings import Settings
from billql.definitions.stackql.templates import Flattened, NamedScalars, UnderAName, recognize
from billql.definitions.types import ColumnType


class Member(NamedTuple):
    """A member of rows."""

    path: str
    kind: ColumnType
    about: str


class Reading(NamedTuple):
    """What is known of a method; `needs` describes what billql lacks to call it."""

    name: str
    request: str
    about: str
    arguments: list[Argument]
    server: Server | None
    members: dict[str, Member]
    rows: Rows
    is_list: bool
    paging: Paging | None
    error_message: str | None
    """The path to the message of the API's errors, if the document has it."""
    needs: str | None


def readings(document: Document, resource: dict[str, Any], settings: Settings) -> list[Reading]:
    """Return the methods that read a resource, in their order."""
    found: list[Reading] = []
    for name, method in selects(resource):
        one = _reading(document, name, method, settings.within(method.get("config")))
        # Of methods that need the same, the first is the one that is meant.
        if all(_keys(one) != _keys(other) for other in found):
            found.append(one)
    return found


def _keys(reading: Reading) -> set[str]:
    return {one.column for one in reading.arguments if one.is_key}


def selects(resource: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the methods that a SELECT may use, by their names."""
    methods = mapping(resource.get("methods"))
    references = sequence(mapping(resource.get("sqlVerbs")).get("select"))
    names = [pointer(text(mapping(one).get("$ref")))[-1] for one in references]
    return [(name, mapping(methods[name])) for name in dict.fromkeys(names) if name in methods]


def _reading(document: Document, name: str, method: dict[str, Any], settings: Settings) -> Reading:
    """Read a method as far as it can be understood."""
    found = Reading(name, "GET /", "", [], None, {}, Rows(at=""), False, None, None, None)
    try:
        call = requests.call(document, method, settings)
        described = text(call.operation.get("summary")) or text(call.operation.get("description"))
        found = found._replace(
            about=shapes.sentence(described, f"The method {name}"),
            error_message=_error_message(document, call),
        )
        server = requests.server(document, method, call)
        found = found._replace(request=f"{call.verb} {server.prefix}{call.path}", server=server)
        arguments = [*server.arguments, *requests.arguments(document, call)]
        found = found._replace(arguments=arguments)
        arguments += requests.body(document, method, call, settings)
        return _with_rows(document, found, call, method, settings)
    except Unsupported as why:
        return found._replace(needs=str(why))


def _error_message(document: Document, call: Call) -> str | None:
    """Return the path to the message of the API's errors; None if it is not documented."""
    for status, response in mapping(call.operation.get("responses")).items():
        if status.startswith("4") or status == "default":
            contents = mapping(document.resolve(response).get("content")).values()
            for content in contents:
                members = shapes.members(document, mapping(content).get("schema"))
                if "message" in members:
                    return "message"
                if "message" in shapes.members(document, members.get("error")):
                    return "error.message"
    return None


# Rows -------------------------------------------------------------------------------------------


def _with_rows(
    document: Document,
    found: Reading,
    call: Call,
    method: dict[str, Any],
    settings: Settings,
) -> Reading:
    response = mapping(method.get("response"))
    template = _template(response)
    schema = _schema(document, call, response)
    key = response.get("objectKey") or call.operation.get("x-stackQL-objectKey")
    shape = shapes.shape(document, schema, text(key) or None)
    members = {
        name: Member(name, shapes.kind(document, one), _about(document, one, name))
        for name, one in shape.members.items()
        if not name.startswith("$")
    }
    if isinstance(template, Flattened):
        members = _flattened(document, schema, shape, members)
    if not members:
        members = {"column_anon": Member("$value", shape.kind, "The row as a whole.")}
    at, optional = shape.at, shape.may_be_left_out
    if isinstance(template, UnderAName):
        at = at.removeprefix(template.name).removeprefix(".")
        optional = False
    elif isinstance(template, NamedScalars):
        if at != f"{template.rows}[]" or template.name not in members:
            raise Unsupported("a response that a template makes")
        at = f"{template.at}[]"
        members = {template.name: members[template.name]._replace(path="$value")}
    if not at and not shape.members:
        raise Unsupported("a response without a schema")
    parameters = {one.name: one.location for one in found.arguments}
    how, own = paging(settings, parameters, shape.envelope, shape.is_list)
    return found._replace(
        arguments=[one for one in found.arguments if one.required or one.name not in own],
        members=members,
        rows=Rows(at=at, optional=optional),
        is_list=shape.is_list,
        paging=how,
    )


def _about(document: Document, schema: Any, name: str) -> str:
    return shapes.about(document, schema, f"The member {name}")


def _schema(document: Document, call: Call, response: dict[str, Any]) -> Any:
    """Return the schema of a response; raises Unsupported for what is no JSON."""
    if "schema_override" in response:
        return response["schema_override"]
    responses = mapping(call.operation.get("responses"))
    described = document.resolve(responses.get(str(response.get("openAPIDocKey") or "200")))
    contents = mapping(described.get("content"))
    media = text(response.get("mediaType"))
    chosen = media if media in contents else next((one for one in contents if "json" in one), "")
    if not chosen:
        kinds = ", ".join(contents) or media
        raise Unsupported(
            f"a response of type {kinds:.80}" if contents else "a response that has no description"
        )
    return mapping(contents[chosen]).get("schema")


def _template(response: dict[str, Any]) -> UnderAName | NamedScalars | Flattened | None:
    """Return how the response is reshaped; raises Unsupported."""
    media = text(response.get("mediaType")) or "application/json"
    if "json" not in media:
        raise Unsupported(f"a response of type {media:.80}")
    described = mapping(response.get("transform"))
    if not described:
        return None
    found = recognize(text(described.get("body")))
    if found is None:
        raise Unsupported("a response that a template makes")
    return found


def _flattened(
    document: Document, schema: Any, shape: shapes.Shape, members: dict[str, Member]
) -> dict[str, Member]:
    """Find where members are that a template brings up from `properties`; raises Unsupported.

    The schema is that of the reshaped row. The row as it comes has a schema of its own, beside it.
    """
    reference = text(mapping(schema).get("$ref"))
    if shape.is_list:
        envelope = shape.envelope.get(shape.at.removesuffix("[]"), {})
        reference = text(shapes.items(document, envelope).get("$ref"))
    plain = reference.removesuffix("Flattened")
    schemas = mapping(mapping(document.data.get("components")).get("schemas"))
    if plain == reference or pointer(plain)[-1] not in schemas:
        raise Unsupported("a response that a template makes")
    outside = shapes.members(document, {"$ref": plain})
    inside = shapes.members(document, outside.get("properties"))
    found: dict[str, Member] = {}
    for name, member in members.items():
        if name in outside:
            found[name] = member
        elif name in inside:
            found[name] = member._replace(path=f"properties.{name}")
    return found
