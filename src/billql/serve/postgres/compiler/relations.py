"""FROM: tables, subqueries, functions and joins become relations of a scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from billql.serve.postgres.compiler.coercion import boolean, coerce, unified
from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import Compiler, check_arguments
from billql.serve.postgres.compiler.operators import compare
from billql.serve.postgres.compiler.scope import Column, Relation, Scope
from billql.serve.postgres.compiler.values import Value, quote_name
from billql.serve.postgres.errors import PostgresError, unsupported


@dataclass
class FromClause:
    """What FROM has become."""

    sql: str = ""
    star: list[tuple[str, Value]] = field(default_factory=list)
    """The columns of `*`, in their order."""
    has_comma: bool = False


def from_clause(compiler: Compiler, node: exp.Expr | None, joins: Sequence[exp.Expr]) -> FromClause:
    """Compile FROM, and add its relations to the scope of the compiler."""
    if node is None:
        return FromClause()
    found = _item(compiler, node.this)
    for join in joins:
        found = _joined(compiler, found, join)
    return found


def _item(compiler: Compiler, node: exp.Expr) -> FromClause:
    if _is_group(node):
        return _group(compiler, node)
    if (
        isinstance(node, exp.Bracket | exp.Lateral)
        or (isinstance(node, exp.Table) and isinstance(node.this, exp.Anonymous))
        or isinstance(node, exp.Unnest)
    ):
        return _function(compiler, node)
    if isinstance(node, exp.Table):
        return _table(compiler, node)
    if isinstance(node, exp.Subquery):
        check_arguments(node, frozenset(("this", "alias", "joins")))
        found = _derived(compiler, node.this, node.args.get("alias"))
    elif isinstance(node, exp.Values):
        found = _derived(compiler, node, node.args.get("alias"))
    else:
        raise unsupported(node.sql("postgres")[:60], "Use tables, subqueries and functions.")
    for join in node.args.get("joins") or ():
        found = _joined(compiler, found, join)
    return found


def _is_group(node: exp.Expr) -> bool:
    """Return whether a node is joins in parentheses."""
    inner = node.this if isinstance(node, exp.Subquery) else None
    return isinstance(inner, exp.Table | exp.Subquery) and not node.args.get("alias")


def _group(compiler: Compiler, node: exp.Expr) -> FromClause:
    """Compile joins in parentheses."""
    check_arguments(node, frozenset(("this", "joins")))
    found = _item(compiler, node.this)
    for join in node.args.get("joins") or ():
        found = _joined(compiler, found, join)
    return found


# Tables -------------------------------------------------------------------------------------------


def _table(compiler: Compiler, node: exp.Table) -> FromClause:
    check_arguments(node, frozenset(("this", "db", "catalog", "alias", "joins", "only")))
    name = folded(node.this)
    schema = folded(node.args["db"]) if node.args.get("db") else None
    if node.args.get("catalog"):
        first = folded(node.args["catalog"])
        if first != compiler.context.settings.database:
            schema = f"{first}.{schema}"
    alias, renamed = _alias(node.args.get("alias"))
    cte = compiler.scope.cte(name) if schema is None else None
    if cte is not None:
        columns, sql, known_schema = list(cte), quote_name(f"cte_{name}"), None
    else:
        table = compiler.tables.find(schema, name, compiler.context.settings.search_path)
        columns, sql, known_schema = list(table.columns), table.sql, table.schema
    shown = alias or name
    inner = shown if alias else f"{known_schema}.{name}" if known_schema else shown
    relation = _relation(shown, inner, columns, renamed, None if alias else known_schema)
    found = _added(compiler, relation, f"{sql} AS {quote_name(inner)}")
    for join in node.args.get("joins") or ():
        found = _joined(compiler, found, join)
    return found


def _alias(alias: exp.Expr | None) -> tuple[str | None, list[str]]:
    if alias is None:
        return None, []
    check_arguments(alias, frozenset(("this", "columns")))
    name = None if alias.this is None else folded(alias.this)
    return name, [folded(_name_of(one)) for one in alias.args.get("columns") or ()]


def _name_of(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.ColumnDef):
        raise unsupported("a list of column definitions", "Cast the columns in SELECT.")
    return node


def _relation(
    name: str, inner: str, columns: Sequence[Column], renamed: Sequence[str], schema: str | None
) -> Relation:
    """Return a relation whose columns stand under its name in SQLite."""
    visible = [column for column in columns if not column.is_hidden]
    if len(renamed) > len(visible):
        raise PostgresError(
            "42P10",
            f'table "{name}" has {len(visible)} columns available but {len(renamed)} columns '
            "specified",
            hint="Name fewer columns.",
        )
    names = {column.name: new for column, new in zip(visible, renamed, strict=False)}
    made = []
    for column in columns:
        currency = column.value.currency
        value = replace(
            column.value,
            sql=f"{quote_name(inner)}.{column.value.sql}",
            currency=None if currency is None else f"{quote_name(inner)}.{currency}",
        )
        made.append(Column(names.get(column.name, column.name), value, column.is_hidden))
    return Relation(name, made, schema)


def _added(compiler: Compiler, relation: Relation, sql: str) -> FromClause:
    compiler.scope.add(relation)
    star = [(column.name, column.value) for column in relation.columns if not column.is_hidden]
    return FromClause(sql, star)


# Subqueries ---------------------------------------------------------------------------------------


def _derived(compiler: Compiler, node: exp.Expr, alias: exp.Expr | None) -> FromClause:
    query = compiler.query(node, compiler.scope.parent)
    values = [coerce(compiler, v, "text") if v.type == "unknown" else v for v in query.values]
    name, renamed = _alias(alias)
    inner = name or compiler.new_name()
    relation = _relation(name or "", inner, query_columns(values), renamed, None)
    return _added(compiler, relation, f"({query.render(values)}) AS {quote_name(inner)}")


def query_columns(values: Sequence[Value]) -> list[Column]:
    """Return the columns of a query, as a query around it sees them."""
    return [
        Column(
            value.name,
            Value(
                f"c{place}",
                value.type,
                value.typmod,
                value.name,
                is_exact=value.is_exact,
                is_month=value.is_month,
                is_set=False,
                set_columns=value.set_columns,
            ),
        )
        for place, value in enumerate(values, start=1)
    ]


# Functions ----------------------------------------------------------------------------------------


def _function(compiler: Compiler, node: exp.Expr) -> FromClause:
    """Compile a function in FROM, whose arguments may name the relations before it."""
    alias_node = node.args.get("alias")
    ordinality = False
    call: exp.Expr = node
    if isinstance(node, exp.Lateral):
        check_arguments(node, frozenset(("this", "alias", "ordinality")))
        call = node.this
        ordinality = bool(node.args.get("ordinality"))
        if isinstance(call, exp.Subquery | exp.Select):
            raise unsupported("LATERAL of a subquery", "Join the tables, or use a window function.")
    if isinstance(call, exp.Table):
        check_arguments(call, frozenset(("this", "db", "alias", "ordinality", "joins")))
        ordinality = ordinality or bool(call.args.get("ordinality"))
        alias_node = alias_node or call.args.get("alias")
        schema = call.args.get("db")
        call = call.this if schema is None else exp.Dot(this=schema, expression=call.this)
    extra: list[str] = []
    if isinstance(call, exp.Unnest):
        check_arguments(call, frozenset(("expressions", "alias", "offset")))
        if len(call.expressions) != 1:
            raise unsupported("unnest() of several arrays", "Join them by their ordinality.")
        alias_node = alias_node or call.args.get("alias")
        offset = call.args.get("offset")
        ordinality = ordinality or bool(offset)
        if isinstance(offset, exp.Identifier):
            extra.append(folded(offset))
        call = exp.Anonymous(this="unnest", expressions=call.expressions)
    value = compiler.value(call)
    alias, renamed = _alias(alias_node)
    renamed += extra
    name = alias or value.name
    inner = alias or compiler.new_name()
    columns = _function_columns(value, name, quote_name(inner))
    if ordinality:
        columns.append(Column("ordinality", Value(f"{quote_name(inner)}.key + 1", "int8")))
    if len(renamed) > len(columns):
        raise PostgresError(
            "42P10", f'table "{name}" has fewer columns than names', hint="Name fewer columns."
        )
    names = [*renamed, *(column.name for column in columns[len(renamed) :])]
    relation = Relation(
        name, [Column(new, column.value) for new, column in zip(names, columns, strict=True)]
    )
    rows = value.sql if value.is_set else f"json_array({value.sql})"
    return _added(compiler, relation, f"json_each({rows}) AS {quote_name(inner)}")


def _function_columns(value: Value, name: str, place: str) -> list[Column]:
    if len(value.set_columns) > 1:
        return [
            Column(field_name, Value(f"({place}.value ->> '{field_name}')", kind))
            for field_name, kind in value.set_columns
        ]
    exact = value.type == "numeric"
    name = value.set_columns[0][0] if value.set_columns else name
    return [Column(name, Value(f"{place}.value", value.type, is_exact=exact))]


# Joins --------------------------------------------------------------------------------------------

_JOINS = {
    ("", ""): "JOIN",
    ("", "INNER"): "JOIN",
    ("", "CROSS"): "JOIN",
    ("LEFT", ""): "LEFT JOIN",
    ("LEFT", "OUTER"): "LEFT JOIN",
    ("RIGHT", ""): "RIGHT JOIN",
    ("RIGHT", "OUTER"): "RIGHT JOIN",
    ("FULL", ""): "FULL JOIN",
    ("FULL", "OUTER"): "FULL JOIN",
}


def _joined(compiler: Compiler, left: FromClause, join: exp.Expr) -> FromClause:
    check_arguments(join, frozenset(("this", "side", "kind", "on", "using", "method")))
    side, kind = str(join.args.get("side") or ""), str(join.args.get("kind") or "")
    keyword = _JOINS.get((side.upper(), kind.upper()))
    if keyword is None:
        raise unsupported(f"{side} {kind} JOIN".strip(), "Use INNER, LEFT, RIGHT or FULL JOIN.")
    method = str(join.args.get("method") or "").upper()
    if method not in ("", "NATURAL"):
        raise unsupported(f"{method} JOIN", "Use ON.")
    on, using = join.args.get("on"), join.args.get("using")
    is_comma = not (side or kind or on or using or method)
    if keyword in ("RIGHT JOIN", "FULL JOIN") and left.has_comma:
        raise unsupported(f"{keyword} after a comma", "Write CROSS JOIN in place of the comma.")
    before = len(compiler.scope.relations)
    right = _item(compiler, join.this)
    names = [folded(one) for one in using or ()]
    if method == "NATURAL":
        known = {name for name, _ in left.star}
        names = [name for name, _ in right.star if name in known]
    condition = _condition(compiler, on)
    star = [*left.star, *right.star]
    if names:
        condition, star = _using(compiler, names, left, right, keyword, before)
    right_sql = f"({right.sql})" if _is_group(join.this) else right.sql
    tail = f" ON {condition}" if condition else ""
    if not condition and keyword != "JOIN":
        raise PostgresError("42601", f"{keyword} needs ON or USING", hint="Add ON TRUE.")
    return FromClause(f"{left.sql} {keyword} {right_sql}{tail}", star, left.has_comma or is_comma)


def _condition(compiler: Compiler, on: exp.Expr | None) -> str:
    if on is None:
        return ""
    return boolean(compiler, compiler.value(on), "JOIN/ON")


def _using(
    compiler: Compiler,
    names: Sequence[str],
    left: FromClause,
    right: FromClause,
    keyword: str,
    before: int,
) -> tuple[str, list[tuple[str, Value]]]:
    """Return the condition of USING, and the columns of `*`, of which it merges some."""
    scope: Scope = compiler.scope
    conditions: list[str] = []
    merged: list[tuple[str, Value]] = []
    for name in names:
        sides = [_one_column(name, part) for part in (left, right)]
        conditions.append(compare(compiler, "=", *sides).sql)
        value = sides[0]
        if keyword == "RIGHT JOIN":
            value = sides[1]
        elif keyword == "FULL JOIN":
            one, other = unified(compiler, sides, "JOIN/USING")
            sql = f"coalesce({one.sql}, {other.sql})"
            value = Value(sql, one.type, name=name, is_exact=one.is_exact)
        merged.append((name, value))
    for place in range(len(scope.relations)):
        relation = scope.relations[place]
        if place >= before:
            relation.merged = relation.merged | frozenset(names)
    scope.merged |= dict(merged)
    rest = [pair for part in (left, right) for pair in part.star if pair[0] not in names]
    return " AND ".join(conditions), [*merged, *rest]


def _one_column(name: str, part: FromClause) -> Value:
    found = [value for each, value in part.star if each == name]
    if len(found) != 1:
        raise PostgresError(
            "42703" if not found else "42702",
            f'column "{name}" specified in USING clause '
            + ("does not exist in one of the tables" if not found else "is ambiguous"),
            hint="Use ON.",
        )
    return found[0]
