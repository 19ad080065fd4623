"""A SQL statement while SQLite runs it: its plans, whether it may stop early, its coming keys."""

from __future__ import annotations

from functools import cached_property

import apsw

from billql.errors import Error
from billql.fetching._early_stop import may_stop_early
from billql.fetching._prefetch import KeyPrefetcher
from billql.fetching.statement import Statement
from billql.planning.plan import Plan
from billql.sql.statements import Bindings


class RunningStatement:
    """One statement in SQLite.

    `query` is its text, or the SELECT inside of it, for a dry run and for EXPLAIN; None if it has
    none that could be run beside it. `whole_lists` says that an IN list may be requested as a
    whole, because none of them can be empty; otherwise its values are constrained one by one, as
    keys are.
    """

    def __init__(
        self,
        statement: Statement,
        database: apsw.Connection,
        query: str | None,
        bindings: Bindings,
        whole_lists: bool,
    ) -> None:
        self.statement = statement
        self.whole_lists = whole_lists
        self._database = database
        self._query = query
        self._bindings = bindings
        self.plans: dict[int, Plan] = {}
        """What SQLite has been offered, by number. They live as long as the statement, which is
        prepared for this run alone: so whatever plan it names is here."""
        self._numbers: dict[Plan, int] = {}
        self.prefetcher = KeyPrefetcher(statement, database, query, bindings)

    def number_of(self, plan: Plan) -> int:
        """Return the number by which SQLite names a plan."""
        if plan not in self._numbers:
            self._numbers[plan] = number = len(self._numbers) + 1
            self.plans[number] = plan
        return self._numbers[plan]

    @cached_property
    def stops_early(self) -> bool:
        """Whether SQLite may leave a scan before its end, as a LIMIT or an EXISTS makes it do."""
        if self._query is None:
            return False
        try:
            explain = f"EXPLAIN {self._query}"
            program = list(self._database.execute(explain, self._bindings, can_cache=False))
        except (apsw.Error, Error):
            return True
        return may_stop_early(program)
