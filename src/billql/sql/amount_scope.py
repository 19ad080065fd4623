"""What one SELECT can name, and which of its columns and constants are the same currency."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlglot import exp

from billql.sql.amounts import Amount, Relation

_SAME_TEXT = (exp.Paren, exp.Alias, exp.Upper, exp.Lower, exp.Min, exp.Max, exp.Collate)
"""Expressions that have the currency of what they are about."""


class Source(NamedTuple):
    """A table in a FROM clause."""

    alias: str
    relation: Relation
    merged: frozenset[str] = frozenset()
    """The columns that USING or NATURAL has made one with those of the tables before it."""


Column = tuple[int, str]
"""A column of a source: the source's `id()`, and the column's name."""


class Value(NamedTuple):
    """An expression that is an amount."""

    currency: str | None
    column: Column | None
    """The column that has its currency."""
    is_minor: bool
    is_rounded: bool = False


class Scope:
    """What the expressions of one SELECT can name, and which of it is equal."""

    def __init__(self, outer: Scope | None) -> None:
        self.outer = outer
        self.sources: list[Source] = []
        self._equal: dict[Column | str, Column | str] = {}

    def find(self, name: str, table: str) -> tuple[Source, int] | None:
        """Return the source of a column, and the column's place in it."""
        for source in self.sources:
            if table in ("", source.alias):
                for place, column in enumerate(source.relation):
                    if column.name.lower() == name:
                        return source, place
        return None if self.outer is None else self.outer.find(name, table)

    def unite(self, one: Column | str | None, other: Column | str | None) -> None:
        """Note that two columns, or a column and a constant, are equal."""
        if one is None or other is None:
            return
        first, second = self.root(one), self.root(other)
        if first != second:  # else a root would lead to itself
            self._equal[first] = second

    def root(self, column: Column | str) -> Column | str:
        """Return what stands for all that is equal to a column: a constant, if there is one."""
        while column in self._equal:
            column = self._equal[column]
        return column


def equalities(condition: exp.Expr | None, scope: Scope) -> None:
    """Note what the ANDs of a condition make equal."""
    if condition is None:
        return
    inner = condition.this if isinstance(condition, exp.Where) else condition
    for part in inner.flatten() if isinstance(inner, exp.And) else (inner,):
        found = part.unnest()
        if isinstance(found, exp.EQ):
            left, right = (currency_of(side, scope) for side in (found.left, found.right))
            if isinstance(left, str):  # a constant stands for what is equal to it
                left, right = right, left
            if not isinstance(left, str):
                scope.unite(left, right)


def column_value(item: exp.Column, scope: Scope) -> Value | None:
    """Return what makes a column an amount; None if it is none."""
    found = scope.find(item.name.lower(), item.table.lower())
    if found is None:
        return None
    source, place = found
    return source_value(source, source.relation[place].amount)


def source_value(source: Source, amount: Amount | None) -> Value | None:
    """Return an amount of a source as a value of the SELECT that names it."""
    if amount is None:
        return None
    beside = None if amount.place is None else source.relation[amount.place].name.lower()
    column = None if beside is None else (id(source.relation), beside)
    return Value(amount.currency, column, amount.is_minor, amount.is_rounded)


def currency_of(item: exp.Expr, scope: Scope) -> Column | str | None:
    """Return the column or the constant that an expression is, as far as its currency goes."""
    if isinstance(item, exp.Literal):
        return str(item.this) if item.is_string else None
    if isinstance(item, exp.Column):
        found = scope.find(item.name.lower(), item.table.lower())
        return None if found is None else (id(found[0].relation), item.name.lower())
    return currency_of(item.this, scope) if isinstance(item, _SAME_TEXT) else None


def paired(value: Value, roots: Sequence[Column | str | None], scope: Scope) -> Amount:
    """Return an amount with the place of its currency among the columns of the result."""
    if value.column is None:
        return Amount(value.currency, None, value.is_minor, value.is_rounded)
    root = scope.root(value.column)
    place = roots.index(root) if root in roots else None
    currency = root if isinstance(root, str) else value.currency
    return Amount(currency, place, value.is_minor, value.is_rounded)


def merged(values: Iterable[Value | None], scope: Scope) -> Value | None:
    """Return the amount that values of one expression are together."""
    found = [value for value in values if value is not None]
    if not found or len({value.is_minor for value in found}) > 1:
        return None
    currencies = {
        value.currency if value.column is None else scope.root(value.column) for value in found
    }
    same = len(currencies) == 1
    first = found[0] if same else Value(None, None, found[0].is_minor)
    return first._replace(is_rounded=any(value.is_rounded for value in found))
