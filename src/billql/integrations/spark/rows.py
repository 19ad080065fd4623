"""The rows of one task, as Arrow: billql is asked where the task runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

import billql
from billql.errors import DataError
from billql.integrations.spark.failures import explained
from billql.integrations.spark.options import ReadOptions
from billql.integrations.spark.partitions import Query


def read(options: ReadOptions, query: Query, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in the types of a schema.

    Raise billql's errors, which fail the task: DataError for a value that does not fit its type.
    """
    arguments = options.connect_arguments()
    with explained(query), billql.connect(**arguments, decimals=True) as connection:
        cursor = connection.execute(query.sql(), query.parameters())
        for batch in cursor.fetch_record_batch():
            columns = zip(batch.columns, schema, strict=True)
            arrays = [_cast(values, field) for values, field in columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(values: pa.Array[Any], field: pa.Field[Any]) -> pa.Array[Any]:
    """Return values in the type of a column; raise DataError for one that does not fit."""
    if values.null_count and not field.nullable:
        raise DataError(
            f"{field.name} has a NULL, and the schema has it NOT NULL", hint="Let it be NULL there."
        )
    if values.type == field.type:
        return values
    try:
        if pa.types.is_decimal(field.type) and pa.types.is_integer(values.type):
            # Arrow wants room for the largest integer there is, not only for those that are there.
            values = values.cast(pa.decimal128(38, field.type.scale))
        return values.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            f"{field.name} has a value that is no {field.type}: {error}",
            hint=f'Read it as text: .schema("{field.name} string, …").',
        ) from error
