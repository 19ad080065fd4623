"""SELECT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from billql.serve.postgres.compiler.aggregates import is_aggregate_call
from billql.serve.postgres.compiler.coercion import boolean, coerce
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import (
    Compiler,
    Grouping,
    Query,
    check_arguments,
)
from billql.serve.postgres.compiler.ordering import (
    Term,
    check_distinct_order,
    keyed,
    limit_of,
    order_term,
    order_terms,
)
from billql.serve.postgres.compiler.relations import FromClause, from_clause
from billql.serve.postgres.compiler.scope import Scope
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.compiler.windows import window_sql
from billql.serve.postgres.compiler.with_queries import with_clause
from billql.serve.postgres.errors import PostgresError, unsupported


@dataclass
class _Item:
    """An item of SELECT: its alias, and its expression or what it is already."""

    alias: str | None
    node: exp.Expr | None
    value: Value | None = None


def _items(compiler: Compiler, node: exp.Expr, source: FromClause) -> list[_Item]:
    """Return the items of a SELECT, with `*` expanded."""
    found: list[_Item] = []
    for each in node.expressions:
        if isinstance(each, exp.Star):
            check_arguments(each, frozenset())
            if not source.sql:
                raise PostgresError(
                    "42601", "SELECT * with no tables specified is not valid", hint="Add FROM."
                )
            found += [_Item(name, None, value) for name, value in source.star]
        elif isinstance(each, exp.Column) and isinstance(each.this, exp.Star):
            found += _star_of(compiler, each)
        elif isinstance(each, exp.Alias):
            check_arguments(each, frozenset(("this", "alias")))
            found.append(_Item(folded(each.args["alias"]), each.this))
        elif isinstance(each, exp.Aliases):
            raise unsupported(each.sql("postgres"), "Give each column one alias.")
        else:
            found.append(_Item(None, each))
    return found


def _star_of(compiler: Compiler, node: exp.Column) -> list[_Item]:
    table = folded(node.args["table"])
    schema = folded(node.args["db"]) if node.args.get("db") else None
    relation = compiler.scope.relation(table, schema)
    if relation is None:
        raise PostgresError(
            "42P01", f'missing FROM-clause entry for table "{table}"', hint="Check the alias."
        )
    return [
        _Item(column.name, None, column.value)
        for column in relation.columns
        if not column.is_hidden
    ]


SELECT_ARGUMENTS = frozenset(
    [
        "with_",
        "expressions",
        "distinct",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "windows",
        "order",
        "limit",
        "offset",
    ]
)


def select(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile a SELECT."""
    with_sql, parent = with_clause(compiler, node.args.get("with_"), outer)
    compiler.scope = Scope(parent=parent)
    source = from_clause(compiler, node.args.get("from_"), node.args.get("joins") or ())
    where = _where(compiler, node.args.get("where"))
    items = _items(compiler, node, source)
    is_grouped = node.args.get("group") is not None or _has_aggregates(compiler, node)
    keys = _group_keys(compiler, node.args.get("group"), items)
    if is_grouped:
        compiler.grouping = Grouping({key.sql: key for key in keys})
    compiler.windows = _windows(compiler, node.args.get("windows") or ())
    values = [_item_value(compiler, item) for item in items]
    having = _having(compiler, node.args.get("having"))
    order = order_terms(compiler, node.args.get("order"), values)
    if compiler.grouping is not None and compiler.grouping.loose:
        raise _not_grouped(compiler.grouping.loose[0])
    laterals, values = _row_functions(compiler, values, is_grouped=is_grouped)
    tail = limit_of(compiler, node)
    distinct = node.args.get("distinct")
    parts = _Parts(with_sql, source.sql, laterals, where, [keyed(key) for key in keys], having)
    if distinct is not None and distinct.args.get("on") is not None:
        return _distinct_on(compiler, distinct.args["on"], parts, values, order, tail)
    if distinct is not None:
        check_distinct_order(order, values)
    if having and not keys and not any(_aggregates(compiler, item) for item in items):
        # SQLite wants an aggregate beside HAVING.
        first = values[0] if values else Value("1", "int4")
        values = [replace(first, sql=f"iif(count(*) >= 0, {first.sql}, NULL)"), *values[1:]]

    def render(converted: Sequence[Value]) -> str:
        shown = [
            f"{keyed(value) if distinct is not None else value.sql} AS c{place}"
            for place, value in enumerate(converted, start=1)
        ]
        keyword = "SELECT DISTINCT" if distinct is not None else "SELECT"
        terms = [term.sql(converted) for term in order]
        sort = f" ORDER BY {', '.join(terms)}" if terms else ""
        return f"{parts.with_sql}{keyword} {', '.join(shown) or '1 AS c1'}{parts.sql}{sort}{tail}"

    return Query(values, render)


@dataclass
class _Parts:
    """The SQL of what stands between the items and the order of a SELECT."""

    with_sql: str
    source: str
    laterals: str
    where: str
    keys: list[str]
    having: str

    @property
    def sql(self) -> str:
        """Return FROM, WHERE, GROUP BY and HAVING."""
        source = f" FROM {self.source}" if self.source else ""
        if self.laterals:
            source = f"{source}, {self.laterals}" if source else f" FROM {self.laterals}"
        keys = f" GROUP BY {', '.join(self.keys)}" if self.keys else ""
        return source + self.where + keys + self.having


def _where(compiler: Compiler, node: exp.Expr | None) -> str:
    if node is None:
        return ""
    _refuse_aggregates(compiler, node, "WHERE")
    return f" WHERE {boolean(compiler, compiler.value(node.this), 'WHERE')}"


def _having(compiler: Compiler, node: exp.Expr | None) -> str:
    if node is None:
        return ""
    return f" HAVING {boolean(compiler, compiler.value(node.this), 'HAVING')}"


def _own_nodes(node: exp.Expr) -> list[exp.Expr]:
    """Return the nodes of an expression, without those of queries in it."""
    inside = (exp.Select, exp.SetOperation, exp.Subquery)
    found: list[exp.Expr] = []
    waiting = [node]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += [child for child in each.iter_expressions() if not isinstance(child, inside)]
    return found


def _aggregate_in(compiler: Compiler, node: exp.Expr) -> exp.Expr | None:
    """Return an aggregate of an expression that is not one over a window."""
    windowed: set[int] = set()
    for each in _own_nodes(node):
        if isinstance(each, exp.Window):
            inner = each.this
            while isinstance(inner, exp.Filter):
                inner = inner.this
            windowed.add(id(inner))
    return next(
        (
            each
            for each in _own_nodes(node)
            if id(each) not in windowed and is_aggregate_call(compiler, each)
        ),
        None,
    )


def _refuse_aggregates(compiler: Compiler, node: exp.Expr, where: str) -> None:
    if any(isinstance(each, exp.Window) for each in _own_nodes(node)):
        raise PostgresError(
            "42P20", f"window functions are not allowed in {where}", hint="Use a subquery."
        )
    if _aggregate_in(compiler, node) is not None:
        raise PostgresError(
            "42803", f"aggregate functions are not allowed in {where}", hint="Use HAVING."
        )


def _has_aggregates(compiler: Compiler, node: exp.Expr) -> bool:
    if node.args.get("having") is not None:
        return True
    order = node.args.get("order")
    parts = [*node.expressions, *(() if order is None else order.expressions)]
    return any(_aggregate_in(compiler, part) is not None for part in parts)


def _aggregates(compiler: Compiler, item: _Item) -> bool:
    return item.node is not None and _aggregate_in(compiler, item.node) is not None


def _group_keys(compiler: Compiler, group: exp.Expr | None, items: Sequence[_Item]) -> list[Value]:
    if group is None:
        return []
    check_arguments(group, frozenset(("expressions",)))
    found: list[Value] = []
    for each in group.expressions:
        while isinstance(each, exp.Paren):
            each = each.this
        if isinstance(each, exp.Tuple):
            found += [compiler.value(one) for one in each.expressions]
            continue
        if isinstance(each, exp.Rollup | exp.Cube | exp.GroupingSets):
            raise unsupported("GROUPING SETS, ROLLUP and CUBE", "Use UNION ALL of queries.")
        _refuse_aggregates(compiler, each, "GROUP BY")
        found.append(_named_item(compiler, each, items))
    return [coerce(compiler, one, "text") if one.type == "unknown" else one for one in found]


def _named_item(compiler: Compiler, node: exp.Expr, items: Sequence[_Item]) -> Value:
    """Return what a term of GROUP BY means: a column, an item by its place or by its alias."""
    if isinstance(node, exp.Literal) and not node.is_string:
        return _at(compiler, node.this, items, "GROUP BY")
    if isinstance(node, exp.Column) and not node.args.get("table"):
        name = folded(node.this)
        if compiler.scope.column(name, None, None) is None:
            for item in items:
                if item.alias == name:
                    return _item_value(compiler, item)
    return compiler.value(node)


def _at(compiler: Compiler, text: str, items: Sequence[_Item], where: str) -> Value:
    if not text.isdecimal() or not 1 <= int(text) <= len(items):
        raise PostgresError(
            "42P10", f"{where} position {text} is not in select list", hint="Count the columns."
        )
    item = items[int(text) - 1]
    if item.node is not None:
        _refuse_aggregates(compiler, item.node, where)
    return _item_value(compiler, item)


def _item_value(compiler: Compiler, item: _Item) -> Value:
    if item.node is None:
        assert item.value is not None
        value = item.value
        grouping = compiler.grouping
        if grouping is not None and value.sql not in grouping.keys:
            grouping.loose.append(item.alias or "")
    else:
        value = compiler.value(item.node)
    return value if item.alias is None else value.named(item.alias)


def _not_grouped(name: str) -> PostgresError:
    return PostgresError(
        "42803",
        f'column "{name}" must appear in the GROUP BY clause or be used in an aggregate function',
        hint="Add it to GROUP BY, or take min() of it.",
    )


def _windows(compiler: Compiler, nodes: Sequence[exp.Expr]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in nodes:
        check_arguments(node, frozenset(("this", "partition_by", "order", "spec", "alias")))
        compiler.windows = found
        sql = window_sql(compiler, node)
        found = {**found, folded(node.this): sql[1:-1]}
    return found


def _row_functions(
    compiler: Compiler, values: list[Value], *, is_grouped: bool
) -> tuple[str, list[Value]]:
    """Return a relation that makes the rows of functions in SELECT, and the items that read it."""
    places = [place for place, value in enumerate(values) if value.is_set]
    if not places:
        return "", values
    if is_grouped:
        raise unsupported("a function that returns rows beside GROUP BY", "Group in a subquery.")
    name = compiler.new_name()
    arrays = ", ".join(values[place].sql for place in places)
    found = list(values)
    for number, place in enumerate(places):
        value = values[place]
        sql = (
            f"{name}.value ->> {number}"
            if len(value.set_columns) < 2
            else f"{name}.value -> {number}"
        )
        exact = value.type == "numeric"
        found[place] = replace(value, sql=f"({sql})", is_set=False, is_exact=exact)
    return f"json_each(pg_zipped({arrays})) AS {name}", found


def _distinct_on(
    compiler: Compiler,
    on: exp.Expr,
    parts: _Parts,
    values: list[Value],
    order: Sequence[Term],
    tail: str,
) -> Query:
    """Compile DISTINCT ON: the first row of each group by the order."""
    keys = [order_term(compiler, exp.Ordered(this=one), values).value for one in on.expressions]

    def render(converted: Sequence[Value]) -> str:
        terms = [term.sql(converted) for term in order]
        by = f" ORDER BY {', '.join(terms)}" if terms else ""
        partition = ", ".join(keyed(key) for key in keys)
        shown = ", ".join(f"{value.sql} AS c{n}" for n, value in enumerate(converted, start=1))
        names = ", ".join(f"c{n}" for n in range(1, len(converted) + 1))
        first = f"row_number() OVER (PARTITION BY {partition}{by}) AS place"
        number = f", row_number() OVER ({by.strip()}) AS rank" if by else ", 1 AS rank"
        inner = f"SELECT {shown}, {first}{number}{parts.sql}"
        return f"{parts.with_sql}SELECT {names} FROM ({inner}) WHERE place = 1 ORDER BY rank{tail}"

    return Query(values, render)
