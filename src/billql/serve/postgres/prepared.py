"""Statements that are ready to run, and portals: statements with values, under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from billql.serve.postgres.compiler.compile import ResultColumn
from billql.serve.postgres.formats.copy import CopyOptions

Values = Sequence[Any]
"""The stored values of parameters."""
Row = Sequence[Any]


@dataclass(frozen=True)
class Outcome:
    """What running a statement has brought."""

    tag: Callable[[int], str]
    """Makes the tag of CommandComplete from the number of rows."""
    rows: Iterator[Row] | None = None
    """The rows; None for a statement that returns none."""
    copy: CopyOptions | None = None
    """How the rows are to be copied, for COPY."""


@dataclass(frozen=True)
class Prepared:
    """A statement that is ready to run."""

    run: Callable[[Values], Outcome]
    columns: tuple[ResultColumn, ...] | None = None
    """The columns of its result; None if it has none."""
    parameters: tuple[str, ...] = ()
    """The types of its parameters."""
    ends_failure: bool = False
    """Whether it may run in a transaction that has failed."""
    is_copy: bool = False
    """Whether its rows are copied, so that nothing describes them."""


@dataclass
class Portal:
    """A statement with values, whose rows are read in parts."""

    prepared: Prepared
    values: Values = ()
    formats: Sequence[int] = ()
    """The format of each column, 0 for text and 1 for binary."""
    holds: bool = False
    """Whether it outlives the transaction (WITH HOLD)."""
    scrolls: bool = False
    """Whether it may go back to its start."""
    _outcome: Outcome | None = None
    _rows: Iterator[Row] | None = field(default=None, repr=False)
    sent: int = 0
    """How many rows were read."""

    def start(self) -> Outcome:
        """Run the statement, unless that is done."""
        if self._outcome is None:
            self._outcome = self.prepared.run(self.values)
            self._rows = self._outcome.rows
        return self._outcome

    def read(self, most: int | None) -> Iterator[Row]:
        """Yield the next rows, all or so many at most."""
        self.start()
        for row in islice(self._rows or iter(()), most):
            self.sent += 1
            yield row

    def rewind(self) -> None:
        """Go back to the start: the statement runs again."""
        self.close()
        self._outcome, self._rows, self.sent = None, None, 0

    def close(self) -> None:
        """End the statement, whose requests end too."""
        close = getattr(self._rows, "close", None)
        if close is not None:
            close()
        self._rows = iter(())
