"""The data source of a session that hands filters over, which Spark can do since 4.1.

Spark 4.3 (PythonScanBuilder.pushFilters) stores the tasks that the filters of a query leave
in the table of a frame, and takes them for each later query over this frame, with other filters or
without any; of a frame that a query has twice it takes those of the last. A source is not asked
again, and cannot know. Hence filters are used where the option `pushdown` states that a frame
is for one query alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql.datasource import Filter
from pyspark.sql.types import StructType

from billql.integrations.spark import catalog, filters, options
from billql.integrations.spark.conditions import Condition
from billql.integrations.spark.failures import explained
from billql.integrations.spark.source import Reader, Source


class FilteringSource(Source):
    """The format `billql`, for a session that hands filters over."""

    @explained()
    def reader(self, schema: StructType) -> Reader:
        """Return the reader of the columns of a schema."""
        return FilteringReader(options.parse(self.options), schema)


class FilteringReader(Reader):
    """Reads a table once, and asks APIs only for what filters let through."""

    @explained()
    def pushFilters(self, filters: list[Filter]) -> Iterable[Filter]:  # noqa: N802
        """Store the conditions of filters; return all of them, so that Spark filters again."""
        if self._options.pushdown:
            self._conditions = _conditions(self._table, self._schema, filters)
        return filters


def _conditions(table: catalog.Table, schema: StructType, found: list[Filter]) -> list[Condition]:
    """Return the conditions on columns whose type is the table's own."""
    types = {field.name: field.dataType for field in schema}
    columns = table.columns
    kinds = {
        column.name: column.kind for column in columns if types.get(column.name) == column.type
    }
    return filters.conditions(found, kinds)
