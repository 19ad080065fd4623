"""Names of columns, and what they mean where they stand."""

from __future__ import annotations

from sqlglot import exp

from billql.serve.postgres.compiler.core import Compiler
from billql.serve.postgres.compiler.rules import rule
from billql.serve.postgres.compiler.values import Value
from billql.serve.postgres.errors import PostgresError, unsupported

WITHOUT_PARENTHESES = frozenset(
    [
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "current_user",
        "user",
        "session_user",
        "current_role",
        "current_catalog",
        "current_schema",
    ]
)


@rule(exp.Column, "this", "table", "db", "catalog")
def _column(compiler: Compiler, node: exp.Column) -> Value:
    if isinstance(node.this, exp.Star):
        raise PostgresError("42601", "* stands only in SELECT and count(*)", hint="Name columns.")
    name, table, schema = column_names(node)
    if table is None and name in WITHOUT_PARENTHESES and not node.this.quoted:
        called = exp.Anonymous(this=name, expressions=[])
        return compiler.value(called).named(name)
    found = compiler.scope.column(name, table, schema)
    if found is None:
        raise _no_column(compiler, node, name, table, schema)
    if compiler.grouping is not None and compiler.scope.depth_of(name, table, schema) == 0:
        compiler.grouping.loose.append(f"{table}.{name}" if table else name)
    return found.named(name)


def column_names(node: exp.Column) -> tuple[str, str | None, str | None]:
    """Return a column's name, and those of its table and its schema, as they are looked for."""
    table, schema, catalog = (node.args.get(part) for part in ("table", "db", "catalog"))
    schema_name = None if schema is None else folded(schema)
    if catalog is not None:
        schema_name = f"{folded(catalog)}.{schema_name}"
    return folded(node.this), None if table is None else folded(table), schema_name


def folded(name: exp.Expr) -> str:
    """Return a name in small letters, unless it is in double quotes."""
    is_quoted = isinstance(name, exp.Identifier) and name.quoted
    return name.name if is_quoted else name.name.lower()


def _no_column(
    compiler: Compiler, node: exp.Column, name: str, table: str | None, schema: str | None
) -> PostgresError:
    if table is not None and compiler.scope.relation(table, schema) is None:
        return PostgresError(
            "42P01", f'missing FROM-clause entry for table "{table}"', hint="Check the alias."
        )
    if table is None and compiler.scope.relation(name, None) is not None:
        return unsupported(f"the whole row {name}", "Name its columns.")
    import difflib

    known = [
        column.name
        for relation in compiler.scope.relations
        if table in (None, relation.name)
        for column in relation.columns
    ]
    close = difflib.get_close_matches(name, known, 1)
    shown = f"{table}.{name}" if table else f'"{name}"'
    return PostgresError(
        "42703",
        f"column {shown} does not exist",
        hint=f'Perhaps you meant to reference the column "{close[0]}".'
        if close
        else "\\d TABLE lists the columns.",
    )


@rule(exp.Paren, "this")
def _paren(compiler: Compiler, node: exp.Paren) -> Value:
    return compiler.value(node.this)


@rule(exp.Alias, "this", "alias")
def _alias(compiler: Compiler, node: exp.Alias) -> Value:
    return compiler.value(node.this)
