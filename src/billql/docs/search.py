"""The index that the site's search reads: a script, because pages on a disk may not fetch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """Something that can be found."""

    title: str
    path: str
    kind: str
    """What it is, as people see it beside the title."""
    text: str
    """What it says, of which people see the beginning."""
    words: str = ""
    """What finds it too, though nobody sees it."""


def index(entries: Iterable[Entry]) -> str:
    """Give the script that holds all entries, one to a line."""
    lines = ",\n".join(
        json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries
    )
    return f"const INDEX = [\n{lines}\n];\n"
