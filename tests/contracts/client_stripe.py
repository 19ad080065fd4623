"""Stripe's OpenAPI document, made from its official client (MIT), by reading its annotations.

An expandable field is an id, and the object itself only where a definition expands a field of that
name.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from billql.definitions.catalog import Catalog

from .clients import Json, openapi

_SIMPLE: dict[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "Decimal": {"type": "string", "format": "decimal"},
    "None": {"type": "null"},
    "Any": {},
    "StripeObject": {"type": "object"},
}
_LISTS = ("ListObject", "SearchResultObject")


class _Module(NamedTuple):
    name: str
    classes: dict[str, ast.ClassDef]
    """By qualified name."""
    imports: dict[str, tuple[str, str]]
    """For each imported name its module and the name there."""


def made(wanted: set[str]) -> Json:
    """Return the document of some requests, like `GET /v1/customers/{}`."""
    maker = _Maker(_expanded())
    paths: dict[str, Json] = {}
    for file in sorted(Path(str(files("stripe"))).rglob("*_service.py")):
        module = _module(_dotted(file))
        for kind in module.classes.values():
            for function in kind.body:
                if isinstance(function, ast.FunctionDef):
                    path = _path(function)
                    if path and f"GET {re.sub(r'{[^{}]*}', '{}', path)}" in wanted:
                        paths[path] = {"get": maker.operation(path, function, module)}
    return openapi("stripe", "stripe (Python)", "MIT", paths, maker.components)


def _expanded() -> set[str]:
    """Return the names of the fields that the definition expands."""
    catalog = Catalog()
    return {
        step
        for name in catalog.names()
        if name.startswith("stripe.")
        for method in catalog.table(name).resource.methods.values()
        for key, parameter in method.parameters.items()
        if (parameter.name or key).startswith("expand")
        for step in str(parameter.value).split(".")
    }


def _dotted(file: Path) -> str:
    relative = file.relative_to(Path(str(files("stripe"))).parent)
    return ".".join(relative.with_suffix("").parts)


@cache
def _module(name: str) -> _Module:
    root = Path(str(files("stripe"))).parent
    file = root.joinpath(*name.split("."))
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return _Module(name, dict(_classes(tree.body, "")), imports)


def _classes(body: list[ast.stmt], within: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield within + node.name, node
            yield from _classes(node.body, f"{within}{node.name}.")


def _path(function: ast.FunctionDef) -> str | None:
    found = re.search(r"self\._request\('get', '([^']+)'", ast.unparse(function))
    return found[1] if found else None


class _Maker:
    """Makes schemas of annotations, and components of the classes that they name."""

    def __init__(self, expanded: set[str]) -> None:
        self._expanded = expanded
        self.components: Json = {}

    def operation(self, path: str, function: ast.FunctionDef, module: _Module) -> Json:
        """Return the operation of a method of a service."""
        parameters: list[Json] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", path)
        ]
        given = next((one for one in function.args.args if one.arg == "params"), None)
        if given is not None and given.annotation is not None:
            (name,) = re.findall(r"(\w+Params)\b", ast.unparse(given.annotation))
            schema = self.components[self._component(name, module, "", "")]
            parameters += [
                {
                    "name": key,
                    "in": "query",
                    "style": "deepObject",
                    "explode": True,
                    "required": key in schema["required"],
                    "schema": one,
                }
                for key, one in schema["properties"].items()
            ]
        assert function.returns is not None
        answer = self._schema(function.returns, module, "", "")
        content = {"content": {"application/json": {"schema": answer}}}
        return {"parameters": parameters, "responses": {"200": content}}

    def _schema(self, node: ast.expr, module: _Module, within: str, field: str) -> Json:
        """Return the schema of an annotation in a class (`within`) of a module."""
        match node:
            case ast.Constant(value=str(text)):
                return self._schema(ast.parse(text, mode="eval").body, module, within, field)
            case ast.Constant(value=None):
                return _SIMPLE["None"]
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._union([left, right], module, within, field)
            case ast.Subscript(value=outer, slice=inner):
                parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return self._generic(ast.unparse(outer), parts, module, within, field)
            case ast.Name() | ast.Attribute():
                name = ast.unparse(node)
                simple = _SIMPLE.get(name.rpartition(".")[2])
                if simple is not None:
                    return simple
                reference = self._component(name, module, within, field)
                return {"$ref": f"#/components/schemas/{reference}"}
        raise ValueError(f"{module.name}: {ast.unparse(node)}")

    def _generic(
        self, outer: str, parts: list[ast.expr], module: _Module, within: str, field: str
    ) -> Json:
        if outer in ("NotRequired", "ClassVar"):
            return self._schema(parts[0], module, within, field)
        if outer == "Optional":
            return self._union([parts[0], ast.Constant(None)], module, within, field)
        if outer == "Union":
            return self._union(parts, module, within, field)
        if outer == "ExpandableField":
            whole = parts if field in self._expanded else []
            return self._union([ast.Name("str"), *whole], module, within, field)
        if outer == "Literal":
            values = [ast.literal_eval(one) for one in parts]
            return {
                "enum": values,
                "type": {str: "string", bool: "boolean", int: "integer"}[type(values[0])],
            }
        if outer == "List":
            return {"type": "array", "items": self._schema(parts[0], module, within, field)}
        if outer in _LISTS:
            return self._list(outer, self._schema(parts[0], module, within, field))
        if outer in ("Dict", "UntypedStripeObject"):
            values_of = self._schema(parts[-1], module, within, field)
            return {"type": "object", "additionalProperties": values_of}
        raise ValueError(f"{module.name}: {outer}")

    def _list(self, outer: str, items: Json) -> Json:
        members: Json = {
            "object": {
                "enum": ["list" if outer == "ListObject" else "search_result"],
                "type": "string",
            },
            "data": {"type": "array", "items": items},
            "has_more": {"type": "boolean"},
            "url": {"type": "string"},
        }
        required = list(members)
        if outer != "ListObject":
            members["next_page"] = {"type": ["string", "null"]}
            members["total_count"] = {"type": "integer"}
        return {"type": "object", "properties": members, "required": required}

    def _union(self, parts: list[ast.expr], module: _Module, within: str, field: str) -> Json:
        found: list[Json] = []
        for part in parts:
            one = self._schema(part, module, within, field)
            found += one["anyOf"] if one.keys() == {"anyOf"} else [one]
        # Literals are what is meant: `str` beside them stands for those of the future.
        if any("enum" in one for one in found):
            found = [one for one in found if one != _SIMPLE["str"]]
        distinct = [one for number, one in enumerate(found) if one not in found[:number]]
        return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}

    def _component(self, name: str, module: _Module, within: str, field: str) -> str:
        """Return the name of a class's component, which is made if it is not there."""
        owner, qualified = self._find(name, module, within)
        key = f"{owner.name.removeprefix('stripe.').removeprefix('_')}.{qualified}"
        if key not in self.components:
            self.components[key] = {}  # for classes that name each other
            self.components[key] = self._object(owner, qualified)
        return key

    def _find(self, name: str, module: _Module, within: str) -> tuple[_Module, str]:
        scope = within
        while True:
            qualified = f"{scope}.{name}" if scope else name
            if qualified in module.classes:
                return module, qualified
            if not scope:
                break
            scope = scope.rpartition(".")[0]
        first, _, rest = name.partition(".")
        if first not in module.imports:
            raise LookupError(f"{module.name} has no {name}")
        source, original = module.imports[first]
        return self._find(f"{original}.{rest}" if rest else original, _module(source), "")

    def _object(self, module: _Module, qualified: str) -> Json:
        members: Json = {}
        required: list[str] = []
        renamed = _renamed(module.classes[qualified])
        for node in module.classes[qualified].body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=str(name))) if (
                    name != "OBJECT_NAME" and not name.startswith("_")
                ):
                    written = ast.unparse(node.annotation).strip("'\"")
                    field = renamed.get(name, name)
                    members[field] = self._schema(node.annotation, module, qualified, field)
                    if not written.startswith(("Optional", "NotRequired")):
                        required.append(field)
        return {"type": "object", "properties": members, "required": required}


def _renamed(kind: ast.ClassDef) -> dict[str, str]:
    """Return the API's names of the fields whose own name Python reserves, such as `from_`."""
    for node in kind.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="_field_remappings")], value=value):
                found: dict[str, str] = ast.literal_eval(value)
                return found
    return {}
