"""A SQL statement while SQLite runs it: its plans, whether it may stop early, its coming keys."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property, partial
from typing import Protocol

import apsw

from billql.definitions.catalog import Table
from billql.definitions.model import CONNECTION
from billql.definitions.types import MOMENTS
from billql.errors import Error
from billql.fetching._constant_texts import ConstantText, constant_texts
from billql.fetching._prefetch import KeyPrefetcher
from billql.fetching._program import ReadProgram
from billql.fetching.dry_run import JoinSide
from billql.fetching.key_family import KeyFamily
from billql.fetching.plain_scan import PlainScan
from billql.fetching.row_decoder import TableRow
from billql.fetching.statement import Statement
from billql.fetching.unmatched_texts import ComparedColumn
from billql.planning.plan import Plan
from billql.planning.spelling import spellings
from billql.sql.compared_calls import ComparedCall, compared_calls
from billql.sql.constants import is_compound
from billql.sql.read_part import ReadPart
from billql.sql.statements import Bindings, ParsedStatement


class CurrentScan(Protocol):
    """A cursor of the statement that reads lists."""

    @property
    def has_row(self) -> bool:
        """Whether there is a current row."""

    def coming_rows(self) -> Iterator[Sequence[TableRow]]:
        """Yield the rows from the current one on; raises WouldSendRequest if more follow."""

    def rest_of_page(self, most: int) -> Sequence[TableRow]:
        """Return rows of the page that follow the current one, and go to the last of them."""


class RunningStatement:
    """One statement in SQLite.

    `parsed` is the statement without views, and `reads` what SQLite reads when it runs it, if it
    reads anything.
    """

    def __init__(
        self,
        statement: Statement,
        database: apsw.Connection,
        parsed: ParsedStatement,
        reads: ReadPart | None,
        bindings: Bindings,
    ) -> None:
        self.statement = statement
        self._database = database
        self._parsed = parsed
        self._bindings = bindings
        self.plans: dict[int, Plan] = {}
        """What SQLite has been offered, by number. They live as long as the statement, which is
        prepared for this run alone: so whatever plan it names is here."""
        self._numbers: dict[Plan, int] = {}
        self.sides: dict[int, JoinSide] = {}
        """What side of a join each plan reads, by its number: the same whatever columns of it are
        read, for what SQLite runs may read more of them than a dry run, such as currencies."""
        self._shapes: dict[Hashable, JoinSide] = {}
        self._times: set[str] = set()
        """The names of the columns of time in its tables, in lower case."""
        self._scans: dict[int, dict[int, tuple[Hashable, CurrentScan]]] = {}
        """The cursors that have read lists, by their side of a join, with their arguments."""
        self.families: dict[JoinSide, KeyFamily] = {}
        """The keys by which each side of a join is read."""
        query = None if reads is None else reads.text
        self._program = ReadProgram(database, query, bindings)
        self.prefetcher = KeyPrefetcher(
            statement, database, reads, bindings, self._program, self.sides
        )
        self.without_null: frozenset[tuple[str, str]] = frozenset()
        """The columns, by table, in which a NULL would be in a wrong place."""
        self._compared_columns: dict[tuple[str, str], ComparedColumn] = {}
        """By the name of the table and the column's."""
        self.fault: Error | None = None
        """What makes it fail, found where SQLite takes no error: in a comparison."""

    def number_of(self, plan: Plan, table: Table) -> int:
        """Return the number by which SQLite names a plan of a table."""
        self._times.update(
            name.lower() for name, column in table.columns.items() if column.type in MOMENTS
        )
        if plan not in self._numbers:
            self._numbers[plan] = number = len(self._numbers) + 1
            self.plans[number] = plan
            shape = (table.name, plan.method, plan.constraints, plan.arguments)
            self.sides[number] = self._shapes.setdefault(shape, len(self._shapes) + 1)
        return self._numbers[plan]

    def begin_scan(self, side: JoinSide, arguments: Hashable, reader: CurrentScan) -> None:
        """Note that a cursor begins to read lists."""
        self._scans.setdefault(side, {})[id(reader)] = (arguments, reader)

    def current_scan(self, side: JoinSide, arguments: Hashable) -> CurrentScan | None:
        """Return the cursor that is reading the lists of a plan; None if there are several, or
        none that is within them with these arguments.
        """
        scans = list(self._scans.get(side, {}).values())
        if len(scans) != 1 or scans[0][0] != arguments or not scans[0][1].has_row:
            return None
        return scans[0][1]

    def fail(self, fault: Error) -> None:
        """Let it fail when it comes to its next page, or row, or end; nothing is committed before.

        SQLite goes on after an error in a collation.
        """
        self.fault = fault
        self._database.set_commit_hook(lambda: True)

    def close(self) -> None:
        """End it; nothing more is sent."""
        self.statement.close()
        if self.fault is not None:
            self._database.set_commit_hook(None)

    @cached_property
    def compared_texts(self) -> frozenset[str]:
        """The texts that the statement itself compares something with."""
        return frozenset(one.text for one in self._constants)

    @cached_property
    def texts_beside_times(self) -> frozenset[str]:
        """Those of them that are at fault wherever SQLite compares them with a time.

        A UNION may compare a time with a text that the statement compares with something else, so
        there only those are that it compares with a column of time's name.
        """
        if not is_compound(self._parsed):
            return self.compared_texts
        return frozenset(one.text for one in self._constants if one.column in self._times)

    @cached_property
    def _constants(self) -> tuple[ConstantText, ...]:
        return tuple(constant_texts(self._parsed, self._bindings))

    def compared_columns(
        self, table: Table, plan: Plan, connections: Sequence[str]
    ) -> list[tuple[int, ComparedColumn]]:
        """Return the columns of texts that a plan compares with the statement's own texts, each
        after its place in a row.
        """
        filtered = {
            one.column
            for one in plan.constraints
            if one.usable
            and (one.operator == "in" or (one.operator == "=" and (one.literal or self._bindings)))
            and one.collation is None
            and one.computed is None
        }
        found = []
        for place, (column, definition) in enumerate(table.columns.items()):
            if column not in filtered or definition.type != "text":
                continue
            if texts := [one.text for one in self._constants if one.column == column.lower()]:
                values = connections if column == CONNECTION else definition.values
                filters = table.resource.methods[plan.method].filters()
                carriers = [one for name, one in filters if (name, one.operator) == (column, "=")]
                spelled = partial(spellings, values, carriers)
                name = (table.name, column)
                made = ComparedColumn(name, texts, spelled)
                found.append((place, self._compared_columns.setdefault(name, made)))
        return found

    def notes(self) -> Iterator[str]:
        """Yield what people should know of it once all its rows are read."""
        for one in self._compared_columns.values():
            yield from one.notes()

    @cached_property
    def compared_calls(self) -> tuple[ComparedCall, ...]:
        """The calls that the statement compares, which have no collation."""
        return tuple(compared_calls(self._parsed.tokens))

    @cached_property
    def has_limit(self) -> bool:
        """Whether the statement has a LIMIT, as far as its text shows it."""
        return any(token.keyword == "LIMIT" for token in self._parsed.tokens)

    @property
    def recognizes_rows(self) -> bool:
        """Whether SQLite may ask which row one is, as for an OR or a FULL JOIN."""
        return self._program.recognizes_rows

    @property
    def stops_early(self) -> bool:
        """Whether SQLite may leave a scan before its end, as a LIMIT or an EXISTS makes it do."""
        return self._program.stops.scans

    def may_skip_keys(self, side: JoinSide) -> bool:
        """Return whether SQLite may leave a loop around a side of a join before its end, so that it
        does not need all of its keys.
        """
        around = self._program.stops.around
        return around is None or any(self.sides.get(number) == side for number in around)

    def plain_scan(self, sql: str) -> PlainScan | None:
        """Return what reads the rows of `sql`, which SQLite runs and which is at its first row,
        page by page; None if they are not those of one scan.
        """
        readers = [one for scans in self._scans.values() for _, one in scans.values()]
        read = self._program.plain_read(sql) if len(readers) == 1 else None
        return None if read is None else PlainScan(readers[0], read)
