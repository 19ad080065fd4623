"""Pieces of Markdown that git hosts and site generators read alike.

What both understand is CommonMark with tables. Where they differ is the backslash: CommonMark
escapes any mark with it, Python-Markdown only some. The others are written as character
references, which all of them know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from billql.output.text_cells import text, visible

_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_MARKS = re.compile(r"[\\`*\[\]<>|&~{}$]|(?<![^\W_])_|_(?![^\W_])")
"""What would be markup; an underscore inside of a word is none."""
_MARKUP = re.compile(r"[^\w\s.,:;/=-]|_")
_REFERENCES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "~": "&#126;", "|": "&#124;", "$": "&#36;"}


def escaped(text: str) -> str:
    """Return a text on one line in which nothing is markup."""
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda mark: _REFERENCES.get(mark[0], f"\\{mark[0]}"), text)


def code(text: str) -> str:
    """Return a text as code on one line; it may stand in a table."""
    one_line = " ".join(text.split())
    if "|" in one_line:  # which ends a cell, if not by all, within backticks too
        return f"<code>{_MARKUP.sub(lambda mark: f'&#{ord(mark[0])};', one_line)}</code>"
    return f"`` {one_line} ``" if "`" in one_line else f"`{one_line}`"


def cell(value: Any) -> str:
    """Return a value of SQL as text on one line."""
    return visible(" ".join(text(value).split()))


def codes(several: Iterable[str]) -> str:
    """Return some texts as code, with commas between them."""
    return ", ".join(map(code, several))


def prose(sentence: str, address_of: Callable[[str], str | None] = lambda _: None) -> str:
    """Return a sentence in which only code is marked up, as definitions have them.

    `address_of` returns where a name that is set as code leads, or None.
    """
    parts = _CODE.split(" ".join(sentence.split()))
    made = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            # A space at either end of a part belongs to the sentence.
            made.append(_escaped(part))
        else:
            address = address_of(part)
            made.append(code(part) if address is None else link(code(part), address))
    return "".join(made)


def link(label: str, address: str) -> str:
    """Return a link; `label` is Markdown."""
    return f"[{label}]({address})"


def fence(content: str, language: str) -> Iterator[str]:
    """Yield the lines of a block of code, and the empty one after it."""
    yield from (f"```{language}", *content.strip("\n").split("\n"), "```", "")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> Iterator[str]:
    """Yield the lines of a table, and the empty one after it; its cells are Markdown.

    `right` has an `r` at the place of each column that stands to the right.
    """
    yield f"| {' | '.join(head)} |"
    sides = right.ljust(len(head))
    yield f"| {' | '.join('---:' if side == 'r' else '---' for side in sides)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
