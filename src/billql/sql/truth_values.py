"""Columns that are a condition by themselves, with a comparison beside them that can be sent.

    WHERE open               WHERE (open AND open <> 0)
    WHERE NOT open           WHERE (NOT open AND open <> 1)
    WHERE open IS TRUE       WHERE (open IS TRUE AND open <> 0)

SQLite offers a virtual table comparisons, and no bare column. Whatever value is true differs from
0, and whatever is false, and no NULL, differs from 1: so what stands beside the condition follows
from it, and SQLite checks both. A table that knows its column to have two values takes from `<> 0`
which of them is wanted. Where NULL is wanted too, as by IS NOT FALSE, nothing follows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

from billql.sql.operands import Operands
from billql.sql.source_map import Edit
from billql.sql.tokenizer import NAMES, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_BEGIN = frozenset(("WHERE", "ON", "HAVING", "AND", "OR"))
"""The keywords behind which a condition, or a part of one, begins."""
_JOINS = frozenset(("AND", "OR"))
_END = _JOINS | {"GROUP", "ORDER", "LIMIT", "WINDOW", "RETURNING", "UNION", "EXCEPT", "INTERSECT"}
_END |= {"WHERE", "HAVING", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL"}
_NO_NAMES = frozenset(("NOT", "NULL", "TRUE", "FALSE", "CASE", "EXISTS", "SELECT", "CONFLICT"))
_SIGNS = {"=": "<>", "==": "<>", "<>": "=", "!=": "="}


class _Term(NamedTuple):
    """A column that is a condition, between two tokens."""

    first: int
    last: int
    name: str
    """The column's own name, in lower case."""
    beside: str
    """What follows from it."""


def truth_edits(
    statement: ParsedStatement, truth_values: Callable[[], Collection[str]]
) -> Iterator[Edit]:
    """Yield the edits that put comparisons beside the columns that are conditions.

    `truth_values` returns the names of columns of truth values, in lower case; it is called only
    where there may be an edit.
    """
    tokens = statement.tokens
    if {token.keyword for token in tokens[:3]} & {"VIEW", "TRIGGER", "INDEX"}:
        return
    finder = _Finder(statement)
    terms = list(finder.terms())
    if not terms or not (names := truth_values()):
        return
    from billql.sql.select_scopes import read_scopes

    scopes = read_scopes(statement)
    names = finder.with_aliases(names)
    for term in terms:
        is_condition = scopes.places[term.first][1] == "condition"
        # The columns of a new table are named by the text of their expressions.
        is_named = statement.keyword == "CREATE" and scopes.in_columns[term.first]
        if term.name in names and is_condition and not is_named:
            start, end = tokens[term.first].start, tokens[term.last].end
            yield start, end, f"({statement.text[start:end]} AND {term.beside})"


class _Finder(Operands):
    """Finds the columns that are conditions."""

    def __init__(self, statement: ParsedStatement) -> None:
        super().__init__(statement.tokens)
        self._text = statement.text

    def terms(self) -> Iterator[_Term]:
        """Yield the terms in their order."""
        for at, token in enumerate(self.tokens):
            if token.keyword in _BEGIN and self.text(at - 1) != ".":
                first = at + 1
                while self.text(first) == "(":
                    first += 1
                term = self._term(first, first - at - 1)
                if term is not None and not (token.keyword == "AND" and self._ends_between(at)):
                    yield term

    def with_aliases(self, names: Collection[str]) -> set[str]:
        """Return the names of columns with those by which the statement calls them."""
        found = set(names)
        for at, token in enumerate(self.tokens):
            if token.keyword == "AS" and self._own_name(at - 1) in found:
                found.add(self._own_name(at + 1))
        return found

    def _ends_between(self, at: int) -> bool:
        """Return whether the AND at an index may be that of a BETWEEN."""
        depth = 0
        for place in range(at - 1, -1, -1):
            depth += {")": 1, "(": -1}.get(self.text(place), 0)
            if depth < 0:
                return False
            if depth == 0:
                keyword = self.keyword(place)
                if keyword in ("BETWEEN", "END"):  # a CASE has ANDs of its own
                    return True
                if keyword in _BEGIN or keyword == "SELECT":
                    return False
        return False

    def _term(self, first: int, opened: int) -> _Term | None:
        """Return the term that begins at an index, behind so many parentheses, if it is one."""
        at, is_true = first, True
        while self.keyword(at) == "NOT":
            at, is_true = at + 1, not is_true
        within = 0
        while at > first and self.text(at) == "(":
            at, within = at + 1, within + 1
        last = self._last_of_name(at)
        if last is None:
            return None
        column = self._text[self.tokens[at].start : self.tokens[last].end]
        name = self._own_name(last)
        compared = self._compared(last + 1, is_true)
        if compared is None:
            return None
        last, beside = compared
        for _ in range(within):
            last += 1
            if self.text(last) != ")":
                return None
        return _Term(first, last, name, f"{column} {beside}") if self._ends(last, opened) else None

    def _ends(self, last: int, opened: int) -> bool:
        """Return whether a term ends at an index: what follows takes it for a condition.

        The value of `(open) = '1'` is that of the column, which has an affinity.
        """
        if self.keyword(last + 1) in _JOINS:
            return True
        after = last + 1
        while opened and self.text(after) == ")":
            after, opened = after + 1, opened - 1
        is_end = self.text(after) in ("", ")", ";") or self.keyword(after) in _END
        return is_end and not opened

    def _last_of_name(self, at: int) -> int | None:
        """Return the index at which the name of a column ends; None if there is none."""
        end = at
        while self._is_name(end) and self.text(end + 1) == ".":
            end += 2
        is_column = self._is_name(end) and self.text(end + 1) != "("
        return end if is_column and self.keyword(at) not in _NO_NAMES else None

    def _is_name(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].kind in NAMES

    def _own_name(self, at: int) -> str:
        """Return the name that a token may be, in lower case."""
        return unquote(self.text(at)).lower() if self._is_name(at) else ""

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
