"""The wording of a plan, for EXPLAIN QUERY PLAN."""

from __future__ import annotations

from billql.planning.plan import Computed, Constraint, PlanDescription
from billql.util.text import counted


def summarize(plan: PlanDescription) -> str:
    """Return in one line what a scan will do: what it sends, what SQLite checks, what it costs."""
    if plan.missing:
        return f"needs {', '.join(plan.missing)}"
    parts = [plan.method, _connections(plan), _sent(plan), _checked(plan)]
    cost = f" for {plan.cost}" if plan.cost is not None else ""
    parts.append(f"about {counted(plan.requests, 'request')}{cost}")
    return "; ".join(part for part in parts if part)


def _connections(plan: PlanDescription) -> str:
    if plan.selects:
        return f"reads {_list(plan.selects)}"
    return f"reads all {plan.connections} connections" if plan.connections > 1 else ""


def _sent(plan: PlanDescription) -> str:
    sent = [*map(_predicate, plan.pushed)]
    sent += [f"{name}={value}" for name, value in plan.constants]
    sent += ["limit"] * plan.sends_limit
    sent += ["offset"] * plan.sends_offset
    return f"sends {', '.join(sent)}" if sent else ""


def _checked(plan: PlanDescription) -> str:
    if plan.residual:
        return f"SQLite checks {_list(plan.residual)}"
    return "SQLite checks again" if _sent(plan) and not plan.is_exact else ""


def _list(constraints: tuple[Constraint, ...]) -> str:
    return ", ".join(map(_predicate, constraints))


def _predicate(constraint: Constraint) -> str:
    if constraint.computed is not None:
        return _computed(constraint, constraint.computed)
    if constraint.collation is not None:
        return f"{constraint.column} COLLATE {constraint.collation}"
    if constraint.operator == "other":
        return constraint.column
    return f"{constraint.column} {constraint.operator}"


def _computed(constraint: Constraint, computed: Computed) -> str:
    if computed.is_beginning:
        return f"{constraint.column} LIKE"
    operators = {"within": " =", "other": ""}
    return computed.text + operators.get(constraint.operator, f" {constraint.operator}")
