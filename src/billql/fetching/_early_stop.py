"""Whether SQLite may leave a scan before its end, as a LIMIT or an EXISTS makes it do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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
