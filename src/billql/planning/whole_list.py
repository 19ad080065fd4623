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
    table: Table, plan: Plan, dropped: Collection[int], connections: int
) -> Plan | None:
    """Return the plan that reads the rows of a plan whatever the values of some constraints are.

    `dropped` are the numbers of these constraints. None if there is no method that surely has the
    same rows: one that a key has more to show than a list, that a statement relies on another
    order, or that the API filters by default what it returns by value.
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
    whole = choose_plan(table, constraints, plan.used, plan.order, connections)
    if whole.missing or whole.order != plan.order or whole.method in table.beyond:
        return None
    methods = table.resource.methods
    pushed = {one.number for one in plan.pushed}
    have_same_rows = pushed.isdisjoint(dropped) or (
        _has_all(methods[whole.method], columns)
        and _is_shown_by_lists(methods[plan.method], single=methods[whole.method].single)
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


def _is_shown_by_lists(method: Method, *, single: bool) -> bool:
    """Return whether lists have all the rows of a method, and it has no error that they lack."""
    if method.shows_more or single:
        return False
    in_path = any(one.location in ("path", "host") for _, one in method.filters())
    return not in_path or method.missing == "empty"
