"""The resources that SQLite knows under a second name, by which they have computed columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from billql.planning.plan import Computed
from billql.sql.rewriter import Rewritten
from billql.sql.statement_kind import computes_times
from billql.sqlite._calculator import Calculator
from billql.sqlite._functions import register_functions_of_time

if TYPE_CHECKING:
    from billql.definitions.catalog import Table
    from billql.sqlite._computed_columns import Expression


class ComputedTables:
    """Names these resources, and computes their columns; see `_computed_columns`.

    `find` returns the resource that SQLite knows by a dotted name, or None; `register` registers
    names with SQLite.
    """

    def __init__(
        self, find: Callable[[str], Table | None], register: Callable[[Iterable[str]], None]
    ) -> None:
        self.calculator = Calculator(register_functions_of_time)
        self._find = find
        self._register = register
        self._known: dict[str, tuple[str, tuple[Expression, ...]]] = {}

    def rewrite(self, rewritten: Rewritten, *, is_view: bool = False) -> Rewritten:
        """Return a statement whose expressions of times are columns."""
        if not computes_times(rewritten.parsed):
            return rewritten
        from billql.sqlite._computed_columns import ComputedColumns

        return ComputedColumns(self._find, self._name).rewrite(rewritten, is_view=is_view)

    def _name(self, resource: str, expressions: tuple[Expression, ...]) -> str:
        name = f"{resource} {', '.join(one.text for one in expressions)}"
        self._known[name] = (resource, expressions)
        self._register([name])
        return name

    def resource(self, name: str) -> tuple[str, tuple[Expression, ...]]:
        """Return the name of a resource and its expressions, for a name that SQLite knows."""
        return self._known.get(name, (name, ()))

    def compared(self, expression: Expression, collation: str) -> Computed:
        """Return an expression that is compared by a collation."""
        holds = self.calculator.comparison(expression.parameterized, collation)
        return Computed(expression.text, collation, holds)

    def clear(self) -> None:
        """Forget all names, as SQLite has."""
        self._known.clear()
