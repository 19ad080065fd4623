"""Whether SQLite may leave a loop before its end, as a LIMIT or an EXISTS makes it do."""

from __future__ import annotations

import msgspec

from billql.fetching._scan_places import Loop, Program, loops_of, scans_of


class EarlyStops(msgspec.Struct, frozen=True):
    """What a statement may leave before its end."""

    scans: bool
    """Whether it may leave any scan of a resource."""
    around: frozenset[int] | None
    """The plans of the scans that stand in a loop which it may leave, by number: it may not need
    all of their keys. None if that is true of any."""


NONE_STOPS = EarlyStops(False, frozenset())
"""What a statement has that reads to the end whatever it reads."""

ALL_MAY_STOP = EarlyStops(True, None)
"""What is to be feared of a statement of which nothing is known."""


def early_stops(program: Program) -> EarlyStops:
    """Return what a statement's program (https://sqlite.org/opcode.html) may leave early.

    A LIMIT counts down inside of the scan's loop and jumps out of it; a co-routine yields its rows
    to a loop that may.
    """
    counts_down = any(step[1] == "DecrJumpZero" for step in program)
    left = [one for one in loops_of(program) if _may_leave(program, one, counts_down)]
    around = {number for at, number in scans_of(program) if any(one.has(at) for one in left)}
    return EarlyStops(_may_leave_scan(program, counts_down), frozenset(around))


def _may_leave(program: Program, loop: Loop, counts_down: bool) -> bool:
    """Return whether a program may jump out of a loop."""
    for _, code, _, target, *_ in program[loop.first : loop.last]:
        if code in ("DecrJumpZero", "Goto") and target > loop.last:
            return True
        if code == "Yield" and counts_down:
            return True
    return False


def _may_leave_scan(program: Program, counts_down: bool) -> bool:
    """Return whether a program may leave the scan of a virtual table before its end."""
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
