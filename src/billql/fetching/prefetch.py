"""A SQL statement while SQLite runs it: whether it may stop early, and which keys are coming.

A join asks an inner resource for one key after the other, and each would wait for the one before.
So the statement is also run by a *scout*: once more, beside itself, without sending anything.
Where the scout comes to a key whose rows are not at hand, it notes the key and sees no rows; so
SQLite goes on to the next one, whatever the outer side is: another resource, a local table, a CTE,
a subquery. The keys that it notes are the coming ones, in their order, and are fetched ahead.

Both answers here are hints. They decide when a request is sent, never what an answer is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import apsw

from billql.errors import Error
from billql.fetching.row_decoder import Row
from billql.fetching.row_memo import RowMemo
from billql.fetching.scan_stats import ScanStats
from billql.fetching.statement import FirstRequest, Statement, WouldSendRequest
from billql.planning.planner import Plan

Bindings = Sequence[Any] | Mapping[str, Any]
JoinSide = tuple[str, str]
"""A resource and its method: what tells one inner side of a join from another."""

_FIRST_KEYS = 64
"""How many keys the first scout brings; each later one brings four times as many."""

_MOST_KEYS = 16_384
_SCOUT_STEPS = 5_000_000
"""How many steps of SQLite's machine a scout may take: a tenth of a second or so."""


@dataclass
class _Ahead:
    """What is known of the coming keys at one place."""

    coming: deque[FirstRequest] = field(default_factory=deque)
    sent: set[FirstRequest] = field(default_factory=set)
    known: set[FirstRequest] = field(default_factory=set)
    keys: int = _FIRST_KEYS
    window: int = 2
    complete: bool = False
    arrivals_at_last_miss: int = -1
    """How many answers had come for other scans when a scout brought nothing; without news the
    next one would bring nothing either."""


@dataclass
class DryRun:
    """A scout under way."""

    place: JoinSide
    known: set[FirstRequest]
    most: int
    found: list[FirstRequest] = field(default_factory=list)
    incomplete: bool = False
    """Whether it could not see everything, so that more keys may come."""


@dataclass
class RunningStatement:
    """One statement in SQLite.

    `query` is its text, or the SELECT inside of it, for the scout and for EXPLAIN; None if it has
    none that could be run beside it. `whole_lists` says that an IN list may be asked for as a
    whole, because none of them can be empty; otherwise its values come one by one, as keys do.
    """

    statement: Statement
    database: apsw.Connection
    query: str | None
    bindings: Bindings
    whole_lists: bool
    plans: dict[int, Plan] = field(default_factory=dict)
    """What SQLite has been offered, by number. They live as long as the statement, which is
    prepared for this run alone: so whatever plan it names is here."""
    _numbers: dict[Plan, int] = field(default_factory=dict)
    _ahead: dict[JoinSide, _Ahead] = field(default_factory=dict)
    _scouting: DryRun | None = None

    def number_of(self, plan: Plan) -> int:
        """Give the number by which SQLite names a plan."""
        if plan not in self._numbers:
            self._numbers[plan] = number = len(self._numbers) + 1
            self.plans[number] = plan
        return self._numbers[plan]

    @property
    def is_dry_run(self) -> bool:
        """Whether it is the scout that SQLite is running now."""
        return self._scouting is not None

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

    def remembered(self, name: Hashable) -> list[Row] | None:
        """Give the rows of a key that have been read already, if they are remembered."""
        rows = self.statement.row_memo.get(name)
        return self._dry_memo.get(name) if rows is None and self.is_dry_run else rows

    def remembering(self, name: Hashable, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
        """Pass the rows of a key on, and remember them."""
        memo = self._dry_memo if self.is_dry_run else self.statement.row_memo
        return memo.passing(name, batches)

    def prefetch_keys(
        self,
        place: JoinSide,
        wanted: FirstRequest,
        most: int,
        figures: ScanStats,
        ask: Callable[[FirstRequest], object],
    ) -> None:
        """Fetch the coming keys ahead, now that a scan wants one; `most` at a time."""
        ahead = self._ahead.setdefault(place, _Ahead())
        ahead.sent.discard(wanted)
        ahead.known.add(wanted)
        if not ahead.coming and not ahead.complete:
            news = self.statement.arrived - figures.arrived
            if news != ahead.arrivals_at_last_miss:
                self._dry_run(place, ahead)
                ahead.arrivals_at_last_miss = -1 if ahead.coming else news
        ahead.window = min(most, ahead.window * 2) if self.stops_early else most
        while ahead.coming and len(ahead.sent) < ahead.window:
            opening = ahead.coming.popleft()
            if opening != wanted:
                ahead.sent.add(opening)
                ask(opening)

    def record_key(self, place: JoinSide, openings: Sequence[FirstRequest]) -> None:
        """Take down a key that the scout has come to; raises NotAtHand when it has enough."""
        scouting = self._scouting
        assert scouting is not None, "only a scout takes notes"
        if place != scouting.place:
            scouting.incomplete = True
            return
        for opening in openings:
            if opening not in scouting.known:
                scouting.known.add(opening)
                scouting.found.append(opening)
        if len(scouting.found) >= scouting.most:
            raise WouldSendRequest

    def _dry_run(self, place: JoinSide, ahead: _Ahead) -> None:
        if self.query is None:
            ahead.complete = True
            return
        scouting = DryRun(place, ahead.known, ahead.keys)
        self._scouting = scouting
        self.statement.offline = True
        self.database.set_progress_handler(lambda: True, _SCOUT_STEPS, id=self)
        cursor = self.database.cursor()
        cursor.exec_trace = lambda cursor, sql, bindings: cursor.is_readonly
        try:
            for _ in cursor.execute(self.query, self.bindings, can_cache=False):
                pass
        except (WouldSendRequest, apsw.Error, Error):
            scouting.incomplete = True
        finally:
            self.database.set_progress_handler(None, id=self)
            self.statement.offline = False
            self._scouting = None
        ahead.coming.extend(scouting.found)
        ahead.keys = min(ahead.keys * 4, _MOST_KEYS)
        ahead.complete = not scouting.incomplete

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def may_stop_early(program: Sequence[Sequence[Any]]) -> bool:
    """Tell from a statement's program (https://sqlite.org/opcode.html) whether it may leave the
    scan of a virtual table before its end.

    A LIMIT counts down inside of the scan's loop and jumps out of it; a co-routine hands its rows
    to somebody who may.
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
