"""Tables read by a real Spark: rows, requests, filters, failures, and what must not leak."""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import billql
from billql.sandbox.api import Request, Response
from spark.conftest import Place

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, DataFrameReader

INVOICES = "stripe.billing.invoices"
NARROW = "id string, connection string, created timestamp, status string, number string, "
NARROW += "amount_due bigint, attempted boolean"


def plain(place: Place, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a statement without Spark, and forget its requests."""
    with billql.connect(config=place.config, decimals=True, warn=lambda text: None) as connection:
        rows = connection.execute(sql).fetchall()
    place.targets()
    return sorted(rows, key=repr)


def as_billql(value: Any) -> Any:
    """Return a value of Spark's as billql returns it."""
    if isinstance(value, datetime.datetime):
        return f"{value.astimezone(datetime.UTC):%FT%TZ}"
    if isinstance(value, datetime.date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def collected(frame: DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows of a frame as billql returns them, in an order of their own."""
    return sorted((tuple(map(as_billql, row)) for row in frame.collect()), key=repr)


def test_a_table_has_its_types_and_descriptions(place: Place) -> None:
    frame = place.reader(INVOICES).load()
    types = dict(frame.dtypes)
    assert types["id"] == "string"
    assert types["created"] == "timestamp"
    assert types["amount_due"] == "bigint"
    assert types["connection"] == "string"
    assert frame.schema["number"].metadata["comment"].startswith("The number that is printed")
    amounts = place.reader("digitalocean.billing.invoices").load().schema["amount"]
    assert amounts.dataType.simpleString() == "decimal(38,18)"
    assert place.targets() == []


def test_rows_are_those_of_the_plain_query_by_one_task_for_each_connection(place: Place) -> None:
    found = collected(place.reader(INVOICES).load().drop("connection"))
    sent = place.targets()
    assert found == plain(place, f"SELECT * FROM {INVOICES}")
    least = []
    for name in ("acme", "beta"):
        with billql.connect(config=place.config) as connection:
            connection.execute(f"SELECT * FROM {INVOICES} WHERE connection = ?", (name,)).fetchall()
        least += place.targets()
    assert sent == sorted(least)


def test_a_schema_narrows_the_columns_and_chooses_their_types(place: Place) -> None:
    frame = place.reader(INVOICES).schema("id string, total decimal(20, 2), created string").load()
    expected = plain(place, f"SELECT id, total, created FROM {INVOICES}")
    assert [(id, int(total), at) for id, total, at in collected(frame)] == expected


def once(place: Place, table: str) -> DataFrameReader:
    """Return a reader of a frame for one query, whose filters reach the API."""
    return place.reader(table, pushdown="true")


def test_a_frame_has_the_filters_of_each_query_alone(place: Place) -> None:
    """Spark takes the tasks of the first query for the later ones."""
    frame = place.reader(INVOICES).schema("status string").load()
    open_, paid = frame.where("status = 'open'"), frame.where("status = 'paid'")
    counts = dict(plain(place, f"SELECT status, count(*) FROM {INVOICES} GROUP BY status"))
    assert open_.count() == counts["open"]
    assert frame.count() == sum(counts.values())
    assert open_.unionAll(paid).count() == counts["open"] + counts["paid"]


FILTERS = [
    ("status = 'open'", "status = 'open'"),
    ("status IN ('open', 'paid')", "status IN ('open', 'paid')"),
    ("status <=> 'open'", "status IS 'open'"),
    ("NOT status = 'paid'", "status <> 'paid'"),
    ("number IS NULL", "number IS NULL"),
    ("number IS NOT NULL AND number LIKE 'A%'", "number GLOB 'A*'"),
    ("amount_due > 100000", "amount_due > 100000"),
    ("amount_due <= 100000", "amount_due <= 100000"),
    ("created >= TIMESTAMP '2024-06-01 00:00:00Z'", "created >= '2024-06-01T00:00:00Z'"),
    ("created > TIMESTAMP '2024-06-01 00:00:00.5Z'", "created > '2024-06-01T00:00:00Z'"),
    ("created < TIMESTAMP '2024-06-01 00:00:00.5Z'", "created <= '2024-06-01T00:00:00Z'"),
    ("created < TIMESTAMP '2024-06-01 00:00:00'", "created < '2024-06-01T04:00:00Z'"),
    ("connection = 'acme'", "connection = 'acme'"),
    ("status = 'open' OR amount_due < 0", "status = 'open' OR amount_due < 0"),
    ("status = 'no such'", "status = 'no such'"),
    ("status IN ('open', NULL)", "status IN ('open', NULL)"),
    ("status <=> NULL", "status IS NULL"),
    ("status IS NULL", "status IS NULL"),
    ("amount_due IN (0, 9223372036854775807)", "amount_due IN (0, 9223372036854775807)"),
    ("attempted", "attempted"),
    ("NOT attempted", "NOT attempted"),
    ("attempted = false AND connection <> 'acme'", "attempted = 0 AND connection <> 'acme'"),
    ("startswith(number, 'A')", "number GLOB 'A*'"),
]
"""Filters in Spark's SQL and in billql's."""


def test_a_filter_of_each_kind_changes_no_answer(place: Place) -> None:
    from pyspark.sql import DataFrame

    columns = "id, connection, created, status, number, amount_due, attempted"
    frames = [
        once(place, INVOICES)
        .schema(NARROW)
        .load()
        .where(spark)
        .selectExpr(f"'{number}' AS of", "*")
        for number, (spark, _) in enumerate(FILTERS)
    ]
    found: dict[str, list[tuple[Any, ...]]] = {}
    for of, *row in collected(reduce(DataFrame.unionAll, frames)):
        found.setdefault(of, []).append(tuple(row))
    for number, (spark, sql) in enumerate(FILTERS):
        expected = plain(place, f"SELECT {columns} FROM {INVOICES} WHERE {sql}")
        assert found.get(str(number), []) == expected, spark


def test_an_empty_list_of_values_reads_nothing(place: Place) -> None:
    frame = place.reader(INVOICES).schema(NARROW).load()
    place.targets()
    assert frame.where(frame.status.isin([])).count() == 0
    assert place.targets() == []


def test_a_filter_on_a_column_of_another_type_is_left_to_spark(place: Place) -> None:
    frame = once(place, INVOICES).schema("id string, created string").load()
    found = collected(frame.where("created < '2024-06'"))
    assert found == plain(
        place, f"SELECT id, created FROM {INVOICES} WHERE CAST(created AS TEXT) < '2024-06'"
    )
    assert found


@pytest.mark.usefixtures("hands_filters_over")
def test_filters_save_requests(place: Place) -> None:
    frame = once(place, INVOICES).load()
    assert frame.where("status = 'open' AND connection = 'acme'").count() > 0
    assert place.targets() == ["/v1/invoices?status=open&limit=100"]


def test_without_the_setting_the_answer_is_the_same(place: Place) -> None:
    from billql.integrations import spark

    place.session.conf.set(spark.PUSHDOWN, "false")
    try:
        spark.register(place.session)
        frame = once(place, INVOICES).schema(NARROW).load().where("status = 'open'")
        found = collected(frame)
        sent = place.targets()
    finally:
        place.session.conf.set(spark.PUSHDOWN, "true")
        spark.register(place.session)
    columns = "id, connection, created, status, number, amount_due, attempted"
    assert found == plain(place, f"SELECT {columns} FROM {INVOICES} WHERE status = 'open'")
    assert not any("status=open" in target for target in sent)


@pytest.mark.usefixtures("hands_filters_over")
def test_connections_that_a_filter_excludes_have_no_task(place: Place) -> None:
    frames = [
        once(place, INVOICES).load().where(condition)
        for condition in ("connection = 'acme'", "connection IN ('beta', 'acme', 'no')")
    ]
    assert [frame.rdd.getNumPartitions() for frame in frames] == [1, 2]


@pytest.mark.usefixtures("hands_filters_over")
def test_keys_are_shared_out_among_tasks(place: Place) -> None:
    items = "digitalocean.billing.invoice_items"
    uuids = [
        uuid for (uuid,) in plain(place, "SELECT invoice_uuid FROM digitalocean.billing.invoices")
    ]
    some = uuids[:6]
    frame = once(place, items).load()
    frame = frame.where(frame.invoice_uuid.isin(some)).drop("connection")
    assert frame.rdd.getNumPartitions() == 4
    listed = ", ".join(f"'{uuid}'" for uuid in some)
    place.targets()
    found = collected(frame)
    sent = place.targets()
    with billql.connect(config=place.config, decimals=True) as connection:
        statement = f"SELECT * FROM {items} WHERE invoice_uuid IN ({listed})"
        expected = connection.execute(statement).fetchall()
    assert found == sorted(expected, key=repr)
    assert sent == place.targets()


def test_a_window_is_shared_out_among_tasks(place: Place) -> None:
    reader = place.reader(
        "stripe.core.charges",
        **{"window": "created", "from": "2024-01-01", "until": "2024-09-01", "partitions": "3"},
        connections="acme",
    )
    frame = reader.schema("id string, created timestamp, amount bigint").load()
    assert frame.rdd.getNumPartitions() == 3
    found = collected(frame)
    sent = place.targets()
    assert found == plain(
        place,
        "SELECT id, created, amount FROM stripe.core.charges WHERE created >= '2024-01-01' "
        "AND created < '2024-09-01' AND connection = 'acme'",
    )
    least = []
    for since, until in pairwise(
        ("2024-01-01", "2024-03-22T08:00Z", "2024-06-11T16:00Z", "2024-09-01")
    ):
        with billql.connect(config=place.config) as connection:
            connection.execute(
                "SELECT id, created, amount FROM stripe.core.charges WHERE connection = 'acme' "
                "AND created >= ? AND created < ?",
                (since, until),
            ).fetchall()
        least += place.targets()
    assert sent == sorted(least)


def test_the_bill_of_all_providers_is_a_table(place: Place) -> None:
    frame = once(place, "focus.cost_and_usage").load()
    frame = frame.where("ProviderName = 'DigitalOcean'")
    names = "ProviderName string, BilledCost decimal(38, 18), ChargePeriodStart timestamp"
    found = collected(place.reader("focus.cost_and_usage").schema(names).load())
    with billql.connect(config=place.config, decimals=True) as connection:
        rows = connection.execute(
            "SELECT ProviderName, BilledCost, ChargePeriodStart FROM focus.cost_and_usage"
        ).fetchall()
    money = [(name, Decimal(cost), start) for name, cost, start in rows]
    assert {name for name, *_ in found} == {name for name, *_ in money}
    assert sorted(found) == sorted(money)
    assert frame.count() == sum(name == "DigitalOcean" for name, *_ in money)


@pytest.mark.parametrize(
    ("table", "naming"),
    [
        ("stripe.focus.cost_and_usage", "x_Connection"),
        ("stripe.finops.charges_twice", "connection"),
        ("focus.billing_periods", "x_Connection"),
    ],
)
def test_a_view_is_read_by_one_task_for_each_connection(
    place: Place, table: str, naming: str
) -> None:
    """The tasks run here: a cluster's run is that of any table."""
    from billql.integrations.spark.source import Source

    def read(**options: str) -> tuple[list[str], list[str]]:
        source = Source({"table": table, "config": str(place.config), **options})
        reader = source.reader(source.schema())
        tasks = reader.partitions()
        rows = [row for task in tasks for batch in reader.read(task) for row in batch.to_pylist()]
        return [name for task in tasks for name in task.query.conditions[0].values], sorted(
            str(row[naming]) for row in rows
        )

    expected = [str(name) for (name,) in plain(place, f"SELECT {naming} FROM {table}")]
    names, rows = read()
    assert rows == sorted(expected)
    assert len(names) == len(set(names)) > 0
    some, of_some = read(connections=f"{names[0]},{names[0]}")
    assert some == names[:1]
    assert of_some == [name for name in sorted(expected) if name == names[0]]
    place.targets()


def test_a_wrong_option_is_named_and_its_value_is_not(place: Place) -> None:
    with pytest.raises(Exception, match="no option token") as raised:
        place.reader(INVOICES).options(token="sk_live_1").load()
    assert "sk_live_1" not in str(raised.value)


def test_a_page_that_fails_fails_the_job(place: Place) -> None:
    def answer(request: Request) -> Response | None:
        if "starting_after" not in request.query:
            return None
        return Response.json({"error": {"message": "This page is broken."}}, 403)

    with (
        place.answering(answer),
        pytest.raises(Exception, match="This page is broken") as raised,
    ):
        place.reader(INVOICES).load().collect()
    text = str(raised.value)
    assert "/v1/invoices answered 403 to the connection" in text
    assert f"The task reads {INVOICES} and connection = " in text
    assert "hint: " in text
    assert not any(token in text for token in place.tokens())


def test_no_token_is_in_a_plan_or_an_event(place: Place) -> None:
    frame = once(place, INVOICES).load().where("status = 'open'")
    frame.collect()
    plan = frame._jdf.queryExecution().toString()
    events = "".join(path.read_text() for path in place.events.rglob("*") if path.is_file())
    assert "billql" in plan
    assert len(events) > 1000
    for token in place.tokens():
        assert token not in plan
        assert token not in events


def test_a_stream_goes_on_from_its_checkpoint(place: Place, tmp_path: Path) -> None:
    """Each run reads what is new: together they have every row once."""
    target = str(tmp_path / "charges")

    def run(until: str) -> int:
        options = {"window": "created", "from": "2024-06-01", "until": until}
        stream = (
            place.session.readStream.format("billql")
            .options(config=str(place.config), table="stripe.core.charges", connections="acme")
            .options(**options)
            .schema("id string, created timestamp")
            .load()
        )
        writing = stream.writeStream.option("checkpointLocation", str(tmp_path / "checkpoint"))
        query = writing.trigger(availableNow=True).start(target, format="json")
        query.awaitTermination()
        rows = place.session.read.schema("id string, created timestamp").json(target)
        found = collected(rows)
        assert found == plain(
            place,
            "SELECT id, created FROM stripe.core.charges WHERE created >= '2024-06-01' "
            f"AND created < '{until}' AND connection = 'acme'",
        )
        return len(found)

    assert 0 < run("2024-07-15") < run("2024-09-15")
