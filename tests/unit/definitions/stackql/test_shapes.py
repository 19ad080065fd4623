"""What schemas say of rows."""

from __future__ import annotations

from typing import Any

import pytest

from billql.definitions.stackql.document import Document, Unsupported
from billql.definitions.stackql.shapes import kind, members, sentence, shape, steps

ITEM = {"type": "object", "properties": {"id": {"type": "string"}}}
LIST = {"type": "array", "items": ITEM}
EMPTY = Document({})


def within(*names: str, schema: Any = LIST) -> Any:
    for name in reversed(names):
        schema = {"type": "object", "properties": {name: schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "object_key", "at", "is_list"),
    [
        (ITEM, None, "", False),
        (LIST, None, "[]", True),
        (LIST, "$", "[]", True),
        (LIST, "$[*]", "[]", True),
        (within("data"), "$.data", "data[]", True),
        (within("data"), "data", "data[]", True),
        (within("data"), "$['data']", "data[]", True),
        (within("data"), "$.data[*]", "data[]", True),
        (within("a", "b"), "$.a.b", "a.b[]", True),
        (within("a", schema=ITEM), "$.a", "a", False),
        (within("items"), None, "items[]", True),
        (within("other"), None, "", False),
        (within("a"), "$.b", "b[]", True),
    ],
)
def test_where_rows_are(schema: Any, object_key: str | None, at: str, is_list: bool) -> None:
    found = shape(EMPTY, schema, object_key)
    assert (found.at, found.is_list) == (at, is_list)


@pytest.mark.parametrize(
    "object_key", ["$.a[*].b", "/a/b", "$..a", "$.a[0]", "$['a.b']", "$.a[?(@.b)]", "$.*"]
)
def test_paths_that_take_more_than_members(object_key: str) -> None:
    with pytest.raises(Unsupported, match="rows at"):
        steps(object_key)


def test_lists_of_lists_are_not_followed() -> None:
    with pytest.raises(Unsupported, match="lists of lists"):
        shape(EMPTY, within("a", schema=within("b")["properties"]["b"]), "$.a.id")


def test_a_list_may_be_left_out_unless_it_is_required() -> None:
    assert shape(EMPTY, within("data"), "data").may_be_left_out
    assert not shape(EMPTY, {**within("data"), "required": ["data"]}, "data").may_be_left_out
    assert not shape(EMPTY, LIST, None).may_be_left_out


def test_members_of_everything_that_a_schema_is_made_of() -> None:
    document = Document({"base": {"properties": {"a": {"type": "string"}}}})
    schema = {
        "properties": {"own": {}},
        "allOf": [{"$ref": "#/base"}, {"oneOf": [{"properties": {"b": {}}}]}],
        "anyOf": [{"properties": {"c": {}, "own": {"type": "integer"}}}],
    }
    assert list(members(document, schema)) == ["own", "a", "b", "c"]
    assert members(document, schema)["own"] == {}


def test_schemas_that_contain_themselves_end() -> None:
    circle = {"allOf": [{"$ref": "#/circle"}] * 9, "properties": {"a": {"$ref": "#/circle"}}}
    document = Document({"circle": circle})
    assert list(members(document, {"$ref": "#/circle"})) == ["a"]
    assert kind(document, {"$ref": "#/circle"}) == "json"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "date-time"}, "text"),
        ({"type": "integer", "format": "int64"}, "integer"),
        ({"type": "number"}, "real"),
        ({"type": "boolean"}, "boolean"),
        ({"type": "object"}, "json"),
        ({"type": "array"}, "json"),
        ({}, "json"),
        ({"properties": {}}, "json"),
        ({"type": ["string", "null"]}, "text"),
        ({"type": ["string", "integer"]}, "json"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"oneOf": [{"type": "string"}, {"type": "object"}]}, "json"),
        ({"allOf": [{"type": "integer"}]}, "integer"),
        ({"enum": ["a", "b"]}, "text"),
        ({"enum": ["a", 1]}, "json"),
        ({"type": "string", "x-stackQL-stringOnly": True}, "json"),
    ],
)
def test_what_values_are(schema: Any, expected: str) -> None:
    assert kind(EMPTY, schema) == expected


def test_descriptions_are_sentences() -> None:
    assert sentence("  What it\n is ", "x") == "What it is."
    assert sentence("Is it?", "x") == "Is it?"
    assert sentence(None, "Nothing") == "Nothing."
    assert len(sentence("word " * 1000, "x")) < 410
