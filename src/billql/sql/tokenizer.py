"""SQL text in pieces: tokens as SQLite's tokenizer cuts them, and the statements of a script."""

from __future__ import annotations

import re
from typing import NamedTuple

_ID = r"[^\0-#%-/:-@\[-^`{-\x7f]"  # letters, digits, _ and $, and all that is not ASCII
_TOKEN = re.compile(
    rf"""
      (?P<space> [ \t\n\f\r][ \t-\r]* | \ufeff )
    | (?P<blob> [xX]'[^']*'? )
    | (?P<word> [^\0-@\[-^`{{-\x7f]{_ID}* )
    | (?P<number> (?: 0[xX][0-9a-fA-F][0-9a-fA-F_]* | (?: [0-9][0-9_]*(?:\.[0-9_]*)?
                      | \.[0-9][0-9_]* ) (?: [eE][+-]?[0-9][0-9_]* )? ) {_ID}* )
    | (?P<string> '[^']*(?:''[^']*)*'? )
    | (?P<quoted> "[^"]*(?:""[^"]*)*"? | `[^`]*(?:``[^`]*)*`? | \[[^\]]*\]? )
    | (?P<comment> --[^\n]* | /\*(?!\Z)(?s:.*?)(?:\*/|\Z) )
    | (?P<variable> \?[0-9]*
                  | [$@:\#](?:::)*(?:{_ID}(?:{_ID}+|::)*(?:\([^ \t-\r)]*\)?)?)? )
    | (?P<operator> ->>? | \|\| | <[=><]? | >[=>]? | ==? | != | [-+*/%|&~(),;.] )
    | (?P<illegal> (?s:.) )
    """,
    re.VERBOSE,
)
_TRIGGER = re.compile(r"(EXPLAIN (QUERY PLAN )?)?CREATE (TEMP |TEMPORARY )?TRIGGER\b").match


class Token(NamedTuple):
    """A piece of SQL text as SQLite's tokenizer cuts it.

    `kind` is space, comment, word (a name or a keyword), quoted ("x", `x`, [x]), string, blob,
    number, variable, operator, or illegal: an unknown character, or a quote that nothing closes.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after the last character."""
        return self.start + len(self.text)

    @property
    def keyword(self) -> str:
        """A word in capitals, as which it may be a keyword."""
        return self.text.upper() if self.kind == "word" and self.text.isascii() else ""


class Statement(NamedTuple):
    """One statement of a script with its semicolon, and with the comments before it."""

    text: str
    start: int


def quote(name: str) -> str:
    """The name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def unquote(text: str) -> str:
    """The name that a word, a quoted name or a string stands for."""
    mark = text[:1]
    if mark == "[":
        return text[1:-1]
    return text[1:-1].replace(mark * 2, mark) if mark in ('"', "'", "`") else text


def tokenize(sql: str) -> list[Token]:
    """The tokens of a text, spaces and comments included: joined, they are the text again."""
    tokens = [Token(m.lastgroup or "", m[0], m.start()) for m in _TOKEN.finditer(sql)]
    if tokens and tokens[-1].kind in ("string", "blob", "quoted"):
        _, text, start = tokens[-1]  # only the last token can lack its closing quote
        mark = "'" if text[0] in "xX" else text[0]
        if not text.endswith("]") if mark == "[" else text.count(mark) % 2:
            tokens[-1] = Token("illegal", text, start)
    return tokens


def first_word(sql: str) -> str:
    """The keyword that a text begins with, after spaces and comments; empty if it is none."""
    for match in _TOKEN.finditer(sql):
        if match.lastgroup not in ("space", "comment"):
            return Token(match.lastgroup or "", match[0], match.start()).keyword
    return ""


def split(sql: str) -> list[Statement]:
    """The statements of a script; what holds only spaces, comments and semicolons is left out.

    CREATE TRIGGER ends at `;END;`, as in sqlite3_complete().
    """
    statements: list[Statement] = []
    start, words = 0, list[str]()
    for token in tokenize(sql):
        if token.kind in ("space", "comment"):
            continue
        words.append((token.keyword or token.text)[:10])
        if token.text != ";" or (_TRIGGER(" ".join(words[:6])) and words[-3:-1] != [";", "END"]):
            continue
        if len(words) > 1:
            statements.append(Statement(sql[start : token.end], start))
        start, words = token.end, []
    return [*statements, Statement(sql[start:], start)] if words else statements
