"""Where the operands of an operator begin and end, among the tokens of a statement.

Nothing is parsed: a value is a literal, a parameter, a name, a call or what stands in parentheses,
and an operand is one value, or several with arithmetic or `||` between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from billql.sql import parentheses
from billql.sql.tokenizer import NAMES, Token

ARITHMETIC: Final = frozenset(("+", "-", "*", "/", "%", "&", "|", "<<", ">>"))
JOINED: Final = "||"

_BETWEEN_VALUES = ARITHMETIC | {JOINED, "->", "->>"}
_SIGNS = frozenset(("+", "-", "~"))
CLAUSES: Final = frozenset(
    (
        *("ALL", "AND", "BETWEEN", "BY", "CASE", "DISTINCT", "ELSE", "FROM", "GLOB", "HAVING"),
        *("IN", "IS", "LIKE", "LIMIT", "NOT", "OFFSET", "ON", "OR", "RETURNING", "SELECT", "SET"),
        *("THEN", "USING", "VALUES", "WHEN", "WHERE"),
    )
)
"""Keywords before an expression."""
QUERIES: Final = frozenset(("SELECT", "WITH", "VALUES"))
"""Keywords with which a parenthesis holds a query."""


class Operands:
    """The tokens of a statement, and the operands in them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens

    def text(self, at: int) -> str:
        """Return the text of the token at an index; empty beyond the ends."""
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def keyword(self, at: int) -> str:
        """Return the keyword at an index, in capitals; empty for any other token."""
        return self.tokens[at].keyword if 0 <= at < len(self.tokens) else ""

    def opening(self, closed: int) -> int:
        """Return the index of the parenthesis that one at an index closes."""
        opened = parentheses.opening(self.tokens, closed)
        return closed if opened is None else opened

    def closing(self, opened: int) -> int:
        """Return the index of the parenthesis that closes one at an index."""
        return parentheses.closing(self.tokens, opened) or opened

    def first_of_value(self, end: int) -> int:
        """Return the index at which the value begins that ends at an index."""
        if self.text(end) == ")":
            opened = self.opening(end)
            if self.keyword(opened - 1) in ("OVER", "FILTER"):
                return self.first_of_value(opened - 2)
            name = self.tokens[opened - 1]
            is_call = name.kind in NAMES and name.keyword not in CLAUSES
            return opened - 1 if is_call else opened
        first = end
        while self.text(first - 1) == ".":
            first -= 2
        return first

    def last_of_value(self, first: int) -> int:
        """Return the index at which the value ends that begins at an index."""
        end = first
        while self.text(end + 1) == ".":
            end += 2
        if self.text(first) == "(":
            return self.closing(first)
        if self.text(end + 1) == "(":
            end = self.closing(end + 1)
            while self.keyword(end + 1) in ("OVER", "FILTER") and self.text(end + 2) == "(":
                end = self.closing(end + 2)
        return end

    def before(self, at: int) -> range:
        """Return the indices of the operand that ends before an index."""
        first = self.first_of_value(at - 1)
        while self.text(first - 1) in _BETWEEN_VALUES and first > 1:
            if self._is_sign(first - 1):
                first -= 1
            else:
                first = self.first_of_value(first - 2)
        return range(first, at)

    def after(self, at: int) -> range:
        """Return the indices of the operand that begins at an index."""
        end = at
        while True:
            while self.text(end) in _SIGNS:
                end += 1
            end = self.last_of_value(end)
            if self.text(end + 1) not in _BETWEEN_VALUES:
                return range(at, min(end + 1, len(self.tokens)))
            end += 2

    def _is_sign(self, at: int) -> bool:
        """Return whether a plus or minus has nothing before it to be added to."""
        before = self.tokens[at - 1]
        is_value = before.text == ")" or before.kind in (*NAMES, "number", "string", "variable")
        return self.text(at) in _SIGNS and (not is_value or before.keyword in CLAUSES)

    def members(self, opened: int) -> Iterator[range]:
        """Yield the indices of each member of a list in the parentheses that open at an index."""
        start, depth, last = opened + 1, 0, self.closing(opened)
        for at in range(start, last + 1):
            text = self.text(at)
            if depth == 0 and (text == "," or at == last):
                yield range(start, at)
                start = at + 1
            depth += {"(": 1, ")": -1}.get(text, 0)
