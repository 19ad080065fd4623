"""The data source: Spark asks it for a schema, for tasks, and in each task for rows."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from inspect import signature
from typing import TYPE_CHECKING

from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    InputPartition,
)
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StringType, StructType

from billql.errors import InterfaceError
from billql.integrations.spark import catalog, options, partitions, rows
from billql.integrations.spark.conditions import Condition
from billql.integrations.spark.failures import explained

if TYPE_CHECKING:
    import pyarrow as pa


class Task(InputPartition):
    """One task, as Spark passes it to an executor: a query, and no credential."""

    def __init__(self, query: partitions.Query) -> None:
        super().__init__(query)
        self.query = query


class Source(DataSource):
    """The format `billql`, for a session that hands no filters over."""

    @classmethod
    def name(cls) -> str:
        """Return the name of the format."""
        return "billql"

    @explained()
    def schema(self) -> StructType:
        """Return the schema of the table; nothing is requested."""
        return catalog.read(options.parse(self.options)).schema()

    @explained()
    def reader(self, schema: StructType) -> Reader:
        """Return the reader of the columns of a schema, which may be fewer than the table has."""
        return Reader(options.parse(self.options), schema)

    @explained()
    def streamReader(self, schema: StructType) -> StreamReader:  # noqa: N802
        """Return the reader of a stream of rows by their time."""
        return StreamReader(options.parse(self.options), schema)


class _Reader:
    """What readers of tables and of streams have in common."""

    def __init__(self, read_options: options.ReadOptions, schema: StructType) -> None:
        self._options = read_options
        self._schema = schema
        self._conditions: list[Condition] = []

    @cached_property
    def _table(self) -> catalog.Table:
        """Return the table as the catalog has it, read once for filters and for tasks."""
        return catalog.read(self._options)

    @explained()
    def _tasks(self, read_options: options.ReadOptions) -> list[Task]:
        if not self._schema.names:
            raise InterfaceError(
                "A schema without columns has no rows to count", hint="Name a column in it."
            )
        for name, count in Counter(self._schema.names).items():
            if count > 1:
                raise InterfaceError(
                    f"The schema has the column {name} twice", hint="Name it once."
                )
        table = self._table
        columns = {
            field.name: field.dataType == StringType() != table.column(field.name).type
            for field in self._schema
        }
        found = partitions.queries(table, read_options, columns, self._conditions)
        return [Task(query) for query in found]

    def read(self, partition: InputPartition | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a task; Spark has None for a table of no tasks."""
        if isinstance(partition, Task):
            schema = _arrow_schema(self._schema)
            yield from rows.read(self._options, partition.query, schema)


def _arrow_schema(schema: StructType) -> pa.Schema:
    """Return a schema as Arrow has it, with instants in UTC, as all are before Spark 4.2."""
    found: pa.Schema
    if "timezone" in signature(to_arrow_schema).parameters:
        found = to_arrow_schema(schema, timezone="UTC")
    else:
        found = to_arrow_schema(schema)
    return found


class Reader(_Reader, DataSourceReader):
    """Reads a table once."""

    def partitions(self) -> Sequence[Task]:
        """Return the tasks."""
        return self._tasks(self._options)


class StreamReader(_Reader, DataSourceStreamReader):
    """Reads the rows of a time after those of the time before, by the option `window`.

    An offset is the instant before which all rows are read; none is before the one before it, or
    rows would be read twice. A row that an API shows later than `delay` seconds after its time is
    missed.
    """

    def __init__(self, read_options: options.ReadOptions, schema: StructType) -> None:
        super().__init__(read_options, schema)
        if read_options.window is None or read_options.start is None:
            raise InterfaceError(
                "A stream needs a column of time and a begin",
                hint='Write .option("window", "created").option("from", "2026-01-01").',
            )

    def initialOffset(self) -> dict[str, str]:  # noqa: N802
        """Return the option `from`."""
        return {"until": str(self._options.start)}

    @explained()
    def latestOffset(  # noqa: N802
        self, start: dict[str, str] | None = None, limit: object = None
    ) -> dict[str, str]:
        """Return the instant up to which rows can be read now, but for those after `until`.

        Spark before 4.2 passes no arguments.
        """
        last = start or self.initialOffset()
        now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=self._options.delay)
        end = now.replace(microsecond=0)
        if self._options.end is not None:
            end = min(end, partitions.instant("until", self._options.end))
        if end <= partitions.instant("from", last["until"]):
            return last
        return {"until": f"{end.astimezone(datetime.UTC):%FT%TZ}"}

    def partitions(self, start: dict[str, str], end: dict[str, str]) -> Sequence[Task]:
        """Return the tasks of the time between two offsets, of which the end is left out."""
        return self._tasks(self._options._replace(start=start["until"], end=end["until"]))
