"""Cloudflare's OpenAPI document, made from its official client (Apache-2.0), whose types pydantic
writes as JSON Schemas.

The vendor's own document has ten megabytes, and its client a hundred; so the client is not among
the packages of the tests: `pip install cloudflare` before `make contract PROVIDER=cloudflare`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args, get_origin

import pydantic

from .clients import Json, openapi, tidied

Method = Callable[..., Any]

_BASE = "/client/v4"
_ROOMS = ("accounts", "billing", "zones")
"""The parts of the client that have what a definition can use."""
_OPTIONS = {"self", "extra_headers", "extra_query", "extra_body", "timeout"}
_REFERENCE = "#/components/schemas/{model}"
_CALLED = re.compile(r"""self\._get(?:_api_list)?\(\s*(?:path_template\(\s*)?["'](/[^"']+)["']""")
_NUMBER = {"type": "integer"}
_NOTES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"code": _NUMBER, "message": {"type": "string"}},
        "required": ["code", "message"],
    },
}


def made(wanted: set[str]) -> Json:
    """Return the document of some requests, like `GET /client/v4/accounts/{}/subscriptions`."""
    found = {
        request: method
        for request, method in _methods()
        if re.sub(r"\{\w+\}", "{}", request) in wanted
    }
    types = {
        f"{request} {name}": hint
        for request, method in found.items()
        for name, hint in typing.get_type_hints(method, include_extras=True).items()
        if name not in _OPTIONS
    }
    schemas, definitions = pydantic.TypeAdapter.json_schemas(
        [(key, "validation", pydantic.TypeAdapter(_plain(hint))) for key, hint in types.items()],
        ref_template=_REFERENCE,
    )
    known = definitions.get("$defs", {})
    by_key = {key: tidied(_inlined(schema, known)) for (key, _), schema in schemas.items()}
    return openapi(
        "cloudflare",
        "cloudflare (Python)",
        "Apache-2.0",
        {
            request.partition(" ")[2]: {"get": _operation(request, method, by_key)}
            for request, method in found.items()
        },
        {name: tidied(one) for name, one in known.items()},
    )


def _inlined(schema: Json, known: Json) -> Json:
    """Return what a reference by itself stands for."""
    return known[schema["$ref"].rpartition("/")[2]] if schema.keys() == {"$ref"} else schema


def _methods() -> Iterator[tuple[str, Method]]:
    """Yield every GET of the client with its method; one that is deprecated comes first."""
    for room in _ROOMS:
        package = importlib.import_module(f"cloudflare.resources.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, kind in vars(importlib.import_module(module.name)).items():
                if inspect.isclass(kind) and re.fullmatch(r"(?!Async)\w+Resource", name):
                    methods = [one for one in vars(kind).values() if inspect.isfunction(one)]
                    methods.sort(key=lambda one: not hasattr(one, "__deprecated__"))
                    for method in methods:
                        if called := _CALLED.search(inspect.getsource(method)):
                            for path in _paths(called[1]):
                                yield f"GET {_BASE}{path}", method


def _paths(called: str) -> list[str]:
    """Return the paths that one in the client stands for: accounts and zones share some."""
    either = "/{account_or_zone}/{account_or_zone_id}"
    return (
        [called.replace(either, one) for one in ("/accounts/{account_id}", "/zones/{zone_id}")]
        if either in called
        else [called]
    )


def _operation(request: str, method: Method, schemas: dict[str, Json]) -> Json:
    parameters = [
        parameter
        for name, one in inspect.signature(method).parameters.items()
        if name not in _OPTIONS
        for parameter in _parameters(request, name, one, schemas[f"{request} {name}"])
    ]
    envelope: Json = {
        "type": "object",
        "properties": {
            "success": {"type": "boolean"},
            "errors": _NOTES,
            "messages": _NOTES,
            "result": schemas[f"{request} return"],
        },
        "required": ["success", "errors", "messages", "result"],
    }
    if "_get_api_list" in inspect.getsource(method):
        names = ("page", "per_page", "count", "total_count", "total_pages")
        members = dict.fromkeys(names, _NUMBER)
        envelope["properties"]["result_info"] = {"type": "object", "properties": members}
    content = {"application/json": {"schema": envelope}}
    return {"parameters": parameters, "responses": {"200": {"content": content}}}


def _parameters(request: str, name: str, one: inspect.Parameter, schema: Json) -> Iterator[Json]:
    """Yield a parameter; of an object each member, named with a dot, as the client sends them."""
    if "properties" in schema:
        for inner, member in schema["properties"].items():
            yield from _parameters(request, f"{name}.{inner}", one, member)
        return
    in_path = f"{{{name}}}" in request
    if name in ("account_id", "zone_id") and not in_path:
        return  # of the other path that the method has
    yield {
        "name": name.rstrip("_"),
        "in": "path" if in_path else "query",
        "required": in_path or one.default is inspect.Parameter.empty,
        "explode": False,  # a list is one text with commas, as the vendor's document says
        "schema": schema,
    }


def _plain(hint: Any) -> Any:
    """Return a type without what stands for a parameter that is left out; of a page, its list."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _plain(arguments[0])
    if re.match(r"Sync\w+Page", getattr(hint, "__name__", "")):
        (item,) = hint.__pydantic_generic_metadata__["args"]
        return list[item]  # type: ignore[valid-type]
    kept = tuple(one for one in arguments if getattr(one, "__name__", "") not in _LEFT_OUT)
    if arguments and len(kept) < len(arguments):
        return typing.Union[kept]  # noqa: UP007
    return hint


_LEFT_OUT = {"Omit", "NotGiven"}
