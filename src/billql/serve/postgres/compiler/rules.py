"""The functions that compile nodes, by the kind of node."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlglot import exp

from billql.serve.postgres.compiler.core import Compiler, Rule
from billql.serve.postgres.compiler.values import Value

RULES: dict[type[exp.Expr], Rule] = {}


_Node = TypeVar("_Node")
_Compile = Callable[[Compiler, _Node], Value]


def rule(kind: type[exp.Expr], *arguments: str) -> Callable[[_Compile[_Node]], _Compile[_Node]]:
    """Register the function that compiles a kind of node, with the arguments that it knows."""

    def register(handler: _Compile[_Node]) -> _Compile[_Node]:
        RULES[kind] = Rule(frozenset(arguments), handler)
        return handler

    return register
