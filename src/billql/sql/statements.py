"""The statements of a script, each lexed once: its text, its tokens and its place in the script.

A `ParsedStatement` is made where a script is cut, and is passed down to whatever looks at the
statement, so that its text is not lexed again, and an error is made with its place in the script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from billql.sql.tokenizer import Token, significant

if TYPE_CHECKING:
    from billql.errors import SqlError

Bindings = Sequence[Any] | Mapping[str, Any]
"""The values of a statement's parameters: by position for `?`, or by name for `:name`."""

_TRIGGER = re.compile(r"(EXPLAIN (QUERY PLAN )?)?CREATE (TEMP |TEMPORARY )?TRIGGER\b").match


Row = tuple[Any, ...]
"""A row of a result: its values by position."""


class ParsedStatement(NamedTuple):
    """One statement of a script with its semicolon, and with the comments before it."""

    text: str
    tokens: tuple[Token, ...]
    """Its tokens without spaces and comments; their offsets are characters of `text`."""
    script: str
    """The whole text that the user wrote."""
    start: int = 0
    """The character of `script` at which `text` begins."""

    @property
    def keyword(self) -> str:
        """Return the keyword that it begins with, in capitals; empty if it is none."""
        return self.tokens[0].keyword if self.tokens else ""

    def error(
        self,
        message: str,
        offset: int | None = None,
        *,
        hint: str | None = None,
        kind: type[SqlError] | None = None,
    ) -> SqlError:
        """Return an error, SqlError or `kind`, about a character of `text`; it shows the script."""
        from billql import errors

        at = None if offset is None else self.start + offset
        return (kind or errors.SqlError)(message, sql=self.script, offset=at, hint=hint)


def parameter_numbers(statement: ParsedStatement) -> dict[int, int]:
    """Return the number of each `?`, by its place among the tokens.

    https://sqlite.org/lang_expr.html#parameters
    """
    numbers, highest, seen = dict[int, int](), 0, set[str]()
    for place, token in enumerate(statement.tokens):
        if token.kind != "variable":
            continue
        if token.text[1:].isdecimal() and token.text[0] == "?":
            highest = max(highest, int(token.text[1:]))
        elif token.text == "?" or token.text not in seen:
            seen.add(token.text)
            highest += 1
        if token.text == "?":
            numbers[place] = highest
    return numbers


def numbered(statement: ParsedStatement, numbers: Mapping[int, int], first: int, end: int) -> str:
    """Return the text of some tokens as one that may be repeated: each `?` has its number."""
    tokens = statement.tokens
    parts, at = [], tokens[first].start
    for place in range(first, end):
        if place in numbers:
            parts.append(f"{statement.text[at : tokens[place].end]}{numbers[place]}")
            at = tokens[place].end
    return "".join([*parts, statement.text[at : tokens[end - 1].end]])


def parse(sql: str) -> ParsedStatement:
    """Return a text as one statement, whatever it holds."""
    return ParsedStatement(sql, significant(sql), sql)


def each_statement(script: str) -> Iterator[ParsedStatement]:
    """Yield the statements of a script; what holds only spaces, comments and semicolons is skipped.

    CREATE TRIGGER ends at `;END;`, as in sqlite3_complete().
    """
    return split(parse(script))


def split(whole: ParsedStatement) -> Iterator[ParsedStatement]:
    """Yield the statements of a script that was parsed as a whole, as `each_statement()` does."""
    start, tokens = 0, list[Token]()
    for token in whole.tokens:
        tokens.append(token)
        if token.text != ";" or not _is_complete(tokens):
            continue
        if len(tokens) > 1:
            yield _part(whole, start, token.end, tokens)
        start, tokens = token.end, []
    if tokens:
        yield _part(whole, start, len(whole.text), tokens)


def _is_complete(tokens: Sequence[Token]) -> bool:
    """Return whether the semicolon at the end of `tokens` ends a statement."""
    # Cut, because a token may be long.
    if not _TRIGGER(" ".join((token.keyword or token.text)[:10] for token in tokens[:6])):
        return True
    return [token.keyword or token.text for token in tokens[-3:-1]] == [";", "END"]


def _part(whole: ParsedStatement, start: int, end: int, tokens: Sequence[Token]) -> ParsedStatement:
    """Return the characters `start` to `end` of a text, with the tokens in them, as a statement."""
    if start:
        tokens = [Token(kind, text, at - start) for kind, text, at in tokens]
    return ParsedStatement(whole.text[start:end], tuple(tokens), whole.script, whole.start + start)
