"""Currencies are not added up: a sum of amounts knows the currency column beside them.

    money_sum(i.amount)    money_sum(i.amount, "i"."currency"), which refuses two currencies
    sum(i.amount)          billql_one_currency(sum(i.amount), …, 'currency'), which notes them; the
                           second argument is group_concat(DISTINCT "i"."currency"), and before an
                           OVER billql_currencies("i"."currency")
    avg(), total()         as sum()

This is done where a column is one of a table in the FROM clause, be it a resource, a table of one's
own, a view, a CTE or a subquery, unless its definition declares a currency that is always the same.
Of an expression, such as a CASE, the rows count in which it is neither NULL nor 0. The text is
edited at tokens, as in `sql.rewriter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from billql.sql.amounts import Amount, Relation
from billql.sql.parentheses import closing
from billql.sql.projections import name_of, selects
from billql.sql.rewriter import ENDS_FROM, NO_ALIAS
from billql.sql.source_map import Edit
from billql.sql.statements import ParsedStatement, numbered, parameter_numbers, parse
from billql.sql.tokenizer import NAMES, Token, last_name, quote, quote_text, unquote
from billql.sqlite._functions import CURRENCIES, NOTED_SUMS, ONE_CURRENCY
from billql.sqlite._sum_calls import (
    MADE_OF_AMOUNTS,
    Column,
    SumCall,
    added_columns,
    sum_calls,
)
from billql.sqlite.result_amounts import query_of_view, relation_of_origins

if TYPE_CHECKING:
    from billql.sqlite.result_amounts import KnownTables, Origin

_BEFORE_COLUMN = frozenset(("SELECT", "DISTINCT", "ALL"))
_DEEPEST = 8
"""How many queries inside each other are followed."""

Describe = Callable[[str], "Sequence[Origin]"]
"""Returns where the columns of a SELECT come from; empty if it has a mistake."""


class _Source(NamedTuple):
    """A table of a FROM clause: its text, its alias, and its name and database if it has them."""

    text: str
    alias: str
    name: str | None
    database: str


class _Made(NamedTuple):
    """What a column of a result is made of."""

    columns: Sequence[Column]
    is_plain: bool
    """Whether it is one column as it stands."""


def currency_edits(
    statement: ParsedStatement, tables: KnownTables, describe: Describe
) -> list[Edit]:
    """Return the edits that add currencies to the sums of a statement, as SQLite runs it."""
    return _Check(statement, tables, describe).edits()


class _Check:
    def __init__(
        self, statement: ParsedStatement, tables: KnownTables, describe: Describe, depth: int = 0
    ) -> None:
        self._depth = depth
        self._relations: dict[str, Relation] = {}
        self._statement = statement
        self._sql = statement.text
        self._tokens = statement.tokens
        self._tables = tables
        self._describe = describe
        self._with, self._ctes = self._clause_of_ctes()
        first = {token.keyword for token in statement.tokens[:3]}
        # What views and triggers store is read by people, and by other programs.
        self._is_stored = "CREATE" in first and bool(first & {"VIEW", "TRIGGER"})

    def edits(self) -> list[Edit]:
        edits: list[Edit] = []
        for call in sum_calls(self._tokens):
            select, is_listed = self._select(call.first)
            if select is None:
                continue
            start, end = self._from(select)
            currency = self._currency(call, start, end)
            if currency is None or (call.name in NOTED_SUMS and self._is_stored):
                continue
            if call.name in NOTED_SUMS and self._groups_by(currency, end):
                continue
            alias = self._alias(call, start) if is_listed else ""
            edits += self._edits(call, currency, alias)
        return edits

    def _keyword(self, at: int) -> str:
        return self._tokens[at].keyword if at < len(self._tokens) else ""

    def _select(self, at: int) -> tuple[int | None, bool]:
        """Return the index of the SELECT around a token, and whether no parenthesis is between."""
        depth, is_listed = 0, True
        for index in range(at - 1, -1, -1):
            text = self._tokens[index].text
            if text == "(" and depth == 0:
                is_listed = False
            else:
                depth += {")": 1, "(": -1}.get(text, 0)
            if depth == 0 and self._tokens[index].keyword == "SELECT":
                return index, is_listed
        return None, False

    def _from(self, select: int) -> tuple[int, int]:
        """Return the indices of the FROM of a SELECT and of the end of its clause."""
        start = next((at for at in self._level(select) if self._is_from(at)), len(self._tokens))
        for at in self._level(start):
            if at > start and self._keyword(at) in ENDS_FROM:
                return start, at
        return start, self._end(start)

    def _is_from(self, at: int) -> bool:
        return self._keyword(at) == "FROM" and self._keyword(at - 1) != "DISTINCT"

    def _level(self, start: int) -> Iterator[int]:
        """Yield the indices from a token on that are in no deeper parentheses, up to their end."""
        depth = 0
        for at in range(start, len(self._tokens)):
            text = self._tokens[at].text
            depth -= text == ")"
            if depth < 0 or text == ";":
                return
            if depth == 0:
                yield at
            depth += text == "("

    def _end(self, start: int) -> int:
        """Return the index after the last token of the parentheses around a token."""
        return max(self._level(start), default=start - 1) + 1

    def _groups_by(self, currency: str, end: int) -> bool:
        """Return whether a GROUP BY behind a FROM clause names a column."""
        column = last_name(currency).lower()
        grouped = False
        for at in self._level(end):
            keyword = self._keyword(at)
            grouped = (grouped or keyword == "GROUP") and keyword not in ("HAVING", "ORDER")
            if grouped and unquote(self._tokens[at].text).lower() == column:
                return True
        return False

    def _currency(self, call: SumCall, start: int, end: int) -> str | None:
        """Return the name of the column with the currency of a call's amount, as SQL has it."""
        sources = list(self._sources(start, end))
        found = (self._currency_of(column, sources) for column in call.columns)
        return next((currency for currency in found if currency is not None), None)

    def _currency_of(self, column: Column, sources: Sequence[_Source]) -> str | None:
        for source in sources:
            if column.table not in ("", source.alias.lower()):
                continue
            relation = self._relation(source)
            amount = next((one for one in relation if one.name.lower() == column.name), None)
            if amount is not None and (source.alias or len(sources) == 1):
                return self._beside(amount.amount, source, relation)
        return None

    @staticmethod
    def _beside(amount: Amount | None, source: _Source, relation: Relation) -> str | None:
        if amount is None or amount.place is None or amount.currency is not None:
            return None
        return _full_name(source, relation[amount.place].name)

    def _sources(self, start: int, end: int) -> Iterator[_Source]:
        tokens, expected = self._tokens, True
        level = [at for at in self._level(start + 1) if at < end]
        for at in level:
            token = tokens[at]
            if expected and (token.kind in NAMES or token.text == "("):
                yield self._source(at, end)
            expected = token.text == "," or token.keyword == "JOIN"

    def _source(self, at: int, end: int) -> _Source:
        tokens, last, name, database = self._tokens, at, None, ""
        if tokens[at].text == "(":
            last = self._end(at + 1)
        else:
            while last + 2 < end and tokens[last + 1].text == ".":
                database = unquote(tokens[last].text)
                last += 2
            name = unquote(tokens[last].text)
        text = self._sql[tokens[at].start : tokens[last].end]
        after = last + 1
        if self._keyword(after) == "AS":
            after += 1
        has_alias = after < end and tokens[after].kind in NAMES
        if has_alias and self._keyword(after) not in NO_ALIAS:
            return _Source(text, unquote(tokens[after].text), name, database)
        return _Source(text, name or "", name, database)

    def _relation(self, source: _Source) -> Relation:
        if source.text not in self._relations:
            self._relations[source.text] = self._found(source)
        return self._relations[source.text]

    def _found(self, source: _Source) -> Relation:
        if source.name is not None and source.name.lower() not in self._ctes:
            found = self._tables.find(source.name, source.database)
            if found is not None and not isinstance(found, str):
                return found
        relation = relation_of_origins(
            self._describe(f"{self._with}SELECT * FROM {source.text}"), self._tables
        )
        query = self._query(source) if self._depth < _DEEPEST else None
        if query is None:
            return relation
        inner = _Check(parse(query), self._tables, self._describe, self._depth + 1)
        return inner.with_expressions(relation)

    def _query(self, source: _Source) -> str | None:
        """Return the query that a source stands for; None if it is a table."""
        if source.text.startswith("("):
            return f"{self._with}{source.text[1:-1]}"
        name = (source.name or "").lower()
        if name not in self._ctes:
            view = self._tables.find(name, source.database)
            return query_of_view(view) if isinstance(view, str) else None
        for at, token in enumerate(self._tokens):
            if name_of(token) == name:
                opening = next(
                    (n for n in range(at + 1, len(self._tokens)) if self._keyword(n) == "AS"), at
                )
                while self._keyword(opening) in ("AS", "NOT", "MATERIALIZED"):
                    opening += 1
                last = closing(self._tokens, opening)
                if last is not None and last > opening:
                    return f"{self._with}{self._text(opening + 1, last)}"
                return None
        return None

    def with_expressions(self, relation: Relation) -> Relation:
        """Return the columns of the statement's result, with the expressions that are amounts."""
        select = next((at for at in self._level(0) if self._keyword(at) == "SELECT"), None)
        whole = [columns for depth, columns in selects(self._statement) if depth == 0]
        if select is None or not whole:
            return relation
        sources = list(self._sources(*self._from(select)))
        made = [one for projection in whole[0] for one in self._made_of(projection.tokens, sources)]
        if len(made) != len(relation):
            return relation
        plain: dict[str, int] = {}
        for place, one in enumerate(made):
            if one.is_plain:
                plain.setdefault(self._plain_name(one.columns[0], sources), place)
        found = list(relation)
        for place, one in enumerate(made):
            for column in one.columns:
                currency = self._currency_of(column, sources)
                if found[place].amount is None and currency is not None:
                    beside = plain.get(currency.lower())
                    found[place] = found[place]._replace(amount=Amount(None, beside))
        return found

    def _made_of(self, tokens: Sequence[Token], sources: Sequence[_Source]) -> Iterator[_Made]:
        """Yield what the columns of an expression, or those of `*` and `t.*`, are made of."""
        if tokens[-1].text != "*" or len(tokens) not in (1, 3):
            columns = added_columns(tokens, MADE_OF_AMOUNTS)
            is_plain = len(tokens) in (1, 3) and len(added_columns(tokens)) == 1
            yield _Made(columns, is_plain)
            return
        table = unquote(tokens[0].text).lower() if len(tokens) == 3 else ""
        for source in sources:
            if table in ("", source.alias.lower()):
                for one in self._relation(source):
                    if not one.is_hidden:
                        column = Column(source.alias.lower(), one.name.lower())
                        yield _Made([column], is_plain=True)

    def _plain_name(self, column: Column, sources: Sequence[_Source]) -> str:
        for source in sources:
            is_named = column.table in ("", source.alias.lower())
            if is_named and any(one.name.lower() == column.name for one in self._relation(source)):
                return _full_name(source, column.name).lower()
        return ""

    def _clause_of_ctes(self) -> tuple[str, frozenset[str]]:
        """Return the WITH clause of the statement as text, and the names in it."""
        level = list(self._level(0))
        start = next((at for at in level if self._keyword(at) == "WITH"), None)
        if start is None:
            return "", frozenset()
        verbs = ("SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE")
        main = next((at for at in level if at > start and self._keyword(at) in verbs), start)
        names = {unquote(self._tokens[at].text).lower() for at in level if start < at < main}
        return self._sql[self._tokens[start].start : self._tokens[main].start], frozenset(names)

    def _alias(self, call: SumCall, start: int) -> str:
        """Return the alias that keeps the name of a call that is a column of the result."""
        before, after = self._tokens[call.first - 1], call.end
        is_column = before.text == "," or before.keyword in _BEFORE_COLUMN
        ends = after >= len(self._tokens) or after == start
        ends = ends or self._tokens[after].text in (",", ")", ";")
        if not (is_column and ends and call.first < start):
            return ""
        return f" AS {quote(self._text(call.first, call.end))}"

    def _numbered(self, first: int, end: int) -> str:
        return numbered(self._statement, self._numbers, first, end)

    @cached_property
    def _numbers(self) -> dict[int, int]:
        return parameter_numbers(self._statement)

    def _text(self, first: int, end: int) -> str:
        return self._sql[self._tokens[first].start : self._tokens[end - 1].end]

    def _edits(self, call: SumCall, currency: str, alias: str) -> Iterator[Edit]:
        first, last = self._tokens[call.first].start, self._tokens[call.last]
        end = self._tokens[call.end - 1].end
        if call.name == "MONEY_SUM":
            yield last.start, last.start, f", {currency}"
            if alias:
                yield end, end, alias
            return
        column = quote_text(last_name(currency))
        if not call.is_plain:
            value = self._numbered(call.argument, call.last)
            currency = f"CASE WHEN {value} THEN {currency} END"
        # SQLite has no DISTINCT before an OVER.
        listed = f"{CURRENCIES}({currency})" if call.is_windowed else _distinct(currency)
        if call.end > call.last + 1:
            listed += f" {self._numbered(call.last + 1, call.end)}"
        yield first, first, f"{ONE_CURRENCY}("
        yield end, end, f", {listed}, {column}){alias}"


def _full_name(source: _Source, name: str) -> str:
    """Return a column as SQL has it; a subquery may be without a name."""
    return f"{quote(source.alias)}.{quote(name)}" if source.alias else quote(name)


def _distinct(currency: str) -> str:
    return f"group_concat(DISTINCT {currency})"
