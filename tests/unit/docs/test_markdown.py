"""Pieces of Markdown: git hosts (CommonMark) and the site (Python-Markdown) show the same text."""

from __future__ import annotations

from collections.abc import Callable

import markdown as python_markdown
import pytest
from markdown_it import MarkdownIt

from billql.docs import markdown
from support.html import read

NASTY = [
    "a *b* _c_ **d** ~~e~~ f",
    "[it](x) and <b>this</b> &amp; {that} $x$",
    r"a\b\*c",
    "snake_case and _edges_ and __init__",
    "1 < 2 > 0 | 3",
    "![x](y) <!-- z --> # not a heading",
]


def by_commonmark(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").enable("strikethrough").render(text))


def by_python(text: str) -> str:
    return str(python_markdown.markdown(text, extensions=["tables", "fenced_code"]))


BOTH = pytest.mark.parametrize("render", [by_commonmark, by_python])


@BOTH
@pytest.mark.parametrize("text", NASTY)
def test_prose_is_shown_as_it_is_written(render: Callable[[str], str], text: str) -> None:
    for made in (markdown.prose(text), markdown.escaped(text)):
        reading = read(render(made))
        assert (reading.text.strip(), {tag for tag, _ in reading.tags}) == (text, {"p"})


@BOTH
@pytest.mark.parametrize("text", NASTY)
def test_a_cell_is_shown_as_it_is_written(render: Callable[[str], str], text: str) -> None:
    made = "\n".join(
        markdown.table(("A", "B"), [(markdown.prose(text), markdown.code(text.replace("`", "")))])
    )
    reading = read(render(made))
    tags = [tag for tag, _ in reading.tags]
    assert (tags.count("th"), tags.count("td"), tags.count("code")) == (2, 2, 1)
    assert [line for line in reading.text.splitlines() if line][-2:] == [text, text]
    assert not {"a", "b", "em", "strong", "img"} & set(tags)


@BOTH
def test_code_in_a_sentence_is_code(render: Callable[[str], str]) -> None:
    reading = read(render(markdown.prose("Say `a_b*` or `<c>`, not *this*.")))
    assert reading.text.strip() == "Say a_b* or <c>, not *this*."
    assert [tag for tag, _ in reading.tags] == ["p", "code", "code"]


def test_names_in_a_sentence_are_links() -> None:
    addresses = {"invoices": "invoices.md"}.get
    assert markdown.prose("See `invoices`, `other`.", addresses) == (
        "See [`invoices`](invoices.md), `other`."
    )


def test_a_text_of_several_lines_stands_on_one() -> None:
    assert markdown.prose("a\n  b") == markdown.escaped("a\n  b") == "a b"
    assert markdown.code("a\nb`c") == "`` a b`c ``"
