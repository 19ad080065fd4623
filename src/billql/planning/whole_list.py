"""The whole list in which all keys of a join, or all values of an IN list, have their rows.

Where a statement needs many keys, one reading of the list that has them all may take fewer requests
than a request for each. SQLite checks every constraint again, so it makes no difference to the
answer, as long as both have the same rows.
"""

from __future__ import annotations

from collections.abc import Collection

from billql.definitions.catalog import Table
from billql.definitions.methods import Method
from billql.definitions.model import CONNECTION
from billql.planning.plan import Plan
from billql.planning.planner import choose_plan


def whole_list_plan(
    table: Table,
    plan: Plan,
    dropped: Collection[int],
    connections: int,
    *,
    may_lack_rows: bool = False,
) -> Plan | None:
    """Return the plan that reads the rows of a plan whatever the values of some constraints are.

    `dropped` are the numbers of these constraints. None if there is no method that surely has the
    same rows: one that a key has more to show than a list, unless it `may_lack_rows`; that a
    statement relies on another order; or that the API filters by default what it returns by value.
    """
    columns = {plan.constraints[number].column for number in dropped}
    if plan.skips or CONNECTION in columns or not columns.isdisjoint(table.echo_columns):
        return None
    looked_up = {one.number for one in plan.looked_up}
    known = {*plan.arguments[: len(plan.pushed)], *looked_up}
    constraints = [
        one if number in known and number not in dropped else one._replace(usable=False)
        for number, one in enumerate(plan.constraints)
    ]
    methods = table.resource.methods
    order = () if methods[plan.method].single else plan.order  # one row has any order
    whole = choose_plan(table, constraints, plan.used, order, connections)
    if whole.missing or whole.order != order or whole.method in table.beyond:
        return None
    pushed = {one.number for one in plan.pushed}
    have_same_rows = pushed.isdisjoint(dropped) or (
        _has_all(methods[whole.method], columns)
        and not methods[whole.method].single
        and (may_lack_rows or lists_have_all(methods[plan.method]))
        and _has_same_errors(methods[plan.method])
        and methods[plan.method].price == methods[whole.method].price
    )
    return whole if have_same_rows else None


def _has_all(method: Method, columns: Collection[str]) -> bool:
    """Return whether a list has the rows of any value of some columns if none is requested."""
    if method.window_limit is not None and method.window_limit.column in columns:
        return False
    return not any(
        column in columns
        and (one.by is not None or (one.default is not None and one.operator != "="))
        for column, one in method.filters()
    )


def lists_have_all(method: Method) -> bool:
    """Return whether lists have all the rows of a method by key."""
    return not method.shows_more


def _has_same_errors(method: Method) -> bool:
    """Return whether a method by key has no error that lists lack."""
    in_path = any(one.location in ("path", "host") for _, one in method.filters())
    return not in_path or method.missing == "empty"
