"""The text of a client becomes statements, and a query becomes a tree of sqlglot's.

Functions stay calls by the name that was written: sqlglot would make other nodes of them, and
PostgreSQL's name and meaning would be lost. A few things that PostgreSQL takes and sqlglot does not
are put right in the tokens: arrays of object ids, OPERATOR(), keywords as names after AS, and the
collations by which all texts are compared anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlglot.errors
from sqlglot import Token as Token
from sqlglot import TokenType as TokenType
from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

from billql.serve.postgres.errors import PostgresError


class _Dialect(Postgres):
    """PostgreSQL's dialect with functions and subscripts as they are written."""

    INDEX_OFFSET = 0

    class Tokenizer(Postgres.Tokenizer):
        """Makes tokens of commands too, whose text sqlglot would leave whole."""

        COMMANDS: ClassVar[set[TokenType]] = set()

    class Parser(PostgresParser):
        """Leaves functions alone, but for those with a grammar of their own, and what follows ->.

        PostgreSQL has keys and places there, where sqlglot would read a path.
        """

        FUNCTIONS: ClassVar[dict[str, Callable[..., Any]]] = {}
        NO_PAREN_FUNCTIONS: ClassVar[dict[TokenType, type[exp.Expr]]] = {}
        JSON_OPERATORS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
            **PostgresParser.JSON_OPERATORS,
            TokenType.ARROW: lambda self, this, key: self.expression(
                exp.JSONExtract(this=this, expression=key)
            ),
            TokenType.DARROW: lambda self, this, key: self.expression(
                exp.JSONExtractScalar(this=this, expression=key)
            ),
        }
        # An arrow after a name would begin a function without a name in the arguments of a call.
        LAMBDAS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
            TokenType.FARROW: PostgresParser.LAMBDAS[TokenType.FARROW]
        }
        FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
            name: parse
            for name, parse in PostgresParser.FUNCTION_PARSERS.items()
            if name in ("CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTRING", "TRIM", "STRING_AGG")
        }


_DIALECT = _Dialect()


@dataclass(frozen=True)
class Statement:
    """One statement: its tokens, and the text of all of them."""

    text: str
    tokens: Sequence[Token]

    @property
    def keyword(self) -> str:
        """Return the first keyword, in capitals."""
        return self.tokens[0].text.upper() if self.tokens else ""

    def after(self, count: int) -> Statement:
        """Return the statement without its first tokens."""
        return Statement(self.text, self.tokens[count:])

    def before(self, count: int) -> Statement:
        """Return the statement with its first tokens alone."""
        return Statement(self.text, self.tokens[:count])

    def keyword_at(self, number: int) -> str:
        """Return a token's text in capitals; empty if there are fewer."""
        return self.tokens[number].text.upper() if number < len(self.tokens) else ""

    def written(self) -> str:
        """Return its part of the text."""
        if not self.tokens:
            return ""
        return self.text[self.tokens[0].start : self.tokens[-1].end + 1]


def split(text: str) -> list[Statement]:
    """Return the statements of a text; raise PostgresError for one that has no tokens."""
    if "\0" in text:
        raise PostgresError("22021", "a NUL character in the statement", hint="Remove it.")
    try:
        tokens = _DIALECT.tokenize(text)
    except sqlglot.errors.TokenError:
        raise PostgresError(
            "42601", "unterminated quoted string or comment", hint="Close each quote and comment."
        ) from None
    found: list[Statement] = []
    part: list[Token] = []
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            found.append(Statement(text, part))
            part = []
        else:
            part.append(token)
    found.append(Statement(text, part))
    return [one for one in found if one.tokens]


def parse(statement: Statement) -> exp.Expr:
    """Return a query's tree; raise PostgresError for a syntax error."""
    tokens = list(_repaired(list(statement.tokens)))
    try:
        found = _DIALECT.parser(error_level=sqlglot.errors.ErrorLevel.IMMEDIATE).parse(
            tokens, statement.text
        )
    except sqlglot.errors.ParseError as error:
        raise _syntax_error(error, statement) from None
    except RecursionError:
        raise PostgresError(
            "54001", "the statement is nested too deeply", hint="Part it into several."
        ) from None
    tree = found[0] if found else None
    if tree is None or len(found) > 1:
        raise PostgresError("42601", "syntax error", hint="Write one SELECT.")
    return tree


def _syntax_error(error: sqlglot.errors.ParseError, statement: Statement) -> PostgresError:
    details = error.errors[0] if error.errors else {}
    near = str(details.get("highlight") or "")
    line, column = details.get("line"), details.get("col")
    position = None
    if isinstance(line, int) and isinstance(column, int):
        starts = [0]
        for text in statement.text.split("\n"):
            starts.append(starts[-1] + len(text) + 1)
        position = max(1, starts[min(line, len(starts)) - 1] + column - len(near) + 1)
    text = f'syntax error at or near "{near}"' if near else "syntax error at end of input"
    return PostgresError("42601", text, hint="Check the SQL there.", position=position)


_ALWAYS = frozenset(('"C"', "C", "DEFAULT", "POSIX", "UCS_BASIC", "C.UTF-8"))
"""Collations that compare texts byte by byte, as all of them are compared here."""

_NAMES_AFTER_AS = frozenset(
    [
        "SELECT",
        "UPDATE",
        "INSERT",
        "DELETE",
        "FROM",
        "WHERE",
        "GROUP",
        "ORDER",
        "TABLE",
        "USER",
        "ALL",
        "END",
        "DEFAULT",
        "LIMIT",
        "OFFSET",
        "UNION",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "CREATE",
        "GRANT",
        "REFERENCES",
        "TRIGGER",
        "EXECUTE",
    ]
)


def _repaired(tokens: list[Token]) -> Iterator[Token]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1 : at + 3]
        kinds = [one.token_type for one in following]
        if token.token_type == TokenType.OBJECT_IDENTIFIER and kinds == [
            TokenType.L_BRACKET,
            TokenType.R_BRACKET,
        ]:
            yield _renamed(token, f"_{token.text.lower()}")
            at += 3
        elif token.token_type == TokenType.OPERATOR and kinds[:1] == [TokenType.L_PAREN]:
            end = next(
                (n for n in range(at, len(tokens)) if tokens[n].token_type == TokenType.R_PAREN),
                len(tokens),
            )
            inside = tokens[at + 2 : end]
            if len(inside) > 2 and inside[1].token_type == TokenType.DOT:
                inside = inside[2:]
            yield from inside
            at = end + 1
        elif token.token_type == TokenType.INTERVAL and kinds[:1] == [TokenType.STRING]:
            # sqlglot takes a text of several units apart, and loses what it does not know.
            text, length = _interval(following)
            yield Token(
                TokenType.STRING, text, token.line, token.col, token.start, following[0].end
            )
            yield Token(TokenType.DCOLON, "::", token.line, token.col, token.start, token.end)
            yield token
            at += length
        elif token.token_type == TokenType.COLLATE and (length := _idle_collation(tokens, at)):
            at += length
        elif (
            token.token_type == TokenType.ALIAS
            and following
            and (
                following[0].text.upper() in _NAMES_AFTER_AS
                and following[0].token_type != TokenType.IDENTIFIER
            )
        ):
            yield token
            yield _renamed(following[0], following[0].text.lower())
            at += 2
        else:
            yield token
            at += 1


_UNITS = frozenset(["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"])


def _interval(tokens: Sequence[Token]) -> tuple[str, int]:
    """Return the text of an interval with the unit behind it, and how many tokens it has."""
    text = tokens[0].text
    unit = tokens[1].text if len(tokens) > 1 else ""
    if unit.upper() not in _UNITS or tokens[1].token_type == TokenType.IDENTIFIER:
        return text, 2
    if any(character.isalpha() or character == ":" for character in text):
        raise PostgresError(
            "0A000",
            f"INTERVAL '{text}' {unit} is not supported by billql",
            hint="Leave out the unit behind the text.",
        )
    return f"{text} {unit}", 3


def _idle_collation(tokens: list[Token], at: int) -> int:
    """Return how many tokens a COLLATE has that changes nothing; 0 for any other."""
    name = at + 1
    if name + 1 < len(tokens) and tokens[name + 1].token_type == TokenType.DOT:
        name += 2
    if name < len(tokens) and tokens[name].text.upper() in _ALWAYS:
        return name + 1 - at
    return 0


def _renamed(token: Token, text: str) -> Token:
    return Token(TokenType.VAR, text, token.line, token.col, token.start, token.end)
