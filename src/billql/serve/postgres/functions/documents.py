"""Functions and operators on JSON documents.

https://www.postgresql.org/docs/15/functions-json.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from billql.serve.postgres.errors import PostgresError
from billql.serve.postgres.functions.registry import function
from billql.serve.postgres.values import arrays, documents
from billql.serve.postgres.values.documents import load, write


def _get(stored: str, key: Any) -> str | None:
    found, value = documents.member(load(stored), key)
    return write(value) if found else None


def _get_text(stored: str, key: Any) -> str | None:
    return documents.plain_text(documents.member(load(stored), key)[1])


def _along(stored: str, path: str) -> str | None:
    found, value = documents.along(load(stored), arrays.load(path))
    return write(value) if found else None


def _along_text(stored: str, path: str) -> str | None:
    return documents.plain_text(documents.along(load(stored), arrays.load(path))[1])


def _has(stored: str, key: str) -> int:
    value = load(stored)
    return int(key in value if isinstance(value, dict | list) else value == key)


def _joined(left: str, right: str) -> str:
    one, other = load(left), load(right)
    if isinstance(one, dict) and isinstance(other, dict):
        return write(one | other)
    return write(
        [
            *(one if isinstance(one, list) else [one]),
            *(other if isinstance(other, list) else [other]),
        ]
    )


def _without(stored: str, key: Any) -> str:
    value = load(stored)
    if isinstance(key, str):
        if isinstance(value, dict):
            return write({name: one for name, one in value.items() if name != key})
        return write(
            [
                one
                for one in documents.expect(value, "array", "delete from an element")
                if one != key
            ]
        )
    items = documents.expect(value, "array", "delete by a place")
    index = key if key >= 0 else len(items) + key
    return write([one for place, one in enumerate(items) if place != index])


def _elements(stored: str, *, as_text: bool) -> str:
    items = documents.expect(load(stored), "array", "extract elements")
    return json.dumps([documents.plain_text(one) if as_text else write(one) for one in items])


def _members(stored: str, *, as_text: bool) -> str:
    items = documents.expect(load(stored), "object", "extract members")
    shown = documents.plain_text if as_text else write
    return json.dumps([{"key": key, "value": shown(value)} for key, value in _sorted(items)])


def _sorted(items: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(items.items(), key=lambda item: (len(item[0].encode()), item[0].encode()))


def _built_object(*parts: str | None) -> str:
    if len(parts) % 2:
        raise PostgresError(
            "22023",
            "argument list must have even number of elements",
            hint="Write a value after each key.",
        )
    found: list[str] = []
    for place in range(0, len(parts), 2):
        key = json.loads(parts[place] or "null")
        if key is None:
            raise PostgresError("22023", "argument 1 cannot be null", hint="Use a text as the key.")
        text = key if isinstance(key, str) else parts[place]
        found.append(f"{json.dumps(text, ensure_ascii=False)} : {parts[place + 1] or 'null'}")
    return "{" + ", ".join(found) + "}"


def _built_array(*parts: str | None) -> str:
    return "[" + ", ".join(part or "null" for part in parts) + "]"


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in value.items() if one is not None}
    return [_stripped(one) for one in value] if isinstance(value, list) else value


def _of_type(stored: str, kind: str) -> Any:
    value = load(stored)
    wanted = "boolean" if kind == "bool" else "number"
    if documents.kind(value) != wanted:
        raise PostgresError(
            "22023",
            f"cannot cast jsonb {documents.kind(value)} to type {kind}",
            hint="Use ->> and cast the text.",
        )
    if kind == "bool":
        return int(value)
    if kind == "float8":
        return float(value)
    return write(value) if kind == "numeric" else round(value)


def _named(
    name: str, arguments: str, result: str, call: Callable[..., Any], **options: Any
) -> list[Any]:
    """Return a function in its two forms, for json and for jsonb."""
    return [
        function(
            f"{kind}_{name}",
            f"{kind} {arguments}".strip(),
            kind if result == "same" else result,
            call,
            **options,
        )
        for kind in ("json", "jsonb")
    ]


FUNCTIONS = [
    *_named("typeof", "", "text", lambda stored: documents.kind(load(stored))),
    *_named(
        "array_length",
        "",
        "int4",
        lambda stored: len(documents.expect(load(stored), "array", "get array length")),
    ),
    *(
        function(
            f"{kind}_array_elements",
            kind,
            kind,
            lambda stored: _elements(stored, as_text=False),
            is_set=True,
            columns=(("value", kind),),
        )
        for kind in ("json", "jsonb")
    ),
    *_named(
        "array_elements_text",
        "",
        "text",
        lambda stored: _elements(stored, as_text=True),
        is_set=True,
        columns=(("value", "text"),),
    ),
    *_named(
        "object_keys",
        "",
        "text",
        lambda stored: json.dumps(
            [
                key
                for key, _ in _sorted(
                    documents.expect(load(stored), "object", "call jsonb_object_keys")
                )
            ]
        ),
        is_set=True,
    ),
    *(
        function(
            f"{kind}_each",
            kind,
            "record",
            lambda stored: _members(stored, as_text=False),
            is_set=True,
            columns=(("key", "text"), ("value", kind)),
        )
        for kind in ("json", "jsonb")
    ),
    *_named(
        "each_text",
        "",
        "record",
        lambda stored: _members(stored, as_text=True),
        is_set=True,
        columns=(("key", "text"), ("value", "text")),
    ),
    *_named(
        "extract_path",
        "text",
        "same",
        lambda stored, *path: _along(stored, arrays.dump(list(path))),
        variadic=True,
    ),
    *_named(
        "extract_path_text",
        "text",
        "text",
        lambda stored, *path: _along_text(stored, arrays.dump(list(path))),
        variadic=True,
    ),
    *_named("strip_nulls", "", "same", lambda stored: write(_stripped(load(stored)))),
    function(
        "jsonb_pretty",
        "jsonb",
        "text",
        lambda stored: json.dumps(json.loads(stored), indent=4, ensure_ascii=False),
    ),
    function(
        "json_build_object",
        "anyjson",
        "json",
        _built_object,
        variadic=True,
        strict=False,
        optional=1,
    ),
    function(
        "jsonb_build_object",
        "anyjson",
        "jsonb",
        _built_object,
        variadic=True,
        strict=False,
        optional=1,
    ),
    function(
        "json_build_array", "anyjson", "json", _built_array, variadic=True, strict=False, optional=1
    ),
    function(
        "jsonb_build_array",
        "anyjson",
        "jsonb",
        _built_array,
        variadic=True,
        strict=False,
        optional=1,
    ),
    function("to_json", "anyjson", "json", sql="{0}"),
    function("to_jsonb", "anyjson", "jsonb", sql="{0}"),
    function("array_to_json", "anyjson", "json", sql="{0}"),
]

OPERATORS: dict[str, Callable[..., Any]] = {
    "pg_normal": documents.normal,
    "pg_json_key": documents.key,
    "pg_json_get": _get,
    "pg_json_get_text": _get_text,
    "pg_json_along": _along,
    "pg_json_along_text": _along_text,
    "pg_json_contains": lambda whole, part: int(documents.contains(load(whole), load(part))),
    "pg_json_has": _has,
    "pg_json_has_any": lambda stored, keys: int(
        any(_has(stored, key) for key in arrays.load(keys))
    ),
    "pg_json_has_all": lambda stored, keys: int(
        all(_has(stored, key) for key in arrays.load(keys))
    ),
    "pg_json_joined": _joined,
    "pg_json_without": _without,
    "pg_json_to": _of_type,
}
"""What operators become; all are strict."""
