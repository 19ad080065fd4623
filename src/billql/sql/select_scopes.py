"""The SELECTs of a statement: which tables each reads, and in which clause a token stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from billql.sql import rewriter
from billql.sql.rewriter import Reference
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import unquote

Clause = Literal["columns", "from", "condition", "group", "other"]
"""Where a token stands: among the columns of the result, in a FROM without its ON, in a condition
(WHERE, ON, HAVING, FILTER), in a GROUP BY or a PARTITION BY, or elsewhere."""

_CLAUSES: dict[str, Clause] = {
    "FROM": "from",
    "JOIN": "from",
    "ON": "condition",
    "WHERE": "condition",
    "HAVING": "condition",
    "GROUP": "group",
    "PARTITION": "group",
    "ORDER": "other",
    "LIMIT": "other",
    "WINDOW": "other",
    "RETURNING": "other",
    "UNION": "other",
    "EXCEPT": "other",
    "INTERSECT": "other",
    "RANGE": "other",
    "ROWS": "other",
    "GROUPS": "other",
}


@dataclass
class Source:
    """A table that a FROM clause reads by its name."""

    reference: Reference
    alias: str
    """What it goes by, in lower case."""


@dataclass
class Select:
    """One SELECT, without the others of a UNION."""

    first: int
    """The index of its first token."""
    depth: int
    """How many parentheses are around it."""
    last: int = 0
    """The index of its last token."""
    sources: list[Source] = field(default_factory=list)
    reads_others: bool = False
    """Whether it also reads a subquery, a function, or a table with merged columns."""


@dataclass
class _Frame:
    """What is known between two parentheses."""

    select: Select | None
    clause: Clause
    in_column: bool = False
    """Whether it is within a column of a result."""
    in_from: bool = False
    """Whether a comma brings a table, even after an ON."""


@dataclass(frozen=True)
class Scopes:
    """The SELECTs of a statement."""

    selects: tuple[Select, ...]
    places: tuple[tuple[Select | None, Clause], ...]
    """For each token the SELECT whose tables it sees first, and the clause."""
    in_columns: tuple[bool, ...]
    """For each token whether it is in parentheses within a column of a result, whose name it may
    be a part of.
    """


def read_scopes(statement: ParsedStatement) -> Scopes:
    """Return the SELECTs of a statement, from their tokens alone."""
    return _Reader(statement).read()


class _Reader:
    """Reads the tokens of a statement once, from the first to the last."""

    def __init__(self, statement: ParsedStatement) -> None:
        self._tokens = statement.tokens
        self._references = {
            one.start: one for one in rewriter.tables(statement) if one.kind == "source"
        }
        self._selects: list[Select] = []
        self._frames = [_Frame(None, "other")]

    def read(self) -> Scopes:
        """Return the SELECTs, and the place of each token."""
        places, in_columns = [], []
        for at, token in enumerate(self._tokens):
            if token.text == ")":
                self._close(at)
            elif token.keyword:
                self._keyword(at)
            elif token.text == ",":
                self._comma()
            elif token.text == ";":
                self._end(at)
            frame = self._frames[-1]
            places.append((frame.select, frame.clause))
            in_columns.append(frame.in_column)
            if (reference := self._references.get(token.start)) is not None:
                self._add(reference, at)
            if token.text == "(":
                self._open(at)
        self._end(len(self._tokens))
        return Scopes(tuple(self._selects), tuple(places), tuple(in_columns))

    def _open(self, at: int) -> None:
        frame = self._frames[-1]
        if frame.clause == "from" and frame.select is not None:
            frame.select.reads_others = True
        in_column = frame.in_column or frame.clause == "columns"
        self._frames.append(_Frame(frame.select, frame.clause, in_column))

    def _close(self, at: int) -> None:
        if len(self._frames) > 1:
            frame = self._frames.pop()
            if frame.select is not self._frames[-1].select and frame.select is not None:
                frame.select.last = at - 1

    def _end(self, at: int) -> None:
        for frame in self._frames:
            if frame.select is not None and not frame.select.last:
                frame.select.last = at - 1
        self._frames = [_Frame(None, "other")]

    def _keyword(self, at: int) -> None:
        frame, keyword = self._frames[-1], self._tokens[at].keyword
        if at and self._tokens[at - 1].text == ".":
            return
        if keyword == "SELECT":
            outer = self._frames[-2].select if len(self._frames) > 1 else None
            if frame.select is not None and frame.select is not outer:
                frame.select.last = at - 1  # the one before a UNION
            frame.select = Select(at, len(self._frames) - 1)
            frame.clause = "columns"
            self._selects.append(frame.select)
        elif keyword == "FROM" and at and self._tokens[at - 1].keyword == "DISTINCT":
            return  # x IS DISTINCT FROM y
        elif keyword in _CLAUSES:
            frame.clause = _CLAUSES[keyword]
            frame.in_from = keyword == "FROM" or (frame.in_from and keyword in ("JOIN", "ON"))
        elif keyword in ("USING", "NATURAL") and frame.select is not None:
            frame.select.reads_others = True

    def _comma(self) -> None:
        """Go on to the next table, if a comma ends an ON."""
        frame = self._frames[-1]
        if frame.in_from:
            frame.clause = "from"

    def _add(self, reference: Reference, at: int) -> None:
        select = self._frames[-1].select
        if select is None:
            return
        select.sources.append(Source(reference, self._alias(reference, at)))

    def _alias(self, reference: Reference, at: int) -> str:
        if not reference.has_alias:
            return reference.parts[-1].lower()
        after = next(self._after(reference.end, at))
        return unquote(self._tokens[after].text).lower()

    def _after(self, end: int, at: int) -> Iterator[int]:
        """Yield the index of the alias behind the token that ends at an offset."""
        while self._tokens[at].start < end:
            at += 1
        yield at + 1 if self._tokens[at].keyword == "AS" else at
