"""OpenAPI 3 documents: their references, and what the values of their schemas are.

A schema is read one level at a time (`Document.shape`): what lies below stays as it was
written until it is needed. So a schema that contains itself is no danger, and of a large
document only the parts that are used cost anything.

The formats are those of https://spec.openapis.org/oas/v3.1.0 and of its registry,
https://spec.openapis.org/registry/format/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from billql.definitions.types import ColumnType, Format
from billql.errors import DefinitionError

Schema = Mapping[str, Any]
"""A schema as it was written: it may be a reference."""

Kind = Literal["object", "array", "string", "integer", "number", "boolean", "scalar", "any"]
"""The kind of a value: a JSON type, `scalar` for several without members, or `any`."""

_SCALARS = frozenset(("string", "integer", "number", "boolean", "scalar"))
_MOST_REFERENCES = 50
"""The deepest nesting of references."""


@dataclass(frozen=True)
class Shape:
    """One level of a schema, without references, `allOf`, `oneOf` and `anyOf`.

    The properties of an object that may be one of several things are those of all of them.
    """

    kind: Kind = "any"
    format: str | None = None
    title: str | None = None
    description: str | None = None
    properties: Mapping[str, Schema] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Schema | None = None
    """The schema of an array's elements."""
    members: Schema | None = None
    """The schema of a map's values: an object with arbitrary names."""
    choices: tuple[Any, ...] = ()
    """The values that it may have, if it names them."""
    example: Any = None
    default: Any = None
    least: int | None = None
    """The smallest number that it may be."""
    most: int | None = None
    """The largest number that it may be."""
    deprecated: bool = False


class Document:
    """One OpenAPI document, already read from JSON or YAML."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self._shapes: dict[str, Shape] = {}

    def find(self, reference: str) -> Any:
        """Return the target of a reference such as `#/components/schemas/invoice`.

        Raise DefinitionError if it does not exist or is in another document.
        """
        document, _, pointer = reference.partition("#")
        if document or (pointer and not pointer.startswith("/")):
            raise DefinitionError(
                f"the reference {reference} leads out of the document",
                hint="Bundle the document into one file first; tools such as Redocly do that.",
            )
        found: Any = self.data
        for part in unquote(pointer).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and name in found:
                found = found[name]
            elif isinstance(found, Sequence) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                raise DefinitionError(f"the reference {reference} leads to nothing")
        return found

    def resolve(self, node: Any) -> Mapping[str, Any]:
        """Return a node with its reference replaced; members beside the reference go first."""
        beside: dict[str, Any] = {}
        for _ in range(_MOST_REFERENCES):
            if not isinstance(node, Mapping):
                return beside
            if not isinstance(node.get("$ref"), str):
                return {**node, **beside} if beside else node
            beside = {**{k: v for k, v in node.items() if k != "$ref"}, **beside}
            node = self.find(node["$ref"])
        raise DefinitionError(f"the reference {node.get('$ref')} leads in a circle")

    def shape(self, schema: Schema | None) -> Shape:
        """Return one level of a schema; raise DefinitionError for a reference to nothing."""
        return self._shape(schema, frozenset())

    def _shape(self, schema: Schema | None, above: frozenset[str]) -> Shape:
        """Return one level of a schema; a reference that is among those `above` adds nothing."""
        if not isinstance(schema, Mapping):
            return Shape()
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._merged(schema, above)
        if reference in above:
            return Shape()
        if reference not in self._shapes:
            self._shapes[reference] = self._shape(self.find(reference), above | {reference})
        found = self._shapes[reference]
        beside = {name: part for name, part in schema.items() if name != "$ref"}
        return _all_of([_plain(beside), found]) if beside else found

    def _merged(self, schema: Schema, above: frozenset[str]) -> Shape:
        parts = [_plain(schema)]
        parts += [self._shape(part, above) for part in _list(schema, "allOf")]
        for keyword in ("oneOf", "anyOf"):
            if choices := [self._shape(part, above) for part in _list(schema, keyword)]:
                parts.append(_one_of([one for one in choices if one is not _NULL]))
        if len(parts) == 1:
            return _NULL if schema.get("type") in ("null", ["null"]) else parts[0]
        return _all_of(parts)


_NULL = Shape()
"""The schema of null alone, known by its identity."""


def _list(schema: Schema, keyword: str) -> list[Schema]:
    found = schema.get(keyword)
    return list(found) if isinstance(found, list) else []


def _plain(schema: Schema) -> Shape:
    """Read what stands in a schema itself."""
    properties = schema.get("properties")
    examples = schema.get("examples")
    example = examples[0] if isinstance(examples, list) and examples else schema.get("example")
    choices = schema.get("enum") if "const" not in schema else [schema["const"]]
    return Shape(
        kind=_kind(schema),
        format=_text(schema, "format"),
        title=_text(schema, "title"),
        description=_text(schema, "description"),
        properties=properties if isinstance(properties, Mapping) else {},
        required=frozenset(_texts(schema.get("required"))),
        items=_schema(schema, "items"),
        members=_schema(schema, "additionalProperties"),
        choices=tuple(choices) if isinstance(choices, list) else (),
        example=example,
        default=schema.get("default"),
        least=_integer(schema, "minimum"),
        most=_integer(schema, "maximum"),
        deprecated=schema.get("deprecated") is True,
    )


_KINDS: tuple[Kind, ...] = ("object", "array", "string", "integer", "number", "boolean")


def _kind(schema: Schema) -> Kind:
    types = schema.get("type")
    kinds: list[Kind] = [
        one for one in _KINDS if one in (types if isinstance(types, list) else [types])
    ]
    if not kinds:
        if "properties" in schema or "additionalProperties" in schema:
            return "object"
        if "items" in schema:
            return "array"
        named = schema.get("enum") if "const" not in schema else [schema["const"]]
        texts = isinstance(named, list) and named and all(isinstance(one, str) for one in named)
        return "string" if texts else "any"
    return _widest(kinds)


def _widest(kinds: Iterable[Kind]) -> Kind:
    """Return the kind of values that may be of several kinds."""
    known = set(kinds)
    if len(known) == 1:
        return known.pop()
    if known == {"integer", "number"}:
        return "number"
    return "scalar" if known and known <= _SCALARS else "any"


def _schema(schema: Schema, keyword: str) -> Schema | None:
    found = schema.get(keyword)
    return found if isinstance(found, Mapping) else None


def _text(schema: Schema, keyword: str) -> str | None:
    found = schema.get(keyword)
    return found if isinstance(found, str) and found.strip() else None


def _integer(schema: Schema, keyword: str) -> int | None:
    found = schema.get(keyword)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _texts(found: Any) -> Iterable[str]:
    return (one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def _all_of(parts: Sequence[Shape]) -> Shape:
    """Return the merger of schemas that all hold; earlier ones take precedence."""
    kinds = [part.kind for part in parts if part.kind != "any"]
    return Shape(
        kind=kinds[0] if kinds else "any",
        properties=_properties(parts, "allOf"),
        items=_together([part.items for part in parts], "allOf"),
        members=_together([part.members for part in parts], "allOf"),
        required=frozenset().union(*(part.required for part in parts)),
        **_first_stated(parts),
    )


def _one_of(parts: Sequence[Shape]) -> Shape:
    """Return the merger of schemas of which any may hold."""
    attributes = _first_stated(parts)
    choices = tuple(dict.fromkeys(str(one) for part in parts for one in part.choices))
    if len(parts) > 1:
        # The title of one of them is not that of the whole.
        formats = {part.format for part in parts} - {None}
        attributes |= {"description": None, "title": None}
        attributes |= {"format": formats.pop() if len(formats) == 1 else None}
        attributes |= {"choices": choices if all(part.choices for part in parts) else ()}
    return Shape(
        kind=_widest(part.kind for part in parts) if parts else "any",
        properties=_properties(parts, "anyOf"),
        items=_together([part.items for part in parts], "anyOf"),
        members=_together([part.members for part in parts], "anyOf"),
        required=frozenset.intersection(*(part.required for part in parts))
        if parts
        else frozenset(),
        **attributes,
    )


def _first_stated(parts: Sequence[Shape]) -> dict[str, Any]:
    """Return each attribute of the first part that has it."""
    names = (
        "format",
        "title",
        "description",
        "choices",
        "example",
        "default",
        "least",
        "most",
        "deprecated",
    )
    empty = Shape()
    return {
        name: next(
            (getattr(part, name) for part in parts if getattr(part, name) != getattr(empty, name)),
            getattr(empty, name),
        )
        for name in names
    }


def _properties(parts: Sequence[Shape], keyword: str) -> dict[str, Schema]:
    names = dict.fromkeys(name for part in parts for name in part.properties)
    together = {
        name: _together([part.properties.get(name) for part in parts], keyword) for name in names
    }
    return {name: schema for name, schema in together.items() if schema is not None}


def _together(schemas: Sequence[Schema | None], keyword: str) -> Schema | None:
    """Return one schema for all of several, or for any of them."""
    distinct: list[Schema] = []
    for schema in schemas:
        if schema is not None and schema not in distinct:
            distinct.append(schema)
    if len(distinct) > 1:
        return {keyword: distinct}
    return distinct[0] if distinct else None


# Columns ----------------------------------------------------------------------------------------


def column_type(shape: Shape) -> tuple[ColumnType, Format | None]:
    """Return the type of a column of such values, and the format in which the API sends them.

    A number is a timestamp only if its format is one.
    """
    match shape.kind, shape.format:
        case "string", "date-time":
            return "timestamp", None
        case "string", "date-time-rfc-2822" | "rfc2822":
            return "timestamp", "rfc2822"
        case "string", "date":
            return "date", None
        case "integer" | "number" | "string", "unix-time" | "unixtime" | "epoch":
            return "timestamp", "epoch"
        case "string", "int64" | "int32":
            return "integer", None
        case "string", "double" | "float":
            return "real", None
        case "string" | "scalar", _:
            return "text", None
        case "integer", _:
            return "integer", None
        case "number", "int64" | "int32":
            return "integer", None
        case "number", _:
            return "real", None
        case "boolean", _:
            return "boolean", None
        case _:
            return "json", None
