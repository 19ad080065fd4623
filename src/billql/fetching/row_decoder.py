"""Decoding the rows of a response: SQL values for the columns that a statement reads.

Rows are made column by column: a response of 200 rows is a handful of list comprehensions, and a
column of the usual shape is checked as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any, cast

from billql.definitions.decoding import ColumnDecoder, decoder_for, full_reader, spells
from billql.definitions.model import CONNECTION, Column
from billql.definitions.types import SQLValue
from billql.errors import BadResponse
from billql.fetching._column_paths import is_member, values_at
from billql.fetching._response_parser import ParsedPage, RawRows
from billql.fetching.exact_amounts import ExactAmounts
from billql.messages import Scalar
from billql.util import exact_json

TableRow = tuple[Any, ...]
"""The values of a row's columns in their order, and last its `RowKey`."""

RowKey = tuple[Any, ...] | None
"""What identifies a row, whichever method reads it: the values of the columns that are unique, in
full, and what the statement alone knows, its connection above all. None if there are no such
columns, or a value is missing."""


class _Group:
    """The rows of one source of a page, and what their columns are made of.

    `echoed` are the columns that show what was requested.
    """

    def __init__(self, page: ParsedPage, rows: RawRows, echoed: Mapping[str, SQLValue]) -> None:
        self.page = page
        self.rows = rows
        self._echoed = echoed

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.rows.values)

    def at(self, path: str, *, exactly: bool = False, whole: bool = True) -> list[Any]:
        """Return the value at a path for every row; see `values_at`."""
        return values_at(path, self.rows, self.page, exactly=exactly, whole=whole)

    def constant(self, name: str, column: Column) -> tuple[SQLValue] | None:
        """Return the value that all rows have in a column, in a tuple, if they have the same."""
        constant = self.rows.source.values.get(name, column.value)
        if constant is not None:
            return (_decode_constant(column, constant),)
        return (self._echoed.get(name),) if column.path == "$parameter" else None


class RowDecoder:
    """Decodes rows for the columns that a statement uses; the others are NULL.

    `also_read` are columns that billql itself reads; those that are `unique` identify a row.
    `amounts` records the amounts of the rows, letter for letter.
    """

    def __init__(
        self,
        columns: Mapping[str, Column],
        used: Iterable[str],
        table: str,
        unique: Iterable[str] = (),
        also_read: Iterable[str] = (),
        amounts: ExactAmounts | None = None,
    ) -> None:
        self._columns = columns
        self._used = frozenset(used)
        self._table = table
        self._amounts = amounts
        self._unique = tuple(unique)
        self._read = self._used.union(also_read)
        self._decoders = {name: _decoder(columns[name]) for name in self._read.union(self._unique)}
        self._positions = {name: position for position, name in enumerate(columns)}
        self._shown = tuple(at for name, at in self._positions.items() if name in self._used)
        # What a statement requests of a column that only it knows is a part of the row.
        echoed = (name for name in self._used if columns[name].path == "$parameter")
        self._echoed = tuple(sorted({CONNECTION, *echoed}.difference(self._unique)))

    def rows(self, page: ParsedPage, echoed: Mapping[str, SQLValue]) -> list[TableRow]:
        """Return the rows of a page; `echoed` are the columns that show what was requested.

        Raises BadResponse for a value of the wrong type, and for rows without any column.
        """
        decoded: list[TableRow] = []
        of_statement = tuple(echoed.get(name) for name in self._echoed)
        for rows in page.groups:
            if not rows.values:
                continue
            group = _Group(page, rows, echoed)
            self._check_shape(group)
            rows.look_up(self._plain_members)
            cells = [self._cells(name, group) for name in self._columns]
            unique = [
                self._key_cells(name, cells[self._positions[name]], group) for name in self._unique
            ]
            keys = _row_keys(unique, of_statement) if unique else repeat(None)
            made = list(zip(*cells, keys, strict=False))
            if self._amounts is not None:
                self._amounts.record(self._table, tuple(self._columns), made, self._texts(group))
            decoded += made
        return decoded

    def position(self, column: str) -> int:
        """Return the position of a column in a row, from 0."""
        return self._positions[column]

    def shown(self, row: TableRow) -> TableRow:
        """Return what the statement sees of a row."""
        return tuple(row[position] for position in self._shown)

    @cached_property
    def recognizes_rows(self) -> bool:
        """Whether equal keys mean that two rows of one list are the same."""
        own = ("$parent.", "$key", "$value")
        columns = ((name, self._columns[name]) for name in self._unique)
        paths = (column.path or name for name, column in columns if column.value is None)
        return any(not path.startswith("$") or path.startswith(own) for path in paths)

    @cached_property
    def _plain_members(self) -> tuple[str, ...]:
        """The members of a row that are columns as they are."""
        paths = (
            column.path or name for name, column in self._columns.items() if name in self._read
        )
        return tuple(dict.fromkeys(path for path in paths if is_member(path)))

    @cached_property
    def _members(self) -> frozenset[str]:
        """The members of a row that columns are made of."""
        paths = (column.path or name for name, column in self._columns.items())
        return frozenset(
            path.partition(".")[0].partition("[")[0] for path in paths if not path.startswith("$")
        )

    def _check_shape(self, group: _Group) -> None:
        """Raise BadResponse for what is no row, or has no column: an error with status 200."""
        if not self._members:
            return
        where = group.page.where
        if not group.rows.are_objects:
            raise BadResponse(f"{where} answered with rows of {self._table} that are no objects")
        first = group.rows.values[0]
        if first and self._members.isdisjoint(first):
            raise BadResponse(f"{where} answered with nothing that {self._table} consists of")

    def _cells(self, name: str, group: _Group) -> Iterable[SQLValue]:
        """Return the values of a column, in the order of the rows."""
        if name not in self._read:
            return repeat(None, len(group))
        column = self._columns[name]
        if (same := group.constant(name, column)) is not None:
            return same * len(group)
        try:
            found = group.at(column.path or name, exactly=spells(column.type))
            return _derive(column, self._decoders[name](found), group)
        except ValueError as error:
            raise BadResponse(
                f"{group.page.where} answered with a {name} of {self._table} that cannot be read: "
                f"{error}"
            ) from None

    def _texts(self, group: _Group) -> dict[str, list[str | None]]:
        """Return the amounts of some rows, letter for letter, by column."""
        return {
            name: list(map(exact_json.spelling, group.at(column.path or name, exactly=True)))
            for name, column in self._columns.items()
            if name in self._used and column.type == "decimal" and column.value is None
        }

    def _key_cells(self, name: str, cells: Iterable[SQLValue], group: _Group) -> Sequence[Any]:
        """Return a unique column in full, whether the statement reads it or not.

        `cells` is what `_cells` has made of it. What is not read need not be of the right type, as
        long as it can be compared.
        """
        column = self._columns[name]
        if (same := group.constant(name, column)) is not None:
            return same * len(group)
        is_plain = column.aggregate is None and column.after is None and not column.null_unless
        if name in self._read and not (is_plain and column.type in ("date", "month", "timestamp")):
            return cast(list[SQLValue], cells)
        found = group.at(column.path or name, exactly=spells(column.type), whole=False)
        try:
            if is_plain:
                return full_reader(column.type, column.format)(found)
            return _derive(column, self._decoders[name](found), group)
        except ValueError:
            if not {list, dict}.isdisjoint(map(type, found)):
                raise BadResponse(
                    f"{group.page.where} answered with a list or an object for {name}, which "
                    "identifies its rows"
                ) from None
            return found


def _row_keys(
    unique: Sequence[Sequence[Any]], of_statement: tuple[SQLValue, ...]
) -> Iterable[RowKey]:
    """Return the key of each row, from the unique columns and what the statement requests."""
    keys = zip(*unique, repeat(of_statement, len(unique[0])), strict=True)
    if not any(None in values for values in unique):
        return keys
    return [None if None in key else key for key in keys]


def _decoder(column: Column) -> ColumnDecoder:
    """Return the decoder of a column; where a row has several values, it aggregates them."""
    decode = decoder_for(column.type, column.format)
    if column.aggregate is None:
        return decode
    choose = min if column.aggregate == "min" else max

    def aggregate(values: Iterable[Any]) -> SQLValue:
        present: list[Any] = [value for value in values if value is not None]
        return cast(SQLValue, choose(present, default=None))

    return lambda rows: [aggregate(decode(values)) for values in rows]


def _derive(column: Column, values: list[SQLValue], group: _Group) -> list[SQLValue]:
    """Return a column that is computed: cut, divided, NULL in rows that it does not hold for."""
    if (separator := column.after) is not None:
        values = [_after(separator, value) for value in values]
    for path, any_of in column.conditions():
        pairs = zip(values, group.at(path, exactly=True), strict=True)
        values = [value if _plain(found) in any_of else None for value, found in pairs]
    if column.divide is None:
        return values
    return [v / column.divide if isinstance(v, int | float) else v for v in values]


def _after(separator: str, value: SQLValue) -> SQLValue:
    """Return what follows a separator in a text; the whole text if it has none."""
    found = value.partition(separator) if isinstance(value, str) else ("", "", "")
    return found[2] if found[1] else value


def _decode_constant(column: Column, value: Scalar) -> SQLValue:
    """Return a constant of a definition in the one form of the column's type."""
    return decoder_for(column.type)([value])[0]


def _plain(value: Any) -> Any:
    return value.number if isinstance(value, exact_json.Digits) else value
