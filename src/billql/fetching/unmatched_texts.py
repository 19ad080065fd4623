"""Texts that a statement compares with a column and that no row has.

`WHERE currency = 'USD'` finds nothing where an API writes `usd`, which people should know. What is
noted is certain: a row that was read has the text in another case, or no row can have it by the
definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from billql.definitions.types import SQLValue
from billql.fetching.row_decoder import TableRow

_MOST_SHOWN = 8
"""How many values of a closed list a note names."""


class ComparedColumn:
    """A column with which a statement compares some texts, and what rows have been seen to have.

    `name` is that of the column after its table's. `spellings` returns what rows have instead of a
    text that none can have.
    """

    def __init__(
        self,
        name: tuple[str, str],
        texts: Iterable[str],
        spellings: Callable[[str], Sequence[str]],
    ) -> None:
        self._name = name
        self._texts = dict.fromkeys(texts)
        self._spellings = spellings
        self._folded = {text.casefold() for text in self._texts}
        self._seen: dict[str, str] = {}
        """What rows have that is one of the texts in another case, by the text without its case."""
        self._is_matched = False

    def watch(self, rows: Sequence[TableRow], place: int) -> None:
        """Look for the texts in rows that a scan has read; `place` is the column's in a row."""
        if self._is_matched:
            return
        values: set[SQLValue] = {row[place] for row in rows}
        self._is_matched = not values.isdisjoint(self._texts)
        for value in values:
            if isinstance(value, str) and (folded := value.casefold()) in self._folded:
                self._seen.setdefault(folded, value)

    def notes(self) -> Iterator[str]:
        """Yield what people should know once all rows are read: a note, if no row has any of the
        texts, on the first whose spelling is known.
        """
        table, column = self._name
        for text in () if self._is_matched else self._texts:
            never = f"{table}: {column} is never {text!r:.80}"
            if (seen := self._seen.get(text.casefold())) is not None:
                yield f"{never} in the rows that were read, which have {seen!r:.80}."
                return
            if written := self._spellings(text):
                yield f"{never}. It is {_one_of(written)}."
                return


def _one_of(values: Sequence[str]) -> str:
    """Return values as a list for people, of which the first are shown if they are many."""
    shown = [f"{one!r:.80}" for one in values[:_MOST_SHOWN]]
    if more := len(values) - len(shown):
        shown.append(f"one of {more} others")
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0]


Compared = Sequence[tuple[int, ComparedColumn]]
"""Columns, each after its place in a row."""


def watch(rows: Sequence[TableRow], columns: Compared) -> None:
    """Let columns watch some rows."""
    for place, column in columns:
        column.watch(rows, place)


def watched(
    batches: Iterator[Sequence[TableRow]], columns: Compared
) -> Iterator[Sequence[TableRow]]:
    """Yield rows some at a time, and let columns watch them."""
    for rows in batches:
        watch(rows, columns)
        yield rows
