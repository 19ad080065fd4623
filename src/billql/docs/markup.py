"""Markdown and code → HTML.

Markdown is CommonMark with tables, without HTML of its own. Code is coloured while the pages are
made, so that a page needs no program to be read.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

_COLOURED = {
    Comment: "c",
    Generic.Prompt: "c",
    Keyword: "k",
    Name.Tag: "k",
    Number: "n",
    String: "s",
}
"""What is told apart in code, and the class by which the style sheet knows it."""


@dataclass(frozen=True)
class Links:
    """Where the links of a page lead."""

    to: Callable[[str], str]
    """Gives the address for what a link names; raises InterfaceError for what is not there."""
    of_code: Callable[[str], str | None]
    """Gives the address of the page about a name that is set as code, if there is one."""


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, up to the next one."""

    level: int
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Document:
    """A page of Markdown: its title, and the HTML of what follows."""

    title: str
    html: str
    sections: tuple[Section, ...]


def document(text: str, links: Links) -> Document:
    """Turn a page of Markdown into HTML; its first heading is the title."""
    tokens = _PAGES.parse(text)
    title = ""
    if tokens and tokens[0].type == "heading_open":
        title, tokens = _plain(tokens[1]), tokens[3:]
    sections = _sections(tokens)
    body = _PAGES.renderer.render(tokens, _PAGES.options, {"links": links})
    return Document(title, body, sections)


def inline(text: str, links: Links) -> str:
    """Turn a sentence, in which only code is marked up, into HTML."""
    tokens = _SENTENCES.parseInline(text)
    return str(_SENTENCES.renderer.render(tokens, _SENTENCES.options, {"links": links}))


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Cut a sentence into text and code, and tell which is which."""
    for token in _SENTENCES.parseInline(text)[0].children or ():
        yield token.content, token.type == "code_inline"


def code(text: str, language: str) -> str:
    """Turn code into a block of HTML that can be copied."""
    return (
        f'<div class="code" data-language="{html.escape(language)}">'
        f'<pre tabindex="0"><code>{_coloured(text, language)}</code></pre></div>\n'
    )


def _coloured(text: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return html.escape(text, quote=False)
    found = ((_class(kind), value) for kind, value in lexer.get_tokens(text))
    runs = (
        (name, html.escape("".join(value for _, value in some), quote=False))
        for name, some in itertools.groupby(found, key=lambda one: one[0])
    )
    return "".join(f'<span class="{name}">{run}</span>' if name else run for name, run in runs)


def _class(kind: _TokenType) -> str:
    return next((name for known, name in _COLOURED.items() if known in kind.split()), "")


# Markdown -----------------------------------------------------------------------------------------


def _sections(tokens: Sequence[Token]) -> tuple[Section, ...]:
    """Give each heading an id that is its own, and gather what stands below it."""
    found: list[Section] = []
    opening = Section(1, "", "", "")
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _plain(tokens[place + 1])
            known = {one.id for one in found}
            token.attrSet("id", _unused(slug(title), known))
            found.append(Section(int(token.tag[1:]), str(token.attrGet("id")), title, ""))
        elif token.type == "inline" and tokens[place - 1].type != "heading_open":
            last = found.pop() if found else opening
            text = f"{last.text} {_plain(token)}".strip()
            found.append(Section(last.level, last.id, last.title, text))
    return tuple(found)


def slug(title: str) -> str:
    """Give the id of a heading, as GitHub does: in lower case, with dashes for spaces."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


def _unused(name: str, known: set[str]) -> str:
    number = 1
    while (candidate := name if number == 1 else f"{name}-{number}") in known:
        number += 1
    return candidate


def _plain(token: Token) -> str:
    return "".join(
        " " if one.type == "softbreak" else one.content
        for one in token.children or ()
        if one.type in ("text", "code_inline", "softbreak")
    )


class _Renderer(RendererHTML):
    """Links, code and tables as the site has them."""

    def link_open(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        links: Links = env["links"]
        tokens[place].attrSet("href", links.to(str(tokens[place].attrGet("href"))))
        return self.renderToken(tokens, place, options, env)

    def code_inline(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        links: Links = env["links"]
        text = tokens[place].content
        before = [token.type for token in tokens[:place]]
        within = before.count("link_open") > before.count("link_close")
        target = None if within else links.of_code(text)
        marked = f"<code>{html.escape(text, quote=False)}</code>"
        return marked if target is None else f'<a href="{html.escape(target)}">{marked}</a>'

    def fence(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        return code(tokens[place].content, tokens[place].info.strip() or "text")

    def code_block(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        return code(tokens[place].content, "text")

    def table_open(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        return '<div class="scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
        return "</table></div>\n"


_PAGES = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
_SENTENCES = MarkdownIt("zero", renderer_cls=_Renderer).enable("backticks")
