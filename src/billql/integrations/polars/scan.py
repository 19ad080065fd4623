"""A table, or a SELECT, as a lazy frame of polars.

polars hands over the columns that a query reads, its filters and how many rows it wants; they go
into the statement, so that requests are saved as they are in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from billql.errors import NotSupportedError
from billql.integrations.polars.predicate import condition
from billql.sql.statements import parse
from billql.sql.tokenizer import quote

if TYPE_CHECKING:
    import polars as pl

    from billql.dbapi.connection import Connection

_QUERIES = frozenset(("SELECT", "WITH", "VALUES"))


def scan_polars(source: str, connection: Connection | None = None, **options: Any) -> pl.LazyFrame:
    """Return a lazy frame of a table, or of a SELECT; raise NotSupportedError without polars.

    `options` are those of `connect`, where there is no `connection`. Whenever the frame is
    collected, the statement runs in a connection of its own, which sees the tables of a database
    file, and none in memory.

        billql.scan_polars("stripe.billing.invoices").filter(pl.col("status") == "open").head(5)
    """
    try:
        import pyarrow  # noqa: F401
        from polars.io.plugins import register_io_source
    except ImportError:
        raise NotSupportedError(
            "scan_polars needs the packages polars and pyarrow",
            hint="Install them: pip install 'billql[polars]'",
        ) from None
    from billql.dbapi.connection import connect

    scan = _Scan(source, connect(**options) if connection is None else connection)
    return register_io_source(scan.read, schema=scan.schema, is_pure=False)


class _Scan:
    """What polars reads: a source of rows for the queries over one frame."""

    def __init__(self, source: str, connection: Connection) -> None:
        self._connection = connection
        is_query = parse(source).keyword in _QUERIES
        self._from = f"({source.rstrip().rstrip(';')})" if is_query else source
        import polars as pl

        with self._another() as own:
            described = own.execute(f"SELECT * FROM {self._from} LIMIT 0")
            self._types = {name: kind or "" for name, kind, *_ in described.description or ()}
            if not all(self._types.values()):
                # The types of expressions are those of their first values.
                described = own.execute(f"SELECT * FROM {self._from}")
            self._arrow = described.fetch_record_batch().schema
            self.schema = pl.Schema(pl.DataFrame(self._arrow.empty_table()).schema)

    def read(
        self,
        columns: list[str] | None,
        predicate: pl.Expr | None,
        rows: int | None,
        batch: int | None,
    ) -> Iterator[pl.DataFrame]:
        """Yield the rows that a query needs."""
        import polars as pl
        import pyarrow as pa

        # A frame without a column would have no rows to count.
        names = (columns or list(self._types)[:1]) if columns is not None else list(self._types)
        types = pa.schema([self._arrow.field(name) for name in names])
        left = rows
        with self._another() as own:
            cursor = own.execute(self._sql(names, predicate, rows))
            reader = cursor.fetch_record_batch(batch or 8192)
            for found in reader:
                frame = pl.DataFrame(found.cast(types))
                if predicate is not None:
                    frame = frame.filter(predicate)
                if left is not None:
                    frame = frame.head(left)
                    left -= frame.height
                yield frame
                if left == 0:
                    return

    def _sql(self, names: list[str], predicate: pl.Expr | None, rows: int | None) -> str:
        sql = f"SELECT {', '.join(map(quote, names))} FROM {self._from}"
        where = None
        if predicate is not None:
            where = condition(predicate.meta.serialize(format="json"), self._types)
        if where is not None:
            sql += f" WHERE {where}"
        # With a filter, only polars knows how many rows are left.
        return sql if rows is None or predicate is not None else f"{sql} LIMIT {rows}"

    def _another(self) -> Connection:
        """Open a connection of its own, for queries run in threads of polars'."""
        return self._connection.another()
