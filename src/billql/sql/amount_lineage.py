"""Which columns of a query's result are amounts of money, followed through its expressions.

An aggregate, a sum, a difference, a CASE or coalesce of amounts is an amount, and so is a product
or a quotient with what is none. Its currency is the one of the column that it is made of, and
stands in a column of the result if that is the same column, or equal to it by a condition.

This imports sqlglot, which takes 100 ms: import it only where people read. Nothing that it finds
changes a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError

from billql.sql.amount_scope import (
    Column,
    Scope,
    Source,
    Value,
    column_value,
    currency_of,
    equalities,
    merged,
    paired,
    source_value,
)
from billql.sql.amounts import Amount, Relation, RelationColumn
from billql.sql.syntax_tree import tree

Tables = Callable[[str, str], "Relation | str | None"]
"""The columns of the table with a name, in the database with a name, which may be empty; of a view,
the statement that made it; None if unknown."""

_SAME = (
    *(exp.Paren, exp.Neg, exp.Alias, exp.Filter, exp.Window, exp.Sum, exp.Avg, exp.Abs, exp.Round),
    *(exp.Min, exp.Max, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue),
    *(exp.Median, exp.Nullif, exp.Order, exp.IgnoreNulls, exp.RespectNulls),
)
"""Expressions that are an amount if what they are about first is one."""
_ANY = (exp.Add, exp.Sub, exp.Coalesce, exp.Case, exp.Greatest, exp.Least, exp.Distinct)
"""Expressions that are an amount if anything that they are about is one."""
_FUNCTIONS = frozenset(
    (
        "money_sum",
        "billql_one_currency",
        "billql_without_noise",
        "total",
        "percentile",
        "percentile_cont",
    )
)
"""The same of functions that sqlglot does not know: they are about their first argument."""
_WITH_CURRENCY = {"money": 1, "convert": 2}
"""Functions that make amounts, and the place of the argument with the currency, from 0 on."""
_NUMERIC = frozenset(("real", "float", "double", "decimal", "numeric"))
_FARTHEST = 30
"""How many views may stand on each other."""


_Projection = tuple[str, Value | None, Column | str | None]
"""A column of a SELECT: its name, the amount that it is, and the column or constant that it is."""


class _Reader:
    """Reads queries; `tables` finds the tables that they do not define themselves."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._depth = 0

    def relation(
        self, query: exp.Expr, ctes: Mapping[str, Relation], outer: Scope | None
    ) -> Relation:
        """Return the columns of a query's result."""
        ctes = {**ctes, **dict(self._ctes(query, ctes))}
        if isinstance(query, exp.Subquery):
            return self.relation(query.this, ctes, outer)
        if isinstance(query, exp.SetOperation):
            left = self.relation(query.left, ctes, outer)
            return _united(left, self.relation(query.right, ctes, outer))
        if isinstance(query, exp.Select):
            return self._select(query, ctes, outer)
        if isinstance(query, exp.Values):
            first = query.expressions[0]
            count = len(first.expressions) if isinstance(first, exp.Tuple) else 1
            return [RelationColumn(f"column{number}") for number in range(1, count + 1)]
        return []

    def _ctes(
        self, query: exp.Expr, ctes: Mapping[str, Relation]
    ) -> Iterator[tuple[str, Relation]]:
        found = dict(ctes)
        with_ = query.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            name, this = cte.alias.lower(), cte.this
            if isinstance(this, exp.SetOperation):  # in a recursive one, the first part names it
                found[name] = _renamed(self.relation(this.left, found, None), cte)
            found[name] = _renamed(self.relation(this, found, None), cte)
            yield name, found[name]

    def _select(
        self, query: exp.Select, ctes: Mapping[str, Relation], outer: Scope | None
    ) -> Relation:
        scope = Scope(outer)
        from_ = query.args.get("from_")
        if from_ is not None:
            self._add(from_.this, scope, ctes)
        for join in query.args.get("joins") or ():
            self._join(join, scope, ctes)
        for condition in (query.args.get("where"), *_conditions(query)):
            equalities(condition, scope)
        values: list[_Projection] = []
        for projection in query.expressions:
            if projection.is_star:
                values += _starred(projection, scope)
            else:
                value = self._value(projection, scope, ctes)
                name = projection.alias_or_name
                values.append((name, value, currency_of(projection, scope)))
        roots = [None if column is None else scope.root(column) for *_, column in values]
        return [
            RelationColumn(name, value and paired(value, roots, scope)) for name, value, _ in values
        ]

    def _join(self, join: exp.Join, scope: Scope, ctes: Mapping[str, Relation]) -> None:
        before = list(scope.sources)
        self._add(join.this, scope, ctes)
        names = {one.name.lower() for one in join.args.get("using") or ()}
        new = scope.sources[len(before) :]
        if str(join.args.get("method") or "").upper() == "NATURAL":
            names = {column.name.lower() for source in before for column in source.relation}
        for number, source in enumerate(new, len(before)):
            own = {column.name.lower() for column in source.relation if not column.is_hidden}
            for name in names & own:
                first = next((one for one in before if _has(one, name)), None)
                if first is not None:
                    scope.unite((id(source.relation), name), (id(first.relation), name))
            scope.sources[number] = source._replace(merged=frozenset(names & own))

    def _add(self, item: exp.Expr, scope: Scope, ctes: Mapping[str, Relation]) -> None:
        """Add what stands in a FROM clause to the sources."""
        if isinstance(item, exp.Table):
            relation = self._table(item, ctes)
        elif isinstance(item, exp.Subquery) and isinstance(item.this, exp.Table):
            self._add(item.this, scope, ctes)
            relation = None
        else:
            relation = self.relation(item, ctes, scope)
        if relation is not None:
            # A list of its own, because the same table may be there twice.
            scope.sources.append(Source(item.alias_or_name.lower(), list(_renamed(relation, item))))
        for join in item.args.get("joins") or ():
            self._join(join, scope, ctes)

    def _table(self, table: exp.Table, ctes: Mapping[str, Relation]) -> Relation:
        name = table.name
        if not table.db and name.lower() in ctes:
            return ctes[name.lower()]
        found = self._tables(name, table.db)
        if not isinstance(found, str):
            return found or ()
        if self._depth >= _FARTHEST:
            return ()
        self._depth += 1
        try:
            view = tree(found)
            columns = self.relation(view.args["expression"], {}, None)
        finally:
            self._depth -= 1
        names = view.this.expressions if isinstance(view.this, exp.Schema) else ()
        return _named(columns, [one.name for one in names])

    def _value(self, item: exp.Expr, scope: Scope, ctes: Mapping[str, Relation]) -> Value | None:
        """Return what makes an expression an amount; None if it is none."""

        def value(one: object) -> Value | None:
            return self._value(one, scope, ctes) if isinstance(one, exp.Expr) else None

        if isinstance(item, exp.Column):
            return column_value(item, scope)
        if isinstance(item, exp.Anonymous):
            return self._function(item, scope, ctes)
        if isinstance(item, exp.Avg) and (averaged := value(item.this)) is not None:
            return averaged._replace(is_rounded=True)
        if isinstance(item, _SAME):
            inner = item.this
            return merged(map(value, inner.expressions), scope) if _is_list(inner) else value(inner)
        if isinstance(item, exp.Cast):
            numeric = item.to.this.value.lower() in _NUMERIC
            return value(item.this) if numeric else None
        if isinstance(item, exp.Case):
            branches = [branch.args.get("true") for branch in item.args["ifs"]]
            return merged(map(value, (*branches, item.args.get("default"))), scope)
        if isinstance(item, exp.If):
            return merged(map(value, (item.args.get("true"), item.args.get("false"))), scope)
        if isinstance(item, _ANY):
            parts = (item.this, item.args.get("expression"), *item.expressions)
            return merged(map(value, parts), scope)
        if isinstance(item, exp.Mul | exp.Div):
            return _scaled(item, value(item.left), value(item.right))
        if isinstance(item, exp.Subquery):
            columns = self.relation(item.this, ctes, scope)
            amount = columns[0].amount if columns else None
            return amount and Value(amount.currency, None, *amount[2:])
        return None

    def _function(
        self, call: exp.Anonymous, scope: Scope, ctes: Mapping[str, Relation]
    ) -> Value | None:
        name, arguments = str(call.this).lower(), call.expressions
        place = _WITH_CURRENCY.get(name, len(arguments))
        if place < len(arguments):
            currency = currency_of(arguments[place], scope)
            made = Value(None, None, is_minor=False, is_rounded=name == "convert")
            if isinstance(currency, str):
                return made._replace(currency=currency)
            return made._replace(column=currency)
        if name in _FUNCTIONS and arguments:
            found = self._value(arguments[0], scope, ctes)
            if found is not None and name == "money_sum" and len(arguments) > 1:
                currency = currency_of(arguments[1], scope)
                if isinstance(currency, tuple):
                    found = found._replace(column=currency, currency=None)
            return found
        return None


def amounts_of(sql: str, tables: Tables) -> list[Amount | None] | None:
    """Return for each column of a query's result what makes it an amount; None if it is none.

    The whole is None where the query cannot be followed: SQLite knows forms that sqlglot does not.
    """
    try:
        query = tree(sql)
        relation = _Reader(tables).relation(query, {}, None)
    except (SqlglotError, RecursionError):
        return None
    return [column.amount for column in relation]


def _is_list(item: object) -> bool:
    return isinstance(item, exp.Distinct)


def _has(source: Source, name: str) -> bool:
    return any(column.name.lower() == name for column in source.relation)


def _conditions(query: exp.Select) -> Iterator[exp.Expr | None]:
    for join in query.args.get("joins") or ():
        yield join.args.get("on")


def _starred(star: exp.Expr, scope: Scope) -> Iterator[_Projection]:
    table = star.table.lower() if isinstance(star, exp.Column) else ""
    for source in scope.sources:
        if table in ("", source.alias):
            for column in source.relation:
                name = column.name.lower()
                if not column.is_hidden and (table or name not in source.merged):
                    value = source_value(source, column.amount)
                    yield column.name, value, (id(source.relation), name)


def _scaled(item: exp.Binary, left: Value | None, right: Value | None) -> Value | None:
    """Return the amount that a product or a quotient is: an amount by what is none."""
    value, factor = (left, item.right) if left is not None else (right, item.left)
    if value is None or (left is not None and right is not None):
        return None
    if isinstance(item, exp.Div):
        if value is right:
            return None
        by_hand = _is_number(factor, ("100", "100.0", "100.00", "1e2"))
    else:
        if isinstance(factor, exp.Literal) and factor.is_int:
            return value
        by_hand = _is_number(factor, ("0.01", ".01", "1e-2"))
    # Hundredths made by hand are major units from there on.
    return value._replace(
        is_minor=value.is_minor and not by_hand, is_rounded=value.is_rounded or not by_hand
    )


def _is_number(item: exp.Expr, texts: Sequence[str]) -> bool:
    return isinstance(item, exp.Literal) and not item.is_string and item.this in texts


def _renamed(relation: Relation, item: exp.Expr) -> Relation:
    """Return a relation with the names of the columns that its alias has."""
    alias = item.args.get("alias")
    columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
    return _named(relation, [one.name for one in columns or ()])


def _named(relation: Relation, names: Sequence[str]) -> Relation:
    if len(names) != len(relation):
        return relation
    return [column._replace(name=name) for column, name in zip(relation, names, strict=True)]


def _united(left: Relation, right: Relation) -> Relation:
    """Return the columns of a UNION; an amount's currency is where both sides have it."""
    if len(left) != len(right):
        return left
    return [
        RelationColumn(one.name, _common(one.amount, other.amount))
        for one, other in zip(left, right, strict=True)
    ]


def _common(one: Amount | None, other: Amount | None) -> Amount | None:
    if one is None or other is None:
        return one or other
    if one.is_minor != other.is_minor:
        return None
    return Amount(
        one.currency if one.currency == other.currency else None,
        one.place if one.place == other.place else None,
        one.is_minor,
        one.is_rounded or other.is_rounded,
    )
