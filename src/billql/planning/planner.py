"""Planning: which method reads a resource, what the API filters, and what is left to SQLite.

Pure: `choose_plan` answers the question of SQLite's planner, "what would it cost to read this table
under these constraints", with a `Plan`. `bind` later makes requests of it.

What the API filters may change what an answer costs, never what it is (see `pushdown`), and a LIMIT
is only ever a hint of how many rows to request.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from billql.definitions.catalog import Table
from billql.definitions.methods import Parameter
from billql.definitions.model import CONNECTION
from billql.messages import constant_text
from billql.planning.plan import (
    IMPOSSIBLE,
    UNKNOWN,
    Constraint,
    Order,
    Plan,
    PlanDescription,
    PushedConstraint,
    Unknown,
    each_value,
)
from billql.planning.pushdown import (
    key_columns_of,
    look_ups,
    missing_parameters,
    push_down,
    pushable_span,
    selects_connections,
    selects_one,
)

_COST_OF_REQUEST = 1000.0
"""What a request costs, where reading a row that is in memory costs 1."""

_ROWS_OF_LIST = 1000
"""The rows of a list whose definition names no number."""

_FAN_OUT = 2
"""How many requests an IN list takes, where one value takes one: a guess, and such that SQLite
prefers it to an OR of as many equalities."""

_SHARES: Mapping[str, float] = {"=": 0.1, "within": 0.1, "in": _FAN_OUT * 0.1, "is null": 0.1}
_SHARE_OF_RANGE = 0.3
"""The share of a list's rows that a constraint leaves, by its operator: guesses."""

_COST_OF_LOOK_UP = 0.95
"""What a list costs where its rows are found by values, to what it costs without them."""


class _Question(msgspec.Struct, frozen=True):
    """What SQLite's planner wants to know the cost of."""

    constraints: tuple[Constraint, ...]
    used: frozenset[str]
    order: tuple[Order, ...]
    connections: int
    sorts_ties: bool


def choose_plan(
    table: Table,
    constraints: Sequence[Constraint],
    used: frozenset[str],
    order: Sequence[Order] = (),
    connections: int = 1,
    *,
    sorts_ties: bool = True,
) -> Plan:
    """Return the plan of the cheapest method under some constraints.

    `used` are the columns that the statement reads; `connections` is how many there are to read
    from, unless a constraint selects some of them. `sorts_ties` allows an order whose first terms
    alone an API promises.
    """
    question = _Question(tuple(constraints), used, tuple(order), connections, sorts_ties)
    plans = (_MethodPlanner(table, name, question).plan() for name in table.resource.methods)
    return _preferred(min(plans, key=lambda plan: (plan.cost, len(plan.missing))))


def _preferred(plan: Plan) -> Plan:
    """Return a plan at a cost at which SQLite prefers to have the values that are looked up.

    Methods have been compared before: it makes no method cheaper.
    """
    equal = sum(one.constraint.operator == "=" for one in plan.looked_up)
    if not equal or plan.missing:
        return plan
    rows = max(1, round(plan.rows * _SHARES["="] ** equal))
    return replace(plan, rows=rows, cost=plan.cost * _COST_OF_LOOK_UP)


class _Limits(NamedTuple):
    """The LIMIT and the OFFSET that a plan takes: the numbers of their constraints."""

    limit: int | None = None
    offset: int | None = None
    """The OFFSET beside the LIMIT."""
    skips: bool = False
    """Whether billql leaves out the rows of the OFFSET itself."""

    def numbers(self) -> tuple[int, ...]:
        """Return the numbers, in the order in which a plan wants the values."""
        return tuple(number for number in (self.limit, self.offset) if number is not None)


class _Estimate(NamedTuple):
    """What a scan takes, by estimate."""

    rows: int
    requests: int
    cost: float
    """The cost by which SQLite compares plans, where reading a row in memory costs 1."""


class _MethodPlanner:
    """Plans the reading of a table by one of its methods."""

    def __init__(self, table: Table, name: str, question: _Question) -> None:
        self._table = table
        self._name = name
        self._method = method = table.resource.methods[name]
        self._question = question
        self._pushed = push_down(table, method, question.constraints)
        self._looked_up = look_ups(table, name, question.constraints, self._pushed)
        self._filtered = [one for one in self._pushed if one.constraint.column != CONNECTION]
        self._lists_values = any(one.constraint.operator == "in" for one in self._pushed)
        selects_one = any(
            selects_connections(one.constraint) and one.constraint.operator == "="
            for one in self._pushed
        )
        self._connections = 1 if selects_one else question.connections

    def plan(self) -> Plan:
        """Return the plan, with its cost."""
        question = self._question
        numbers = tuple(one.number for one in self._pushed)
        missing = tuple(dict.fromkeys(self._missing()))
        ties = self._ties()
        limits = self._limits() if ties == 0 else _Limits()
        estimate = self._estimate()
        pushed, looked_up = (
            tuple(
                msgspec.structs.replace(one, constraint=_without_value(one.constraint))
                for one in several
            )
            for several in (self._pushed, self._looked_up)
        )
        return Plan(
            self._table.name,
            self._name,
            tuple(map(_without_value, question.constraints)),
            (*numbers, *limits.numbers(), *(one.number for one in looked_up)),
            question.used,
            pushed,
            self._describe(pushed, missing, limits, estimate.requests),
            missing=missing,
            limit=None if limits.limit is None else len(numbers),
            offset=None if limits.offset is None else len(numbers) + 1,
            skips=limits.skips,
            order=() if ties is None else question.order,
            ties=ties or 0,
            cost=IMPOSSIBLE if missing else estimate.cost,
            rows=estimate.rows,
            correlated=any(
                one.constraint.operator == "=" and isinstance(one.constraint.value, Unknown)
                for one in self._pushed
            ),
            looked_up=looked_up,
        )

    def _describe(
        self,
        pushed: Sequence[PushedConstraint],
        missing: tuple[str, ...],
        limits: _Limits,
        requests: int,
    ) -> PlanDescription:
        """Return what EXPLAIN QUERY PLAN shows; `pushed` are the constraints without values."""
        sent = [one.constraint for one in pushed]
        return PlanDescription(
            self._name,
            tuple(map(self._needed, missing)),
            self._connections,
            selects=tuple(one for one in sent if one.column == CONNECTION),
            pushed=tuple(one for one in sent if one.column != CONNECTION),
            constants=tuple(self._constants()),
            sends_limit=limits.limit is not None,
            sends_offset=limits.skips,
            residual=self._residual,
            is_exact=self._is_exact,
            requests=requests,
            cost=None if self._method.price is None else self._method.price.charge(requests),
        )

    @cached_property
    def _residual(self) -> tuple[Constraint, ...]:
        """Return the constraints that SQLite alone checks, without values."""
        pushed = {one.number for one in self._pushed}
        return tuple(
            _without_value(one)
            for number, one in enumerate(self._question.constraints)
            if one.operator not in ("limit", "offset") and number not in pushed
        )

    @cached_property
    def _is_exact(self) -> bool:
        """Return whether the API returns just the rows that satisfy all constraints."""
        return not self._residual and all(one.is_exact for one in self._pushed)

    def _missing(self) -> Iterator[str]:
        """Yield the columns without whose values the method cannot be called."""
        served = self._served()
        filled = {
            column
            for column, one in self._method.filters()
            if one.default is not None or one.by is not None
        }
        for column, _ in self._unfilled:
            yield column
        for column in self._table.echo_columns:
            if column in self._question.used and column not in served | filled:
                yield column

    @cached_property
    def _unfilled(self) -> list[tuple[str, Parameter]]:
        """The required parameters that no constraint fills, each after its column."""
        return list(missing_parameters(self._method, [one.constraint for one in self._pushed]))

    def _needed(self, column: str) -> str:
        """Return what a plan needs of a column: a value, or the end that a range lacks."""
        operators = [one.operator for name, one in self._unfilled if name == column]
        bounded = {one.operator for name, one in self._method.filters() if name == column}
        is_end = len(operators) == 1 and len(bounded) > 1 and operators != ["="]
        return f"{column} {operators[0]}" if is_end else column

    def _served(self) -> set[str]:
        """Return the columns that the statement compares with one value, or with a list of them."""
        return {
            one.constraint.column
            for one in self._pushed
            if one.constraint.operator == "in" or selects_one(one.constraint)
        }

    def _ties(self) -> int | None:
        """Return how many terms at the end of the statement's order are left to sort by, where the
        rows of all requests together come in the order of the others; None if they do not.
        """
        order, method = self._question.order, self._method
        if not order:
            return 0
        if self._connections != 1 or self._lists_values:
            return None
        served = self._served()
        for column, parameter in method.filters():
            if isinstance(parameter.default, tuple) and column not in served:
                return None
        if method.window_limit is not None and order[0].column != method.window_limit.column:
            return None  # windows follow each other in time
        if method.single:
            return 0
        terms = [f"-{term.column}" if term.descending else term.column for term in order]
        pairs = zip(terms, method.order, strict=False)
        promised = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
        # Times that are computed to be equal are in no order of what follows them.
        if any(term.computed for term in order[:-1]):
            return None
        ties = order[promised:]
        may_sort = promised > 0 and self._question.sorts_ties
        can_sort = all(one.column in self._table.columns and not one.computed for one in ties)
        return len(ties) if not ties or (may_sort and can_sort) else None

    def _limits(self) -> _Limits:
        """Return the LIMIT and the OFFSET, if the API returns the statement's rows in its order.

        The LIMIT is a hint of how many rows to request. The OFFSET is another, unless it is certain
        that the API's rows are just the statement's: then billql skips those rows itself, and with
        them the pages that hold them.
        """
        constraints = self._question.constraints
        numbers = {one.operator: i for i, one in enumerate(constraints) if one.usable}
        if self._lists_values or "limit" not in numbers or not self._is_exact:
            return _Limits()
        offset = numbers.get("offset")
        skips = offset is not None and self._is_certain()
        return _Limits(numbers["limit"], offset, skips)

    def _is_certain(self) -> bool:
        """Return whether all values are known already, and can be pushed down."""
        return self._connections == 1 and all(
            not isinstance(one.constraint.value, Unknown)
            and pushable_span(self._method, one, one.constraint.value) is not None
            for one in self._pushed
        )

    def _constants(self) -> Iterator[tuple[str, str]]:
        """Yield what is sent because of a column that the statement reads: names and values."""
        for name, parameter in self._method.parameters.items():
            if parameter.value is not None and not self._question.used.isdisjoint(
                parameter.when_read
            ):
                yield parameter.name or name, constant_text(parameter.value)

    def _estimate(self) -> _Estimate:
        """Estimate what the scan takes."""
        filtered = [one.constraint for one in self._filtered]
        share = self._rows(filtered)
        rows = max(1, round(share * self._connections))
        requests = weighed = self._requests(share) * self._connections
        # A filter beside a key makes no plan cheaper. Otherwise SQLite would read the table once
        # for each term of an OR, and for those it forgets a key that is in a BETWEEN or a subquery.
        weakest = {one.column: one for one in sorted(filtered, key=share_of)}
        columns = key_columns_of(self._table, self._method)
        keys = [weakest[column] for column in columns if column in weakest]
        if keys:
            weighed = max(requests, self._requests(self._rows(keys)))
        return _Estimate(rows, requests, weighed * _COST_OF_REQUEST + rows)

    def _rows(self, constraints: Sequence[Constraint]) -> float:
        """Estimate how many rows the API returns under some constraints."""
        if self._method.single:
            return 1.0
        shares = sorted(map(share_of, constraints))
        return (self._method.expected_rows or _ROWS_OF_LIST) * math.prod(shares)

    def _requests(self, rows: float) -> int:
        """Estimate how many requests it takes to read so many rows from one connection."""
        fan_out = _FAN_OUT if any(one.constraint.operator == "in" for one in self._filtered) else 1
        paginator = self._table.reading(self._method)
        size = paginator.size if paginator is not None else None
        return fan_out * (math.ceil(rows / fan_out / size) if size else 1)


def _without_value(constraint: Constraint) -> Constraint:
    return constraint._replace(value=UNKNOWN)


def share_of(constraint: Constraint) -> float:
    """Estimate the share of the rows that satisfy a constraint."""
    return _SHARES.get(constraint.operator, _SHARE_OF_RANGE)


def widened(
    table: Table, plan: Plan, values: Sequence[Any], connections: int
) -> tuple[Plan, Sequence[Any]]:
    """Return the plan and the values with which a scan surely finds all rows.

    A number that is compared with a key that is a text stands for its own text, if it comes from
    an expression, or for every text that spells it ('5', '05', '5.0'), if it comes from a numeric
    column; SQLite does not show which. So another method reads the rows, if there is one that
    needs no key, and SQLite compares. If there is none, the key is requested by the number's text.
    """
    by_number = plan.by_number(values)
    unclear = {one.number for one in plan.pushed if _is_unclear(one, by_number[one.number])}
    if not unclear:
        return plan, values
    carried = {one.number for one in (*plan.pushed, *plan.looked_up)}
    constraints = [
        one if number in carried and number not in unclear else one._replace(usable=False)
        for number, one in enumerate(plan.constraints)
    ]
    wider = choose_plan(table, constraints, plan.used, plan.order, connections)
    if wider.missing or wider.order != plan.order:
        return plan, values
    return wider, tuple(by_number[number] for number in wider.arguments)


def _is_unclear(pushed: PushedConstraint, value: Any) -> bool:
    """Return whether it is open which texts a constraint's number stands for."""
    constraint = pushed.constraint
    if constraint.literal or constraint.operator not in ("=", "in"):
        return False
    return (
        any(isinstance(one, int | float) for one in each_value(value))
        and pushed.column.type == "text"
        and pushed.is_key
    )
