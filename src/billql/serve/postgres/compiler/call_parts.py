"""A call taken apart: its name and arguments, DISTINCT, ORDER BY and FILTER."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from billql.serve.postgres.compiler.columns import folded
from billql.serve.postgres.compiler.core import check_arguments
from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.registry import unknown_function


@dataclass
class Call:
    """A call taken apart."""

    name: str
    arguments: list[exp.Expr]
    distinct: bool = False
    order: list[exp.Expr] = field(default_factory=list)
    condition: exp.Expr | None = None

    @property
    def is_of_aggregate(self) -> bool:
        """Return whether it has what belongs to an aggregate: DISTINCT, ORDER BY or FILTER."""
        return self.distinct or bool(self.order) or self.condition is not None


def _taken_apart(name: str, expressions: Sequence[exp.Expr]) -> Call:
    """Return a call whose last argument may hold an ORDER BY, and whose first a DISTINCT."""
    call = Call(name, list(expressions))
    for place, argument in enumerate(call.arguments):
        if isinstance(argument, exp.Order):
            check_arguments(argument, frozenset(("this", "expressions")))
            call.order = argument.expressions
            call.arguments[place] = argument.this
    if any(isinstance(argument, exp.Kwarg) for argument in call.arguments):
        call.arguments = _by_place(name, call.arguments)
    first = call.arguments[0] if call.arguments else None
    if isinstance(first, exp.Distinct):
        check_arguments(first, frozenset(("expressions",)))
        call.distinct = True
        call.arguments[:1] = first.expressions
    return call


_NAMED = {"make_interval": ("years", "months", "weeks", "days", "hours", "mins", "secs")}
"""The names of arguments, of functions that are called by them."""


def _by_place(name: str, arguments: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Return arguments with names in their places, and 0 in all others."""
    names = _NAMED.get(name, ())
    found: list[exp.Expr] = [exp.Literal.number(0) for _ in names]
    for place, argument in enumerate(arguments):
        if isinstance(argument, exp.Kwarg):
            wanted = argument.this.name.lower()
            if wanted not in names:
                raise unknown_function(f"{name}({wanted} => …)", (), "Leave out the names.")
            found[names.index(wanted)] = argument.expression
        else:
            found[place] = argument
    return found


def call_of(node: exp.Expr) -> Call:
    """Return a call, which may stand in a FILTER or an OVER; raise PostgresError for all else."""
    if isinstance(node, exp.Filter):
        call = call_of(node.this)
        call.condition = node.expression.this
        return call
    if isinstance(node, exp.GroupConcat):
        return _of_string_agg(node)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
        node = node.expression
    if isinstance(node, exp.Anonymous):
        return _taken_apart(_name_of(node), node.expressions)
    raise unsupported(node.sql("postgres")[:60], "Use FILTER and OVER after an aggregate.")


def _of_string_agg(node: exp.GroupConcat) -> Call:
    separator = node.args.get("separator")
    return _taken_apart("string_agg", [node.this, *([] if separator is None else [separator])])


def _name_of(node: exp.Anonymous) -> str:
    """Return the name of a called function; without quotes it is in lower case."""
    return folded(node.this) if isinstance(node.this, exp.Identifier) else str(node.this).lower()


def misplaced(call: Call) -> PostgresError:
    """Return the error for what belongs to an aggregate, at a function that is none."""
    return PostgresError(
        "42809",
        f"{call.name} is not an aggregate function",
        hint="DISTINCT, ORDER BY, FILTER and OVER belong to aggregates.",
    )
