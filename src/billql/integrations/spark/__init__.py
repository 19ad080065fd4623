"""Apache Spark's data source `billql`, of the extra `billql[spark]`.

    from billql.integrations import spark

    spark.register(session)
    session.read.format("billql").option("table", "stripe.billing.invoices").load()

options      what a reader is asked for
catalog      the columns of a table, in Spark's types
conditions   a condition in SQL, and values as billql writes them
filters      the filters that Spark hands over, as conditions
partitions   what each task reads: one connection, and a part of its keys or of its time
rows         the rows of a partition, as Arrow
source       the data source, its readers of tables and of streams
filtering    the same of a session that hands filters over, as Spark can do since 4.1
failures     what Spark shows of an error

Tokens are looked up where a task runs, in its environment or config file, and are no options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PUSHDOWN = "spark.sql.python.filterPushdown.enabled"
"""Spark's setting that lets a Python data source see filters; without it such a source fails."""


def register(session: SparkSession) -> None:
    """Make the format `billql` known to a session of Spark.

    Filters are handed over if the session's setting `spark.sql.python.filterPushdown.enabled` is
    true now; call this again after changing it. They reach the API where a reader has the option
    `pushdown`. Else every row is read that the options select, and Spark filters them.
    """
    from pyspark.sql.datasource import DataSourceReader

    from billql.integrations.spark.source import Source

    enabled = (session.conf.get(PUSHDOWN, "false") or "").strip().lower() == "true"
    if enabled and hasattr(DataSourceReader, "pushFilters"):
        from billql.integrations.spark.filtering import FilteringSource

        session.dataSource.register(FilteringSource)
    else:
        session.dataSource.register(Source)
