"""Parquet and Arrow of a statement's own rows."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

import billql
from billql import output
from billql.output import Style


def read(name: str, data: bytes) -> pa.Table:
    if name == "parquet":
        return pa.parquet.read_table(pa.BufferReader(data))
    return pa.ipc.open_file(data).read_all()


def test_amounts_of_the_sandbox() -> None:
    sql = "SELECT amount, sum(amount) OVER () AS total FROM digitalocean.billing.invoices"
    with billql.connect(sandbox=True, decimals=True) as connection:
        rows = connection.execute(sql).fetchall()
        cursor = connection.execute(sql)
        assert cursor.description is not None
        data = io.BytesIO()
        output.find("parquet").write(cursor.description, cursor, data, Style())
    table = read("parquet", data.getvalue())
    assert [str(field.type) for field in table.schema] == ["decimal128(38, 18)"] * 2
    assert [tuple(row.values()) for row in table.to_pylist()] == rows
