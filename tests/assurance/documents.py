"""Documents of strangers in other formats: StackQL's and OpenAPI's.

As with billql's own definitions, each is refused with an error that names it, or does no harm, in a
process that may use only so much time and memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from support.server import Server

from .case import Broken, Case, Outcome
from .process import at_home
from .strangers import (
    MEGABYTE,
    MEGABYTES,
    PROMISE,
    TOKEN,
    Content,
    Special,
    files_of,
    give,
    judged,
    laughs,
    make,
)

BOUNDS = {"seconds": 30, "megabytes": MEGABYTES}
"""How much time of a processor a document may cost; they may be far larger than definitions."""

Data = dict[str, Any]

# StackQL -----------------------------------------------------------------------------------------

HARBOR = """\
id: harbor
name: harbor
version: v00.00.00000
providerServices:
  ships: {name: ships, service: {$ref: harbor/v00.00.00000/services/ships.yaml}}
config: {auth: {type: bearer, credentialsenvvar: HARBOR_TOKEN}}
"""

SHIPS: Data = {
    "openapi": "3.0.0",
    "info": {"title": "Ships", "version": "1"},
    "servers": [{"url": "https://harbor.example"}],
    "paths": {
        "/ships": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/x/Ships"}}}}
                }
            }
        }
    },
    "x": {
        "Ships": {"properties": {"items": {"type": "array", "items": {"$ref": "#/x/Ship"}}}},
        "Ship": {"properties": {"id": {"type": "integer"}}},
    },
    "components": {
        "x-stackQL-resources": {
            "ships": {
                "methods": {
                    "list": {
                        "operation": {"$ref": "#/paths/~1ships/get"},
                        "response": {"mediaType": "application/json", "objectKey": "$.items"},
                    }
                },
                "sqlVerbs": {
                    "select": [{"$ref": "#/components/x-stackQL-resources/ships/methods/list"}]
                },
            }
        }
    },
}


def ships(*path: str, value: Any, beside: str = "") -> str:
    """Give the document with another value at a path, and with more text at its end."""
    data = json.loads(json.dumps(SHIPS))
    here = data
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = value
    return json.dumps(data) + beside


def with_aliases(text: str) -> str:
    """Give the document with a part in YAML of its own, in which the whole may have aliases."""
    return f"{text}\n" + "\n".join(f"{name}: {json.dumps(part)}" for name, part in SHIPS.items())


METHOD = ("components", "x-stackQL-resources", "ships", "methods", "list")
SCHEMA = ("x", "Ships")


def chained(count: int) -> Data:
    """Give schemas that each refer twice to the next."""
    return {f"s{n}": {"allOf": [{"$ref": f"#/x/s{n + 1}"}] * 2} for n in range(count)}


STACKQL: dict[str, tuple[Content, str]] = {
    "a billion laughs": (with_aliases(laughs(10)), "more than 3000000 values"),
    "a long text many times": (
        with_aliases(f"a: &a {'x' * MEGABYTE}\nb: [{'*a, ' * 20_000}]"),
        "aliases that stand for more than",
    ),
    "a long key many times": (
        with_aliases(f"a: &a {{? {'x' * MEGABYTE} : 1}}\nb: [{'*a, ' * 20_000}]"),
        "aliases that stand for more than",
    ),
    "a list in itself": (with_aliases("a: &a [*a, *a]"), ""),
    "a tag": (with_aliases("a: !!python/object/apply:os.system [touch made]"), ""),
    "100,000 lists in each other": (with_aliases("a: " + "[" * 100_000), "nested deeper than 200"),
    "3,000,000 values": (
        lambda: with_aliases(f"a: [{'1,' * 3_000_000}]"),
        "more than 3000000 values",
    ),
    "2,000,000 values": (lambda: with_aliases(f"a: [{'1,' * 2_000_000}]"), ""),
    "100 MB of nothing": (lambda: bytes(100 * MEGABYTE), "is larger than"),
    "60 MB of text": (lambda: with_aliases(f"a: {'x' * 60 * MEGABYTE}"), ""),
    "a NUL": (with_aliases("a: x\0y"), "not YAML"),
    "a schema that is itself": (ships(*SCHEMA, value={"$ref": "#/x/Ships"}), ""),
    "a schema of itself": (
        ships(
            *SCHEMA,
            value={
                "allOf": [{"$ref": "#/x/Ships"}],
                "properties": {"items": {"type": "array", "items": {"$ref": "#/x/Ships"}}},
            },
        ),
        "",
    ),
    "schemas that double": (
        ships(
            "x",
            value={
                **SHIPS["x"],
                **chained(60),
                "Ships": {
                    "allOf": [{"$ref": "#/x/s0"}],
                    "properties": SHIPS["x"]["Ships"]["properties"],
                },
            },
        ),
        "",
    ),
    "a path of millions of steps": (
        lambda: ships(*METHOD, "response", value={"objectKey": "$" + ".a" * 5_000_000}),
        "",
    ),
    "a reference of millions of steps": (
        lambda: ships(*METHOD, "operation", value={"$ref": "#" + "/a" * 5_000_000}),
        "",
    ),
    "a template of millions of letters": (
        lambda: ships(*METHOD, "response", value={"transform": {"body": "{{" + " " * 5_000_000}}),
        "",
    ),
    "a template of many blanks": (
        ships(*METHOD, "response", value={"transform": {"body": "{{ $x := " + " " * 4000}}),
        "",
    ),
    "a server's name of open braces": (
        lambda: ships("servers", value=[{"url": "https://" + "{a" * 1_000_000}]),
        "",
    ),
    "a server without encryption": (ships("servers", value=[{"url": "http://x.example"}]), ""),
    "a server with a password": (ships("servers", value=[{"url": "https://a:b@x.example"}]), ""),
    "a server that a statement chooses": (
        ships("servers", value=[{"url": "https://{host}", "variables": {"host": {}}}]),
        "",
    ),
    "another document": (ships(*SCHEMA, value={"$ref": "file:///etc/passwd"}), ""),
    "a document on the network": (
        ships(*METHOD, "operation", value={"$ref": "https://x.example/y.yaml#/paths/~1a/get"}),
        "",
    ),
}


def _stackql(content: Content, words: str) -> Callable[[], Outcome]:
    """Add the provider, and read its one resource."""

    def run() -> Outcome:
        with at_home() as home, Server(give) as server:
            source = home.folder / "copy" / "harbor" / "v00.00.00000"
            make(source / "provider.yaml", HARBOR)
            make(source / "services" / "ships.yaml", content)
            home.environ |= {
                "HARBOR_TOKEN": TOKEN,
                "BILLQL_HARBOR_URL": server.url,
                "BILLQL_DATA": "data",
            }
            done = home.bounded("registry", "add-stackql", str(source), **BOUNDS)
            if done.code == 0:
                sql = "SELECT * FROM harbor.ships.ships"
                done = home.bounded("query", sql, **BOUNDS)
            new = {path.relative_to(home.folder).parts[0] for path in files_of(home)}
            if new - {"copy", "data", ".cache"}:
                raise Broken(f"it made {new}")
            if {asked.path for asked in server.asked} - {"/ships"}:
                raise Broken(f"it asked for {server.targets}")
        return judged(done, words)

    return run


# OpenAPI -----------------------------------------------------------------------------------------

API: Data = {
    "openapi": "3.0.0",
    "info": {"title": "Harbor", "version": "1"},
    "servers": [{"url": "https://harbor.example"}],
    "paths": SHIPS["paths"],
    "x": SHIPS["x"],
}


def api(**changes: Any) -> str:
    """Give an OpenAPI document with some of its parts replaced."""
    return json.dumps({**API, **changes})


def in_yaml(text: str) -> str:
    """Give an OpenAPI document with a schema in YAML of its own, which may have aliases."""
    rest = "\n".join(f"{name}: {json.dumps(part)}" for name, part in API.items() if name != "x")
    return f"{rest}\nx:\n  Ship: {{properties: {{id: {{type: integer}}}}}}\n{text}"


def doubling(count: int) -> str:
    """Give schemas that are each made of the one before, twice."""
    lines = ["  s0: &s0 {properties: {id: {type: integer}}}"]
    lines += [f"  s{n}: &s{n} {{allOf: [*s{n - 1}, *s{n - 1}]}}" for n in range(1, count)]
    return "\n".join([*lines, f"  Ships: *s{count - 1}", ""])


def nested(opening: str, closing: str, count: int) -> str:
    """Give a document with a schema that is so many schemas deep."""
    return api(x={"Ships": "HERE"}).replace('"HERE"', f"{opening * count}{{}}{closing * count}")


def tagged(tag: str) -> Data:
    """Give paths whose operation has a tag."""
    found = json.loads(json.dumps(API["paths"]))
    found["/ships"]["get"]["tags"] = [tag]
    return dict(found)


OPENAPI: dict[str, tuple[Content, str]] = {
    "a billion laughs": (in_yaml(doubling(60)), "more than 3000000 values"),
    "a schema in itself": (in_yaml("  Ships: &s {allOf: [*s, *s]}\n"), ""),
    "a tag": (in_yaml("  a: !!python/object/apply:os.system [touch made]\n"), ""),
    "100,000 lists in each other": ("[" * 100_000, "nested deeper than|is not JSON"),
    "100,000 JSON lists in each other": ('{"a": ' + "[" * 100_000, "is not JSON"),
    "900 schemas in each other": (nested('{"allOf": [', "]}", 450), "nested deeper than"),
    "900 lists in each other": (nested('{"type": "array", "items": ', "}", 900), "nested deeper"),
    "100 MB of nothing": (lambda: bytes(100 * MEGABYTE), "larger than"),
    "100 MB of JSON": (lambda: b'{"a": "' + b"x" * 100 * MEGABYTE + b'"}', "larger than"),
    "references in a circle": (api(x={"Ships": {"$ref": "#/x/Ships"}}), ""),
    "paths in a circle": (api(paths={"/ships": {"$ref": "#/paths/~1ships"}}), ""),
    "a file of another": (api(x={"Ships": {"$ref": "file:///etc/passwd"}}), ""),
    "schemas that double": (api(x={**chained(60), "Ships": {"$ref": "#/x/s0"}, "s60": {}}), ""),
    "a service that steps up": (api(paths=tagged("../../made")), ""),
    "a service in another folder": (api(paths=tagged("/tmp/made")), ""),
    "a provider that steps up": (api(info={"title": "../../made", "version": "1"}), ""),
    "a title of lines": (api(info={"title": "a\n!!python/x: [b]\n", "version": "1"}), ""),
    "a server without encryption": (api(servers=[{"url": "http://harbor.example"}]), ""),
    "a server with a password": (api(servers=[{"url": "https://a:b@harbor.example"}]), ""),
    "a pipe that nobody writes to": (Special(os.mkfifo), "it is not a file"),
}


def _openapi(content: Content, words: str) -> Callable[[], Outcome]:
    """Import everything that the document has."""

    def run() -> Outcome:
        with at_home() as home:
            make(home.folder / "spec", content)
            done = home.bounded(
                *("provider", "import-openapi", "spec", "--select", "/*", "--folder", "out"),
                **BOUNDS,
            )
            new = {path.relative_to(home.folder).parts[0] for path in files_of(home)}
            if new - {"spec", "out"}:
                raise Broken(f"it made {new}")
        return judged(done, words)

    return run


def cases() -> Iterator[Case]:
    """Give a case for each document."""
    for name, (content, words) in STACKQL.items():
        quick = name == "a long text many times"
        yield Case(PROMISE, f"StackQL's document with {name}", _stackql(content, words), quick)
    for name, (content, words) in OPENAPI.items():
        quick = name == "900 schemas in each other"
        yield Case(PROMISE, f"OpenAPI's document with {name}", _openapi(content, words), quick)
