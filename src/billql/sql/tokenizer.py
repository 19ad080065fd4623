"""SQL text in tokens, as SQLite's tokenizer cuts them."""

from __future__ import annotations

import re
from typing import NamedTuple

_ID = r"[^\0-#%-/:-@\[-^`{-\x7f]"  # letters, digits, _ and $, and all that is not ASCII
_TOKEN = re.compile(
    rf"""
      (?P<space> [ \t\n\f\r][ \t-\r]* | \ufeff )
    | (?P<blob> [xX]'[^']*'? )
    | (?P<identifier> [^\0-@\[-^`{{-\x7f]{_ID}* )
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

NAMES = frozenset(("identifier", "quoted"))
"""The kinds of tokens that may be a name."""

COMPARISONS = frozenset(("=", "==", "<", "<=", ">", ">=", "<>", "!="))
"""The operators that compare two values, as texts of tokens; each yields NULL for a NULL."""


class Token(NamedTuple):
    """A piece of SQL text as SQLite's tokenizer cuts it.

    `kind` is space, comment, identifier (a bare name or a keyword), quoted ("x", `x`, [x]), string,
    blob, number, variable, operator, or illegal: an unknown character, or a quote that nothing
    closes.
    """

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """Return the offset after the last character."""
        return self.start + len(self.text)

    @property
    def is_blank(self) -> bool:
        """Return whether it is a space or a comment."""
        return self.kind in ("space", "comment")

    @property
    def keyword(self) -> str:
        """Return an identifier in capitals, which may be a keyword; empty for other tokens."""
        return self.text.upper() if self.kind == "identifier" and self.text.isascii() else ""


def quote(name: str) -> str:
    """Return a name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def unquote(text: str) -> str:
    """Return the name that an identifier, a quoted name or a string stands for."""
    mark = text[:1]
    if mark == "[":
        return text[1:-1]
    return text[1:-1].replace(mark * 2, mark) if mark in ('"', "'", "`") else text


def last_name(dotted: str) -> str:
    """Return the last part of a name that may have its table before it, without quotes."""
    return unquote(significant(dotted)[-1].text)


def type_name(declared: str | None) -> str:
    """Return the first word of a declared type in capitals: VARCHAR of `varchar(20)`."""
    return (declared or "").upper().replace("(", " ").partition(" ")[0]


def tokenize(sql: str) -> list[Token]:
    """Return all tokens of a text, spaces and comments too: joined, they are the text again."""
    tokens = [Token(m.lastgroup or "", m[0], m.start()) for m in _TOKEN.finditer(sql)]
    if tokens and tokens[-1].kind in ("string", "blob", "quoted"):
        _, text, start = tokens[-1]  # only the last token can lack its closing quote
        mark = "'" if text[0] in "xX" else text[0]
        if not text.endswith("]") if mark == "[" else text.count(mark) % 2:
            tokens[-1] = Token("illegal", text, start)
    return tokens


def significant(sql: str) -> tuple[Token, ...]:
    """Return the tokens of a text without its spaces and comments."""
    return tuple(token for token in tokenize(sql) if not token.is_blank)
