"""Metronome's OpenAPI document, made from its official client (Apache-2.0), whose types pydantic
writes as JSON Schemas.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
import typing
from collections.abc import Callable, Iterator
from functools import reduce
from operator import or_
from typing import Any, get_args, get_origin

import metronome.resources
import pydantic
from metronome import Omit
from metronome._response import BinaryAPIResponse
from metronome._types import NotGiven, SequenceNotStr

from .clients import Json, openapi, tidied

Method = Callable[..., Any]

_OPTIONS = {"extra_headers", "extra_query", "extra_body", "timeout", "return"}
_REFERENCE = "#/components/schemas/{model}"


def made(wanted: set[str]) -> Json:
    """Return the document of some requests, like `GET /v1/customers/{}`."""
    found = [each for each in _methods() if re.sub(r"\{\w+\}", "{}", each[0]) in wanted]
    types: dict[str, Any] = {}
    for request, method in found:
        for name, hint in typing.get_type_hints(method).items():
            if name not in _OPTIONS - {"return"} and hint not in (type(None), BinaryAPIResponse):
                types[f"{request} {name}"] = _plain(hint)
    schemas, definitions = pydantic.TypeAdapter.json_schemas(
        [(key, "validation", pydantic.TypeAdapter(hint)) for key, hint in types.items()],
        ref_template=_REFERENCE,
    )
    by_key = {key: tidied(schema) for (key, _), schema in schemas.items()}
    paths: dict[str, Json] = {}
    for request, method in found:
        verb, _, path = request.partition(" ")
        paths.setdefault(path, {})[verb.lower()] = _operation(request, method, by_key)
    components = {name: tidied(one) for name, one in definitions.get("$defs", {}).items()}
    return openapi("metronome-sdk", "metronome-sdk (Python)", "Apache-2.0", paths, components)


def _methods() -> Iterator[tuple[str, Method]]:
    """Yield every request of the client with its method; those of one request follow each other."""
    package = metronome.resources
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if not inspect.isclass(kind) or kind.__module__ != module.name:
                continue
            if name.startswith("Async") or not name.endswith("Resource"):
                continue
            for method in vars(kind).values():
                if inspect.isfunction(method) and (request := _request(method)) is not None:
                    yield request, method


def _request(method: Method) -> str | None:
    text = inspect.getsource(method)
    called = re.search(r"""(?:path_template\(|\(\s*)["'](/v[^"']+)["']""", text)
    if called is None:
        return None
    verb = re.search(r"self\._(get|post)\(|method=[\"'](post)[\"']", text)
    if verb is None and "self._get_api_list(" not in text:
        return None
    is_post = verb is not None and "post" in (verb[1], verb[2])
    return f"{'POST' if is_post else 'GET'} {called[1]}"


def _operation(request: str, method: Method, schemas: dict[str, Json]) -> Json:
    in_path = re.findall(r"\{(\w+)\}", request)
    in_body = _names_after("body", method) if request.startswith("POST") else set()
    parameters: list[Json] = []
    members: Json = {}
    required: list[str] = []
    for name, one in inspect.signature(method).parameters.items():
        if name in _OPTIONS or name == "self":
            continue
        is_required = one.default is inspect.Parameter.empty
        schema = schemas[f"{request} {name}"]
        if name in in_body:
            members[name] = schema
            required += [name] if is_required else []
        else:
            place = "path" if name in in_path else "query"
            parameters.append(
                {"name": name, "in": place, "required": is_required, "schema": schema}
            )
    operation: Json = {"parameters": parameters, "responses": {}}
    if request.startswith("POST"):
        body = {
            "type": "object",
            "properties": members,
            "required": required,
            "additionalProperties": False,
        }
        operation["requestBody"] = {
            "required": bool(required),
            "content": {"application/json": {"schema": body}},
        }
    if f"{request} return" in schemas:
        content = {"application/json": {"schema": schemas[f"{request} return"]}}
        operation["responses"] = {"200": {"content": content}}
    elif typing.get_type_hints(method)["return"] is BinaryAPIResponse:
        operation["responses"] = {"200": {"content": {"application/pdf": {}}}}
    return operation


def _names_after(option: str, method: Method) -> set[str]:
    """Return the names that stand in the dictionary of an option, such as `body=…({…})`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == option:
            return {
                key.value
                for inner in ast.walk(node.value)
                if isinstance(inner, ast.Dict)
                for key in inner.keys
                if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
    return set()


def _plain(hint: Any) -> Any:
    """Return a type without what stands for a parameter that is left out."""
    origin, arguments = get_origin(hint), get_args(hint)
    if arguments and origin not in (typing.Literal, None):
        kept = tuple(one for one in arguments if one not in (Omit, NotGiven))
        if origin is SequenceNotStr:
            return list[_plain(kept[0])]  # type: ignore[misc]
        if len(kept) < len(arguments) or any(get_origin(one) is SequenceNotStr for one in kept):
            return reduce(or_, map(_plain, kept))
    return hint
