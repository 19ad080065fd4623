"""Reading a statement's rows page by page, where they are just the rows of one scan.

SQLite's own program shows it: a loop that does nothing but return columns of each row. Its rows
need not pass through SQLite one cell at a time: SQLite takes one step for each page, which waits
for it, checks it and ends the statement as ever, and the rest of the page is read beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Protocol

from billql.fetching.row_decoder import TableRow

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


class PlainScan:
    """Returns the rows of a statement as its `reader` has them, made of some of their `columns`."""

    def __init__(self, reader: PageReader, columns: Sequence[int]) -> None:
        self._reader = reader
        self._shown = _picker(columns)

    def rest_of_page(self, most: int) -> Iterator[tuple[Any, ...]]:
        """Return the rows that follow SQLite's current one in its page, at most so many; SQLite's
        next row is the one after these.
        """
        return map(self._shown, self._reader.rest_of_page(most))


def plain_columns(program: Sequence[Sequence[Any]]) -> tuple[int, ...] | None:
    """Return the columns of the virtual table, by number, that each row of a result consists of.

    None if a statement's program (https://sqlite.org/opcode.html) does more than to read one table
    from its beginning to its end.
    """
    codes = [step[1] for step in program]
    if any(codes.count(code) != 1 for code in ("VOpen", "VFilter", "ResultRow", "VNext", "Goto")):
        return None
    start, end = codes.index("VFilter") + 1, codes.index("VNext")
    *cells, result = program[start:end] or [()]
    around = {*codes[:start], *codes[end + 1 :]}
    is_loop = program[end][3] == start and codes[-1] == "Goto"
    if not (is_loop and around <= _ONCE and {step[1] for step in cells} == {"VColumn"}):
        return None
    column_of = {register: column for _, _, _, column, register, *_ in cells}
    if result[1] != "ResultRow":
        return None
    _, _, first, count, *_ = result
    registers = range(first, first + count)
    return tuple(column_of[one] for one in registers) if column_of.keys() == {*registers} else None


def _picker(columns: Sequence[int]) -> Callable[[TableRow], tuple[Any, ...]]:
    """Return a function that returns some columns of a row."""
    first, count = columns[0], len(columns)
    if tuple(columns) == tuple(range(first, first + count)):
        return itemgetter(slice(first, first + count))
    return itemgetter(*columns)
