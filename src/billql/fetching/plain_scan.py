"""Reading a statement's rows page by page, where they are just the rows of one scan.

SQLite's own program shows it: a loop that does nothing but return columns of each row. Its rows
need not pass through SQLite one cell at a time: SQLite takes one step for each page, which waits
for it, checks it and ends the statement as ever, and the rest of the page is read beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from billql.fetching.row_decoder import TableRow
from billql.sql.statements import Row

_ONCE = frozenset(
    ("Init", "Explain", "Noop", "VOpen", "Integer", "VFilter", "Halt", "Transaction", "Goto")
)
"""What is around the loop, and neither jumps into it nor out of it: Goto goes from Init's target,
at the end of the program, back to its beginning."""


class PageReader(Protocol):
    """A cursor that is at a row of a page."""

    def rest_of_page(self, most: int) -> Sequence[TableRow]:
        """Return the rows of the page that follow the current one, at most so many, and go to the
        last of these.
        """


class PlainRead(NamedTuple):
    """What a program does that only returns columns of one scan."""

    columns: tuple[int, ...]
    """The columns of the table, by number, that each row of the result consists of."""
    limit: int = sys.maxsize
    """How many rows it returns at most."""


class PlainScan:
    """Returns the rows of a statement that SQLite runs, and that is at its first row."""

    def __init__(self, reader: PageReader, read: PlainRead) -> None:
        self._reader = reader
        self._shown = _picker(read.columns)
        self._left = read.limit - 1

    @property
    def is_complete(self) -> bool:
        """Whether it has returned as many rows as it may, which SQLite does not know."""
        return self._left == 0

    def rest_of_page(self, most: int) -> list[Row]:
        """Return the rows that follow SQLite's current one in its page, at most so many.

        If there are none, the next row is the one that SQLite returns.
        """
        rest = list(map(self._shown, self._reader.rest_of_page(min(most, self._left))))
        self._left -= len(rest) or 1
        return rest


def plain_read(program: Sequence[Sequence[Any]]) -> PlainRead | None:
    """Return what a statement reads; None if its program (https://sqlite.org/opcode.html) does more
    than to read one virtual table from its beginning to its end, or up to a LIMIT.
    """
    codes = [step[1] for step in program]
    if any(codes.count(code) != 1 for code in ("VOpen", "VFilter", "ResultRow", "VNext", "Goto")):
        return None
    start, end = codes.index("VFilter") + 1, codes.index("VNext")
    around = [*program[:start], *program[end + 1 :]]
    is_loop = program[end][3] == start and codes[-1] == "Goto"
    if not (is_loop and {step[1] for step in around} <= _ONCE):
        return None
    body, limit = program[start:end], sys.maxsize
    if body and body[-1][1] == "DecrJumpZero":
        *body, (_, _, counter, target, *_) = body
        counts = [step[2] for step in around if step[1] == "Integer" and step[3] == counter]
        if target != end + 1 or len(counts) != 1 or counts[0] < 1:
            return None
        (limit,) = counts
    *cells, result = body or [()]
    if {step[1] for step in cells} != {"VColumn"} or result[1] != "ResultRow":
        return None
    column_of = {register: column for _, _, _, column, register, *_ in cells}
    _, _, first, count, *_ = result
    registers = range(first, first + count)
    if column_of.keys() != {*registers}:
        return None
    return PlainRead(tuple(column_of[one] for one in registers), limit)


def _picker(columns: Sequence[int]) -> Callable[[TableRow], Row]:
    """Return a function that returns some columns of a row."""
    first, count = columns[0], len(columns)
    if tuple(columns) == tuple(range(first, first + count)):
        return itemgetter(slice(first, first + count))
    return itemgetter(*columns)
