"""The virtual tables `billql.catalog.*`: SQLite's protocol over rows that are at hand.

SQLite checks every constraint itself. Those on a provider, a service or a resource are taken note
of all the same, so that no other definitions are loaded.
"""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from billql.definitions.types import SQLValue
from billql.sqlite._catalog_listings import PREFIX, CatalogTableSpec, listing
from billql.sqlite._catalog_rows import ROWS, LazyRow
from billql.sqlite._catalog_scope import CatalogSource, KeyFilter
from billql.sqlite._resource_table import declared_type

_MANY = 10_000
"""How many rows a listing has, for SQLite's estimates; a constraint leaves a tenth of them."""


class CatalogModule:
    """Makes the virtual table for a listing when SQLite first meets its name."""

    def __init__(self, source: CatalogSource) -> None:
        self._source = source

    def Create(  # noqa: N802
        self, database: apsw.Connection, module: str, schema: str, name: str, *arguments: str
    ) -> tuple[str, CatalogTable]:
        """Return a table's declaration, and the table."""
        found = listing(module)
        kinds = {name: field.type for name, field in found.fields.items()}
        columns = ", ".join(f'"{name}" {declared_type(kind)}' for name, kind in kinds.items())
        return f"CREATE TABLE listing ({columns})", CatalogTable(
            self._source, module.removeprefix(PREFIX), found
        )

    Connect = Create


class CatalogTable:
    """One listing as SQLite sees it."""

    def __init__(self, source: CatalogSource, short: str, listing: CatalogTableSpec) -> None:
        self._source = source
        self._read = ROWS[short]
        self._listing = listing
        self._numbers = {name: number for number, name in enumerate(listing.fields)}

    def BestIndexObject(self, info: apsw.IndexInfo) -> bool:  # noqa: N802
        """Use the constraints that narrow the listing; idxNum has a bit for each of their
        columns.
        """
        taken: list[str] = []
        for bit, name in enumerate(self._listing.narrowed_by):
            number = self._constraint(info, name)
            if number is not None:
                taken.append(name)
                info.set_aConstraintUsage_argvIndex(number, len(taken))
                info.idxNum |= 1 << bit
        if self._listing.narrowed_by:
            info.idxStr = f"definitions of one {', '.join(taken)}" if taken else "all definitions"
        info.estimatedRows = max(1, _MANY // 10 ** len(taken))
        info.estimatedCost = float(info.estimatedRows)
        return True

    def _constraint(self, info: apsw.IndexInfo, name: str) -> int | None:
        """Return the index of a constraint that sets a column to one value, byte by byte."""
        for number in range(info.nConstraint):
            if (
                info.get_aConstraint_iColumn(number) == self._numbers[name]
                and info.get_aConstraint_op(number) == apsw.SQLITE_INDEX_CONSTRAINT_EQ
                and info.get_aConstraint_usable(number)
                and info.get_aConstraint_collation(number) == "BINARY"
            ):
                return number
        return None

    def rows(self, number: int, arguments: tuple[SQLValue, ...]) -> Iterator[LazyRow]:
        """Return the rows for the plan that SQLite has chosen."""
        taken = (name for bit, name in enumerate(self._listing.narrowed_by) if number & 1 << bit)
        # A name is a text; what else SQLite compares with it, it may convert, so that is left.
        wanted: KeyFilter = {
            name: value
            for name, value in zip(taken, arguments, strict=True)
            if isinstance(value, str)
        }
        return self._read(self._source, wanted)

    def Open(self) -> CatalogCursor:  # noqa: N802
        """Begin to read the table."""
        return CatalogCursor(self)

    def Disconnect(self) -> None:  # noqa: N802
        """Nothing is held."""

    Destroy = Disconnect


class CatalogCursor:
    """One place in a statement that reads a listing."""

    def __init__(self, table: CatalogTable) -> None:
        self._table = table
        self._rows: Iterator[LazyRow] = iter(())
        self._row: LazyRow | None = None

    def Filter(  # noqa: N802
        self, number: int, summary: str | None, arguments: tuple[SQLValue, ...]
    ) -> None:
        """Begin a scan with the values of its constraints."""
        self._rows = self._table.rows(number, arguments)
        self.Next()

    def Eof(self) -> bool:  # noqa: N802
        """Return whether there is no current row."""
        return self._row is None

    def Next(self) -> None:  # noqa: N802
        """Go on to the next row."""
        self._row = next(self._rows, None)

    def Column(self, number: int) -> SQLValue:  # noqa: N802
        """Return a value of the current row."""
        assert self._row is not None, "SQLite reads no row after the last"
        return self.Rowid() if number < 0 else self._row.value(number)

    def Rowid(self) -> int:  # noqa: N802
        """Return a number by which SQLite knows the row again when it reads a table in two ways."""
        assert self._row is not None, "SQLite reads no row after the last"
        # A text's hash, because those of numbers collide: hash(-1) == hash(-2).
        return hash(repr(self._row.known))

    def Close(self) -> None:  # noqa: N802
        """End the scan."""
        self._rows = iter(())
