"""Forty statements over amounts in dollars, yen, dinars and what is no currency, in each format.

The golden files were read for their truth; `python -m integration.sqlite.test_money_golden` in the
folder of the tests writes them anew.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pyarrow.ipc
import pyarrow.parquet
import pytest

import billql
from billql import output
from billql.output import MoneyColumns, Style
from support.books import books
from support.paths import GOLDEN

FOLDER = GOLDEN / "money"
ENDINGS = {
    "table": "txt",
    "line": "line.txt",
    "markdown": "md",
    "html": "html",
    "csv": "csv",
    "json": "json",
    "jsonl": "jsonl",
    "parquet": "parquet.txt",
    "arrow": "arrow.txt",
}
BEFORE = (
    "CREATE TABLE history AS SELECT month, customer, amount, currency, created FROM @invoices",
    "CREATE TEMP TABLE sums AS SELECT currency, money_sum(amount) AS total, count(*) AS n "
    "FROM @invoices WHERE currency IS NOT NULL GROUP BY currency",
    "CREATE VIEW taxed AS SELECT id, customer, amount + coalesce(tax, 0) AS gross, amount, "
    "currency FROM @invoices",
)
STATEMENTS = (
    # Plain columns.
    "SELECT id, amount, currency FROM @invoices",
    "SELECT * FROM @invoices WHERE id IN (1, 3, 5)",
    "SELECT id, amount FROM @invoices",
    "SELECT tax AS vat, currency AS c FROM @invoices ORDER BY id DESC",
    "SELECT amount FROM @invoices WHERE currency = 'JPY'",
    "SELECT * FROM @payments",
    "SELECT size, hourly, monthly FROM @prices",
    "SELECT customer, amount, currency FROM @invoices WHERE false",
    # Aggregates.
    "SELECT currency, money_sum(amount) AS total FROM @invoices GROUP BY currency",
    "SELECT currency, sum(amount), avg(amount), min(amount), max(amount), count(*) "
    "FROM @invoices GROUP BY 1",
    "SELECT currency, sum(paid) AS minor, money(sum(paid), currency) AS major "
    "FROM @payments GROUP BY currency",
    "SELECT currency, money_sum(amount) FILTER (WHERE hours > 1) AS worked FROM @invoices "
    "WHERE currency IN ('USD', 'KWD') GROUP BY currency",
    "SELECT id, money_sum(amount) OVER (PARTITION BY currency ORDER BY id) AS running, currency "
    "FROM @invoices WHERE id < 7 ORDER BY id",
    "SELECT total(amount) AS total FROM @invoices WHERE currency = 'USD'",
    # Differences, products, quotients.
    "SELECT a.amount - b.amount AS less, a.currency FROM @invoices a JOIN @invoices b "
    "ON b.id = a.id + 1 AND a.currency = b.currency",
    "SELECT sum(amount) - 3092.5 AS rest FROM @invoices WHERE currency = 'USD'",
    "SELECT id, amount - tax AS net, -amount AS credit, currency FROM @invoices",
    "SELECT id, amount * 1.19 AS gross, amount * 2 AS twice, currency FROM @invoices WHERE id < 7",
    "SELECT id, amount / 3 AS third, amount / tax AS ratio, currency FROM @invoices WHERE id < 4",
    "SELECT size, hourly * 730 AS month, monthly - hourly * 100 AS rest FROM @prices",
    "SELECT id, amount * hours AS weighted, currency FROM @invoices WHERE id IN (1, 3, 5)",
    # CASE, coalesce and other functions.
    "SELECT id, CASE WHEN amount < 0 THEN 0 ELSE amount END AS owed, currency FROM @invoices",
    "SELECT id, coalesce(tax, 0) AS tax, ifnull(tax, amount) AS other, currency FROM @invoices",
    "SELECT id, abs(amount), round(amount, 1), max(amount, tax), currency FROM @invoices",
    "SELECT id, iif(hours > 5, amount, tax) AS x, nullif(amount, 0) AS y, currency FROM @invoices",
    "SELECT id, lag(amount) OVER (ORDER BY id) AS before, currency FROM @invoices WHERE id < 3",
    # Money from minor units.
    "SELECT id, money(paid, currency) AS paid, money(fee, currency) AS fee, currency "
    "FROM @payments",
    "SELECT money(1050, 'usd'), money(1050, 'jpy'), money(1050, 'kwd'), money(2500000, 'usdc', 6)",
    "SELECT id, paid / 100.0 AS paid, currency FROM @payments WHERE currency = 'usd'",
    # Joins, CTEs, subqueries, views, UNION.
    "SELECT i.id, i.amount, money(p.paid, p.currency) AS paid, "
    "i.amount - money(p.paid, p.currency) AS open, i.currency "
    "FROM @invoices i LEFT JOIN @payments p ON p.invoice = i.id",
    "WITH sums AS (SELECT currency AS c, money_sum(amount) AS s FROM @invoices GROUP BY currency) "
    "SELECT s, c FROM sums ORDER BY c",
    "SELECT x.a, x.c FROM (SELECT amount AS a, currency AS c FROM @invoices LIMIT 3) AS x",
    "SELECT id, gross, amount, currency FROM taxed",
    "SELECT amount, currency FROM @invoices WHERE id = 1 UNION ALL SELECT monthly, currency "
    "FROM @prices",
    "SELECT (SELECT money_sum(amount) FROM @invoices WHERE currency = 'USD') AS dollars, 1 AS one",
    # What is no amount.
    "SELECT id, hours, hours * 2.5 AS x, 1234567.5 AS number FROM @invoices WHERE id < 4",
    "SELECT count(amount), typeof(amount), amount || ' ' || currency AS text FROM @invoices "
    "WHERE id = 1",
    # One's own tables.
    "SELECT * FROM history WHERE currency IN ('USD', 'KWD')",
    "SELECT currency, total, total / n AS mean, total - 0.05 AS less FROM sums",
    "SELECT currency, money_sum(amount) AS total FROM history GROUP BY currency",
)


def outputs(connection: billql.Connection, name: str) -> str:
    """Return every statement with its result in a format."""
    return "\n".join(f"{sql}\n\n{_shown(connection, name, sql)}" for sql in STATEMENTS)


def _shown(connection: billql.Connection, name: str, sql: str) -> str:
    connection.decimals = output.find(name).typed
    cursor = connection.execute(sql.replace("@", "own.all."))
    assert cursor.description is not None
    columns = MoneyColumns(cursor.description, cursor.amounts)
    if not output.find(name).binary:
        text = io.StringIO()
        output.find(name).write(columns, cursor, text, Style())
        # Of a page the table alone, because the page is compared elsewhere.
        return re.sub(r"(?s)\A<!DOCTYPE.*?(?=<table>)|(?<=</table>).*", "", text.getvalue()) + (
            "\n" if name == "html" else ""
        )
    data = io.BytesIO()
    output.find(name).write(columns, cursor, data, Style())
    data.seek(0)
    return _typed(name, data)


def _typed(name: str, data: io.BytesIO) -> str:
    table: Any
    if name == "parquet":
        table = pyarrow.parquet.read_table(data)
    else:
        table = pyarrow.ipc.open_file(data).read_all()
    lines = [f"{field.name}: {field.type}" for field in table.schema]
    return "\n".join([*lines, *(" | ".join(map(str, row.values())) for row in table.to_pylist())])


def prepared(connection: billql.Connection) -> None:
    for sql in BEFORE:
        connection.execute(sql.replace("@", "own.all."))


def test_there_are_forty() -> None:
    assert len(set(STATEMENTS)) == 40


@pytest.mark.parametrize("name", ENDINGS)
def test_golden(name: str, tmp_path: Path) -> None:
    with books(tmp_path) as connection:
        prepared(connection)
        expected = (FOLDER / f"statements.{ENDINGS[name]}").read_text(encoding="utf-8")
        assert outputs(connection, name) == expected


if __name__ == "__main__":
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder, books(Path(folder)) as connection:
        prepared(connection)
        for name, ending in ENDINGS.items():
            (FOLDER / f"statements.{ending}").write_text(
                outputs(connection, name), encoding="utf-8"
            )
