"""COPY (…) TO STDOUT: the query and the options of its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billql.serve.postgres.compiler.compile import read_only
from billql.serve.postgres.compiler.parsing import Statement, Token, TokenType
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.formats.copy import CopyOptions

_NO_DELIMITERS = "\\.abcdefghijklmnopqrstuvwxyz0123456789"
"""What the format `text` writes itself behind a backslash, or may in another version."""


def parse_copy(statement: Statement) -> tuple[Statement, CopyOptions]:
    """Return the query and the options of a COPY; raise PostgresError if it is not to STDOUT."""
    source, rest = _source(statement)
    keywords = [token.text.upper() for token in rest]
    if keywords[:1] == ["FROM"]:
        raise read_only("COPY FROM")
    if keywords[:2] != ["TO", "STDOUT"]:
        raise PostgresError(
            "42501",
            "permission denied to COPY to a file or an external program",
            hint="COPY (…) TO STDOUT, or \\copy in psql.",
        )
    return source, _options(rest[2:])


def _source(statement: Statement) -> tuple[Statement, Sequence[Token]]:
    """Return the query of a COPY and the tokens after it; a table's name is a query too."""
    tokens = statement.tokens
    if statement.keyword_at(1) == "(":
        end = _closing(tokens, 1)
        return Statement(statement.text, tokens[2:end]), tokens[end + 1 :]
    at = 1
    while at + 1 < len(tokens) and tokens[at + 1].token_type == TokenType.DOT:
        at += 2
    name, rest = tokens[1 : at + 1], tokens[at + 1 :]
    select = [Token(TokenType.SELECT, "SELECT"), Token(TokenType.STAR, "*")]
    if rest and rest[0].text == "(":
        end = _closing(rest, 0)
        select, rest = [select[0], *rest[1:end]], rest[end + 1 :]
    return Statement(statement.text, [*select, Token(TokenType.FROM, "FROM"), *name]), rest


def _closing(tokens: Sequence[Token], start: int) -> int:
    depth = 0
    for place in range(start, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[place].text, 0) * (
            tokens[place].token_type in (TokenType.L_PAREN, TokenType.R_PAREN)
        )
        if depth == 0:
            return place
    raise PostgresError("42601", "syntax error at end of input", hint="Close the parenthesis.")


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[str, list[Token]]]:
    """Yield the options with their values, in the form with parentheses and the older one."""
    if tokens and tokens[0].text.upper() == "WITH":
        tokens = tokens[1:]
    if tokens and tokens[0].text == "(":
        part: list[Token] = []
        depth = 0
        for token in tokens[1:]:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if (token.text == "," and depth == 0) or depth < 0:
                if part:
                    yield part[0].text.upper(), part[1:]
                part = []
            else:
                part.append(token)
        return
    at = 0
    while at < len(tokens):
        keyword = tokens[at].text.upper()
        if keyword in ("CSV", "BINARY"):
            yield "FORMAT", [tokens[at]]
            at += 1
        elif keyword == "HEADER":
            yield "HEADER", []
            at += 1
        else:
            skip = 2 if at + 1 < len(tokens) and tokens[at + 1].text.upper() == "AS" else 1
            yield keyword, list(tokens[at + skip : at + skip + 1])
            at += skip + 1


def _options(tokens: Sequence[Token]) -> CopyOptions:
    found = dict(_pairs(tokens))
    form = _value(found.pop("FORMAT", None), "text").lower()
    if form not in ("text", "csv", "binary"):
        raise PostgresError(
            "22023", f'COPY format "{form}" not recognized', hint="Use text, csv or binary."
        )
    encoding = _value(found.pop("ENCODING", None), "UTF8")
    if encoding.upper().replace("-", "") != "UTF8":
        raise unsupported(f"the encoding {encoding}", "Use UTF8.")
    if _value(found.pop("FREEZE", None), "false").lower() not in ("false", "off", "0"):
        raise unsupported("FREEZE", "Leave it out.")
    header = found.pop("HEADER", None)
    delimiter = _character(found, "DELIMITER", "," if form == "csv" else "\t")
    if form == "text" and delimiter in _NO_DELIMITERS:
        raise PostgresError(
            "22023",
            f'COPY delimiter cannot be "{delimiter}"',
            hint="Use a tab, or FORMAT csv.",
        )
    forced = found.pop("FORCE_QUOTE", None)
    made = CopyOptions(
        form,
        delimiter=delimiter,
        null=_value(found.pop("NULL", None), "" if form == "csv" else "\\N"),
        header=header is not None
        and _value(header, "true").lower() in ("true", "on", "1", "match"),
        quote=_character(found, "QUOTE", '"'),
        escape=_character(found, "ESCAPE", '"'),
        force_quote=_forced(forced),
    )
    if found:
        raise unsupported(f"the option {next(iter(found))} of COPY", "Leave it out.")
    return made


def _value(tokens: list[Token] | None, default: str) -> str:
    return default if not tokens else tokens[-1].text


def _character(found: dict[str, list[Token]], name: str, default: str) -> str:
    value = _value(found.pop(name, None), default)
    if len(value) != 1 or value in "\r\n":
        raise PostgresError(
            "22023", f"COPY {name.lower()} must be a single one-byte character", hint="Use a comma."
        )
    return value


def _forced(tokens: list[Token] | None) -> frozenset[str] | None:
    if tokens is None:
        return frozenset()
    names = [token.text for token in tokens if token.text not in ("(", ")", ",")]
    return None if names == ["*"] else frozenset(names)
