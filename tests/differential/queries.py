"""Random SELECTs over mock resources and a local table, written for both sides at once.

`@things` stands for the table `things`, which is a resource for billql and a plain table for the
oracle.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from .drawing import LOCAL, POOLS
from .predicates import Bindings, Col, Predicates, Scope
from .shapes import Shape


@dataclass(frozen=True)
class Query:
    """A SELECT, and how its answers are to be compared."""

    text: str
    bindings: Bindings = ()
    unlimited: tuple[str, Bindings] | None = None
    """The same without its LIMIT, if it has one."""
    keys: tuple[int, ...] = ()
    """The places of the output columns by which rows are sorted."""
    total: bool = False
    """Whether that leaves no choice."""
    refusable: bool = False
    """Whether an error that asks for a key is as good as the answer."""


@dataclass
class _Select:
    text: str
    outputs: list[Col]


@dataclass
class _Item:
    """Something to read from: its text, its columns, and the conditions that it needs."""

    text: str
    columns: Scope
    needs: list[str] = field(default_factory=list)


class _Writer(Predicates):
    """Writes one statement."""

    def __init__(self, draw: DrawFn, shapes: Sequence[Shape]) -> None:
        super().__init__(draw)
        self._shapes = shapes
        self._with: list[tuple[str, list[Col]]] = []
        self._with_text: list[str] = []
        self._forgets = False

    # FROM.

    def _item(self, depth: int, around: Scope) -> _Item:
        choices = ["shape"] * 6 + ["local"] * 2 + ["cte"] * (2 * bool(self._with))
        kind = self.one(*choices, *(["select"] if depth > 0 else []))
        alias = self.alias()
        if kind == "shape":
            shape = self.one(*self._shapes)
            return self._shape_item(shape, alias, around)
        if kind == "cte":
            name, outputs = self.one(*self._with)
            return _Item(f"{name} AS {alias}", _renamed(outputs, alias))
        if kind == "select":
            inner = self._nested(depth - 1, ())
            return _Item(f"({inner.text}) AS {alias}", _renamed(inner.outputs, alias))
        columns = tuple(Col(f"{alias}.{name}", kind) for name, _, kind in LOCAL.declared)
        return _Item(f"{LOCAL.name} AS {alias}", columns)

    def _shape_item(self, shape: Shape, alias: str, around: Scope) -> _Item:
        filtered = {one.column for one in shape.filters} | ({"id"} if shape.by_id else set())
        columns = tuple(
            Col(
                f"{alias}.{column.name}",
                column.domain if column.domain in POOLS else column.type,
                particular=column in list(shape.needs())
                or (column.name == "id" and bool(shape.by_id)),
                filtered=column.name in filtered,
            )
            for column in shape.columns
        )
        needed = {column.name for column in shape.needs()}
        needs = [
            self._window(shape, col)
            if shape.days and _name(col) == shape.window
            else self._key(col, around)
            for col in columns
            if _name(col) in needed
        ]
        if needs and self.chance(5):
            self.refusable = True
            needs.pop()
        return _Item(f"@{shape.name} AS {alias}", columns, needs)

    def _key(self, col: Col, around: Scope) -> str:
        """Say which keys to read."""
        outer = [one for one in around if one.type == col.type]
        kind = self.one("value", "list", "local", *(["outer"] * 4 if outer else []))
        if kind == "outer":
            return self.swapped(col.text, "=", self.one(*outer).text)
        if kind == "value":
            return self.swapped(col.text, "=", self.literal(self.fitting(col.type)))
        if kind == "list":
            values = [self.fitting(col.type) for _ in range(self.number(1, 4))]
            return f"{col.text} IN ({', '.join(map(self.literal, values))})"
        self._forgets = True
        own = "key" if col.type == "key" else "n"
        return f"{col.text} IN (SELECT {own} FROM {LOCAL.name})"

    def _window(self, shape: Shape, col: Col) -> str:
        """Say which window to read."""
        self._forgets = True
        first, last = sorted(str(self.fitting(col.type) or "2025-02-01") for _ in range(2))
        low, high = self.literal(first), self.literal(last)
        open_end = any(one.default == "today" for one in shape.filters)
        forms = [
            f"{col.text} BETWEEN {low} AND {high}",
            f"{col.text} >= {low} AND {col.text} <= {high}",
            f"{col.text} > {low} AND {col.text} < {high}",
            f"{col.text} = {low}",
            f"{col.text} IN ({low}, {high})",
            *([f"{col.text} >= {low}", f"{col.text} > {low}"] if open_end else []),
        ]
        return self.one(*forms)

    def _from(self, depth: int, around: Scope, most: int) -> tuple[str, Scope, list[str]]:
        item = self._item(depth, around)
        text, scope, where = item.text, item.columns, list(item.needs)
        needy = bool(item.needs)
        for place in range(self.number(0, most - 1)):
            item = self._item(depth, (*scope, *around))
            needy = needy or bool(item.needs)
            join = self.one(
                *["JOIN"] * 4, *["LEFT JOIN"] * 3, ",", "CROSS JOIN", "RIGHT JOIN", "FULL JOIN"
            )
            shared = sorted({_name(one) for one in scope} & {_name(one) for one in item.columns})
            if needy and join in ("RIGHT JOIN", "FULL JOIN"):
                self.refusable = True  # the rows without a partner are read without a key
            if shared and place == 0 and join != "," and self.chance(15):
                text += f" {join} {item.text} USING ({self.one(*shared)})"
                where += item.needs
                # SQLite does not tell a virtual table on the right what WHERE says of it.
                self.refusable = self.refusable or (join == "LEFT JOIN" and bool(item.needs))
            else:
                conditions = list(item.needs)
                if self.chance(85):
                    conditions.append(self.joining(scope, item.columns))
                if self.chance(15):
                    conditions.append(self.predicate((*scope, *item.columns), 1))
                text += f" {join} {item.text}" if join != "," else f", {item.text}"
                if join == ",":
                    where += conditions
                elif conditions:
                    text += f" ON {' AND '.join(conditions)}"
            scope = (*scope, *item.columns)
        return text, scope, where

    # SELECT.

    def _core(self, depth: int, around: Scope, most: int, width: int | None = None) -> _Select:
        """A SELECT without ORDER BY."""
        source, scope, where = self._from(depth, around, most)
        for _ in range(self.one(0, 1, 1, 1, 2)):
            where.append(self.predicate((*scope, *around), 2))
        condition = _where(where)
        count = width or self.number(1, 4)
        form = self.one(*["plain"] * 6, "distinct", "group", "window", "whole")
        if form == "group":
            return self._grouped(source, scope, condition, count)
        if form == "whole":
            outputs = [self._aggregate(scope) for _ in range(count)]
        else:
            outputs = [self._output(scope, around, depth) for _ in range(count)]
            if form == "window":
                outputs[-1] = self._windowed(scope)
        distinct = "DISTINCT " if form == "distinct" else ""
        listed = ", ".join(f"{one.text} AS o{place}" for place, one in enumerate(outputs))
        return _Select(f"SELECT {distinct}{listed} FROM {source}{condition}", outputs)

    def _grouped(self, source: str, scope: Scope, condition: str, count: int) -> _Select:
        groups = [_plain(self.one(*scope)) for _ in range(self.number(1, 2))]
        outputs = [
            self.one(*groups) if self.chance(50) else self._aggregate(scope) for _ in range(count)
        ]
        listed = ", ".join(f"{one.text} AS o{place}" for place, one in enumerate(outputs))
        having = f" HAVING count(*) {self.one('>', '<', '=')} 1" if self.chance(30) else ""
        by = ", ".join(dict.fromkeys(one.text for one in groups))
        return _Select(f"SELECT {listed} FROM {source}{condition} GROUP BY {by}{having}", outputs)

    def _aggregate(self, scope: Scope) -> Col:
        col = _plain(self.one(*scope))
        money = [one for one in scope if one.type == "decimal"]
        forms = [
            "count(*)",
            f"count({col.text})",
            f"count(DISTINCT {col.text})",
            f"min({col.text})",
            f"max({col.text})",
        ]
        if money:
            amount = self.one(*money).text
            forms += [f"sum({amount})", f"total({amount})", f"avg({amount})"]
        return Col(self.one(*forms), "")

    def _windowed(self, scope: Scope) -> Col:
        apart, sort = _plain(self.one(*scope)).text, _plain(self.one(*scope)).text
        call = self.one("rank()", "dense_rank()", "count(*)", f"max({apart})")
        return Col(f"{call} OVER (PARTITION BY {apart} ORDER BY {sort})", "")

    def _output(self, scope: Scope, around: Scope, depth: int) -> Col:
        col = _plain(self.one(*scope))
        if depth == 0 or self.chance(75):
            return col
        inner = (*scope, *around)
        forms = [
            f"coalesce({col.text}, 'none')",
            f"typeof({col.text})",
            f"{col.text} || ''",
            f"{col.text} IS NULL",
            f"({self.predicate(inner, 1)})",
        ]
        if self.chance(50):
            nested = self.nested_one(inner)
            forms = [f"({nested})", f"EXISTS ({nested})"]
        return Col(self.one(*forms), "")

    def nested_one(self, around: Scope) -> str:
        """A subquery of one row and column at most."""
        source, scope, where = self._from(0, around, 1)
        if self.chance(70):
            where.append(self.joining(around, scope))
        if self.chance(30):
            where.append(self.predicate(scope, 0))
        condition = _where(where)
        col = _plain(self.one(*scope))
        return self.one(
            f"SELECT max({col.text}) FROM {source}{condition}",
            f"SELECT count(*) FROM {source}{condition}",
            f"SELECT {col.text} FROM {source}{condition} ORDER BY 1 LIMIT 1",
            f"SELECT {col.text} FROM {source}{condition} ORDER BY 1 DESC LIMIT 1 OFFSET 1",
        )

    def nested_list(self, around: Scope) -> tuple[str, Scope]:
        """A subquery of one column, as IN takes it; its scope tells the column."""
        source, scope, where = self._from(0, around, 1)
        if self.chance(50):
            where.append(self.predicate((*scope, *around) if self.chance(20) else scope, 0))
        condition = _where(where)
        col = self.one(*scope)
        return f"SELECT {col.text} FROM {source}{condition}", (col,)

    def _nested(self, depth: int, around: Scope) -> _Select:
        """A SELECT in FROM or WITH; its LIMIT, if any, leaves no choice."""
        select = self._core(depth, around, 2)
        if self.chance(25):
            terms = ", ".join(str(place + 1) for place in range(len(select.outputs)))
            select.text += f" ORDER BY {terms}{self._limit()}"
        return select

    def _limit(self) -> str:
        limit = self.bound(self.one(1, 2, 3, 5, 10, 0, -1, 7))
        offset = self.bound(self.one(0, 1, 2, 3, 5, 9, -1))
        return self.one(
            f" LIMIT {limit}",
            f" LIMIT {limit} OFFSET {offset}",
            f" LIMIT {limit} OFFSET {offset}",
            f" LIMIT {offset}, {limit}",
        )

    def statement(self) -> Query:
        if self.chance(15):
            inner = self._nested(1, ())
            names = ", ".join(f"o{place}" for place in range(len(inner.outputs)))
            how = self.one("", "MATERIALIZED ", "NOT MATERIALIZED ")
            self._with_text.append(f"c1({names}) AS {how}({inner.text})")
            self._with.append(("c1", inner.outputs))
        if self.chance(20):
            return self._pages()
        select = self._core(1, (), self.one(1, 2, 2, 2, 3))
        compound = self.chance(12)
        if compound:
            word = self.one("UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT")
            other = self._core(1, (), 2, len(select.outputs))
            select.text += f" {word} {other.text}"
        text = f"WITH {', '.join(self._with_text)} " if self._with_text else ""
        text += select.text
        order, keys, total = self._order(select, compound)
        text += order
        limit = self._limit() if self.chance(45) else ""
        query, bindings = self._bound(text + limit)
        unlimited = self._bound(text) if limit else None
        # Where SQLite reads a table once for each term of an OR, it forgets a key that is in a
        # subquery or a BETWEEN. Estimates keep it from that, save in some joins. And it drops
        # whatever stands beside an empty list.
        forgets = self._forgets and " OR " in text and text.count(" AS t") > 1
        forgets = forgets or " IN ()" in text
        return Query(query, bindings, unlimited, keys, total, self.refusable or forgets)

    def _pages(self) -> Query:
        """One resource, a few filters, the API's own order, LIMIT and OFFSET."""
        shape = self.one(*self._shapes)
        item = self._shape_item(shape, self.alias(), ())
        where = list(item.needs)
        by_name = {_name(col): col for col in item.columns}
        for _ in range(self.number(0, 2) if shape.filters else 0):
            one = self.one(*shape.filters)
            col = by_name[one.column]
            operator = self.one(one.operator[0], one.operator)
            where.append(f"{col.text} {operator} {self.bound(self.value(col))}")
        terms = [
            (term.removeprefix("-"), " DESC" if term.startswith("-") else "")
            for term in shape.order[: self.number(0, len(shape.order))]
        ]
        names = list(dict.fromkeys(name for name, _ in terms))
        outputs = [*(by_name[name].text for name in names), self.one(*item.columns).text]
        text = f"SELECT {', '.join(outputs)} FROM {item.text}{_where(where)}"
        if terms:
            text += f" ORDER BY {', '.join(by_name[name].text + way for name, way in terms)}"
        query, bindings = self._bound(text + self._limit())
        keys = tuple(range(len(names)))
        # One list without an ORDER BY comes in the order of the API, as the plain table does.
        one_list = shape.days is None and all(
            not isinstance(one.default, tuple) for one in shape.filters
        )
        total = not terms and one_list and " IN (" not in text
        return Query(query, bindings, self._bound(text), keys, total, self.refusable)

    def _order(self, select: _Select, compound: bool) -> tuple[str, tuple[int, ...], bool]:
        if self.chance(45):
            return "", (), False
        places = self.draw(
            st.lists(st.integers(0, len(select.outputs) - 1), min_size=1, max_size=3, unique=True)
        )
        terms: list[str] = []
        keys: list[int] = []
        comparable = True
        for place in places:
            text = select.outputs[place].text
            term = str(place + 1) if compound or not re.fullmatch(r"\w+\.\w+", text) else text
            if not compound and self.chance(10):
                term += " COLLATE NOCASE"
                comparable = False
            if comparable:
                keys.append(place)
            terms.append(term + self.one("", "", " DESC", " DESC", " ASC", " NULLS LAST"))
        total = self.chance(40)
        if total:
            terms += [str(place + 1) for place in range(len(select.outputs))]
        return f" ORDER BY {', '.join(terms)}", tuple(keys), total


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _name(col: Col) -> str:
    return col.text.partition(".")[2]


def _renamed(outputs: Sequence[Col], alias: str) -> Scope:
    return tuple(Col(f"{alias}.o{place}", one.type) for place, one in enumerate(outputs))


def _plain(col: Col) -> Col:
    """A column as output: without a collation, under which a result may be any of several."""
    caseless = col.text.endswith(".c")
    return Col(f"{col.text} COLLATE BINARY", col.type) if caseless else col


@st.composite
def queries(draw: DrawFn, shapes: Sequence[Shape]) -> Query:
    """Draw a statement over some resources."""
    return _Writer(draw, shapes).statement()
