"""The guide: pages that people write, in Markdown, and the `contents.toml` that puts them in order.

    files = ["definition.schema.json"]      # what the pages link to beside each other

    [[sections]]
    title = "Guide"
    pages = ["getting-started", "cookbook"]

`index.md`, if there is one, opens the site.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from billql.errors import InterfaceError

CONTENTS = "contents.toml"


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Some pages under a title."""

    title: str
    pages: tuple[str, ...]
    """The names of the pages, which are those of their files without `.md`."""


class Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The order of the pages: the file `contents.toml`."""

    sections: tuple[Section, ...]
    files: tuple[str, ...] = ()
    """Files beside the pages that they link to; they are part of the site as they are."""


@dataclass(frozen=True)
class Guide:
    """The pages with their order."""

    sections: tuple[Section, ...] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    """The Markdown of each page by its name."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The text of each other file by its name."""


def read(folder: Path) -> Guide:
    """Read a guide; raises InterfaceError for what is missing or has a mistake."""
    try:
        contents = msgspec.convert(tomllib.loads(_text(folder / CONTENTS)), Contents)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InterfaceError(f"{folder / CONTENTS}: {error}") from None
    names = [name for section in contents.sections for name in section.pages]
    if (folder / "index.md").exists():
        names.append("index")
    return Guide(
        contents.sections,
        {name: _text(folder / f"{name}.md") for name in names},
        {name: _text(folder / name) for name in contents.files},
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InterfaceError(
            f"{path} cannot be read: {why}",
            hint=f"A folder of pages has a {CONTENTS} that names each of them.",
        ) from error
