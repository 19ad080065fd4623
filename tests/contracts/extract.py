"""Write down what the vendors' documents allow in the operations that the definitions use.

    python tests/contracts/extract.py digitalocean openapi.json
    python tests/contracts/extract.py metronome openapi.json of_the_client.json
    python tests/contracts/extract.py stripe

DigitalOcean and Metronome publish OpenAPI documents. Of several documents the first that has an
operation decides, and what it says of every parameter of one name goes for the later documents too
where these say nothing. What the installed official client alone can send is added with the mark
`client`: a client may be ahead of the documents, and an API that refuses what is unknown may not
know it yet. Stripe's document is larger than what can be had everywhere, and its official client is
made from it: the client's typed parameters are read.

Only facts are taken: names, places, types, bounds and words; no sentence.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from billql.definitions.catalog import Catalog

Json = dict[str, Any]
Operations = dict[str, dict[str, Json]]
"""By verb and path: each parameter's place, type, bounds and words, by its name."""

HERE = Path(__file__).parent
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def used(provider: str) -> list[str]:
    """List the requests of a provider's definitions, like `GET /v1/invoices/{}`."""
    catalog = Catalog()
    return sorted(
        {
            PLACEHOLDER.sub("{}", method.request)
            for name in catalog.names()
            if name.startswith(f"{provider}.")
            for method in catalog.table(name).resource.methods.values()
        }
    )


# OpenAPI -----------------------------------------------------------------------------------------


class Document:
    """One OpenAPI document."""

    def __init__(self, path: Path) -> None:
        self.data: Json = json.loads(path.read_text(encoding="utf-8"))
        info = self.data["info"]
        self.source = f"{info['title']} {info['version']}"

    def operations(self) -> Operations:
        """Read every operation."""
        found: Operations = {}
        for path, item in self.data["paths"].items():
            for verb in ("get", "post"):
                if verb in item:
                    found[f"{verb.upper()} {path}"] = self._parameters(item, item[verb])
        return found

    def _parameters(self, item: Json, operation: Json) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for one in (*item.get("parameters", ()), *operation.get("parameters", ())):
            parameter = self._resolved(one)
            if parameter["in"] in ("query", "path"):
                facts = self._facts(parameter.get("schema", {}))
                found[parameter["name"]] = _placed(
                    parameter["in"], facts, parameter.get("required", False)
                )
        body = self._resolved(operation.get("requestBody", {})).get("content", {})
        if "application/json" in body:
            found |= self._members(body["application/json"]["schema"])
        return found

    def _members(self, schema: Json, within: str = "") -> dict[str, Json]:
        schema = self._resolved(schema)
        found: dict[str, Json] = {}
        for name, member in schema.get("properties", {}).items():
            required = not within and name in schema.get("required", ())
            found[within + name] = _placed("body", self._facts(member), required)
            if self._resolved(member).get("type") == "object":
                found |= self._members(member, f"{within}{name}.")
        return found

    def _facts(self, schema: Json) -> Json:
        schema = self._resolved(schema)
        for one in schema.get("anyOf", ()):
            if "format" in one:
                return self._facts(one)
        facts = _some(schema, type="type", format="format", enum="enum", pattern="pattern")
        if schema.get("type") != "string":
            facts |= _some(schema, min="minimum", max="maximum")
        facts |= _some(schema, most="maxItems")
        if "items" in schema:
            facts["of"] = self._facts(schema["items"])
        return facts

    def _resolved(self, value: Json) -> Json:
        while "$ref" in value:
            found: Any = self.data
            for key in value["$ref"].removeprefix("#/").split("/"):
                found = found[key]
            value = found
        return value


def _some(schema: Json, **names: str) -> Json:
    return {name: schema[key] for name, key in names.items() if key in schema}


def _placed(place: str, facts: Json, required: bool) -> Json:
    return {"in": place, **facts, **({"required": True} if required else {})}


def of_documents(provider: str, documents: list[Document]) -> Operations:
    """Read the operations that a provider's definitions use, from the first that has each."""
    first = documents[0].operations()
    common = _common(first)
    found: Operations = {}
    for document in documents:
        for request, parameters in document.operations().items():
            if request in found:
                continue
            found[request] = {
                name: {**facts, **(common.get((facts["in"], name), {}) if found else {}), **facts}
                for name, facts in parameters.items()
            }
    wanted = set(used(provider))
    return {key: found[key] for key in sorted(found) if PLACEHOLDER.sub("{}", key) in wanted}


def _common(operations: Operations) -> dict[tuple[str, str], Json]:
    """Say what every parameter of a name and place has, wherever it stands."""
    seen: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for parameters in operations.values():
        for name, facts in parameters.items():
            known = {key: value for key, value in facts.items() if key in ("format", "min", "max")}
            seen[facts["in"], name].append(known)
    return {
        key: all_facts[0]
        for key, all_facts in seen.items()
        if all(facts == all_facts[0] for facts in all_facts)
    }


# Official clients --------------------------------------------------------------------------------


def metronome_client() -> Operations:
    """Read what Metronome's client can send with each request."""
    found: Operations = {}
    folder = Path(str(files("metronome"))) / "resources"
    functions = [
        function
        for path in sorted(folder.rglob("*.py"))
        for kind in _classes(path).values()
        for function in kind.body
        if isinstance(function, ast.FunctionDef)
    ]
    for function in functions:
        text = ast.unparse(function)
        called = re.search(r"path_template\('([^']+)'|\('(/v[^']+)'", text)
        if called is None:
            continue
        path = called[1] or called[2]
        posted = "self._post" in text or "method='post'" in text
        for verb in ("POST",) if posted else ("GET",):
            found[f"{verb} {path}"] = {
                argument.arg: {
                    "in": "body" if posted and argument.arg != "next_page" else "query",
                    **_typed(ast.unparse(argument.annotation)),
                    "client": True,
                }
                for argument in function.args.kwonlyargs
                if argument.annotation is not None
                and argument.arg not in ("extra_headers", "extra_query", "extra_body", "timeout")
                and f"{{{argument.arg}}}" not in path
            }
    return found


def _classes(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _typed(annotation: str) -> Json:
    words = re.search(r"Literal\[([^]]*)\]", annotation)
    facts: Json = {"type": "string"}
    for name, kind in (("bool", "boolean"), ("int", "integer")):
        if re.search(rf"\b{name}\b", annotation):
            facts = {"type": kind}
    if words is not None:
        facts["enum"] = list(ast.literal_eval(f"({words[1]},)"))
    return facts


def of_stripe() -> Operations:
    """Read what Stripe's client can send, from its services and their typed parameters."""
    folder = Path(str(files("stripe")))
    found: Operations = {}
    for path in sorted(folder.rglob("*_service.py")):
        imported = dict(
            re.findall(r"from stripe\.(params\S+) import \(?\s*(\w+)", path.read_text())
        )
        modules = {name: module for module, name in imported.items()}
        for kind in _classes(path).values():
            for function in kind.body:
                text = ast.unparse(function)
                called = re.search(r"self\._request\('get', '([^']+)'", text)
                if called is None or not isinstance(function, ast.FunctionDef):
                    continue
                members = dict[str, Json]()
                if (params := re.search(r"params: [^,)]*?'(\w+)'", text)) is not None:
                    module = folder / (modules[params[1]].replace(".", "/") + ".py")
                    members = _stripe_members(_classes(module), params[1])
                keys = [name[1:-1] for name in PLACEHOLDER.findall(called[1])]
                in_path = {key: {"in": "path", "type": "string", "required": True} for key in keys}
                found[f"GET {called[1]}"] = {**in_path, **members}
    wanted = set(used("stripe"))
    return {key: found[key] for key in sorted(found) if PLACEHOLDER.sub("{}", key) in wanted}


def _stripe_members(typed: dict[str, ast.ClassDef], name: str, within: str = "") -> dict[str, Json]:
    """Read a TypedDict, deep objects by the names that they have in an address."""
    found: dict[str, Json] = {}
    body = typed[name].body
    for place, node in enumerate(body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        after = body[place + 1] if place + 1 < len(body) else None
        told = _text(after)  # The text that follows names bounds.
        annotation = re.sub(r"[\"']", "", ast.unparse(node.annotation))
        required = "NotRequired" not in annotation and not within
        sent = f"{within}[{node.target.id}]" if within else node.target.id
        found |= _stripe_member(typed, sent, annotation, told, required)
    return found


def _text(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return text
        case _:
            return ""


def _stripe_member(
    typed: dict[str, ast.ClassDef], sent: str, annotation: str, told: str, required: bool
) -> dict[str, Json]:
    if (inner := re.search(r"\w+Params\w+", annotation)) is not None:
        below = f"{sent}[]" if "List[" in annotation else sent
        found = _stripe_members(typed, inner[0], below)
        if "|int" in annotation:
            found[sent] = {"in": "query", "type": "integer"}
        return found
    facts: Json = {"in": "query", "type": "string"}
    for name, kind in (("bool", "boolean"), ("int", "integer")):
        if re.search(rf"\b{name}\b", annotation):
            facts["type"] = kind
    if (words := re.search(r"Literal\[([^]]*)\]", annotation)) is not None:
        facts["enum"] = [word.strip() for word in words[1].split(",")]
    elif re.search(r"given status: `", told):
        facts["enum"] = re.findall(r"`(\w+)`", told)
    if (bounds := re.search(r"between (\d+) and (\d+)", told)) is not None:
        facts |= {"min": int(bounds[1]), "max": int(bounds[2])}
    if (most := re.search(r"up to (\d+)", told)) is not None:
        facts["most"] = int(most[1])
    if required:
        facts["required"] = True
    return {f"{sent}[]" if "List[" in annotation else sent: facts}


# The files ---------------------------------------------------------------------------------------


def main(provider: str, *documents: str) -> None:
    """Write the file of a provider anew."""
    if provider == "stripe":
        source, operations = f"stripe {version('stripe')} (Python)", of_stripe()
    else:
        read = [Document(Path(path)) for path in documents]
        source = "; ".join(document.source for document in read)
        operations = of_documents(provider, read)
    if provider == "metronome":
        source += f"; metronome-sdk {version('metronome-sdk')} (Python)"
        client = metronome_client()
        operations = {key: {**client.get(key, {}), **known} for key, known in operations.items()}
    missing = set(used(provider)) - {PLACEHOLDER.sub("{}", key) for key in operations}
    if missing:
        raise SystemExit(f"no document has {', '.join(sorted(missing))}")
    with (HERE / f"{provider}.yaml").open("w", encoding="utf-8") as file:
        file.write(f"# Made by `extract` from: {source}.\n")
        for request, parameters in operations.items():
            file.write(f"{request}:" + ("\n" if parameters else " {}\n"))
            for name, facts in sorted(parameters.items()):
                written = yaml.safe_dump(
                    facts, default_flow_style=True, width=10_000, sort_keys=False
                )
                key = yaml.safe_dump(name, width=10_000).splitlines()[0]
                file.write(f"  {key}: {written}")


if __name__ == "__main__":
    main(*sys.argv[1:])
