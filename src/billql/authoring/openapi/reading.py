"""Reading an OpenAPI document from a file, in JSON or YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from billql.authoring.openapi.document import Document
from billql.definitions.stackql.document import load
from billql.definitions.stackql.values import MAX_BYTES, MAX_DEPTH
from billql.definitions.yaml_file import content
from billql.errors import DefinitionError, InterfaceError


def read(path: Path) -> Document:
    """Read a document; raise InterfaceError for what is no OpenAPI 3."""
    try:
        text = content(path, MAX_BYTES + 1)
        if len(text) > MAX_BYTES:
            raise InterfaceError(f"{path} is larger than {MAX_BYTES} bytes")
        # Others write both kinds of documents, so the same bounds hold.
        is_json = text.lstrip()[:1] == b"{"
        data: Any = _shallow(json.loads(text)) if is_json else load(path, None).data
    except DefinitionError as error:
        raise InterfaceError(error.message) from None
    except (ValueError, RecursionError) as error:
        raise InterfaceError(f"{path} is not JSON: {error}") from None
    if not str(data.get("openapi", "")).startswith("3."):
        raise InterfaceError(
            f"{path} is no OpenAPI 3 document",
            hint="A document of Swagger 2 has to be converted first.",
        )
    return Document(data)


def _shallow(data: Any) -> Any:
    """Return a JSON value; raise ValueError if it nests too deep."""
    depth = 0
    level = [data]
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        objects = (one.values() if isinstance(one, dict) else one for one in level)
        level = [one for parts in objects for one in parts if isinstance(one, dict | list)]
    return data
