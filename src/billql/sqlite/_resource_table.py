"""The virtual table of a resource, in SQLite's protocol (https://sqlite.org/vtab.html) with APSW.

SQLite asks what a scan would cost (`BestIndexObject`), which the planner decides, and opens cursors
(see `_cursor`), whose rows the fetcher gets. Nothing is decided here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import apsw

from billql.definitions.catalog import Table
from billql.definitions.types import (
    AFFINITY,
    MOMENTS,
    TIME_COLLATION,
    ColumnType,
    collation_of,
)
from billql.errors import BadValue, Error
from billql.fetching.running_statement import RunningStatement
from billql.planning.patterns import BEGINNING, beginning_of
from billql.planning.plan import UNKNOWN, Constraint, Order, Plan, with_points
from billql.planning.plan_summary import summarize
from billql.planning.planner import choose_plan
from billql.planning.time_check import check_literals
from billql.sql.tokenizer import quote
from billql.sqlite._cursor import ConnectionSource, ValueOfRow
from billql.sqlite._dry_run_cursor import DryRunCursor
from billql.sqlite._resource_cursor import ResourceCursor
from billql.sqlite._time_collation import NAME_OF_HIDDEN

if TYPE_CHECKING:
    from billql.sqlite._computed_columns import Expression
    from billql.sqlite._computed_tables import ComputedTables

_OPERATORS: dict[int, Any] = {
    apsw.SQLITE_INDEX_CONSTRAINT_EQ: "=",
    apsw.SQLITE_INDEX_CONSTRAINT_IS: "=",
    apsw.SQLITE_INDEX_CONSTRAINT_GT: ">",
    apsw.SQLITE_INDEX_CONSTRAINT_GE: ">=",
    apsw.SQLITE_INDEX_CONSTRAINT_LT: "<",
    apsw.SQLITE_INDEX_CONSTRAINT_LE: "<=",
    apsw.SQLITE_INDEX_CONSTRAINT_ISNULL: "is null",
    apsw.SQLITE_INDEX_CONSTRAINT_LIMIT: "limit",
    apsw.SQLITE_INDEX_CONSTRAINT_OFFSET: "offset",
}


_PATTERNS = frozenset((apsw.SQLITE_INDEX_CONSTRAINT_LIKE, apsw.SQLITE_INDEX_CONSTRAINT_GLOB))


_OF_TRUTH = frozenset(
    (
        apsw.SQLITE_INDEX_CONSTRAINT_NE,
        apsw.SQLITE_INDEX_CONSTRAINT_GT,
        apsw.SQLITE_INDEX_CONSTRAINT_GE,
        apsw.SQLITE_INDEX_CONSTRAINT_LT,
        apsw.SQLITE_INDEX_CONSTRAINT_LE,
    )
)


class TableHost(ConnectionSource, Protocol):
    """What a virtual table needs of the session that it lives in."""

    def table(self, name: str) -> Table:
        """Return the resource of a dotted name."""

    def running(self) -> RunningStatement:
        """Return the statement that SQLite is running now."""

    def number_of(self, plan: Plan, table: Table) -> int:
        """Return the number by which the statement that SQLite prepares now will name a plan."""

    def fail(self, fault: Error) -> None:
        """Let the statement that SQLite prepares now fail; raise if it is only prepared."""

    @property
    def has_limit(self) -> bool:
        """Whether the statement that SQLite prepares now has a LIMIT."""

    @property
    def computed(self) -> ComputedTables:
        """Return the resources with computed columns."""


class ResourceModule:
    """Makes the virtual table for a resource when SQLite first meets its name."""

    def __init__(self, host: TableHost) -> None:
        self._host = host

    def Create(  # noqa: N802
        self, database: apsw.Connection, module: str, schema: str, name: str, *arguments: str
    ) -> tuple[str, ResourceTable]:
        """Return a table's declaration, and the table."""
        resource, expressions = self._host.computed.resource(module)
        table = self._host.table(resource)
        return declaration(table, expressions), ResourceTable(self._host, table, expressions)

    Connect = Create


def declaration(table: Table, computed: Sequence[Expression] = ()) -> str:
    """Return the CREATE TABLE of a resource, with a column for each of some expressions."""
    columns = []
    for name, column in table.columns.items():
        kind = declared_type(column.type)
        collation = " COLLATE time" if column.type in MOMENTS else ""
        # SQLite takes HIDDEN for a part of the type.
        columns.append(f'"{name}" {kind}{" HIDDEN" if column.hidden else ""}{collation}')
    # An expression has no collation.
    columns += [f"{quote(one.text)} {one.affinity} HIDDEN" for one in computed]
    return f"CREATE TABLE resource ({', '.join(columns)})"


def declared_type(kind: ColumnType) -> str:
    """Return a type's name, followed by the affinity that it is to have: `TIMESTAMP TEXT`."""
    own, affinity = kind.upper(), AFFINITY[kind]
    return own if own == affinity else f"{own} {affinity}"


class ResourceTable:
    """One resource as SQLite sees it."""

    def __init__(self, host: TableHost, table: Table, computed: Sequence[Expression] = ()) -> None:
        self.host = host
        self.table = table
        self._computed = computed
        self._names = [*table.columns, *(one.column for one in computed)]
        """The names of the columns; for one that is computed, that of the column it is made of."""

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802
        """Set the plan and the cost of a scan under some constraints."""
        constraints = with_points(
            [self._constraint(info, number) for number in range(info.nConstraint)]
        )
        try:
            check_literals(self.table, constraints)
        except BadValue as fault:
            # SQLite may ask a table for functions before it ends, which loses an exception.
            self.host.fail(fault)
        plan = choose_plan(
            self.table,
            constraints,
            self._used(info.colUsed),
            list(self._order(info)),
            len(self.host.connections(self.table)),
            # Whatever reads all rows is sorted by SQLite just as well.
            sorts_ties=self.host.has_limit,
        )
        for place, number in enumerate(plan.arguments, start=1):
            info.set_aConstraintUsage_argvIndex(number, place)
            if constraints[number].operator == "in":
                info.set_aConstraintUsage_in(number, True)
            if constraints[number].operator == "offset" and plan.skips:
                info.set_aConstraintUsage_omit(number, True)
        info.idxNum = self.host.number_of(plan, self.table)
        info.idxStr = summarize(plan.description)
        info.estimatedCost = plan.cost
        info.estimatedRows = plan.rows
        info.orderByConsumed = bool(plan.order)
        return True

    def _order(self, info: apsw.IndexInfo) -> Iterator[Order]:
        """Yield the terms of the order that a statement requests of a scan."""
        for term in range(info.nOrderBy):
            column = info.get_aOrderBy_iColumn(term)
            is_computed = column >= len(self.table.columns)
            yield Order(self._name(column), bool(info.get_aOrderBy_desc(term)), is_computed)

    def _constraint(self, info: apsw.IndexInfo, number: int) -> Constraint:
        kind = info.get_aConstraint_op(number)
        operator = _OPERATORS.get(kind, "other")
        column = info.get_aConstraint_iColumn(number)
        if column >= len(self.table.columns):
            return self._constraint_of_computed(info, number)
        if kind in _PATTERNS and self._is_time(column):
            return self._constraint_of_pattern(info, number)
        compares = operator not in ("limit", "offset")
        collation = self._foreign_collation(info, number) if compares else None
        listed = operator == "=" and info.get_aConstraintUsage_in(number)
        if listed:
            operator = "in" if collation is None else "="
        if compares and column < 0:
            operator = "other"
        of_truth = collation is None and self._is_truth(column) and kind in _OF_TRUTH
        if of_truth and kind == apsw.SQLITE_INDEX_CONSTRAINT_NE:
            operator = "<>"
        value = info.get_aConstraint_rhs(number)
        return Constraint(
            self._name(column),
            operator,
            info.get_aConstraint_usable(number),
            UNKNOWN if value is None else value,
            literal=value is not None,
            accepts_null=kind == apsw.SQLITE_INDEX_CONSTRAINT_IS and value is None,
            collation=collation,
            of_truth=of_truth,
            listed=listed and operator == "=",
        )

    def _constraint_of_computed(self, info: apsw.IndexInfo, number: int) -> Constraint:
        """Return a constraint of an expression, which is a range of the column that it is of."""
        kind = info.get_aConstraint_op(number)
        operator = _OPERATORS.get(kind, "other")
        column = info.get_aConstraint_iColumn(number)
        expression = self._computed[column - len(self.table.columns)]
        collation = info.get_aConstraint_collation(number).upper() or TIME_COLLATION
        value = info.get_aConstraint_rhs(number)
        if operator == "=":
            is_equal = kind == apsw.SQLITE_INDEX_CONSTRAINT_EQ or value is not None
            operator = "within" if is_equal else "other"
        if collation not in ("BINARY", TIME_COLLATION) or operator == "is null":
            operator = "other"
        return Constraint(
            expression.column,
            operator,
            info.get_aConstraint_usable(number),
            UNKNOWN if value is None else value,
            literal=value is not None,
            computed=self.host.computed.compared(expression, collation),
        )

    def _constraint_of_pattern(self, info: apsw.IndexInfo, number: int) -> Constraint:
        """Return the constraint of a LIKE or GLOB, which is a range if its pattern is known and
        begins with a part of a time.
        """
        value = info.get_aConstraint_rhs(number)
        is_known = isinstance(value, str) and beginning_of(value) != ""
        return Constraint(
            self._name(info.get_aConstraint_iColumn(number)),
            "within" if is_known else "other",
            info.get_aConstraint_usable(number),
            UNKNOWN if value is None else value,
            literal=value is not None,
            computed=BEGINNING,
        )

    def _is_truth(self, column: int) -> bool:
        return column >= 0 and self.table.columns[self._name(column)].type == "boolean"

    def _is_time(self, column: int) -> bool:
        return column >= 0 and self.table.columns[self._name(column)].type in MOMENTS

    def _foreign_collation(self, info: apsw.IndexInfo, number: int) -> str | None:
        """Return the collation of a constraint, if it is not the one of its column."""
        collation = info.get_aConstraint_collation(number).upper()
        if collation == NAME_OF_HIDDEN:
            collation = TIME_COLLATION
        column = info.get_aConstraint_iColumn(number)
        kind = self.table.columns[self._name(column)].type if column >= 0 else "integer"
        return None if collation == collation_of(kind) else collation

    def _name(self, column: int) -> str:
        return self._names[column] if column >= 0 else "rowid"

    def _used(self, columns: set[int]) -> frozenset[str]:
        """Return the columns that a statement reads; 63 stands for all from there on."""
        return frozenset(
            name for number, name in enumerate(self._names) if min(number, 63) in columns
        )

    def Open(self) -> ResourceCursor | DryRunCursor:  # noqa: N802
        """Return a cursor for the statement that SQLite is running, or for a dry run of it."""
        running = self.host.running()
        if (dry_run := running.prefetcher.dry_run) is not None:
            return DryRunCursor(self.host, self.table, running, dry_run, self._values())
        return ResourceCursor(self.host, self.table, running, self._values())

    def _values(self) -> tuple[ValueOfRow, ...]:
        """Return functions that compute the values of computed columns from a row."""
        places = {name: place for place, name in enumerate(self.table.columns)}
        return tuple(self._value(one, places[one.column]) for one in self._computed)

    def _value(self, expression: Expression, place: int) -> ValueOfRow:
        @functools.lru_cache(maxsize=4096)
        def value(time: Any) -> Any:
            return self.host.computed.calculator.value(expression.parameterized, time)

        return lambda row: value(row[place])

    def Disconnect(self) -> None:  # noqa: N802
        """Do nothing, for nothing is held."""

    Destroy = Disconnect
