"""Prefetching the coming keys of a join.

A join reads an inner resource by one key after the other, and each would wait for the one before.
So SQLite also makes a *dry run* of the statement (see `dry_run`), which collects the coming keys
in their order, whatever the outer side is: another resource, a local table, a CTE, a subquery.
Their requests are sent ahead. A key that *leads* to others, as the first of two inner sides does,
is followed by another dry run once it has arrived, also while the statement waits. That is a hint:
it decides when a request is sent, never what a row is.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Mapping
from concurrent.futures import Future
from functools import cached_property
from itertools import count, islice
from typing import Protocol

import apsw
import msgspec

from billql.errors import Error
from billql.fetching._early_stop import NONE_STOPS
from billql.fetching._program import ReadProgram
from billql.fetching._snapshot import FirstRequest
from billql.fetching.dry_run import ComingKey, DryMemo, DryRun, JoinSide, WouldSendRequest
from billql.fetching.scan_stats import ScanStats
from billql.fetching.statement import Statement
from billql.messages import Response
from billql.sql.read_part import ReadPart
from billql.sql.statements import Bindings

FIRST_KEYS = 64
"""How many new keys the first dry run collects; each later one collects four times as many."""
_MOST_KEYS = 16_384
"""How many keys a dry run collects at most."""
_MOST_AWAITED = 16
"""How many responses a scan waits for that it does not need itself."""
_SCANS_A_KEY = 32
"""How many scans the last dry run may have begun for each key that calls for the next one, so that
all of them together are linear."""
_STEPS = 100_000
"""After how many steps of SQLite's machine a dry run is looked at. APSW calls all handlers as often
as the one that is called most often, and the session has one that is called as often as this."""
_MOST_LOOKS = 50
"""How often it is looked at before it is ended: after a tenth of a second or so."""


class KeyScan(Protocol):
    """What prefetching needs of the scan that reads a key; see `Scan`."""

    stats: ScanStats

    @property
    def concurrency(self) -> int:
        """How many requests may be under way to the provider."""

    @property
    def is_charged(self) -> bool:
        """Whether the API charges for each request."""

    def prefetch(self, first: FirstRequest) -> Future[Response]:
        """Send the first request of a coming scan."""


class _ComingKeys(msgspec.Struct):
    """What is known of the coming keys of one resource, each by its first request."""

    unsent: deque[ComingKey] = msgspec.field(default_factory=deque)
    sent: set[FirstRequest] = msgspec.field(default_factory=set)
    """Sent ahead, and not needed yet."""
    window: int = 2
    """How many may be sent ahead."""
    cursors: int = 1
    """How many cursors may have such keys."""
    scan: KeyScan | None = None
    """What sends them: a scan of the resource that has begun."""

    @property
    def may_send(self) -> bool:
        """Whether the next one may be sent."""
        return self.scan is not None and len(self.sent) < self.window and bool(self.unsent)


class KeyPrefetcher:
    """Sends the requests of a statement's coming keys ahead.

    `reads` is what it reads; None if that is nothing that could be run beside it. `program` is what
    SQLite runs for that, and `sides` are the sides of joins by their plans.
    """

    def __init__(
        self,
        statement: Statement,
        database: apsw.Connection,
        reads: ReadPart | None,
        bindings: Bindings,
        program: ReadProgram,
        sides: Mapping[int, JoinSide],
    ) -> None:
        self._statement = statement
        self._database = database
        self._query = None if reads is None else reads.text
        self._is_stable = reads is None or reads.is_stable
        self._bindings = bindings
        self._program = program
        self._sides = sides
        self._coming: defaultdict[str, _ComingKeys] = defaultdict(_ComingKeys)
        self._known: set[FirstRequest] = set()
        self._complete: set[JoinSide] = set()
        """The sides of which all keys are known."""
        self._sent_for: dict[Hashable, list[FirstRequest]] = {}
        """What has been sent ahead, by what the row memo knows its rows by."""
        self._leads: deque[Future[Response]] = deque()
        """What has been sent ahead, and will bring more keys to light when it has arrived."""
        self._arrived: deque[Future[Response]] = deque()
        """What of it has arrived since the last dry run that looked for these keys."""
        self._has_looked = False
        self._wanted: FirstRequest | None = None
        """What a scan has needed last."""
        # What reads its own changes is foretold before the first of them, or not at all.
        self._most = FIRST_KEYS if self._is_stable else _MOST_KEYS
        """How many new keys the next dry run collects."""
        self._passed = 0
        """How many scans the last dry run had begun before it missed any rows."""
        self._is_too_long = False
        """Whether a dry run was ended because of its length: another would not come further."""
        self._may_find_more = True
        """Whether the next dry run may find more keys, though nothing more arrives."""
        self.rows_foretold = 0
        """How many rows the last dry run had, with those that keys are assumed to find."""
        self._ended = (-1, -1)
        """How many requests had ended at the last dry run; see `_count_ended`."""
        self._stats: dict[int, tuple[ScanStats, str]] = {}
        """Those of the scans that read keys, with their resource, by their identity."""
        self._leading_tables: set[str] = set()
        self.dry_run: DryRun | None = None
        """The dry run that SQLite is making now, if it is not the statement itself that it runs."""

    def prefetch(
        self, table: str, side: JoinSide, wanted: FirstRequest, scan: KeyScan, *, stops_early: bool
    ) -> None:
        """Send the first requests of coming keys, now that a scan of a resource needs one.

        As many are ahead as the provider allows requests at once, or twice as many where they lead
        to others; if the statement may stop early, fewer at first, or none if the API charges for
        each.
        """
        if stops_early and scan.is_charged:
            return
        coming = self._coming[table]
        coming.scan = scan
        self.learn(table, side, wanted, scan)
        most = scan.concurrency * coming.cursors
        if self._leading_tables:
            # Those that have arrived are not needed before what they lead to, so as many must be on
            # their way. And a dry run over local rows begins with the first one, so the later, the
            # more it must find.
            most = max(2 * most, self._passed // 8)
        coming.window = min(most, coming.window * 2) if stops_early else most
        self._send(wanted)

    def learn(self, table: str, side: JoinSide, wanted: FirstRequest, scan: KeyScan) -> None:
        """Look for coming keys by a dry run, if it may find any; a scan needs one."""
        self._wanted = wanted
        self._stats[id(scan.stats)] = (scan.stats, table)
        self._coming[table].sent.discard(wanted)
        is_surprise = wanted not in self._known
        self._known.add(wanted)
        if is_surprise:
            self._complete.discard(side)
        if self._query is None or side in self._complete:
            return
        if self._is_led_on():
            self._follow(scan.concurrency)
        elif self._is_worth_it(is_surprise):
            self._look(scan.concurrency)

    def meanwhile(self) -> Collection[Future[Response]]:
        """Send what has come to light while the statement waits.

        Return what to wait for as well, because more will come to light with it.
        """
        if self._is_led_on():
            scans = [one.scan for one in self._coming.values() if one.scan is not None]
            self._follow(max(scan.concurrency for scan in scans))
            self._send(None)
        return [one for one in islice(self._leads, _MOST_AWAITED) if not one.done()]

    def note_used(self, table: str, key: Hashable) -> None:
        """Note that the rows of a key are needed which have been read by another cursor already."""
        self._coming[table].sent.difference_update(self._sent_for.pop(key, ()))

    def forget(self, table: str, side: JoinSide) -> None:
        """Forget the coming keys of a resource that are not sent, as a list has most of them."""
        coming = self._coming[table]
        self._known.difference_update(one.first for one in coming.unsent)
        coming.unsent.clear()
        self._complete.discard(side)
        self._may_find_more = True

    def learn_more(self, side: JoinSide) -> bool:
        """Look for more coming keys than are known; return whether there are any."""
        if self.is_complete(side):
            return False
        known = len(self._known)
        self._collect_more()
        return len(self._known) > known

    def is_complete(self, side: JoinSide) -> bool:
        """Return whether all coming keys are known."""
        return self._query is None or side in self._complete

    @cached_property
    def _memo(self) -> DryMemo:
        """What dry runs have read by key: the statement itself has neither read nor counted it."""
        return DryMemo(self._statement.shared.memo_cells)

    def _is_worth_it(self, is_surprise: bool) -> bool:
        """Return whether a dry run may find keys that are needed now."""
        lists, lists_and_leads = self._count_ended()
        if self._may_find_more:
            return is_surprise or self._is_empty
        if is_surprise:
            return lists_and_leads != self._ended[1]
        return self._is_empty and lists != self._ended[0]

    @property
    def _is_empty(self) -> bool:
        """Whether nothing is left to be sent ahead."""
        return not any(one.unsent for one in self._coming.values() if one.scan is not None)

    def _is_led_on(self) -> bool:
        """Return whether enough has arrived that brings more keys to light, or all of it."""
        while self._leads and self._leads[0].done():
            self._leads.popleft()
        is_all = self._is_empty and not self._leads
        return len(self._arrived) >= (1 if is_all else max(1, self._passed // _SCANS_A_KEY))

    def _count_ended(self) -> tuple[int, int]:
        """Count the requests that have ended: those of no key, and those that may bring keys to
        light as well.
        """
        of_keys = leading = 0
        for stats, table in self._stats.values():
            of_keys += stats.ended
            leading += stats.ended if table in self._leading_tables else 0
        ended = self._statement.snapshot.ended - of_keys
        return ended, ended + leading

    def _send(self, wanted: FirstRequest | None) -> None:
        """Send what may be ahead, in the order in which it will be needed."""
        while ready := [one for one in self._coming.values() if one.may_send]:
            coming = min(ready, key=lambda one: one.unsent[0].rank)
            first, key, _, _, leads = coming.unsent.popleft()
            if first == wanted or coming.scan is None:
                continue
            coming.sent.add(first)
            self._sent_for.setdefault(key, []).append(first)
            future = coming.scan.prefetch(first)
            if leads:
                self._leads.append(future)
                future.add_done_callback(self._arrived.append)

    def _look(self, concurrency: int) -> None:
        """Look for keys, because none is known, or one was not."""
        if self._leading_tables:
            self._follow(concurrency)
        else:
            self._collect_more()

    def _follow(self, concurrency: int) -> None:
        """Look for the keys that have come to light; those behind them are known, or can wait."""
        arrived = len(self._arrived)  # others may arrive meanwhile
        most = max(2 * concurrency, self._passed // 4)
        self._collect(most, most)
        for _ in range(arrived):
            self._arrived.popleft()

    def _collect_more(self) -> None:
        """Collect more keys than the last time."""
        self._collect(self._most)
        self._most = min(self._most * 4, _MOST_KEYS)

    def _collect(self, most: int, most_unsent: int | None = None) -> None:
        """Make a dry run, and add the keys that it finds; see `DryRun`."""
        if self._query is None or self._is_too_long or (self._has_looked and not self._is_stable):
            return
        self._has_looked = True
        ended = self._count_ended()
        unsent = {one.first for coming in self._coming.values() for one in coming.unsent}
        places = self._program.places
        dry_run = DryRun(
            self._statement,
            self._memo,
            places,
            self._known,
            most,
            unsent,
            most_unsent,
            since=None if self._is_stable else self._wanted,
            may_skip=self._program.stops != NONE_STOPS,
        )
        self.dry_run = dry_run
        looks = count(1)
        self._database.set_progress_handler(lambda: next(looks) > _MOST_LOOKS, _STEPS, id=self)
        cursor = self._database.cursor()
        cursor.exec_trace = lambda cursor, sql, bindings: cursor.is_readonly
        is_at_end = False
        self.rows_foretold = 0
        try:
            for _ in cursor.execute(self._query, self._bindings, can_cache=False):
                self.rows_foretold += 1
            is_at_end = True
        except apsw.InterruptError:
            self._is_too_long = True
        except (WouldSendRequest, apsw.Error, Error):
            pass
        finally:
            self._database.set_progress_handler(None, id=self)
            self.dry_run = None
        if dry_run.is_late:
            dry_run.drop()
        self._ended = ended
        self._passed = dry_run.passed
        self._may_find_more = dry_run.new > 0 and not is_at_end
        self._add(dry_run)
        if is_at_end:
            sides = defaultdict(list)
            for number, side in self._sides.items():
                sides[side].append(number)
            hides = dry_run.path.hides
            self._complete.update(side for side, plans in sides.items() if not hides(plans))

    def _add(self, dry_run: DryRun) -> None:
        """Add what a dry run has found, in its order, before what it did not come to."""
        found = defaultdict(list)
        for one in dry_run.found:
            found[one.table].append(one)
        self._leading_tables |= dry_run.leading_tables
        again = {one.first for one in dry_run.found}
        last = len(dry_run.found)
        for table in {*found, *self._coming}:
            coming = self._coming[table]
            left = [one for one in coming.unsent if one.first not in again]
            coming.unsent = deque((*found[table], *(one._replace(rank=last) for one in left)))
            coming.cursors = max(coming.cursors, dry_run.cursors[table])
