"""Documents of others: OpenAPI and StackQL, taken over, or refused in words."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from billql.authoring.openapi.importing import imported
from billql.authoring.openapi.operations import tags
from billql.authoring.openapi.reading import read as read_document
from billql.definitions.catalog import Table
from billql.definitions.sources import PROVIDER_FILE
from billql.definitions.stackql.folder import StackqlFolder
from billql.definitions.yaml_file import read_provider, read_service
from billql.errors import BadResponse, DefinitionError, InterfaceError, NotSupportedError
from billql.messages import Response
from support.stackql.pieces import in_one_piece, piece_by_piece

from .drawing import JSON, ODD_BYTES, TEXTS, changed, edited
from .prop import Property
from .sample import body, plausible
from .trial import QUERIES, Query, ask, declare, read

HERE = Path(__file__).parent.parent
OPENAPI = ("cloud.yaml", "odd.json")
STACKQL = HERE / "support" / "stackql" / "documents" / "harbor" / "v00.00.00000"
SERVICES = ("ships", "dues")

WORDS: SearchStrategy[Any] = st.sampled_from(
    (
        *("object", "array", "string", "integer", "number", "boolean", "date-time", "int64"),
        *("query", "path", "header", "cookie", "id", "data", "next", "page", "total", "has_more"),
        *("#/paths", "#", "#/components/schemas/invoice", "#/components", "other.yaml#/x", "null"),
        *("https://{id}.example.com", "http://[", "//", "/v1/{id}/x", "$.data", "$.data[*].id"),
        *({"$ref": "#/components"}, {"$ref": "#/paths/~1v1~1payments"}, {"type": "object"}),
        *({"type": "array"}, {"allOf": [{}]}, {"oneOf": [{"type": "null"}]}, [{"name": "x"}]),
    )
)


@cache
def _loaded(path: Path) -> Any:
    return yaml.load(path.read_bytes(), yaml.CSafeLoader)


@st.composite
def openapi(draw: DrawFn) -> bytes:
    """Draw an OpenAPI document that was right before it was changed."""
    path = HERE / "support" / "openapi" / draw(st.sampled_from(OPENAPI))
    return json.dumps(draw(changed(_loaded(path), WORDS | JSON))).encode()


@st.composite
def yaml_texts(draw: DrawFn) -> bytes:
    """Draw YAML of which lines and words were changed."""
    paths = (HERE / "support" / "openapi" / "cloud.yaml", STACKQL / "services" / "dues.yaml")
    pieces = draw(st.sampled_from(paths)).read_text().splitlines(keepends=True)
    odd = st.sampled_from(
        (
            *("&a ", "*a", "x: &a [*a]\n", "<<: *a\n", "? [a]\n", "=: =\n", "- ", "\t", "key: ["),
            *("!!timestamp x", "!!bool x", "!!int ''", "%YAML 1.1\n", "---\n", "0b_: 0x\n"),
        )
    )
    return "".join(draw(edited(pieces, odd | TEXTS))).encode() + draw(st.just(b"") | ODD_BYTES)


def imports(text: bytes) -> None:
    """A document gives definitions that hold, or an error in words."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "document.json"
        path.write_bytes(text)
        try:
            document = read_document(path)
            made = imported(document, list(tags(document)), "made")
        except (InterfaceError, DefinitionError):
            return
        for name, content in made.files.items():
            (Path(folder) / name).write_text(content)
        provider = read_provider(Path(folder) / PROVIDER_FILE)
        for name in made.files:
            if name != PROVIDER_FILE:
                service = read_service(Path(folder) / name, provider)
                for resource in service.resources.values():
                    declare(Table("made", "service", "resource", provider, resource))


@st.composite
def stackql(draw: DrawFn) -> tuple[dict[str, bytes], Query]:
    """Draw the documents of a provider, of which one was changed, and a query."""
    files = {"provider": _loaded(STACKQL / "provider.yaml")}
    files |= {name: _loaded(STACKQL / "services" / f"{name}.yaml") for name in SERVICES}
    one = draw(st.sampled_from((*files, *SERVICES, *SERVICES)))
    files[one] = draw(changed(files[one], WORDS | JSON))
    return {name: json.dumps(data).encode() for name, data in files.items()}, draw(QUERIES)


def reads(drawn: tuple[dict[str, bytes], Query]) -> None:
    """Each resource of StackQL documents is a table that works, or an error in words."""
    files, query = drawn
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "services").mkdir()
        for name, text in files.items():
            place = "provider.yaml" if name == "provider" else f"services/{name}.yaml"
            (root / place).write_bytes(text)
        source = StackqlFolder(root, None)
        try:
            source.provider()
            services = source.services()
        except DefinitionError:
            return
        for service in services:
            _read_service(source, service, query)


def _read_service(source: StackqlFolder, service: str, query: Query) -> None:
    try:
        source.about(service)
        names = source.resources(service)
    except DefinitionError:
        return
    for name in names:
        try:
            found = source.find(service, name)
        except (DefinitionError, NotSupportedError):
            continue
        table = Table(
            "harbor", service, name, found.provider, found.resource, found.unsupported_methods
        )
        declare(table)
        ask(table, query)
        for method in found.resource.methods.values():
            with suppress(BadResponse):
                read(table, method, Response(body(method, plausible(table, method)), ""))


def yaml_is_read_or_refused(text: bytes) -> None:
    """Any YAML is a document, or is refused; so it is for both kinds of documents, and in parts."""
    imports(text)
    assert piece_by_piece(text) == in_one_piece(text)
    reads(
        (
            {"provider": (STACKQL / "provider.yaml").read_bytes(), "ships": text},
            Query((), (), (), ()),
        )
    )


PROPERTIES = (
    Property("openapi", openapi(), imports, 60),
    Property("stackql", stackql(), reads, 60),
    Property("yaml", yaml_texts(), yaml_is_read_or_refused, 40),
)
