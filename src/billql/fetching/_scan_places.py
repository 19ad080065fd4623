"""Where a statement's program begins its scans, and which of them depend on which.

A dry run sees no rows of a key that has not arrived. What it comes to afterwards may be nothing
that the statement will come to: `NOT EXISTS` and `LEFT JOIN … IS NULL` find what has no rows. So a
scan that depends on such rows is not foretold, until the loop has gone on in which both stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

Step = Sequence[Any]
"""One line of EXPLAIN: its address, its code, and its operands (https://sqlite.org/opcode.html)."""

Program = Sequence[Step]

_LOOPS = frozenset(("Next", "Prev", "SorterNext", "VNext", "Goto"))
"""What jumps back to the first step of a loop."""

_CONSTANTS = frozenset(
    ("Integer", "Int64", "Real", "String", "String8", "Blob", "Null", "Variable")
)
"""What loads a constant into the register of its second operand."""

_GOES_ON = _CONSTANTS | {
    *("Column", "VColumn", "Rowid", "Copy", "SCopy", "IntCopy", "Move", "Cast", "Affinity"),
    *("RealAffinity", "Add", "Subtract", "Multiply", "Divide", "Remainder", "Concat", "And", "Or"),
    *("Not", "Function", "PureFunc", "CollSeq", "AggStep", "AggFinal", "MakeRecord", "ResultRow"),
    *("OpenRead", "VOpen", "Close", "BeginSubrtn", "NullRow", "Noop", "Explain", "Once"),
}
"""What is always followed by the next step; of others the second operand may be where they jump."""


class Loop(msgspec.Struct, frozen=True):
    """The addresses of a loop's first and last step."""

    first: int
    last: int

    def has(self, *addresses: int) -> bool:
        """Return whether all of some addresses lie in it."""
        return all(self.first <= at <= self.last for at in addresses)


def loops_of(program: Program) -> list[Loop]:
    """Return the loops of a program."""
    return [
        Loop(step[3], step[0])
        for step in program
        # A program begins at its end (Init), which goes back to step 1.
        if step[1] in _LOOPS and 1 < step[3] < step[0]
    ]


def _reads_queue(program: Program, loop: Loop) -> bool:
    """Return whether a loop takes its rows out of a queue, as that of a recursive CTE does."""
    return any(step[1] == "Delete" for step in program[loop.first : loop.last])


def scans_of(program: Program) -> Iterator[tuple[int, int]]:
    """Yield where a program begins scans of virtual tables, and the number of each one's plan."""
    for at, code, _, _, arguments, *_ in program:
        if code != "VFilter":
            continue
        found = _loaded_integer(program, at, arguments)
        if found is not None:
            yield at, found


def _loaded_integer(program: Program, at: int, register: int) -> int | None:
    """Return the number that a register has at an address."""
    for _, earlier, value, written, *_ in reversed(program[:at]):
        if earlier == "Integer" and written == register:
            return int(value)
    return None


class ScanPlaces:
    """The places of a program's scans, each by the address at which it is begun."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._loops = sorted(loops_of(program), key=lambda one: one.last - one.first)
        self._queues = [one for one in self._loops if _reads_queue(program, one)]
        """The loops of recursive CTEs: each row of theirs may bring others."""
        self._once = [Loop(step[0], step[3] - 1) for step in program if step[1] == "Once"]
        self._of_plan: dict[int, list[int]] = {}
        for at, number in scans_of(program):
            self._of_plan.setdefault(number, []).append(at)
        self._all = [at for places in self._of_plan.values() for at in places]
        self._common: dict[tuple[int, int], Loop | None] = {}
        self._affected: dict[tuple[int, int], bool] = {}
        self._leading: dict[int, bool] = {}

    def of_plan(self, number: int) -> Sequence[int]:
        """Return the places of a plan, by its number."""
        return self._of_plan.get(number, ())

    def common_loop(self, one: int, other: int) -> Loop | None:
        """Return the innermost loop in which two scans stand; None if there is none, so that what
        the first has left undone is never past for the other.
        """
        if (one, other) not in self._common:
            self._common[one, other] = self._innermost_of(one, other)
        return self._common[one, other]

    def _innermost_of(self, one: int, other: int) -> Loop | None:
        if any(block.has(one) and not block.has(other) for block in self._once):
            return None
        return next((loop for loop in self._loops if loop.has(one, other)), None)

    def leads(self, place: int) -> bool:
        """Return whether any scan depends on the rows of the one at a place."""
        found = self._leading.get(place)
        if found is None:
            found = any(self.may_hide(other, place) for other in self._all)
            self._leading[place] = found
        return found

    def may_hide(self, place: int, missed: int) -> bool:
        """Return whether the rows of one scan may lead to another, perhaps by a queue."""
        are_in_queue = any(loop.has(place, missed) for loop in self._queues)
        return are_in_queue or self.is_affected(place, missed)

    def is_affected(self, place: int, missed: int) -> bool:
        """Return whether a scan may depend on the rows of one that is begun before it."""
        found = self._affected.get((place, missed))
        if found is None:
            self._affected[place, missed] = found = self._depends(place, missed)
        return found

    def _depends(self, place: int, missed: int) -> bool:
        if place == missed:
            return False
        loop = self.common_loop(missed, place)
        if place < missed and (loop is not None or self._innermost(place) is None):
            return False  # if it is begun again, then before that again
        is_beside = self._innermost(place) == self._innermost(missed) and place > missed
        return not (is_beside and self._is_reached(missed, place) and self._is_simple(place))

    def _innermost(self, place: int) -> Loop | None:
        return next((loop for loop in self._loops if loop.has(place)), None)

    def _is_reached(self, start: int, end: int) -> bool:
        """Return whether whatever begins at an address comes to another."""
        return all(self._goes_on(step, end) for step in self._program[start:end])

    def _goes_on(self, step: Step, end: int) -> bool:
        _, code, _, target, third, *_ = step
        if code in _GOES_ON:
            return True
        if code == "Return":
            return bool(third == 1)  # it goes on where nothing has called the subroutine
        if code == "Gosub":
            return self._returns(target)
        return code not in ("Halt", "Jump", "Yield") and target <= end

    def _returns(self, start: int) -> bool:
        """Return whether a subroutine does nothing but return."""
        for step in self._program[start:]:
            if step[1] == "Return":
                return True
            if step[1] not in _GOES_ON:
                return False
        return False

    def _is_simple(self, place: int) -> bool:
        """Return whether a scan's arguments are constants, and columns of rows that are there."""
        first = self._program[place][4]
        count = _loaded_integer(self._program, place, first + 1) or 0
        missing = set(range(first, first + 2 + count))
        for at in reversed(range(place)):
            step = self._program[at]
            _, code, cursor, second, third, *_ = step
            if not missing:
                return True
            if code in _CONSTANTS:
                missing.discard(second)
            elif code in ("Column", "VColumn") and self._is_table(cursor):
                missing.discard(third)
            elif code == "Rowid" and self._is_table(cursor):
                missing.discard(second)
            elif code != "VOpen":
                return False
            if any(one[3] == at + 1 and one[1] not in _GOES_ON for one in self._program[:at]):
                return False  # what is loaded here may have been loaded elsewhere
        return not missing

    def _is_table(self, cursor: int) -> bool:
        """Return whether a cursor reads a table, and not what has been made of several rows."""
        opened = [one[1] for one in self._program if one[2] == cursor and "Open" in one[1]]
        return bool(opened) and all(code in ("OpenRead", "VOpen") for code in opened)


class DryPath:
    """The way of one dry run through a program, with the keys on it that had not arrived."""

    def __init__(self, places: ScanPlaces) -> None:
        self._places = places
        self._last: int | None = None
        self._missed: dict[int | None, Loop | None] = {}
        """Where rows were missed, and the largest loop around that has gone on since then."""
        self._taken: dict[int, int] = {}
        """How many cursors have begun each plan."""

    def visit(self, number: int, own: dict[int, int | None]) -> None:
        """Go on to a plan's scan. `own` are the places of the cursor by its plans' numbers."""
        if number not in own:
            places = self._places.of_plan(number)
            count = self._taken.get(number, 0)
            self._taken[number] = count + 1
            own[number] = places[min(count, len(places) - 1)] if places else None
        place = own[number]
        if place is not None and self._last is not None and place <= self._last:
            self._go_round(place, self._last)
        self._last = place

    def _go_round(self, place: int, last: int) -> None:
        loop = self._places.common_loop(last, place)
        for missed, largest in self._missed.items():
            if missed is not None and loop is not None and loop.has(missed):
                is_larger = largest is None or loop.has(largest.first, largest.last)
                self._missed[missed] = loop if is_larger else largest

    def miss(self) -> None:
        """Note that the rows of the current scan have not arrived."""
        self._missed[self._last] = None

    @property
    def has_missed(self) -> bool:
        """Whether any rows were missed."""
        return bool(self._missed)

    @property
    def is_certain(self) -> bool:
        """Whether the statement will surely begin the current scan as well."""
        return all(map(self._is_past, self._missed))

    @property
    def leads(self) -> bool:
        """Whether other scans depend on the rows of the current one."""
        return self._last is not None and self._places.leads(self._last)

    def hides(self, numbers: Sequence[int]) -> bool:
        """Return whether scans of some plans may come that rows which were missed lead to."""
        places = [place for number in numbers for place in self._places.of_plan(number)]
        if not places:
            return self.has_missed
        return any(
            missed is None or self._places.may_hide(place, missed)
            for missed in self._missed
            for place in places
        )

    def _is_past(self, missed: int | None) -> bool:
        """Return whether the current scan does not depend on some that were missed."""
        place = self._last
        if place is None or missed is None:
            return place == missed
        if not self._places.is_affected(place, missed):
            return True
        loop, gone = self._places.common_loop(missed, place), self._missed[missed]
        return loop is not None and gone is not None and gone.has(loop.first, loop.last)
