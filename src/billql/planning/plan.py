"""The planner's input and output: constraints and an order, and a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import msgspec

from billql.definitions.methods import Parameter
from billql.definitions.model import Column
from billql.definitions.types import Operator, SQLValue
from billql.messages import Charge

IMPOSSIBLE: Final = 1e18
"""The cost of a plan that cannot be run; SQLite takes it only if there is no other."""


class Unknown:
    """A value that is known only when the statement runs."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Computed:
    """An expression of a column of time that never goes down as the time goes up."""

    text: str
    """The expression as SQL has it, such as `strftime('%Y-%m', created)`."""
    collation: str
    """The collation by which it is compared, BINARY or TIME."""
    holds: Callable[[SQLValue, Operator, SQLValue], bool] = field(compare=False, repr=False)
    """Returns whether the expression of a time compares so with a value."""
    is_beginning: bool = False
    """Whether it is the beginning that a LIKE or GLOB requests."""


class Constraint(NamedTuple):
    """SQLite's side of a predicate, as its planner offers it."""

    column: str
    operator: Operator | Literal["<>", "in", "within", "is null", "limit", "offset", "other"]
    """`within` stands for `=` of what is computed: a range of the column. `<>` stands for itself
    where the column has two values, of which it may leave one."""
    usable: bool
    value: SQLValue | Unknown = UNKNOWN
    literal: bool = False
    """Whether the value stands in the statement, so that SQLite applies the column's affinity."""
    accepts_null: bool = False
    """Whether it is an IS, which NULL satisfies as well."""
    collation: str | None = None
    """The collation by which it compares texts, in capitals, if that is not the column's own."""
    computed: Computed | None = None
    """What is compared, if it is computed of the column, and not the column itself."""
    of_truth: bool = False
    """Whether it compares truth values by what is no `=`, so that it may leave one of the two."""
    listed: bool = False
    """Whether it is one value of an IN list, which SQLite hands over one by one if it is wanted."""


class Order(NamedTuple):
    """One term of an ORDER BY."""

    column: str
    descending: bool
    computed: bool = False
    """Whether it is what is computed of the column, which never goes down as the column goes up."""


class PushedConstraint(msgspec.Struct, frozen=True):
    """A constraint whose value a plan wants, and what the API can make of it."""

    number: int
    """Which of SQLite's constraints it is, from 0."""
    constraint: Constraint
    column: Column
    parameters: tuple[Parameter, ...]
    """The parameters that can carry something of it; none, if it selects connections."""
    is_exact: bool
    """Whether the API returns just the rows that satisfy it."""
    is_key: bool
    """Whether the method finds rows by this column, or shows in it what was requested."""


class Arguments(NamedTuple):
    """The values of a plan's constraints, when the statement runs."""

    pushed: tuple[tuple[PushedConstraint, Any], ...]
    """Each constraint with its value, or with the set of values of a whole IN list."""
    limit: int | None
    """The LIMIT in rows, if the plan has one to send."""
    offset: int
    """The OFFSET in rows."""


class PlanDescription(msgspec.Struct, frozen=True):
    """What EXPLAIN QUERY PLAN shows of a plan."""

    method: str
    missing: tuple[str, ...]
    connections: int
    """How many connections are read, unless the constraints in `selects` choose among them."""
    selects: tuple[Constraint, ...]
    """The constraints that select connections."""
    pushed: tuple[Constraint, ...]
    """The constraints whose values are sent."""
    constants: tuple[tuple[str, str], ...]
    """Parameters that are sent because of a column that the statement reads: names and values."""
    sends_limit: bool
    """Whether the LIMIT is a hint to the API."""
    sends_offset: bool
    """Whether the rows of the OFFSET are skipped by page."""
    residual: tuple[Constraint, ...]
    """The constraints that SQLite alone checks."""
    is_exact: bool
    """Whether the API returns just the rows that satisfy all constraints."""
    requests: int
    """How many requests it takes, by estimate."""
    cost: Charge | None = None
    """What the API charges for so many requests, if it does."""


@dataclass(frozen=True)
class Plan:
    """How to read a resource: chosen when SQLite plans, carried out when it runs.

    Statements of the same form have equal plans, so none holds a value of a constraint.
    """

    table: str
    """The resource's dotted name."""
    method: str
    constraints: tuple[Constraint, ...]
    """All that SQLite offered, without the values."""
    arguments: tuple[int, ...]
    """The numbers of the constraints whose values are wanted, in that order."""
    used: frozenset[str]
    """The columns that the statement reads."""
    # It follows from what stands above, and plans are compared and hashed for each row of a join.
    pushed: tuple[PushedConstraint, ...] = field(compare=False)
    """The constraints that are pushed down, by whose values the arguments begin."""
    description: PlanDescription = field(compare=False)
    missing: tuple[str, ...] = ()
    """The columns without which the method cannot be called."""
    limit: int | None = None
    """The argument that holds the LIMIT, if the API's rows are just the statement's."""
    offset: int | None = None
    """The argument that holds the OFFSET, beside a LIMIT."""
    skips: bool = False
    """Whether billql leaves out the rows of the OFFSET itself."""
    order: tuple[Order, ...] = ()
    """The order that the statement requests, if the API promises to return rows in it."""
    ties: int = 0
    """How many terms at the end of the order the API does not promise: by these, rows that are
    equal in the terms before are sorted as they are read."""
    cost: float = IMPOSSIBLE
    rows: int = 1
    correlated: bool = False
    """Whether its values come from the current row of a join."""
    looked_up: tuple[PushedConstraint, ...] = field(default=(), compare=False)
    """Constraints whose values no parameter of the method carries, and which are wanted all the
    same, after the others: equalities by which rows are found in a list that has been read, and
    what another method's parameters carry."""

    @property
    def wanted(self) -> int:
        """How many of the arguments the method's requests are made of."""
        return len(self.arguments) - len(self.looked_up)

    def by_number(self, values: Sequence[Any]) -> dict[int, Any]:
        """Return the values that SQLite passes by the numbers of their constraints."""
        return dict(zip(self.arguments, values, strict=False))

    def bind_arguments(self, values: Sequence[Any]) -> Arguments:
        """Return the values that SQLite passes for `arguments` beside what they belong to."""
        return Arguments(
            tuple(zip(self.pushed, values, strict=False)),
            _row_count(values, self.limit),
            _row_count(values, self.offset) or 0,
        )


def each_value(argument: Any) -> tuple[Any, ...]:
    """Return the values of an argument: those of a whole IN list, in no order, or its one."""
    return tuple(argument) if isinstance(argument, set | frozenset) else (argument,)


def _row_count(values: Sequence[Any], place: int | None) -> int | None:
    """Return a count of rows; None for what SQLite takes for no limit."""
    value = None if place is None else values[place]
    return value if isinstance(value, int) and value >= 0 else None


def with_points(constraints: Sequence[Constraint]) -> list[Constraint]:
    """Return the constraints with `BETWEEN 'x' AND 'x'` as the `= 'x'` that it means."""
    highs = {
        (one.column, one.value, one.collation)
        for one in constraints
        if one.operator == "<=" and one.usable and one.literal and one.computed is None
    }
    return [
        one._replace(operator="=")
        if one.operator == ">="
        and one.usable
        and one.literal
        and one.computed is None
        and (one.column, one.value, one.collation) in highs
        else one
        for one in constraints
    ]
