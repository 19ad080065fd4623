"""A table in GitHub Flavored Markdown: https://github.github.com/gfm/#tables-extension-.

Markup in values is escaped.
"""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from billql.output.amounts import DIGIT_SPACE, POINT_SPACE, with_amounts
from billql.output.text_cells import HEAD, numeric, text, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from billql.output import Columns, Rows, Stream, Style

binary = False
typed = False
separator = "\n"

_MARKUP = re.compile(r"[\\`*~\[\]<|&]|(?<![^\W_])_|_(?![^\W_])")
"""Characters of markup; an underscore inside a word is none."""


def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
    """Write a result as a table; numbers are right-aligned."""
    rows = with_amounts(columns, rows, style, point=POINT_SPACE, digit=DIGIT_SPACE)
    head = list(islice(rows, HEAD))
    rights = numeric(head, len(columns))
    stream.write(_line(_cell(column[0]) for column in columns))
    stream.write(_line("---:" if right else "---" for right in rights))
    for row in chain(head, rows):
        stream.write(_line(_cell(value) for value in row))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return text(value)
    return escaped(value)


def escaped(value: str) -> str:
    """Return a text in which nothing is markup, with its line breaks."""
    lines = re.split("\r\n|\r|\n", value) if "\n" in value or "\r" in value else (value,)
    return "<br>".join(visible(_MARKUP.sub(r"\\\g<0>", line)) for line in lines)
