"""A statement's expressions of a column of time become columns, so that bounds on them are sent.

    FROM "stripe.billing.invoices" i WHERE strftime('%Y-%m', i.created) = '2026-09'

    FROM "stripe.billing.invoices strftime('%Y-%m', created)" i
    WHERE i."strftime('%Y-%m', created)" = '2026-09'

SQLite offers a virtual table what is compared with its columns, and nothing that is computed of
them. So the statement reads the resource under a second name, by which it has hidden columns more:
one for each expression that keeps the order of times (`sql.monotone_calls`). It makes no
difference to what SQLite computes, because the values are the same, and so is how they compare:
where they would not be, beside a column or a CAST, the expression stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from billql.definitions.types import MOMENTS
from billql.sql.monotone_calls import Monotone, monotone_around
from billql.sql.operands import Operands
from billql.sql.projections import selects
from billql.sql.rewriter import Rewritten
from billql.sql.select_scopes import Scopes, Select, Source, read_scopes
from billql.sql.source_map import Edit
from billql.sql.statements import ParsedStatement
from billql.sql.tokenizer import COMPARISONS, NAMES, quote, unquote

if TYPE_CHECKING:
    from billql.definitions.catalog import Table


class Expression(NamedTuple):
    """An expression of a column of time."""

    text: str
    """The expression with the column's name, such as `date(created)`."""
    column: str
    parameterized: str
    """The expression with a parameter in the column's place, such as `date(?1)`."""
    affinity: str = "BLOB"
    """The affinity that it has as SQLite compares it; BLOB stands for none."""


Register = Callable[[str, tuple[Expression, ...]], str]
"""Registers a resource with expressions, and returns the name by which SQLite finds it."""


class ComputedColumns:
    """Puts columns in the place of expressions.

    `find` returns the resource of a whole name, or None.
    """

    def __init__(self, find: Callable[[str], Table | None], register: Register) -> None:
        self._find = find
        self._register = register

    def rewrite(self, rewritten: Rewritten, *, is_view: bool = False) -> Rewritten:
        """Return a statement that reads columns; itself if none would be of use.

        Conditions reach the columns of a view's own SELECT, and of the SELECTs within a statement.
        """
        statement = rewritten.parsed
        if {token.keyword for token in statement.tokens[:3]} & {"VIEW", "TRIGGER"}:
            return rewritten
        finder = _Finder(statement, self._find, 0 if is_view else 1)
        return rewritten.edited_within(finder.edits(self._register))


class _Finder:
    """Finds the expressions of one statement."""

    def __init__(
        self, statement: ParsedStatement, find: Callable[[str], Table | None], least_depth: int
    ) -> None:
        self._statement = statement
        self._least_depth = least_depth
        self._find = find
        self._tokens = Operands(statement.tokens)
        self._scopes: Scopes = read_scopes(statement)
        self._whole = dict(self._named_columns())

    def edits(self, register: Register) -> list[Edit]:
        """Return what to put in the place of expressions, and of the tables that they are of."""
        edits: list[Edit] = []
        for select in self._scopes.selects:
            for source in select.sources:
                found = dict(self._expressions(select, source))
                if not found:
                    continue
                expressions = tuple(sorted({expression for _, expression in found.values()}))
                reference = source.reference
                name = quote(register(reference.parts[0].lower(), expressions))
                alias = "" if reference.has_alias else f" AS {quote(reference.parts[0])}"
                edits.append((reference.start, reference.end, name + alias))
                for one, expression in found.values():
                    tokens = self._statement.tokens
                    start, end = tokens[one.first].start, tokens[one.last].end
                    column = f" {quote(source.alias)}.{quote(expression.text)} "
                    edits.append((start, end, column))
        return sorted(edits)

    def _expressions(
        self, select: Select, source: Source
    ) -> Iterator[tuple[int, tuple[Monotone, Expression]]]:
        """Yield the expressions of a table's columns of time by their first tokens."""
        table = self._resource(source)
        if table is None or not self._means_one_table(select, source.alias):
            return
        times = {
            name.lower(): name for name, column in table.columns.items() if column.type in MOMENTS
        }
        for at in range(select.first, select.last + 1):
            name = times.get(self._name(at))
            if name is None or (first := self._first(select, source, at)) is None:
                continue
            if self._statement.keyword == "CREATE" and self._scopes.in_columns[at]:
                continue  # columns of a new table are named by the text of their expressions
            is_month = table.columns[name].type == "month"
            found = monotone_around(self._tokens, first, at, is_month=is_month)
            if found is not None and self._is_of_use(found):
                yield found.first, (found, self._expression(found, first, at, name))

    def _resource(self, source: Source) -> Table | None:
        parts = source.reference.parts
        return self._find(parts[0].lower()) if len(parts) == 1 else None

    def _name(self, at: int) -> str:
        """Return the name that a token may be, in lower case."""
        token = self._statement.tokens[at]
        is_name = token.kind in NAMES and self._tokens.text(at + 1) not in ("(", ".")
        return unquote(token.text).lower() if is_name else ""

    def _means_one_table(self, select: Select, alias: str) -> bool:
        """Return whether an alias means one table wherever it stands in a SELECT."""
        names = 0
        for at in range(select.first, select.last + 1):
            token = self._statement.tokens[at]
            if token.kind in NAMES and unquote(token.text).lower() == alias:
                names += "." not in (self._tokens.text(at - 1), self._tokens.text(at + 1))
        return names == 1

    def _first(self, select: Select, source: Source, at: int) -> int | None:
        """Return the index at which a column's name begins; None if it is not a table's own."""
        if self._tokens.text(at - 1) == ".":
            is_its = self._tokens.text(at - 3) != "." and (
                unquote(self._tokens.text(at - 2)).lower() == source.alias
            )
            return at - 2 if is_its else None
        if select.reads_others or self._scopes.places[at][0] is not select:
            return None
        name = self._name(at)
        tables = [self._resource(one) for one in select.sources]
        having = [one is None or name in map(str.lower, one.columns) for one in tables]
        return at if sum(having) == 1 else None

    def _expression(self, found: Monotone, first: int, last: int, column: str) -> Expression:
        """Return an expression, around the name of a column between two indexes."""
        text, tokens = self._statement.text, self._statement.tokens
        before = text[tokens[found.first].start : tokens[first].start]
        after = text[tokens[last].end : tokens[found.last].end]
        affinity = "INTEGER" if found.is_cast else "BLOB"
        return Expression(f"{before}{column}{after}", column, f"{before}?1{after}", affinity)

    # Where a column may stand for an expression.

    def _is_of_use(self, found: Monotone) -> bool:
        match self._scopes.places[found.first]:
            case _, "condition":
                return self._is_compared(found)
            case _, "group":
                before, after = (
                    self._tokens.text(found.first - 1),
                    self._tokens.text(found.last + 1),
                )
                begins = before == "," or self._tokens.keyword(found.first - 1) == "BY"
                is_end = after in ("", ",", ")", ";") or self._tokens.tokens[found.last + 1].keyword
                return bool(begins and is_end and not found.is_number)
            case _, "columns":
                is_whole = self._whole.get(found.first) == found.last
                return is_whole and not found.is_number
        return False

    def _named_columns(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last token of each column with an alias that conditions reach."""
        places = {token.start: at for at, token in enumerate(self._statement.tokens)}
        for depth, columns in selects(self._statement):
            for column in columns:
                if depth >= self._least_depth and column.has_alias:
                    yield places[column.tokens[0].start], places[column.tokens[-1].start]

    def _is_compared(self, found: Monotone) -> bool:
        """Return whether an expression is compared with what is no column, and has no affinity."""
        at = found.last + 1
        if self._tokens.keyword(at) == "COLLATE":
            at += 2
        if self._is_literal_after_is(at):
            return self._begins(found.first)
        if self._tokens.text(at) in COMPARISONS and self._begins(found.first):
            return self._are_constant(self._tokens.after(at + 1))
        if self._tokens.keyword(at) == "BETWEEN" and self._begins(found.first):
            low = self._tokens.after(at + 1)
            high = self._tokens.after(low.stop + 1)
            is_pair = self._tokens.keyword(low.stop) == "AND"
            return is_pair and self._are_constant(low) and self._are_constant(high)
        if self._tokens.keyword(at) == "IN" and self._tokens.text(at + 1) == "(":
            members = list(self._tokens.members(at + 1))
            return self._begins(found.first) and all(map(self._are_constant, members))
        if self._tokens.text(found.first - 1) in COMPARISONS and self._ends(at):
            before = self._tokens.before(found.first - 1)
            return self._begins(before.start) and self._are_constant(before)
        return False

    def _is_literal_after_is(self, at: int) -> bool:
        """Return whether IS and a text follow, which NULL does not satisfy."""
        tokens = self._statement.tokens[at : at + 2]
        return len(tokens) == 2 and tokens[0].keyword == "IS" and tokens[1].kind == "string"

    def _ends(self, at: int) -> bool:
        """Return whether an operand may end before an index: no operator goes on with it."""
        return (
            self._tokens.text(at) in ("", ")", ";") or self._tokens.keyword(at) in _AFTER_OPERANDS
        )

    def _begins(self, at: int) -> bool:
        """Return whether an operand may begin at an index: no operator reaches into it."""
        before = self._tokens.text(at - 1)
        return before in ("(", ",") or self._tokens.keyword(at - 1) in _BEFORE_OPERANDS

    def _are_constant(self, places: range) -> bool:
        """Return whether tokens name no column and make no value with an affinity."""
        for at in places:
            token = self._tokens.tokens[at]
            if token.kind in NAMES:
                is_call = self._tokens.text(at + 1) == "(" and token.keyword != "CAST"
                if not is_call and token.keyword not in _CONSTANTS:
                    return False
        return len(places) > 0


_BEFORE_OPERANDS = frozenset(("WHERE", "AND", "OR", "NOT", "ON", "HAVING"))
_AFTER_OPERANDS = frozenset(("AND", "OR", "GROUP", "ORDER", "LIMIT", "HAVING", "UNION", "WINDOW"))
_CONSTANTS = frozenset(("NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIMESTAMP"))
