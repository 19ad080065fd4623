"""Reading an OpenAPI document from a file, in JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from billql.authoring.openapi.document import Document
from billql.errors import InterfaceError


class _Loader(yaml.CSafeLoader):
    """YAML as OpenAPI has it, which knows JSON's types alone: a date stays a text."""


_Loader.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Document:
    """Read a document; raises InterfaceError for what is no OpenAPI 3."""
    try:
        text = path.read_bytes()
        data = json.loads(text) if text.lstrip()[:1] == b"{" else yaml.load(text, _Loader)
    except OSError as error:
        raise InterfaceError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InterfaceError(f"{path} is neither JSON nor YAML: {error}") from error
    if not isinstance(data, Mapping) or not str(data.get("openapi", "")).startswith("3."):
        raise InterfaceError(
            f"{path} is no OpenAPI 3 document",
            hint="A document of Swagger 2 has to be converted first.",
        )
    return Document(data)
