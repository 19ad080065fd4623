"""Random SELECTs over mock resources and a local table, written for both sides at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .dice import Dice
from .drawing import POOLS
from .local import FILLED, LOCAL
from .predicates import COMPUTED, Col, Predicates, Scope
from .shapes import OWNER, Row, Shape, has_several_owners, is_row
from .statements import Query, Write

Tables = Sequence[tuple[Shape, Sequence[Row]]]


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

    def __init__(self, dice: Dice, tables: Tables) -> None:
        super().__init__(dice)
        self._tables = tables
        self._rows = {shape.name: [row for row in rows if is_row(row)] for shape, rows in tables}
        self._shapes = [shape for shape, _ in tables]
        self._owned = has_several_owners(tables)
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
        columns = self._columns(shape, alias)
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

    def _columns(self, shape: Shape, alias: str) -> Scope:
        """The columns of a resource, and whose rows they are."""
        filtered = {one.column for one in shape.filters} | ({"id"} if shape.by_id else set())
        caseless = {one.column for one in shape.filters if one.match == "caseless"}
        needed = list(shape.needs())
        rows = self._rows[shape.name]
        some = [self.one(*rows), *rows[:8]] if rows else []
        columns = (
            Col(
                f"{alias}.{column.name}",
                column.domain if column.domain in POOLS else column.type,
                particular=column in needed or (column.name == "id" and bool(shape.by_id)),
                filtered=column.name in filtered,
                caseless=column.name in caseless,
                values=tuple(row[column.name] for row in some),
            )
            for column in shape.columns
        )
        if not self._owned:
            return tuple(columns)
        return (*columns, Col(f"{alias}.{OWNER}", OWNER, values=tuple(row["@"] for row in some)))

    def _key(self, col: Col, around: Scope) -> str:
        """Say which keys to read."""
        outer = [one for one in around if one.type == col.type]
        caseless = ["caseless"] if col.caseless or self.chance(5) else []
        kind = self.one("value", "list", "local", "is", *caseless, *["outer"] * (4 * bool(outer)))
        if kind == "outer":
            return self.swapped(col.text, "=", self.one(*outer).text)
        known = col.values[0] if col.values and self.chance(80) else self.fitting(col)
        if kind == "value":
            return self.swapped(col.text, "=", self.literal(known))
        if kind == "is":
            self.refusable = self.refusable or known is None  # which no API can be asked for
            return f"{col.text} IS {self.literal(known)}"
        if kind == "caseless":
            # The API must ignore case as well.
            self.refusable = self.refusable or not col.caseless
            return f"{col.text} COLLATE NOCASE = {self.literal(self.fitting(col))}"
        if kind == "list":
            values = [known, *(self.fitting(col) for _ in range(self.number(0, 3)))]
            return f"{col.text} IN ({', '.join(map(self.literal, values))})"
        self._forgets = True
        own = "key" if col.type == "key" else "n"
        return f"{col.text} IN (SELECT {own} FROM {LOCAL.name})"

    def _window(self, shape: Shape, col: Col) -> str:
        """Say which window to read."""
        self._forgets = True
        known = col.values[0] if col.values else "2025-02-01"
        first, last = sorted((str(known), str(self.fitting(col) or "2025-02-01")))
        if self.chance(40) and col.values:
            first, last = min(map(str, col.values)), max(map(str, col.values))
            return f"{col.text} BETWEEN {self.literal(first)} AND {self.literal(last)}"
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
        needy = first_needy = bool(item.needs)
        joins = self.number(0, most - 1)
        for place in range(joins):
            item = self._item(depth, (*scope, *around))
            needy = needy or bool(item.needs)
            outer_too = ["RIGHT JOIN", "FULL JOIN"] if not needy or self.chance(50) else []
            join = self.one(*["JOIN"] * 4, *["LEFT JOIN"] * 3, ",", "CROSS JOIN", *outer_too)
            shared = sorted({_name(one) for one in scope} & {_name(one) for one in item.columns})
            outer = join in ("LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
            in_where = outer and bool(item.needs) and self.chance(40)
            plainly = in_where and joins == 1 and all(map(_is_plain, item.needs))
            if needy and join in ("RIGHT JOIN", "FULL JOIN") and not (plainly and not first_needy):
                self.refusable = True  # the rows without a partner are read without a key
            if shared and place == 0 and join != "," and self.chance(15):
                text += f" {join} {item.text} USING ({self.one(*shared)})"
                where += item.needs
                self.refusable = self.refusable or (outer and bool(item.needs))
            else:
                self.refusable = self.refusable or (in_where and not plainly)
                conditions = [] if in_where else list(item.needs)
                where += item.needs if in_where else []
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
        for _ in range(self.one(0, 0, 1, 1, 2)):
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
            self.one(*COMPUTED).format(col.text),
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
        limit = self.bound(self.one(1, 2, 3, 5, 5, 7, 7, 10, 10, 20, 0, -1))
        offset = self.bound(self.one(0, 0, 1, 1, 1, 2, 2, 3, 5, 9, -1))
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
        if self.chance(40):
            return self._about_a_row()
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
        # subquery or a BETWEEN. Estimates keep it from that, save in some joins. It also forgets a
        # key in a subquery where the ON of an outer join says something of the table on its left.
        # And it drops whatever stands beside an empty list.
        forgets = self._forgets and re.search(" (OR|LEFT|RIGHT|FULL) ", text) is not None
        forgets = forgets and text.count(" AS t") > 1
        forgets = forgets or " IN ()" in text
        refusable = self.refusable or forgets
        return Query(query, bindings, unlimited, keys, total, refusable, _is_thorough(query))

    def all_rows(self) -> Query | None:
        """All rows of a resource, with some of its columns; None if all resources need a key."""
        shapes = [shape for shape in self._shapes if not any(shape.needs())]
        if not shapes:
            return None
        shape, alias = self.one(*shapes), self.alias()
        scope = self._columns(shape, alias)
        outputs = [self.one(*scope).text for _ in range(self.number(1, 4))]
        listed = ", ".join(f"{text} AS o{place}" for place, text in enumerate(outputs))
        text = f"SELECT {listed} FROM @{shape.name} AS {alias}"
        if self.chance(20):
            text = f"WITH c AS ({text}) SELECT * FROM c"
        return Query(text, thorough=True)

    def _about_a_row(self) -> Query:
        """Conditions that hold for a row which there is, alone or beside others."""
        shape = self.one(*self._shapes)
        alias = self.alias()
        scope = self._columns(shape, alias)
        hold = [self._holds(col) for col in scope]
        needed = {column.name for column in shape.needs()}
        where = [one for col, one in zip(scope, hold, strict=True) if _name(col) in needed]
        favoured = [place for place, col in enumerate(scope) if col.filtered] or [0]
        places = [self.one(*favoured) for _ in range(self.number(0, 2))]
        where += [
            hold[place] for place in dict.fromkeys(places) if _name(scope[place]) not in needed
        ]
        if where and not needed and self.chance(60):
            where = [f"({' OR '.join((*where, self._by_one_value(shape, scope)))})"]
        source = f"@{shape.name} AS {alias}"
        if not needed and self.chance(40):
            other = self.alias()
            both = self._columns(shape, other)
            by_id = [place for place, col in enumerate(scope) if _name(col) == "id"]
            place = self.one(*(by_id if by_id and self.chance(50) else favoured))
            join = self.one("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "FULL JOIN")
            source += (
                f" {join} @{shape.name} AS {other} ON {both[place].text} = {scope[place].text}"
            )
            scope = (*scope, *both)
        outputs = [_plain(self.one(*scope)) for _ in range(self.number(1, 4))]
        if self.chance(25):
            outputs = [self._aggregate(scope) for _ in outputs]
        listed = ", ".join(f"{one.text} AS o{place}" for place, one in enumerate(outputs))
        select = _Select(f"SELECT {listed} FROM {source}{_where(where)}", outputs)
        order, keys, total = self._order(select, False)
        text = select.text + order
        limit = self._limit() if self.chance(30) else ""
        query, bindings = self._bound(text + limit)
        unlimited = self._bound(text) if limit else None
        return Query(query, bindings, unlimited, keys, total, self.refusable, _is_thorough(query))

    def _holds(self, col: Col) -> str:
        """A condition that holds for one row of a table, the same for all columns."""
        value = col.values[0] if col.values else None
        if value is None and col.particular:
            value = self.one(*POOLS[col.type][:3])
        if value is None:
            return f"{col.text} IS NULL"
        told = self.literal(value)
        listed = f"{col.text} IN ({told}, {self.literal(self.fitting(col))})"
        forms = [f"{col.text} = {told}"] * 3 + [listed] * 2
        if col.particular and col.type in ("date", "timestamp"):
            forms += [f"{col.text} BETWEEN {told} AND {told}"]
        elif not col.particular:
            forms += [f"{col.text} >= {told}", f"{col.text} <= {told}", f"{col.text} IS {told}"]
        return self.one(*forms)

    def _by_one_value(self, shape: Shape, scope: Scope) -> str:
        """A condition that finds rows by their id, if they have one, or by another column."""
        by_id = [col for col in scope if _name(col) == "id"]
        col = self.one(*(by_id or [one for one in scope if one.filtered] or scope))
        return self.one(
            f"{col.text} = {self.literal(self.fitting(col))}",
            f"{col.text} = (SELECT max({_name(col)}) FROM @{shape.name})",
            f"{col.text} IN (SELECT min({_name(col)}) FROM @{shape.name})",
        )

    def write(self) -> Write:
        """What a SELECT of one to three columns gives goes into a table, or changes one."""
        kind = self.one(
            *("create", "insert", "insert", "update", "update", "update from", "delete"),
            *("trigger", "for each row"),
        )
        shapes = [shape for shape in self._shapes if not shape.days]
        if kind == "trigger" and shapes:
            return self._with_trigger(self.one(*shapes))
        if kind == "for each row" and shapes:
            return self._for_each_row(self.one(*shapes))
        if kind == "create":
            text = f"CREATE TABLE made AS {self._nested(1, ()).text}"
        elif kind == "insert":
            select = self._core(1, (), 2, self.number(1, 3))
            columns = ", ".join("abc"[: len(select.outputs)])
            returning = self.one("", "", " RETURNING a")
            text = f"INSERT INTO {FILLED.name} ({columns}) {select.text}{returning}"
        else:
            own = tuple(Col(f"{LOCAL.name}.{name}", kind) for name, _, kind in LOCAL.declared)
            if kind == "update":
                text = f"UPDATE {LOCAL.name} SET x = ({self.nested_one(own)})"
            elif kind == "delete":
                inner, (given,) = self.nested_list(own)
                col = self.one(*([one for one in own if one.type == given.type] or own))
                self.refusable = self.refusable or given.type != col.type
                text = f"DELETE FROM {LOCAL.name} WHERE {col.text} IN ({inner})"
            else:
                text = self._update_from(own)
        text, bindings = self._bound(text)
        return Write(
            text,
            bindings,
            self.refusable or self._forgets or " IN ()" in text,
            in_transaction=self.chance(80),
            commits=self.chance(60),
        )

    def _with_trigger(self, shape: Shape) -> Write:
        """Change each row of a table, for which a trigger counts rows of a resource."""
        event = self.one("INSERT", "UPDATE", "DELETE")
        row = "OLD" if event == "DELETE" or (event == "UPDATE" and self.chance(50)) else "NEW"
        where = self._where_of_row(shape, row)
        when = self.one("", "", " WHEN typeof(NEW.n) = 'integer'") if row == "NEW" else ""
        counted = f"INSERT INTO {FILLED.name} (a) SELECT count(*) FROM @{shape.name} AS t{where};"
        text = {
            "INSERT": f"INSERT INTO {LOCAL.name} SELECT * FROM {LOCAL.name}",
            "UPDATE": f"UPDATE {LOCAL.name} SET {self.one('n = n + 1', 'x = n', 's = key')}",
            "DELETE": f"DELETE FROM {LOCAL.name} WHERE n IS NOT 1",
        }[event]
        before = [
            f"CREATE TEMP TRIGGER drawn AFTER {event} ON {LOCAL.name}{when} BEGIN {counted} END"
        ]
        if row == "NEW" and event == "INSERT" and self.chance(50):
            # What is inserted calls it by the trigger of another table.
            text = f"INSERT INTO {FILLED.name} (b) SELECT n FROM {LOCAL.name}"
            called = f"INSERT INTO {LOCAL.name} SELECT * FROM {LOCAL.name} WHERE n IS NEW.b;"
            before.append(
                f"CREATE TEMP TRIGGER calls AFTER INSERT ON {FILLED.name} WHEN NEW.a IS NULL "
                f"BEGIN {called} END"
            )
        return Write(text, refusable=True, commits=self.chance(60), before=tuple(before))

    def _where_of_row(self, shape: Shape, row: str) -> str:
        """Compare what a resource needs, or any column, with columns of a local row."""
        columns = self._columns(shape, "t")
        needed = {column.name for column in shape.needs()}
        keys = [col for col in columns if _name(col) in needed] or [self.one(*columns)]
        names = {kind: name for name, _, kind in LOCAL.declared}
        return _where([f"{col.text} = {row}.{names.get(col.type, 'x')}" for col in keys])

    def _for_each_row(self, shape: Shape) -> Write:
        """Change rows, and count those of a resource for each: in RETURNING, or DO UPDATE."""
        way = self.one("insert", "update", "delete", "upsert", "upsert")
        row = self.one("excluded", "made") if way == "upsert" else LOCAL.name
        counted = f"(SELECT count(*) FROM @{shape.name} AS t{self._where_of_row(shape, row)})"
        made = "CREATE TABLE made (key TEXT, s TEXT, n INTEGER UNIQUE, day TEXT, x, c TEXT)"
        some = f"INSERT OR IGNORE INTO made SELECT * FROM {LOCAL.name} WHERE n IS NOT 3"
        same = f"INSERT INTO {LOCAL.name} SELECT * FROM {LOCAL.name}"
        text = {
            "insert": f"{same} RETURNING n, {counted}",
            "update": f"UPDATE {LOCAL.name} SET x = n RETURNING {counted}",
            "delete": f"DELETE FROM {LOCAL.name} WHERE n IS NOT 1 RETURNING {counted} + 1",
            "upsert": f"INSERT INTO made SELECT * FROM {LOCAL.name} WHERE true "
            f"ON CONFLICT (n) DO UPDATE SET x = {counted}" + self.one("", " WHERE made.n IS NOT 2"),
        }[way]
        before = (made, some) if way == "upsert" else ()
        return Write(text, refusable=True, commits=self.chance(60), before=before)

    def _update_from(self, own: Scope) -> str:
        """Count the rows for each value, and put the counts beside these values."""
        source, scope, where = self._from(0, (), 1)
        col = self.one(*scope)
        same = self.one(*([one for one in own if one.type == col.type] or own))
        counted = f"SELECT {col.text} AS v, count(*) AS w FROM {source}{_where(where)} GROUP BY 1"
        update = f"UPDATE {LOCAL.name} SET x = f.w FROM ({counted}) AS f"
        return f"{update} WHERE f.v = {same.text} COLLATE BINARY"

    def _pages(self) -> Query:
        """One resource, a few filters, the API's own order, LIMIT and OFFSET."""
        shape = self.one(*self._shapes)
        item = self._shape_item(shape, self.alias(), ())
        where = list(item.needs)
        by_name = {_name(col): col for col in item.columns}
        optional = [one for one in shape.filters if not one.required]
        filters = optional if optional and self.chance(60) else shape.filters
        for _ in range(self.number(0, 2) if filters else 0):
            one = self.one(*filters)
            col = by_name[one.column]
            operator = self.one(one.operator[0], one.operator, "=")
            where.append(f"{col.text} {operator} {self.bound(self.value(col))}")
        terms = [
            (term.removeprefix("-"), " DESC" if term.startswith("-") else "")
            for term in shape.order[: self.number(0, len(shape.order))]
        ]
        if self.chance(20):
            counted = self.one("count(*)", f"count({self.one(*item.columns).text})")
            text = f"SELECT {counted} FROM {item.text}{_where(where)}"
            return Query(*self._bound(text), total=True, refusable=self.refusable)
        if terms and self.chance(50):
            # Rows that are equal in the API's order come in one that it does not promise.
            ties = self.dice.several(sorted(by_name), 3, 1)
            terms += [(name, self.one("", " DESC")) for name in ties]
        if self.chance(40):  # as PostgreSQL sorts them
            terms = [(name, way + f" NULLS {'FIRST' if way else 'LAST'}") for name, way in terms]
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
        # Of several accounts one comes after the other; of several arrays too, on each page.
        one_list = one_list and not self._owned
        one_list = one_list and shape.nesting != "sources"
        total = not terms and one_list and " IN (" not in text
        return Query(query, bindings, self._bound(text), keys, total, self.refusable)

    def _order(self, select: _Select, compound: bool) -> tuple[str, tuple[int, ...], bool]:
        if self.chance(45):
            return "", (), False
        places = self.dice.several(range(len(select.outputs)), 3, 1)
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
            terms.append(term + self.one("", "", " DESC", " DESC", " ASC", *_NULLS))
        total = self.chance(40)
        if total:
            terms += [str(place + 1) for place in range(len(select.outputs))]
        return f" ORDER BY {', '.join(terms)}", tuple(keys), total


_NULLS = (" NULLS LAST", " DESC NULLS FIRST")
"""Where PostgreSQL has the NULLs."""


def _is_thorough(text: str) -> bool:
    """Tell whether a statement needs whatever it asks for, because it cannot stop before the end
    of the one list that it reads; a min or a max may."""
    may_stop = ("LIMIT", "SELECT ", "min(", "max(", "JOIN", "@", "FROM local", "FROM c1")
    return not any(word in text[len("SELECT") :].replace("@", "", 1) for word in may_stop)


def _is_plain(condition: str) -> bool:
    """Tell whether a condition says what one column is."""
    return re.fullmatch(r"t\d+\.\w+ = (:v\d+|'[^']*')", condition) is not None


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


def all_rows(dice: Dice, tables: Tables) -> Query | None:
    """Draw a SELECT that only reads a resource; None if there is none to read without a key."""
    return _Writer(dice, tables).all_rows()


def queries(dice: Dice, tables: Tables) -> Query:
    """Draw a SELECT over some resources."""
    return _Writer(dice, tables).statement()


def writes(dice: Dice, tables: Tables) -> Write:
    """Draw a statement that fills the user's own tables from some resources."""
    return _Writer(dice, tables).write()
