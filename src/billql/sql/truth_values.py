"""Columns that are a condition by themselves, with a comparison beside them that can be sent.

    WHERE open               WHERE (open AND open <> 0)
    WHERE NOT open           WHERE (NOT open AND open <> 1)
    WHERE open IS TRUE       WHERE (open IS TRUE AND open <> 0)

SQLite offers a virtual table comparisons, and no bare column. Whatever value is true differs from
0, and whatever is false, and no NULL, differs from 1: so what stands beside the condition follows
from it, for a column of any type, and SQLite checks both. A table that knows its column to have two
values takes from `<> 0` which of them is wanted. Where NULL is wanted too, as by IS NOT FALSE,
nothing follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from billql.sql.operands import Operands
from billql.sql.source_map import Edit
from billql.sql.tokenizer import NAMES

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_BEGIN = frozenset(("WHERE", "ON", "AND", "OR"))
_END = frozenset(("AND", "OR", "GROUP", "ORDER", "LIMIT", "HAVING", "WINDOW", "RETURNING"))
_END |= {"UNION", "EXCEPT", "INTERSECT", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS"}
_END |= {"NATURAL"}
_NO_NAMES = frozenset(("NOT", "NULL", "TRUE", "FALSE", "CASE", "EXISTS", "SELECT", "CURRENT_DATE"))
_NO_NAMES |= {"CURRENT_TIMESTAMP", "CURRENT_TIME", "WITH", "VALUES", "CAST", "RAISE", "CONFLICT"}
_SIGNS = {"=": "<>", "==": "<>", "<>": "=", "!=": "="}


class _Term(NamedTuple):
    """A column that is a condition, between two tokens."""

    first: int
    last: int
    beside: str
    """What follows from it."""


def truth_edits(statement: ParsedStatement) -> Iterator[Edit]:
    """Yield the edits that put comparisons beside the columns that are conditions."""
    tokens = statement.tokens
    if {token.keyword for token in tokens[:3]} & {"VIEW", "TRIGGER"}:
        return
    found = _Finder(statement)
    for term in found.terms():
        start, end = tokens[term.first].start, tokens[term.last].end
        yield start, start, "("
        yield end, end, f" AND {term.beside})"


class _Finder(Operands):
    """Finds the columns that are conditions."""

    def __init__(self, statement: ParsedStatement) -> None:
        super().__init__(statement.tokens)
        self._text = statement.text

    def terms(self) -> Iterator[_Term]:
        """Yield the terms in their order."""
        for at in range(len(self.tokens)):
            if self._begins(at) and (term := self._term(at)) is not None:
                yield term

    def _begins(self, at: int) -> bool:
        """Return whether a condition begins at an index: behind a word, and behind parentheses."""
        before = at - 1
        while self.text(before) == "(":
            before -= 1
        keyword = self.keyword(before)
        if keyword == "NOT" and before < at - 1:
            return False  # NOT (open AND …) says nothing of open
        if keyword not in _BEGIN or self.text(before - 1) == ".":
            return False
        return keyword != "AND" or not self._is_of_between(before)

    def _is_of_between(self, at: int) -> bool:
        """Return whether the AND at an index may be that of a BETWEEN."""
        depth = 0
        for place in range(at - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(self.text(place), 0)
            if depth < 0:
                return False
            if depth == 0:
                keyword = self.keyword(place)
                if keyword == "BETWEEN":
                    return True
                if keyword in ("AND", "OR", "WHERE", "ON", "SELECT"):
                    return False
        return False

    def _term(self, first: int) -> _Term | None:
        """Return the term that begins at an index, if it is of this kind."""
        at, is_true = first, True
        while self.keyword(at) == "NOT":
            at, is_true = at + 1, not is_true
        opened = 0
        while at > first and self.text(at) == "(":
            at, opened = at + 1, opened + 1
        name = at
        last = self._last_of_name(name)
        if last is None:
            return None
        column = self._text[self.tokens[name].start : self.tokens[last].end]
        compared = self._compared(last + 1, is_true)
        if compared is None:
            return None
        last, beside = compared
        for _ in range(opened):
            if self.text(last + 1) != ")":
                return None
            last += 1
        ends = self.text(last + 1) in ("", ")", ";", ",") or self.keyword(last + 1) in _END
        return _Term(first, last, f"{column} {beside}") if ends else None

    def _last_of_name(self, at: int) -> int | None:
        """Return the index at which the name of a column ends; None if there is none."""
        end = at
        while self._is_name(end) and self.text(end + 1) == ".":
            end += 2
        is_column = self._is_name(end) and self.text(end + 1) != "("
        return end if is_column and self.keyword(at) not in _NO_NAMES else None

    def _is_name(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].kind in NAMES

    def _compared(self, at: int, is_true: bool) -> tuple[int, str] | None:
        """Return where a condition ends whose column ends before an index, and what follows from
        it if it `is_true`, or else from its negation.
        """
        if self.keyword(at) == "IS":
            return self._is_truth(at, is_true)
        sign, literal = self.text(at), self.text(at + 1)
        if sign not in _SIGNS:
            return at - 1, "<> 0" if is_true else "<> 1"
        is_constant = literal in ("0", "1") or self.keyword(at + 1) in ("TRUE", "FALSE")
        if not is_constant or is_true:
            return None  # it can be sent as it is
        return at + 1, f"{_SIGNS[sign]} {literal}"

    def _is_truth(self, at: int, is_true: bool) -> tuple[int, str] | None:
        """Return the same of `IS [NOT] TRUE` or `IS [NOT] FALSE`; None if NULL is wanted."""
        end = at + 1
        if self.keyword(end) == "NOT":
            end, is_true = end + 1, not is_true
        wanted = self.keyword(end)
        if wanted not in ("TRUE", "FALSE") or not is_true:
            return None
        return end, "<> 0" if wanted == "TRUE" else "<> 1"
