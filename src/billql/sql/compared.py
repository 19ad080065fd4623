"""What a statement compares its parameters with, as far as its text shows.

A column's type is known to SQLite; what an expression yields follows from its last operator or its
function. Nothing is parsed: of each parameter, the tokens beside it are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from billql.sql import parentheses
from billql.sql.operands import ARITHMETIC, CLAUSES, JOINED, QUERIES, Operands
from billql.sql.tokenizer import COMPARISONS, NAMES, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement


class Side(NamedTuple):
    """What a parameter is compared with: a column of a name, a text, a number, or unknown."""

    kind: Literal["column", "text", "number", "unknown"]
    column: str = ""


TEXT: Final = Side("text")
NUMBER: Final = Side("number")
UNKNOWN: Final = Side("unknown")

_MATCHES = frozenset(("LIKE", "GLOB", "MATCH", "REGEXP", "ESCAPE"))


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NO_COLUMNS = CLAUSES | {"END", "NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIMESTAMP"}
"""Keywords that are not names of columns."""
_TEXT_FUNCTIONS = _listed(
    """
    char concat concat_ws date date_trunc datetime format group_concat hex json_type last_day
    lower ltrim printf quote replace rtrim split_part strftime string_agg substr substring time
    trim typeof upper
    """
)
_NUMBER_FUNCTIONS = _listed(
    """
    abs age_days avg ceil ceiling convert count day floor instr json_array_length julianday length
    median money money_sum month octet_length percentile percentile_cont percentile_disc quarter
    round sign stddev sum total trunc unixepoch year
    """
)


def compared_with(statement: ParsedStatement) -> Mapping[str, set[Side]]:
    """Return for each parameter of a name, without its mark, what it is compared with.

    One that is nowhere compared has an empty set.
    """
    found = defaultdict[str, set[Side]](set)
    tokens = _Tokens(statement.tokens)
    for at, token in enumerate(statement.tokens):
        if token.kind == "variable" and token.text[0] in ":@$":
            found[token.text[1:]].update(tokens.sides(at))
    return found


def defined_names(statement: ParsedStatement) -> set[str]:
    """Return the names in lower case that a statement assigns to expressions, tables and CTEs."""
    tokens = statement.tokens
    named = {
        unquote(after.text).lower()
        for before, after in pairwise(tokens)
        if before.keyword == "AS" and after.kind in NAMES
    }
    following = zip(tokens, tokens[1:], tokens[2:], strict=False)
    for at, (token, after, then) in enumerate(following):
        # WITH t(a, b) AS (…
        is_query = then.text == "(" or then.keyword in ("MATERIALIZED", "NOT")
        if token.text == ")" and after.keyword == "AS" and is_query:
            opened = _Tokens(tokens).opening(at)
            named.update(unquote(one.text).lower() for one in tokens[opened:at])
    return named


class _Tokens(Operands):
    """The tokens of a statement, and what stands beside one of them."""

    def sides(self, at: int) -> Iterator[Side]:
        """Yield what the parameter at an index is compared with."""
        first = last = at
        while self.text(first - 1) == "(" and self.text(last + 1) == ")":
            if self.keyword(first - 2) == "IN":
                break
            first, last = first - 1, last + 1
        yield from self._left(first)
        yield from self._right(last)
        if (opened := self._list(first, last)) is not None:
            yield self._ending(self._before_not(opened - 2))

    def _left(self, first: int) -> Iterator[Side]:
        """Yield what stands before an operator that the parameter follows."""
        text, keyword = self.text(first - 1), self.keyword(first - 1)
        if text == JOINED or keyword in _MATCHES:
            yield TEXT
        elif text in COMPARISONS:
            yield self._ending(first - 2)
        elif keyword == "BETWEEN":
            yield self._ending(self._before_not(first - 2))
        elif keyword == "AND" and (between := self._between(first - 2)) is not None:
            yield self._ending(self._before_not(between - 1))
        elif keyword == "FROM" and self.keyword(first - 2) == "DISTINCT":  # IS [NOT] DISTINCT FROM
            yield self._ending(self._before_not(first - 3) - 1)
        elif keyword == "IS" or (keyword == "NOT" and self.keyword(first - 2) == "IS"):
            yield self._ending(first - (2 if keyword == "IS" else 3))

    def _right(self, last: int) -> Iterator[Side]:
        """Yield what stands after an operator that follows the parameter."""
        at = last + 1
        if self.keyword(at) == "NOT":
            at += 1
        text, keyword = self.text(at), self.keyword(at)
        if text == JOINED or keyword in _MATCHES:
            yield TEXT
        elif text in COMPARISONS or keyword == "BETWEEN":
            yield self._beginning(at + 1)
        elif keyword == "IN" and self.text(at + 1) == "(":
            yield self._beginning(at + 2)
        elif keyword == "IS":
            at += 2 if self.keyword(at + 1) == "NOT" else 1
            yield self._beginning(at + 2 if self.keyword(at) == "DISTINCT" else at)

    def _list(self, first: int, last: int) -> int | None:
        """Return the index of the parenthesis of the IN list that a parameter is a member of."""
        if self.text(first - 1) not in ("(", ",") or self.text(last + 1) not in (",", ")"):
            return None
        opened = parentheses.enclosing(self.tokens, first)
        return opened if opened and self.keyword(opened - 1) == "IN" else None

    def _between(self, at: int) -> int | None:
        """Return the index of the BETWEEN whose AND follows a token, if that is no other AND."""
        depth = 0
        for place in range(at, 0, -1):
            depth += {")": 1, "(": -1}.get(self.text(place), 0)
            keyword = self.keyword(place)
            if depth < 0 or (depth == 0 and keyword in ("AND", "OR", "WHERE", "ON")):
                return None
            if depth == 0 and keyword == "BETWEEN":
                return place
        return None

    def _before_not(self, at: int) -> int:
        return at - 1 if self.keyword(at) == "NOT" else at

    def _ending(self, end: int) -> Side:
        """Return what an operand that ends at an index yields."""
        if self.keyword(end - 1) == "COLLATE":
            end -= 2
        first = self.first_of_value(end)
        return self._operand(self.text(first - 1), first, end)

    def _beginning(self, first: int) -> Side:
        """Return what an operand that begins at an index yields."""
        if self.text(first) in ("-", "+"):
            return NUMBER
        end = self.last_of_value(first)
        return self._operand(self.text(end + 1), first, end)

    def _operand(self, beside: str, first: int, end: int) -> Side:
        """Return what an operator beside the value between two indexes makes of it, or the value
        itself.
        """
        if beside == JOINED:
            return TEXT
        if beside in ("->", "->>"):
            return UNKNOWN
        if beside in ARITHMETIC:
            return NUMBER
        return self._value(first, end)

    def _value(self, first: int, end: int) -> Side:
        """Return what the value between two indexes is: a name, a literal, a call, or in ()."""
        kind = self.tokens[first].kind if 0 <= first <= end else ""
        if kind in ("string", "number"):
            return TEXT if kind == "string" else NUMBER
        if self.text(end) != ")":
            is_name = kind in NAMES and self.keyword(end) not in _NO_COLUMNS
            return Side("column", unquote(self.tokens[end].text).lower()) if is_name else UNKNOWN
        if self.text(first) == "(":
            inner = self.keyword(first + 1)
            return UNKNOWN if inner in QUERIES else self._ending(end - 1)
        if self.keyword(first) == "CAST":
            return TEXT if self._declared(end) & {"TEXT", "VARCHAR", "CHAR"} else NUMBER
        function = unquote(self.tokens[first].text).lower()
        if function in _TEXT_FUNCTIONS:
            return TEXT
        return NUMBER if function in _NUMBER_FUNCTIONS else UNKNOWN

    def _declared(self, closed: int) -> set[str]:
        """Return the keywords after the AS of a CAST that ends at an index."""
        start = closed
        while start > 0 and self.keyword(start) not in ("AS", "CAST"):
            start -= 1
        return {self.keyword(place) for place in range(start, closed)}
