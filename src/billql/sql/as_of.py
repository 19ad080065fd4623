"""AS OF behind a table's name: the table as it was at a time, or after a refresh.

    FROM spend FOR SYSTEM_TIME AS OF '2026-11-05'      (SQL:2011)
    FROM spend AS OF '2026-11-05T12:00:00Z' AS s       the short form
    FROM spend AS OF :moment                           a parameter
    FROM spend AS OF 17                                the number of a refresh

SQLite refuses all of these, so nothing that it accepts is changed: `FROM spend AS of` has an alias,
for no value follows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from billql.sql.rewriter import NO_ALIAS, Reference, tables
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import NAMES, Token

FUNCTION = "billql_as_of"
"""The SQL function that returns the number of a history's last refresh up to a time."""

_SHORT = ("AS", "OF")
_LONG = ("FOR", "SYSTEM_TIME", *_SHORT)
_VALUES = frozenset(("string", "number", "variable"))


class AsOf(NamedTuple):
    """A table in a statement, as it was."""

    reference: Reference
    value: Token
    """A text, a number or a parameter."""
    has_alias: bool
    """Whether an alias follows."""


def find(statement: ParsedStatement) -> Iterator[AsOf]:
    """Yield the tables of a statement that are to be read as they were, in order; raise SqlError
    for FOR SYSTEM_TIME without AS OF and a value.
    """
    tokens = statement.tokens
    if not any(
        first.keyword == "AS" and second.keyword == "OF" for first, second in pairwise(tokens)
    ) and not any(token.keyword == "SYSTEM_TIME" for token in tokens):
        return
    places = {token.end: at for at, token in enumerate(tokens)}
    for reference in tables(statement):
        at = places.get(reference.end)
        if at is None or reference.kind not in ("source", "member"):
            continue
        following = [token.keyword for token in tokens[at + 1 : at + 5]]
        if following[:2] == ["FOR", "SYSTEM_TIME"]:
            length = len(_LONG)
        elif following[:2] == list(_SHORT):
            length = len(_SHORT)
        else:
            continue
        value = tokens[at + length + 1] if len(tokens) > at + length + 1 else None
        if (
            value is None
            or value.kind not in _VALUES
            or following[length - 2 :][:2] != ["AS", "OF"]
        ):
            if length == len(_SHORT):
                continue  # an alias
            raise statement.error(
                "FOR SYSTEM_TIME needs a time",
                tokens[at + 1].start,
                hint="Write FOR SYSTEM_TIME AS OF '2026-01-31'.",
            )
        after = tokens[at + length + 2] if len(tokens) > at + length + 2 else None
        yield AsOf(reference, value, after is not None and _is_alias(after))


def _is_alias(token: Token) -> bool:
    return token.kind in NAMES and token.keyword not in NO_ALIAS
