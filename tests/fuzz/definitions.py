"""Definition files: what is in them is refused with its place, or good for requests and rows."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from billql.definitions.catalog import Table
from billql.definitions.model import Provider
from billql.definitions.shared import built_in_root
from billql.definitions.sources import PROVIDER_FILE
from billql.definitions.yaml_file import read_provider, read_service
from billql.errors import BadResponse, DefinitionError
from billql.messages import Response

from .drawing import ODD_BYTES, changed, edited_bytes
from .grammar import PROVIDER, RESOURCE
from .prop import Property, error_of
from .sample import body, plausible
from .trial import QUERIES, Query, ask, declare, read


@cache
def _shipped() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Give each resource that comes with billql: its provider, and its service without others."""
    found = []
    for folder in sorted(path.parent for path in built_in_root().glob(f"*/{PROVIDER_FILE}")):
        provider = _loaded(folder / PROVIDER_FILE)
        for file in sorted(folder.glob("*.yaml")):
            if file.name != PROVIDER_FILE:
                service = _loaded(file)
                for name, resource in service.pop("resources", {}).items():
                    found.append((provider, {**service, "resources": {name: resource}}))
    return found


def _loaded(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.load(file.read_bytes(), yaml.CSafeLoader)
    return data


@st.composite
def files(draw: DrawFn) -> tuple[bytes, bytes, Query]:
    """Draw a provider's file and a service's, and a query.

    They are drawn from the grammar, or are those of a provider with a part changed.
    """
    provider, service = draw(st.sampled_from(_shipped()))
    match draw(st.sampled_from(("grammar", "grammar", "provider", "service"))):
        case "grammar":
            made = {"r": draw(RESOURCE)}
            provider, service = PROVIDER, {"billql": 1, "description": "B.", "resources": made}
        case "provider":
            provider = draw(changed(provider))
        case _:
            service = draw(changed(service))
    return _written(provider), _written(service), draw(QUERIES)


def _written(data: Any) -> bytes:
    """Write JSON, which is YAML too."""
    return json.dumps(data, ensure_ascii=False).encode()


@st.composite
def raw_files(draw: DrawFn) -> bytes:
    """Draw the bytes of a file, most often those of a service that were edited."""
    provider, service = draw(st.sampled_from(_shipped()))
    text = yaml.dump(draw(st.sampled_from((provider, service))), sort_keys=False).encode()
    return draw(edited_bytes(text[:3000]) | st.lists(ODD_BYTES).map(b"".join))


def is_read_or_refused(text: bytes) -> None:
    """Any bytes make a definition, or an error that names the file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_bytes(text)
        for read_file in (read_provider, partial(read_service, provider=_provider())):
            error = error_of(DefinitionError, partial(read_file, path))
            assert error is None or error.message.startswith(str(path))


@cache
def _provider() -> Provider:
    return read_provider(built_in_root() / "stripe" / PROVIDER_FILE)


def works(drawn: tuple[bytes, bytes, Query]) -> None:
    """What is accepted can be declared, planned, asked for and read."""
    *texts, query = drawn
    with TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in (PROVIDER_FILE, "service.yaml")]
        for place, text in zip(places, texts, strict=True):
            place.write_bytes(text)
        try:
            provider = read_provider(places[0])
            service = read_service(places[1], provider)
        except DefinitionError:
            return
    for name, resource in service.resources.items():
        table = Table("provider", "service", name, provider, resource)
        declare(table)
        ask(table, query)
        for method in resource.methods.values():
            with suppress(BadResponse):
                read(table, method, Response(body(method, plausible(table, method)), ""))


PROPERTIES = (
    Property("definition-bytes", raw_files(), is_read_or_refused, 60),
    Property("definitions", files(), works, 150),
)
