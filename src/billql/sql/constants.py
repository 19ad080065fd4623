"""What a statement compares, and with what: constants are found among its operands.

Which operands are constants, and what their values are, SQLite knows
(see `billql.fetching._constant_texts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billql.sql.operands import QUERIES, Operands
from billql.sql.statements import ParsedStatement, numbered, parameter_numbers
from billql.sql.tokenizer import COMPARISONS, NAMES, Token, unquote


class Compared(NamedTuple):
    """An operand of a comparison."""

    text: str
    """Its text, which may be put into another statement: `?` has its number."""
    tokens: tuple[Token, ...]
    column: str
    """The name of the column that it is compared with, in lower case; empty for all else."""


def compared(statement: ParsedStatement) -> Iterator[Compared]:
    """Yield the operands of all comparisons but for names and queries.

    That is of `=`, `<`, IS, BETWEEN, IN and the others, and of `CASE x WHEN y`.
    """
    found = _Comparisons(statement.tokens)
    numbers = parameter_numbers(statement)
    for one, others in found.pairs():
        for other in others:
            for part, column in (*found.parts(one, other), *found.parts(other, one)):
                tokens = statement.tokens[part.start : part.stop]
                is_known = tokens and not found.name(part)
                if is_known and not any(each.keyword in QUERIES for each in tokens):
                    text = numbered(statement, numbers, part.start, part.stop)
                    yield Compared(text, tokens, column)


def is_compound(statement: ParsedStatement) -> bool:
    """Return whether a statement joins SELECTs by UNION, INTERSECT or EXCEPT.

    These compare the columns of one SELECT with those of another.
    """
    return any(token.keyword in ("UNION", "INTERSECT", "EXCEPT") for token in statement.tokens)


class _Comparisons(Operands):
    """The comparisons among the tokens of a statement."""

    def pairs(self) -> Iterator[tuple[range, list[range]]]:
        """Yield the indices of an operand, and those of each that it is compared with."""
        cases: list[range | None] = []
        for at, token in enumerate(self.tokens):
            keyword = token.keyword
            if token.text in COMPARISONS:
                yield self._left(at), [self.after(at + 1)]
            elif keyword == "IS":
                yield self._left(at), [self.after(self._after_is(at))]
            elif keyword == "BETWEEN":
                low = self.after(at + 1)
                ends = [low, self.after(low.stop + 1)] if self.keyword(low.stop) == "AND" else [low]
                yield self._left(at), ends
            elif keyword == "IN" and self.text(at + 1) == "(":
                yield self._left(at), [*self.members(at + 1)]
            elif keyword == "CASE":
                cases.append(None if self.keyword(at + 1) == "WHEN" else self.after(at + 1))
            elif keyword == "END" and cases:
                cases.pop()
            elif keyword == "WHEN" and cases and (case := cases[-1]) is not None:
                yield case, [self.after(at + 1)]

    def _left(self, at: int) -> range:
        """Return the operand before an operator, without its NOT and COLLATE."""
        end = at - 1 if self.keyword(at - 1) == "NOT" else at
        return self.before(end - 2 if self.keyword(end - 2) == "COLLATE" else end)

    def _after_is(self, at: int) -> int:
        """Return the index behind IS [NOT] [DISTINCT FROM]."""
        start = at + 2 if self.keyword(at + 1) == "NOT" else at + 1
        return start + 2 if self.keyword(start) == "DISTINCT" else start

    def name(self, operand: range) -> str:
        """Return the last part of the name that an operand is, in lower case; else an empty text.

        Keywords such as NULL count as names.
        """
        parts = self.tokens[operand.start : operand.stop]
        is_name = parts and all(one.kind in NAMES or one.text == "." for one in parts)
        return unquote(parts[-1].text).lower() if is_name else ""

    def parts(self, operand: range, beside: range) -> Iterator[tuple[range, str]]:
        """Yield an operand, or the values of a row such as `(a, 'x')`, and the columns beside."""
        values, others = list(self._values(operand)), list(self._values(beside))
        names = map(self.name, others) if len(values) == len(others) else [""] * len(values)
        yield from zip(values, names, strict=True)

    def _values(self, operand: range) -> Iterator[range]:
        opened = operand.start
        is_row = self.text(opened) == "(" and self.closing(opened) == operand.stop - 1
        if not is_row or self.keyword(opened + 1) in QUERIES:
            yield operand
            return
        for member in self.members(opened):
            yield from self._values(member)
