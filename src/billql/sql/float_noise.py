"""The noise that sums and differences of amounts have in floating point, and how it is taken away.

SQLite adds amounts in binary: 1234567.89 - 1234567.84 is 0.0499999998137355, and 0.1 + 0.2 - 0.3 is
5.55e-17. A column that is only made by adding, subtracting and multiplying has decimals with few
digits, so a REAL with 14 or more that is next to a shorter decimal is that decimal. A quotient, an
average and what other functions make have as many digits as there is room for: such a column, and
one that is made of it in a CTE, a subquery or a view, is left as it is.

What is divided may have noise too: (1234567.89 - 1234567.84) / 3. It is taken away from the
difference in parentheses, before it is divided.

Columns are followed by their names alone, which takes no parser. Where two have the same name, what
is made of one counts as made of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from billql.sql.parentheses import closing
from billql.sql.projections import Projection, name_of, selects
from billql.sql.tokenizer import NAMES

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement
    from billql.sql.tokenizer import Token

_ADDS = frozenset(("SUM", "TOTAL", "MONEY_SUM"))
_EXACT = _ADDS | {"MONEY", "COUNT", "MIN", "MAX", "COALESCE", "IFNULL", "NULLIF", "IIF", "ABS"}
_EXACT |= {"ROUND", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "ROW_NUMBER", "RANK"}
_EXACT |= {"DENSE_RANK", "NTILE", "CAST", "REPLACE", "CONCAT", "FORMAT", "PRINTF", "STRING_AGG"}
_EXACT |= {"DATE", "DATETIME", "STRFTIME", "DATE_TRUNC", "YEAR", "QUARTER", "MONTH", "DAY"}
_EXACT |= {"LAST_DAY", "UPPER", "LOWER", "SUBSTR", "TRIM", "LENGTH", "GROUP_CONCAT", "TYPEOF"}
"""Functions that make no digits of their own."""
_BEFORE_PARENTHESIS = frozenset(("AS", "IN", "EXISTS", "VALUES", "OVER", "FILTER", "USING", "ON"))
_BEFORE_PARENTHESIS |= {"FROM", "JOIN", "SELECT", "WHERE", "AND", "OR", "NOT", "WHEN", "THEN"}
_BEFORE_PARENTHESIS |= {"ELSE", "CASE", "BY", "HAVING", "UNION", "ALL", "DISTINCT", "MATERIALIZED"}
_BEFORE_PARENTHESIS |= {"BETWEEN", "LIMIT", "LIKE", "IS", "INTERSECT", "EXCEPT", "OFFSET"}
"""Keywords that a parenthesis may follow, which are no functions."""
_INEXACT = frozenset(("%", "<<", ">>", "->", "->>"))
_LONGEST_LITERAL = 9
"""How many characters a number in a statement may have; a longer one may be meant to the digit."""

_DIGITS = 14
"""How many significant digits noise has at least, of the 15 of a REAL."""
_MOST_PLACES = 8
"""How many digits after the point a decimal without noise has at most."""
_NEAR = 1e-6
"""How near the decimal must be, in units of its last digit."""


def added_columns(
    statement: ParsedStatement, views: Iterable[ParsedStatement], names: Sequence[str]
) -> list[int]:
    """Return the columns of a statement's result that are added up, and whose digits are exact.

    `views` are those that the statement reads, directly or through others; `names` are the columns.
    """
    whole = [projections for depth, projections in selects(statement) if depth == 0]
    columns = _columns_of((statement, *views))
    added = []
    for place, name in enumerate(names):
        if all(len(part) == len(names) and not _has_star(part) for part in whole):
            parts = [part[place] for part in whole]
        else:
            parts = list(columns.named(name.lower()))
        if parts and all(map(columns.is_exact, parts)) and any(map(columns.adds, parts)):
            added.append(place)
    return added


def divided_groups(
    statement: ParsedStatement, views: Iterable[ParsedStatement]
) -> Iterator[tuple[Projection, Token]]:
    """Yield the parentheses around sums and differences that are divided, or divide, inexactly.

    Each comes as the column of a SELECT and its opening parenthesis. `views` are as above.
    """
    columns = None
    for _, projections in selects(statement):
        for projection in projections:
            tokens = projection.tokens
            if not any(token.text == "/" for token in tokens):
                continue
            columns = columns or _columns_of((statement, *views))
            if columns.is_exact(projection):
                continue
            for first, last in _groups(tokens):
                group = Projection(None, tokens[first + 1 : last])
                beside = {tokens[at].text for at in (first - 1, last + 1) if 0 <= at < len(tokens)}
                if beside & {"/", "*"} and columns.is_exact(group) and columns.adds(group):
                    yield projection, tokens[first]


def _groups(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield the ends of each pair of parentheses around an expression, without inner ones."""
    at = 0
    while at < len(tokens):
        last = closing(tokens, at) if tokens[at].text == "(" else None
        before = tokens[at - 1] if at else None
        calls = before is not None and before.kind in NAMES
        calls = calls and before is not None and before.keyword not in _BEFORE_PARENTHESIS
        is_list = before is not None and before.keyword in ("IN", "EXISTS", "OVER", "FILTER")
        if last is not None and not calls and not is_list:
            inner = [token.text for token in tokens[at + 1 : last]]
            if inner and not {"SELECT", "VALUES", ","} & {text.upper() for text in inner}:
                yield at, last
                at = last
        at += 1


def _columns_of(statements: Iterable[ParsedStatement]) -> _Columns:
    made = list[Projection]()
    renamed = set[str]()
    for each in statements:
        made += [one for _, projections in selects(each) for one in projections]
        renamed |= set(_renamed(each.tokens))
    return _Columns(made, renamed)


def _has_star(columns: Sequence[Projection]) -> bool:
    """Return whether one of the columns stands for all columns of a table."""
    return any(each.tokens[-1].text == "*" for each in columns)


class _Columns:
    """The columns of all SELECTs of a statement and its views, by their names.

    `renamed` are the names that a list behind the name of a CTE or a view has: each may be any
    column.
    """

    def __init__(self, columns: Sequence[Projection], renamed: set[str]) -> None:
        self._columns = columns
        self._named: dict[str, Sequence[Projection]] = dict.fromkeys(renamed, columns)
        for column in columns:
            if column.name is not None and column.name not in renamed:
                self._named[column.name] = [*self._named.get(column.name, ()), column]

    def named(self, name: str) -> Sequence[Projection]:
        """Return the columns that may have a name."""
        return self._named.get(name, ())

    def is_exact(self, column: Projection) -> bool:
        """Return whether a column makes no digits but by adding, subtracting and multiplying."""
        return all(_is_exact(one.tokens) for one in self._parts(column))

    def adds(self, column: Projection) -> bool:
        """Return whether a column adds or subtracts."""
        return any(_adds(one.tokens) for one in self._parts(column))

    def _parts(self, column: Projection) -> Iterator[Projection]:
        """Yield a column and all that it may be made of."""
        waiting, seen = [column], {id(column.tokens)}
        while waiting:
            column = waiting.pop()
            yield column
            for name in {name_of(token) for token in column.tokens}:
                for part in self.named(name):
                    if id(part.tokens) not in seen:
                        seen.add(id(part.tokens))
                        waiting.append(part)


def _renamed(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the names of columns that follow the name of a CTE or a view: x (a, b) AS."""
    for at, token in enumerate(tokens):
        if token.text == "(" and at and tokens[at - 1].kind in NAMES:
            end = at + 1
            while end + 1 < len(tokens) and tokens[end].kind in NAMES:
                end += 1
                if tokens[end].text != ",":
                    break
                end += 1
            if [each.text.upper() for each in tokens[end : end + 2]] == [")", "AS"]:
                after = [each.text.upper() for each in tokens[end + 2 : end + 5]]
                if "(" in after or after[:1] in (["SELECT"], ["WITH"]):
                    yield from (name_of(each) for each in tokens[at + 1 : end : 2])


def _adds(tokens: Sequence[Token]) -> bool:
    """Return whether an expression adds or subtracts."""
    following = (*tokens[1:], None)
    return any(
        token.text in ("+", "-")
        or (token.keyword in _ADDS and after is not None and after.text == "(")
        for token, after in zip(tokens, following, strict=True)
    )


def _is_exact(tokens: Sequence[Token]) -> bool:
    """Return whether an expression makes no digits but by adding, subtracting and multiplying."""
    for token, following in zip(tokens, (*tokens[1:], None), strict=True):
        keyword = token.keyword
        if token.text in _INEXACT:
            return False
        if token.text == "/" and not (following is not None and _is_divisor(following.text)):
            return False
        if token.kind == "number" and len(token.text) > _LONGEST_LITERAL:
            return False
        if token.kind == "quoted" and following is not None and following.text == "(":
            return False
        calls = bool(keyword) and following is not None and following.text == "("
        if calls and keyword not in _EXACT and keyword not in _BEFORE_PARENTHESIS:
            return False
    return True


def _is_divisor(text: str) -> bool:
    """Return whether what is divided by a number has few digits more: 100, 2, 1e2 and the like."""
    return text.rstrip("0").rstrip(".").rstrip("0") in ("1", "2", "4", "5") or text == "1e2"


def denoised(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return a function that takes the noise away from some columns of a row."""
    chosen = frozenset(places)
    return lambda row: tuple(
        [without_noise(value) if place in chosen else value for place, value in enumerate(row)]
    )


def without_noise(value: object) -> object:
    """Return a REAL without noise; any other value, and one that has none, as it is."""
    if not isinstance(value, float) or value == 0 or abs(value) >= 1e15:
        return value
    mantissa = f"{value:.14e}".partition("e")[0].replace(".", "").strip("-").rstrip("0")
    if len(mantissa) < _DIGITS:
        return value
    for places in range(_MOST_PLACES + 1):
        rounded = round(value, places)
        if abs(value - rounded) <= _NEAR * 10**-places:
            return rounded + 0.0
    return value
