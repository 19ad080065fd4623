"""The page about definitions names every word of the format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from billql.definitions.json_schema import json_schema
from support.paths import ROOT

PAGE = (ROOT / "docs" / "definitions.md").read_text(encoding="utf-8")
CODE = re.compile(r"^```yaml\n(?s:(.*?))^```|`([^`\n]+)`", re.MULTILINE)


def words(schema: Any) -> Iterator[str]:
    """Yield the names of members in a schema, and the texts that members can be."""
    if isinstance(schema, list):
        for one in schema:
            yield from words(one)
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key == "properties":
            yield from value
            yield from words(list(value.values()))
        elif key in ("enum", "const"):
            yield from (str(one) for one in (value if isinstance(value, list) else [value]))
        elif key not in ("default", "description"):
            yield from words(value)


def test_the_page_names_every_word_of_the_format() -> None:
    code = " ".join(part for found in CODE.findall(PAGE) for part in found)
    named = {*re.findall(r"\w+", code), *re.findall(r"[<>]=?|=", code)}
    known = set(words(json_schema()["$defs"]))
    assert len(known) > 100
    assert sorted(known - named) == []


def test_a_word_that_is_not_on_the_page_is_found() -> None:
    schema = {"properties": {"a": {"enum": ["b"]}, "c": {"anyOf": [{"const": "d"}]}}}
    assert list(words(schema)) == ["a", "c", "b", "d"]
