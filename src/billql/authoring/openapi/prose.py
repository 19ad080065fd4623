"""Descriptions of documents, as the short sentences that definitions have.

Documents describe in Markdown (https://spec.commonmark.org), often at length. A definition has
one plain sentence for each thing, so the first one is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_CODE_BLOCK = re.compile(r"```.*?(```|\Z)", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_STAR = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_ITEM = re.compile(r"^\s*(>|[-*+]|\d+[.)])\s+")
_HEADING = re.compile(r"^\s*#{1,6}\s")
_END = re.compile(r"[.?!][)\"'`”’]*(?=\s+[A-Z`\"“(\[]|\s*$)")
_SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|No|Inc|resp)|\s[A-Z])\.$")
_LONGEST = 300
"""How many characters a sentence may have."""
_LOOKED_AT = 5000
"""The characters of a description that are read; parsing the marks of more would be slow."""


def sentence(text: Any) -> str | None:
    """Return the first sentence of a description, or None if there is none or it is no text."""
    plain = _first_paragraph(text[:_LOOKED_AT] if isinstance(text, str) else "")
    for end in _END.finditer(plain):
        if not _SHORT.search(plain[: end.end()]) or end.end() == len(plain):
            plain = plain[: end.end()]
            break
    plain = _shortened(plain).rstrip(" ,;:-–—")
    if not any(letter.isalnum() for letter in plain):
        return None
    if plain[-1] not in ".?!":
        plain += "."
    return plain[0].upper() + plain[1:]


def _first_paragraph(text: str) -> str:
    text = _CODE_BLOCK.sub(" ", text.replace("\r\n", "\n"))
    for paragraph in re.split(r"\n\s*\n|<br\s*/?>\s*<br\s*/?>", text):
        lines = [line for line in paragraph.split("\n") if not _HEADING.match(line)]
        plain = _without_marks(" ".join(_until_list(lines)))
        if any(letter.isalnum() for letter in plain):
            return plain
    return ""


def _until_list(lines: list[str]) -> Iterator[str]:
    """Yield lines up to where a list or a table begins, which no sentence goes on into."""
    for number, line in enumerate(lines):
        if line.lstrip().startswith("|") or (number > 0 and _ITEM.match(line)):
            return
        yield _ITEM.sub("", line)


def _without_marks(text: str) -> str:
    for pattern, instead in (
        (_IMAGE, ""),
        (_LINK, r"\1"),
        (_TAG, " "),
        (_EMPHASIS, r"\2"),
        (_STAR, r"\1"),
    ):
        text = pattern.sub(instead, text)
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _shortened(text: str) -> str:
    """Return a sentence that is too long, truncated between its parts."""
    if len(text) <= _LONGEST:
        return text
    return text[:_LONGEST].rpartition(" ")[0]
