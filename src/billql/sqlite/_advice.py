"""Advice on what SQLite refuses in a statement: the name that was meant, or the way to write it.

SQLite's own message names what is wrong; a hint shows what to do. It is loaded for a
statement that has failed.
"""

from __future__ import annotations

import difflib
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import apsw

from billql.errors import Error
from billql.sql import dialects
from billql.sql.tokenizer import NAMES, Token, quote, quote_text, tokenize, unquote
from billql.sqlite import later_functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from billql.sql.rewriter import Rewritten
    from billql.sql.statements import ParsedStatement
    from billql.sqlite._name_resolver import NameResolver

_NOT_A_TEXT = " - should this be a string literal in single-quotes?"
"""With this SQLite ends its message about a name in double quotes that is no column."""


_NO_COLUMN = "no such column: "
"""With this it begins its message about a name; of one in ON it has no place."""

_OF_SYNTAX = ("syntax error", "incomplete input")


class Advice(NamedTuple):
    """What is wrong, what to do about it, and where it is, as far as that is known."""

    message: str
    hint: str | None
    at: int | None
    """The character of the statement."""


class Adviser:
    """Advises on an error of SQLite's about one statement."""

    def __init__(
        self,
        database: apsw.Connection,
        names: NameResolver,
        statement: ParsedStatement,
        rewritten: Rewritten,
    ) -> None:
        self._database = database
        self._names = names
        self._statement = statement
        self._rewritten = rewritten

    def advise(self, message: str, at: int | None) -> Advice:
        """Return the message with a hint; `at` is the character at which SQLite has stopped."""
        if message.endswith(_NOT_A_TEXT):
            return self._on_quoted(message, at)
        if at is None and message.startswith(_NO_COLUMN):
            at = self._place_of(message.removeprefix(_NO_COLUMN))
        if at is None:
            return Advice(message, self._on_table(), at)
        if message.endswith(_OF_SYNTAX) or message.startswith("unrecognized token"):
            hint = dialects.on_syntax(self._statement.tokens, at)
            if hint is not None:
                return Advice(message, hint, at)
        return Advice(message, self._on_name(self._tokens_at(at)), at)

    def _place_of(self, name: str) -> int | None:
        """Return where a dotted name is first in the statement."""
        parts = name.split(".")
        tokens = [token for token in self._statement.tokens if not token.is_blank]
        dotted = [part for one in parts for part in (one, ".")][:-1]
        for number, token in enumerate(tokens):
            if [unquote(one.text) for one in tokens[number : number + len(dotted)]] == dotted:
                return token.start
        return None

    def _on_table(self) -> str | None:
        """Return a hint for one of the statement's tables, of which one means nothing."""
        of_dialect = (dialects.on_table(table.parts) for table in self._rewritten.tables)
        return next(filter(None, of_dialect), None) or self._names.suggest_table(self._rewritten)

    def _tokens_at(self, at: int) -> Sequence[Token]:
        """Return the name that begins at a character, and two tokens after it; none if none."""
        left = [token for token in self._statement.tokens if token.end > at][:3]
        is_name = left and left[0].start <= at and left[0].kind in NAMES
        return left if is_name else []

    # A text in double quotes.

    def _on_quoted(self, message: str, at: int | None) -> Advice:
        token = next(
            (one for one in self._statement.tokens if self._is_meant(one, message, at)), None
        )
        if token is None:
            return self._on_stored(message)
        name = unquote(token.text)
        columns = self._columns()
        near = difflib.get_close_matches(name.lower(), columns, 1, 0.6)
        column = f" The name of a column is {columns[near[0]]}." if near else ""
        return Advice(
            f"no such column: {token.text}",
            f"Double quotes are for names; write a text as {_as_text(name)}.{column}",
            token.start,
        )

    @staticmethod
    def _is_meant(token: Token, message: str, at: int | None) -> bool:
        """Return whether a message is about a token; of a condition in ON, SQLite has no place."""
        return _has_double_quotes(token) and (
            token.start == at if at is not None else f'"{unquote(token.text)}"' in message
        )

    def _on_stored(self, message: str) -> Advice:
        """Advise on a text in double quotes that a view or a trigger has, or a table's CHECK."""
        for kind, name, text in self._stored_texts():
            if f'"{text}"' in message:
                return Advice(
                    f'The {kind} {name} has a text in double quotes, which are for names: "{text}"',
                    f"Drop the {kind} and create it again with {_as_text(text)}.",
                    None,
                )
        return Advice(message.removesuffix(_NOT_A_TEXT), "Write texts in single quotes.", None)

    def _stored_texts(self) -> Iterator[tuple[str, str, str]]:
        """Yield kind, name and each name in double quotes of all that has SQL in the schemas."""
        for kind, name, sql in self._names.stored("type, name, sql", "sql IS NOT NULL"):
            for token in tokenize(sql):
                if _has_double_quotes(token):
                    yield kind, name, unquote(token.text)

    # A name that means nothing.

    def _on_name(self, tokens: Sequence[Token]) -> str | None:
        if not tokens:
            return None
        after = tokens[1].text if len(tokens) > 1 else ""
        # SQLite points to the first part of `table.column`.
        name = unquote(tokens[2 if after == "." and len(tokens) > 2 else 0].text).lower()
        if after == "(":
            return self._on_function(name)
        literal = dialects.on_column(tokens[0], tokens[1] if len(tokens) > 1 else None)
        return literal or self._on_column(name)

    def _on_function(self, name: str) -> str | None:
        known = {str(row[0]) for row in self._database.execute("PRAGMA function_list")}
        known.update(later_functions.NAMES)
        if name not in known and (hint := dialects.on_function(name)) is not None:
            return hint
        similar = difflib.get_close_matches(name, sorted(known), 1, 0.6)
        return f"Did you mean {similar[0]}()?" if similar and name not in known else None

    def _on_column(self, name: str) -> str | None:
        columns = self._columns()
        if name in columns:
            return None
        near = difflib.get_close_matches(name, columns, 1, 0.5)
        if near:
            return f"Did you mean {columns[near[0]]}?"
        return f"Known columns: {', '.join(columns.values())}." if columns else None

    def _columns(self) -> dict[str, str]:
        """Return the columns of the statement's tables, by their names in lower case."""
        found = [
            column for table in self._rewritten.resources for column in self._names.columns(table)
        ]
        local = [table.parts for table in self._rewritten.tables if len(table.parts) < 3]
        for parts in (*local, *self._indexed_table()):
            found += self._local_columns(parts)
        columns: dict[str, str] = {}
        for column in found:
            columns.setdefault(column.lower(), column)
        return columns

    def _indexed_table(self) -> Iterator[Sequence[str]]:
        """Yield the name of the table that a CREATE INDEX is about."""
        tokens = self._statement.tokens
        if "INDEX" in (token.keyword for token in tokens[1:3]):
            for token, after in pairwise(tokens):
                if token.keyword == "ON":
                    yield (unquote(after.text),)
                    return

    def _local_columns(self, parts: Sequence[str]) -> list[str]:
        """Return the columns of a table of the user's own; none of one that cannot be read."""
        *schema, name = parts
        prefix = "".join(f"{quote(one)}." for one in schema)
        try:
            rows = self._database.execute(f"PRAGMA {prefix}table_xinfo({quote(name)})").fetchall()
        except (apsw.Error, Error):
            return []
        return [str(row[1]) for row in rows]


def _has_double_quotes(token: Token) -> bool:
    return token.kind == "quoted" and token.text[0] == '"'


def _as_text(name: str) -> str:
    """Return a name as a text of SQL, cut if it is long."""
    return quote_text(name if len(name) <= 40 else f"{name[:40]}…")
