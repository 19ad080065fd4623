"""A SQL statement while SQLite runs it: whether it may stop early, and which keys are coming.

A join reads an inner resource by one key after the other, and each would wait for the one before.
So SQLite also makes a *dry run* of the statement (see `dry_run`), which collects the coming keys
in their order, whatever the outer side is: another resource, a local table, a CTE, a subquery.
Their requests are sent ahead.

Both are hints. They decide when a request is sent, never what a row is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import apsw

from billql.errors import Error
from billql.fetching.dry_run import DryRun, JoinSide, WouldSendRequest
from billql.fetching.row_memo import RowMemo
from billql.fetching.scan_stats import ScanStats
from billql.fetching.snapshot import FirstRequest
from billql.fetching.statement import Statement
from billql.planning.plan import Plan
from billql.sql.statements import Bindings

_FIRST_KEYS = 64
"""How many keys the first dry run collects; each later one collects four times as many."""

_MOST_KEYS = 16_384
_DRY_RUN_STEPS = 5_000_000
"""How many steps of SQLite's machine a dry run may take: a tenth of a second or so."""


@dataclass
class _Ahead:
    """What is known of the coming keys of one side of a join."""

    coming: deque[FirstRequest] = field(default_factory=deque)
    sent: set[FirstRequest] = field(default_factory=set)
    """Sent ahead, and not needed yet."""
    known: set[FirstRequest] = field(default_factory=set)
    keys: int = _FIRST_KEYS
    window: int = 2
    """How many may be sent ahead."""
    complete: bool = False
    arrivals_at_last_miss: int = -1
    """How many responses of other scans had arrived when a dry run found nothing; until more have,
    the next one would find nothing either."""


@dataclass(eq=False)
class RunningStatement:
    """One statement in SQLite.

    `query` is its text, or the SELECT inside of it, for the dry run and for EXPLAIN; None if it
    has none that could be run beside it. `whole_lists` says that an IN list may be requested as a
    whole, because none of them can be empty; otherwise its values are constrained one by one, as
    keys are.
    """

    statement: Statement
    database: apsw.Connection
    query: str | None
    bindings: Bindings
    whole_lists: bool
    plans: dict[int, Plan] = field(default_factory=dict)
    """What SQLite has been offered, by number. They live as long as the statement, which is
    prepared for this run alone: so whatever plan it names is here."""
    dry_run: DryRun | None = None
    """The dry run that SQLite is making now, if it is not the statement itself that it runs."""
    _numbers: dict[Plan, int] = field(default_factory=dict)
    _ahead: dict[JoinSide, _Ahead] = field(default_factory=dict)

    def number_of(self, plan: Plan) -> int:
        """Return the number by which SQLite names a plan."""
        if plan not in self._numbers:
            self._numbers[plan] = number = len(self._numbers) + 1
            self.plans[number] = plan
        return self._numbers[plan]

    @cached_property
    def stops_early(self) -> bool:
        """Whether SQLite may leave a scan before its end, as a LIMIT or an EXISTS does."""
        if self.query is None:
            return False
        try:
            explain = f"EXPLAIN {self.query}"
            program = list(self.database.execute(explain, self.bindings, can_cache=False))
        except (apsw.Error, Error):
            return True
        return may_stop_early(program)

    @cached_property
    def _dry_memo(self) -> RowMemo:
        """What dry runs have read by key: the statement itself has neither read nor counted it."""
        return RowMemo(self.statement.shared.memo_cells)

    def prefetch_keys(
        self,
        side: JoinSide,
        wanted: FirstRequest,
        most: int,
        stats: ScanStats,
        send: Callable[[FirstRequest], object],
    ) -> None:
        """Send the first requests of coming keys, now that a scan needs one; `most` at a time."""
        ahead = self._ahead.setdefault(side, _Ahead())
        ahead.sent.discard(wanted)
        ahead.known.add(wanted)
        if not ahead.coming and not ahead.complete:
            arrivals = self.statement.snapshot.arrived - stats.arrived
            if arrivals != ahead.arrivals_at_last_miss:
                self._collect_keys(side, ahead)
                ahead.arrivals_at_last_miss = -1 if ahead.coming else arrivals
        ahead.window = min(most, ahead.window * 2) if self.stops_early else most
        while ahead.coming and len(ahead.sent) < ahead.window:
            first = ahead.coming.popleft()
            if first != wanted:
                ahead.sent.add(first)
                send(first)

    def _collect_keys(self, side: JoinSide, ahead: _Ahead) -> None:
        """Make a dry run."""
        if self.query is None:
            ahead.complete = True
            return
        dry_run = DryRun(self.statement, self._dry_memo, side, ahead.known, ahead.keys)
        self.dry_run = dry_run
        self.database.set_progress_handler(lambda: True, _DRY_RUN_STEPS, id=self)
        cursor = self.database.cursor()
        cursor.exec_trace = lambda cursor, sql, bindings: cursor.is_readonly
        try:
            for _ in cursor.execute(self.query, self.bindings, can_cache=False):
                pass
        except (WouldSendRequest, apsw.Error, Error):
            dry_run.incomplete = True
        finally:
            self.database.set_progress_handler(None, id=self)
            self.dry_run = None
        ahead.coming.extend(dry_run.found)
        ahead.keys = min(ahead.keys * 4, _MOST_KEYS)
        ahead.complete = not dry_run.incomplete


def may_stop_early(program: Sequence[Sequence[Any]]) -> bool:
    """Return whether a statement's program (https://sqlite.org/opcode.html) may leave the scan of
    a virtual table before its end.

    A LIMIT counts down inside of the scan's loop and jumps out of it; a co-routine yields its rows
    to a loop that may.
    """
    counts_down = any(step[1] == "DecrJumpZero" for step in program)
    for start, code, cursor, *_ in program:
        if code != "VFilter":
            continue
        ends = [step[0] for step in program if step[1] == "VNext" and step[2] == cursor]
        end = max((at for at in ends if at > start), default=None)
        if end is None:
            continue
        for _, inner, _, target, *_ in program[start + 1 : end]:
            if inner == "DecrJumpZero" or (inner == "Goto" and target > end):
                return True
            if inner == "Yield" and counts_down:
                return True
    return False
