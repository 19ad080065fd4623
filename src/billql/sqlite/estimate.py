"""What a statement would cost, in numbers: read from SQLite's plan of it, without a request.

EXPLAIN QUERY PLAN names each scan of a resource by the number of its plan, in whose description the
planner has counted the requests. How often a scan is read depends on the scans around it:
https://sqlite.org/eqp.html
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from billql.errors import NotSupportedError, SqlError
from billql.messages import Charge
from billql.planning.plan import Plan
from billql.planning.plan_summary import summarize
from billql.planning.planner import share_of
from billql.sql.statement_kind import is_about_materialized_view, own_verb_of
from billql.sql.statements import Bindings, ParsedStatement, parse
from billql.sqlite.session import Session
from billql.util.text import counted

_PREFIX = "EXPLAIN QUERY PLAN "
_BY_INDEX = " VIRTUAL TABLE INDEX "
_LOOPS = ("SCAN ", "SEARCH ")


@dataclass(frozen=True)
class ScanEstimate:
    """One scan of a resource, as SQLite would read it."""

    resource: str
    method: str
    """The method of the resource whose requests it sends."""
    requests: int
    """How many requests one reading takes, by estimate."""
    readings: int | None
    """How often it is read: once for each row of what stands before it in a join. None if that
    depends on rows of which nothing is known, such as those of a local table."""
    rows: int
    """How many rows one reading returns, by estimate."""
    missing: tuple[str, ...]
    """The columns without a value for which the statement fails."""
    cost: Charge | None
    """What the API charges for the requests of one reading; None if nothing."""
    detail: str
    """The same in words, as EXPLAIN QUERY PLAN shows it."""


@dataclass(frozen=True)
class Estimate:
    """What a statement would cost, by estimate. Cached responses cost nothing, and are not seen."""

    scans: tuple[ScanEstimate, ...]

    @property
    def requests(self) -> int:
        """Return how many requests it takes; at least so many if `is_minimum`."""
        return sum(scan.requests * (scan.readings or 1) for scan in self.scans)

    @property
    def is_minimum(self) -> bool:
        """Return whether it may take many more, because a scan is read no one knows how often."""
        return any(scan.readings is None for scan in self.scans)

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Return the resources and the columns without a value for which it fails."""
        return tuple((scan.resource, name) for scan in self.scans for name in scan.missing)

    @property
    def costs(self) -> list[Charge]:
        """Return what the APIs charge for the requests, one charge for each currency."""
        found: dict[str, Charge] = {}
        for scan in self.scans:
            if (cost := scan.cost) is not None:
                whole = cost._replace(amount=cost.amount * (scan.readings or 1))
                found[cost.currency] = whole.plus(found.get(cost.currency))
        return list(found.values())

    def __str__(self) -> str:
        """Return it in words: about 5 requests, at least 5 requests for USD 0.05."""
        money = "".join(f" for {cost}" for cost in self.costs)
        least = "at least" if self.is_minimum else "about"
        return f"{least} {counted(self.requests, 'request')}{money}"


def estimate(session: Session, statement: ParsedStatement, bindings: Bindings = ()) -> Estimate:
    """Return what a statement would cost; raise what preparing it raises. Nothing is sent.

    Raise NotSupportedError for what depends on scopes: CREATE and REFRESH MATERIALIZED VIEW.
    """
    if own_verb_of(statement) is not None:
        return Estimate(())  # It reads what is at hand.
    if is_about_materialized_view(statement):
        if statement.keyword == "DROP":
            return Estimate(())
        raise NotSupportedError(
            f"What {statement.keyword} MATERIALIZED VIEW costs is not estimated, for it depends on "
            "which scopes there are, and which of them are settled",
            hint="Estimate its SELECT, with a condition on the scope where one is needed.",
        )
    try:
        execution = session.execute(parse(_PREFIX + statement.text), bindings)
    except SqlError as error:
        at = None if error.offset is None else max(0, error.offset - len(_PREFIX))
        raise statement.error(error.message, at, hint=error.hint, kind=type(error)) from error
    nodes = [_Node(number, parent, detail) for number, parent, _, detail in execution]
    return Estimate(tuple(_scans(nodes, execution.plans)))


class _Node(NamedTuple):
    """One line of SQLite's plan."""

    id: int
    parent: int
    detail: str


def _scans(nodes: Iterable[_Node], plans: Mapping[int, Plan]) -> Iterator[ScanEstimate]:
    by_id = {node.id: node for node in nodes}
    for node in by_id.values():
        if (plan := _plan(node, plans)) is not None:
            yield ScanEstimate(
                plan.table,
                plan.method,
                plan.description.requests,
                _readings(node, plan, by_id, plans),
                plan.rows,
                plan.missing,
                plan.description.cost,
                summarize(plan.description),
            )


def _plan(node: _Node, plans: Mapping[int, Plan]) -> Plan | None:
    """Return the plan that a line names; None for what is no scan of a resource."""
    number, _, summary = node.detail.partition(_BY_INDEX)[2].partition(":")
    plan = plans.get(int(number)) if number.isdecimal() else None
    # Other virtual tables have numbers too.
    return plan if plan is not None and summary == summarize(plan.description) else None


def _readings(
    node: _Node, plan: Plan, by_id: Mapping[int, _Node], plans: Mapping[int, Plan]
) -> int | None:
    """Return how often a scan is read whose values come from other rows; None if unknown."""
    if not plan.correlated:
        return 1  # What it has read once, it does not request again.
    beside = [other for other in by_id.values() if other.parent == node.parent]
    above = by_id.get(node.parent)
    while above is not None:
        if above.detail.startswith("CORRELATED"):
            return None
        above = by_id.get(above.parent)
    if any(other.detail.startswith("LIST SUBQUERY") for other in beside):
        return None
    before = [one for one in beside[: beside.index(node)] if one.detail.startswith(_LOOPS)]
    outer = [_plan(one, plans) for one in before]
    if None in outer:
        return None
    return math.prod(_remaining(one) for one in outer if one is not None)


def _remaining(plan: Plan) -> int:
    """Return how many of a scan's rows SQLite's checks of constants leave, by estimate."""
    checked = (share_of(one) for one in plan.description.residual if one.literal)
    return max(1, round(plan.rows * math.prod(checked)))
