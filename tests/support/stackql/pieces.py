"""A document of StackQL's as text that shows its data, read as a whole and in parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from billql.definitions.stackql.document import Document, made_of, parse
from billql.errors import DefinitionError

HERE = Path("document.yaml")


def _whole(value: Any) -> Any:
    """Return plain data, in which the order of keys matters."""
    if isinstance(value, dict):
        return [(key, _whole(one)) for key, one in value.items()]
    return [_whole(one) for one in value] if isinstance(value, list) else value


def _shown(document: Document) -> str:
    return repr(_whole(document.data))


def in_one_piece(text: bytes) -> str:
    """Return what a document has, or why it is refused."""
    try:
        return _shown(parse(HERE, text))
    except DefinitionError as error:
        return error.message


def piece_by_piece(text: bytes) -> str:
    """Return the same, of a document that is cut if it can be."""
    try:
        return made_of(HERE, text, _shown)
    except DefinitionError as error:
        return error.message
