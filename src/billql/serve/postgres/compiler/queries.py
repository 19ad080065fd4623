"""Whole queries: SELECT, UNION, VALUES and WITH."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from billql.serve.postgres.compiler.calls import is_aggregate_call, ordered, window_sql
from billql.serve.postgres.compiler.coercion import boolean, coerce, unified
from billql.serve.postgres.compiler.core import (
    Compiler,
    Grouping,
    Query,
    QueryHandler,
    check_arguments,
)
from billql.serve.postgres.compiler.expressions import folded
from billql.serve.postgres.compiler.relations import FromClause, from_clause, query_columns
from billql.serve.postgres.compiler.scope import Scope
from billql.serve.postgres.compiler.values import Value, quote_name
from billql.serve.postgres.errors import PostgresError, unsupported


def keyed(value: Value) -> str:
    """Return the SQL by which equal values are found to be equal."""
    return f"pg_json_key({value.sql})" if value.type == "jsonb" else value.sortable


# WITH ---------------------------------------------------------------------------------------------


def _with(
    compiler: Compiler, node: exp.Expr | None, outer: Scope | None
) -> tuple[str, Scope | None]:
    """Compile WITH, and return its SQL and the scope that knows its queries."""
    if node is None:
        return "", outer
    check_arguments(node, frozenset(("expressions", "recursive")))
    scope = Scope(parent=outer)
    parts = []
    for cte in node.expressions:
        check_arguments(cte, frozenset(("this", "alias", "materialized")))
        parts.append(_cte(compiler, cte, scope, recursive=bool(node.args.get("recursive"))))
    keyword = "WITH RECURSIVE" if node.args.get("recursive") else "WITH"
    return f"{keyword} {', '.join(parts)} ", scope


def _cte(compiler: Compiler, cte: exp.Expr, scope: Scope, *, recursive: bool) -> str:
    alias = cte.args["alias"]
    name = folded(alias.this)
    renamed = [folded(one) for one in alias.args.get("columns") or ()]
    body = cte.this
    names_itself = recursive and any(
        isinstance(one, exp.Table) and not one.args.get("db") and one.name.lower() == name
        for one in body.walk()
    )
    if names_itself:
        query = _recursive(compiler, body, name, renamed, scope)
    else:
        query = compiler.query(body, scope)
    values = [coerce(compiler, v, "text") if v.type == "unknown" else v for v in query.values]
    values = _renamed(values, renamed, name)
    scope.ctes[name] = query_columns(values)
    columns = ", ".join(f"c{place}" for place in range(1, len(values) + 1))
    hint = {True: "MATERIALIZED ", False: "NOT MATERIALIZED "}
    chosen = cte.args.get("materialized")
    keyword = "" if chosen is None or names_itself else hint[bool(chosen)]
    return f"{quote_name(f'cte_{name}')}({columns}) AS {keyword}({query.render(values)})"


def _renamed(values: Sequence[Value], names: Sequence[str], what: str) -> list[Value]:
    if len(names) > len(values):
        raise PostgresError(
            "42P10", f'"{what}" has fewer columns than names', hint="Name fewer columns."
        )
    return [
        value.named(names[place]) if place < len(names) else value
        for place, value in enumerate(values)
    ]


def _recursive(
    compiler: Compiler, body: exp.Expr, name: str, renamed: Sequence[str], scope: Scope
) -> Query:
    """Compile a query that names itself: its first part decides the types."""
    if not isinstance(body, exp.Union):
        raise PostgresError(
            "42P19", "a recursive query must be a UNION", hint="Begin with what is no recursion."
        )
    check_arguments(body, frozenset(("this", "expression", "distinct")))
    first = compiler.query(body.this, scope)
    values = [coerce(compiler, v, "text") if v.type == "unknown" else v for v in first.values]
    scope.ctes[name] = query_columns(_renamed(values, renamed, name))
    second = compiler.query(body.expression, scope)
    if len(second.values) != len(values):
        raise _different_widths("UNION")
    converted = [
        coerce(compiler, value, target.type, "a column of the recursive part")
        for value, target in zip(second.values, values, strict=True)
    ]
    keyword = "UNION" if body.args.get("distinct") else "UNION ALL"

    def render(items: Sequence[Value]) -> str:
        return f"{first.render(items)} {keyword} {second.render(converted)}"

    return Query(values, render)


def _different_widths(keyword: str) -> PostgresError:
    return PostgresError(
        "42601",
        f"each {keyword} query must have the same number of columns",
        hint="Add NULL where there is nothing.",
    )


# SELECT -------------------------------------------------------------------------------------------


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
    with_sql, parent = _with(compiler, node.args.get("with_"), outer)
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
    order = _order_terms(compiler, node.args.get("order"), values)
    if compiler.grouping is not None and compiler.grouping.loose:
        raise _not_grouped(compiler.grouping.loose[0])
    laterals, values = _row_functions(compiler, values, is_grouped=is_grouped)
    tail = _limit(compiler, node)
    distinct = node.args.get("distinct")
    parts = _Parts(with_sql, source.sql, laterals, where, [keyed(key) for key in keys], having)
    if distinct is not None and distinct.args.get("on") is not None:
        return _distinct_on(compiler, distinct.args["on"], parts, values, order, tail)
    if distinct is not None:
        _check_distinct_order(order, values)
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


# ORDER BY and LIMIT -------------------------------------------------------------------------------


@dataclass
class _Term:
    """A term of ORDER BY: an item by its place, or an expression of its own."""

    node: exp.Expr
    place: int | None
    value: Value

    def sql(self, values: Sequence[Value]) -> str:
        """Return it for the values that the items have in the end."""
        value = self.value if self.place is None else values[self.place]
        return ordered(value, self.node)


def _order_terms(
    compiler: Compiler, order: exp.Expr | None, values: Sequence[Value]
) -> list[_Term]:
    if order is None:
        return []
    check_arguments(order, frozenset(("expressions",)))
    return [_order_term(compiler, node, values) for node in order.expressions]


def _order_term(compiler: Compiler, node: exp.Expr, values: Sequence[Value]) -> _Term:
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        if not inner.this.isdecimal() or not 1 <= int(inner.this) <= len(values):
            raise PostgresError(
                "42P10",
                f"ORDER BY position {inner.this} is not in select list",
                hint="Count the columns.",
            )
        place = int(inner.this) - 1
        return _Term(node, place, values[place])
    if isinstance(inner, exp.Column) and not inner.args.get("table"):
        name = folded(inner.this)
        places = [place for place, value in enumerate(values) if value.name == name]
        if places:
            if len({values[place].sql for place in places}) > 1:
                raise PostgresError(
                    "42702", f'ORDER BY "{name}" is ambiguous', hint="Give the columns aliases."
                )
            return _Term(node, places[0], values[places[0]])
    value = compiler.value(inner)
    if value.type == "unknown":
        value = coerce(compiler, value, "text")
    same = next((place for place, one in enumerate(values) if one.sql == value.sql), None)
    return _Term(node, same, value)


def _check_distinct_order(order: Sequence[_Term], values: Sequence[Value]) -> None:
    if any(term.place is None for term in order):
        raise PostgresError(
            "42P10",
            "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
            hint="Add them to the columns.",
        )


def _limit(compiler: Compiler, node: exp.Expr) -> str:
    limit, offset = node.args.get("limit"), node.args.get("offset")
    size = None
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and (options.args.get("with_ties") or options.args.get("percent")):
            raise unsupported("FETCH … WITH TIES", "Use rank() in a subquery.")
        size = limit.args.get("count") or exp.Literal.number(1)
    elif limit is not None:
        check_arguments(limit, frozenset(("expression",)))
        size = limit.expression
        if isinstance(size, exp.Null) or (isinstance(size, exp.Var) and size.name.upper() == "ALL"):
            size = None
    sql = "" if size is None else f" LIMIT {_count(compiler, size, 'LIMIT')}"
    if offset is not None:
        check_arguments(offset, frozenset(("expression",)))
        start = _count(compiler, offset.expression, "OFFSET")
        sql = f"{sql or ' LIMIT -1'} OFFSET {start}"
    return sql


def _count(compiler: Compiler, node: exp.Expr, keyword: str) -> str:
    value = compiler.value(node)
    found = coerce(compiler, value, "int8", keyword)
    if found.literal is not None or found.sql.isdecimal():
        if found.sql.strip("()").startswith("-"):
            raise PostgresError(
                "2201W" if keyword == "LIMIT" else "2201X",
                f"{keyword} must not be negative",
                hint="Use 0 or more.",
            )
        return found.sql
    return f"pg_count_of({found.sql}, '{keyword}')"


# Functions that return rows, in SELECT ------------------------------------------------------------


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


# DISTINCT ON --------------------------------------------------------------------------------------


def _distinct_on(
    compiler: Compiler,
    on: exp.Expr,
    parts: _Parts,
    values: list[Value],
    order: Sequence[_Term],
    tail: str,
) -> Query:
    """Compile DISTINCT ON: the first row of each group by the order."""
    keys = [_order_term(compiler, exp.Ordered(this=one), values).value for one in on.expressions]

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


# Set operations and VALUES ------------------------------------------------------------------------

_OPERATIONS: dict[type[exp.Expr], str] = {
    exp.Union: "UNION",
    exp.Except: "EXCEPT",
    exp.Intersect: "INTERSECT",
}


def set_operation(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile UNION, EXCEPT or INTERSECT."""
    keyword = _OPERATIONS[type(node)]
    is_distinct = bool(node.args.get("distinct"))
    if not is_distinct and keyword != "UNION":
        raise unsupported(f"{keyword} ALL", "Number equal rows by row_number().")
    with_sql, parent = _with(compiler, node.args.get("with_"), outer)
    left = compiler.query(_unwrapped(node.this), parent)
    right = compiler.query(_unwrapped(node.expression), parent)
    if len(left.values) != len(right.values):
        raise _different_widths(keyword)
    pairs = [
        unified(compiler, pair, keyword) for pair in zip(left.values, right.values, strict=True)
    ]
    lefts = [one.named(old.name) for (one, _), old in zip(pairs, left.values, strict=True)]
    rights = [other for _, other in pairs]
    joined = f"{keyword}{'' if is_distinct else ' ALL'}"
    values = [column.value for column in query_columns(lefts)]

    def branch(query: Query, items: Sequence[Value]) -> str:
        shown = ", ".join(
            f"{keyed(replace(value, sql=f'c{place}', is_column=False))} AS c{place}"
            if is_distinct
            else f"c{place}"
            for place, value in enumerate(items, start=1)
        )
        return f"SELECT {shown} FROM ({query.render(items)})"

    both = f"{branch(left, lefts)} {joined} {branch(right, rights)}"
    order = _order_terms(compiler, node.args.get("order"), values)
    if any(term.place is None for term in order):
        raise PostgresError(
            "0A000", f"invalid {keyword} ORDER BY clause", hint="Order by the name of a column."
        )
    tail = _limit(compiler, node)

    def render(converted: Sequence[Value]) -> str:
        shown = ", ".join(f"{value.sql} AS c{n}" for n, value in enumerate(converted, start=1))
        terms = [term.sql(converted) for term in order]
        sort = f" ORDER BY {', '.join(terms)}" if terms else ""
        return f"{with_sql}SELECT {shown} FROM ({both}){sort}{tail}"

    return Query(values, render)


def _unwrapped(node: exp.Expr) -> exp.Expr:
    """Return the query in parentheses."""
    while isinstance(node, exp.Subquery):
        check_arguments(node, frozenset(("this",)))
        node = node.this
    return node


def parenthesized(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile a query in parentheses, which may have an order and a limit of its own after them."""
    query = compiler.query(node.this, outer)
    if not any(node.args.get(name) for name in ("order", "limit", "offset")):
        return query
    values = [column.value for column in query_columns(query.values)]
    order = _order_terms(compiler, node.args.get("order"), values)
    tail = _limit(compiler, node)
    inner = query.sql

    def render(converted: Sequence[Value]) -> str:
        shown = ", ".join(f"{value.sql} AS c{n}" for n, value in enumerate(converted, start=1))
        terms = [term.sql(converted) for term in order]
        sort = f" ORDER BY {', '.join(terms)}" if terms else ""
        return f"SELECT {shown} FROM ({inner}){sort}{tail}"

    return Query(values, render)


def values_list(compiler: Compiler, node: exp.Expr, outer: Scope | None) -> Query:
    """Compile VALUES."""
    compiler.scope = Scope(parent=outer)
    rows = [
        [compiler.value(one) for one in (row.expressions if isinstance(row, exp.Tuple) else [row])]
        for row in node.expressions
    ]
    if len({len(row) for row in rows}) != 1:
        raise PostgresError("42601", "VALUES lists must all be the same length", hint="Add NULL.")
    columns = [unified(compiler, column, "VALUES") for column in zip(*rows, strict=True)]
    lines = ", ".join(
        f"({', '.join(column[place].sql for column in columns)})" for place in range(len(rows))
    )
    made = [
        Value(
            f"column{place}",
            column[0].type,
            name=f"column{place}",
            is_exact=column[0].type == "numeric" and any(one.is_exact for one in column),
        )
        for place, column in enumerate(columns, start=1)
    ]
    order = _order_terms(compiler, node.args.get("order"), made)
    tail = _limit(compiler, node)

    def render(converted: Sequence[Value]) -> str:
        shown = ", ".join(f"{value.sql} AS c{n}" for n, value in enumerate(converted, start=1))
        terms = [term.sql(converted) for term in order]
        sort = f" ORDER BY {', '.join(terms)}" if terms else ""
        return f"SELECT {shown} FROM (VALUES {lines}){sort}{tail}"

    return Query(made, render)


_SET = frozenset(("this", "expression", "distinct", "with_", "order", "limit", "offset"))
QUERIES: dict[type[exp.Expr], tuple[frozenset[str], QueryHandler]] = {
    exp.Select: (SELECT_ARGUMENTS, select),
    exp.Union: (_SET, set_operation),
    exp.Except: (_SET, set_operation),
    exp.Intersect: (_SET, set_operation),
    exp.Subquery: (frozenset(("this", "alias", "order", "limit", "offset")), parenthesized),
    exp.Values: (frozenset(("expressions", "alias", "order", "limit", "offset")), values_list),
}
"""How each kind of query is compiled, and the arguments of its node that are known."""
