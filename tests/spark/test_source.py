"""The data source without Spark's Java: what it says of wrong input, and what its tasks read."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from billql.errors import Error
from support.defined import define, resource
from support.server import Asked, Serve

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

    from billql.integrations.spark.source import StreamReader

COLUMNS = {
    "id": "text",
    "size": "integer",
    "price": "decimal",
    "ready": "boolean",
    "created": "timestamp",
    "more": "json",
}
THING = {
    "id": "a",
    "size": 9223372036854775807,
    "price": "0.1",
    "ready": True,
    "created": "2024-02-29T23:59:59Z",
    "more": {"b": [1, None]},
}
LIST = {"type": "array", "elementType": "string", "containsNull": True}
RESOURCES = {
    "things": resource(COLUMNS, {"list": {"request": "GET /things", "rows": "items[]"}}),
    "items": resource(
        {"id": "text", "thing": "text"},
        {
            "list": {
                "request": "GET /things/{thing}/items",
                "rows": "items[]",
                "parameters": {"thing": {"in": "path", "required": True}},
            }
        },
    ),
}


def _struct(types: Mapping[str, Any]) -> StructType:
    """Return a schema of columns with their types, as Spark writes them in JSON."""
    from pyspark.sql.types import StructType

    fields = [
        {
            "name": name.removesuffix(" NOT NULL"),
            "type": kind,
            "nullable": not name.endswith(" NOT NULL"),
            "metadata": {},
        }
        for name, kind in types.items()
    ]
    return StructType.fromJson({"type": "struct", "fields": fields})


class Own:
    """An API of a test's own, whose table is read as tasks read it, in this process."""

    def __init__(self, folder: Path, serve: Serve, rows: list[dict[str, Any]]) -> None:
        def answer(asked: Asked) -> None:
            asked.answer({"items": rows})

        self.server = serve(answer)
        self.config = folder / "config.toml"
        self.config.write_text(
            f'[connections.own]\nprovider = "own"\nurl = "{self.server.url}"\n'
            'token_command = "echo own_token_1"\n'
        )
        self.definitions = define(folder, RESOURCES)

    def options(self, **changes: str) -> dict[str, str]:
        """Return the options of a reader."""
        return {
            "table": "own.all.things",
            "config": str(self.config),
            "definitions": str(self.definitions),
            **changes,
        }

    def read(
        self,
        schema: Mapping[str, Any] | None = None,
        changes: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Return the rows of all tasks, one after the other."""
        from billql.integrations.spark.source import Source

        source = Source(self.options(**(changes or {})))
        wanted: StructType = source.schema() if schema is None else _struct(schema)
        reader = source.reader(wanted)
        batches = [batch for task in reader.partitions() for batch in reader.read(task)]
        return [row for batch in batches for row in batch.to_pylist()]

    def stream(self, **changes: str) -> StreamReader:
        """Return the reader of a stream."""
        from billql.integrations.spark.source import Source

        source = Source(self.options(**{"window": "created", **changes}))
        return source.streamReader(source.schema())


@pytest.fixture
def own(tmp_path: Path, serve: Serve) -> Own:
    return Own(tmp_path, serve, [THING])


def test_values_of_each_type(own: Own) -> None:
    assert own.read() == [
        {
            **THING,
            "price": Decimal("0.100000000000000000"),
            "created": datetime.datetime(2024, 2, 29, 23, 59, 59, tzinfo=datetime.UTC),
            "more": '{"b":[1,null]}',
            "connection": "own",
        }
    ]


def test_an_empty_table_has_no_rows(tmp_path: Path, serve: Serve) -> None:
    assert Own(tmp_path, serve, []).read() == []


@pytest.mark.parametrize(
    ("thing", "schema", "message"),
    [
        ({"size": 10**19}, None, "size"),
        ({"price": "1e30"}, None, "The column price .* does not fit"),
        ({}, {"id": "long"}, "id has a value that is no int64"),
        ({}, {"more": LIST}, "more has a value that is no list"),
        ({}, {"ID": "string"}, "no column ID"),
        ({"ready": None}, {"ready NOT NULL": "boolean"}, "ready has a NULL"),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_that_names_its_column(
    tmp_path: Path, serve: Serve, thing: dict[str, Any], schema: dict[str, Any] | None, message: str
) -> None:
    own = Own(tmp_path, serve, [{**THING, **thing}])
    with pytest.raises(Error, match=message):
        own.read(schema)


def test_a_value_that_does_not_fit_can_be_read_as_text(own: Own) -> None:
    assert own.read({"size": "string"}) == [{"size": "9223372036854775807"}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table": "own.all.thinks"}, "no table own.all.thinks"),
        ({"table": ""}, "needs a table"),
        ({"tabel": "own.all.things"}, "no option tabel"),
        ({"connections": "gamma"}, "no connection gamma"),
        ({"window": "id", "from": "2024-01-01", "until": "2024-02-01"}, "has the type text"),
        ({"window": "created"}, "needs the option from"),
        ({"window": "created", "from": "2024-01-01"}, "needs the option until"),
        ({"window": "created", "from": "January", "until": "2024-02-01"}, "from is 'January'"),
        (
            {"window": "created", "from": "2024-01-01", "until": "2024-02-01T00:00:00.5Z"},
            "until is '2024-02-01T00:00:00.5Z'",
        ),
        ({"window": "created", "from": "2024-02-01", "until": "2024-01-01"}, "after its end"),
        (
            {"window": "created", "from": "2024-01-01", "until": "9999-12-31T23:00:00-05:00"},
            "until is '9999-12-31T23:00:00-05:00'",
        ),
        ({"from": "2024-02-01"}, "need a column"),
        ({"keys": "[1]"}, "The option keys is"),
        ({"keys": '{"no": ["a"]}'}, "no column no"),
        ({"keys": '{"id": [1]}'}, "no keys of id"),
        ({"keys": '{"created": ["2024-01-01", "2024-01-01 00:00"]}'}, "no keys of created"),
        ({"partitions": "0"}, "The option partitions is '0'"),
        ({"sandbox": "yes"}, "The option sandbox is 'yes'"),
        ({"table": "own.all.items"}, "thing"),
    ],
)
def test_a_wrong_option_is_named(own: Own, options: dict[str, str], message: str) -> None:
    with pytest.raises(Error, match=message):
        own.read(changes=options)
    assert own.server.asked == []


def test_a_token_that_a_task_does_not_find_is_named_and_no_other_is_shown(own: Own) -> None:
    text = own.config.read_text().replace('token_command = "echo own_token_1"', "")
    own.config.write_text(f'{text}token_env = "BILLQL_TEST_NOWHERE"\n')
    with pytest.raises(Error, match="BILLQL_TEST_NOWHERE") as raised:
        own.read()
    notes = "\n".join(raised.value.__notes__)
    assert "hint: Put it there: export BILLQL_TEST_NOWHERE=…" in notes
    assert "The task reads own.all.things and connection = own." in notes
    assert "of the executor, not of the driver" in notes
    assert "own_token_1" not in f"{raised.value}{notes}"


def test_a_part_of_a_view_is_read_though_the_driver_has_no_token(tmp_path: Path) -> None:
    """Whether there is a token is for the executors to say: the config file names connections."""
    from billql.integrations.spark.source import Source

    config = tmp_path / "config.toml"
    config.write_text(
        "".join(
            f'[connections.{name}]\nprovider = "{provider}"\ntoken_env = "BILLQL_TEST_NOWHERE"\n'
            for name, provider in [("acme", "stripe"), ("beta", "stripe"), ("gamma", "linode")]
        )
    )
    source = Source({"table": "focus.cost_and_usage", "config": str(config)})
    tasks = source.reader(source.schema()).partitions()
    queries = [task.query for task in tasks]
    assert [
        (query.table, query.conditions[0].values)
        for query in queries
        if query.table.startswith(("linode.", "stripe."))
    ] == [
        ("linode.focus.cost_and_usage", ("gamma",)),
        ("stripe.focus.cost_and_usage", ("acme",)),
        ("stripe.focus.cost_and_usage", ("beta",)),
    ]


def test_a_column_named_twice_is_an_error(own: Own) -> None:
    with pytest.raises(Error, match="the column id twice"):
        own.read({"id": "string", "id NOT NULL": "string"})


@pytest.mark.parametrize(
    "changes",
    [
        {"table": "", "path": "own.all.things"},
        {"table": "OWN.All.things"},
    ],
)
def test_a_table_is_named_as_load_and_sql_do(own: Own, changes: dict[str, str]) -> None:
    assert len(own.read(changes=changes)) == 1


def test_a_connection_named_twice_is_read_once(own: Own) -> None:
    assert len(own.read(changes={"connections": "own, own,"})) == 1


@pytest.mark.usefixtures("hands_filters_over")
@pytest.mark.parametrize("text", ["2026-1", "2026-13", "2026-01-15", "2026", "October", ""])
def test_a_text_that_is_no_month_is_left_to_spark(text: str) -> None:
    """The column is text there, and compares with any; here such a text is an error."""
    from pyspark.sql import datasource

    from billql.integrations.spark.filters import conditions

    found = [
        datasource.LessThan(("period",), text),
        datasource.EqualTo(("period",), text),
        datasource.In(("period",), ("2026-01", text)),
    ]
    assert conditions(found, {"period": "month"}) == []
    assert len(conditions([datasource.EqualTo(("period",), "2026-01")], {"period": "month"})) == 1


def test_tables_are_read_without_filters_that_spark_4_0_does_not_have() -> None:
    code = "import sys, billql.integrations.spark.source; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "billql.integrations.spark.rows" in done.stdout
    assert "billql.integrations.spark.filters" not in done.stdout


def test_a_stream_never_goes_back(own: Own) -> None:
    """A batch that began after a later one would have its rows again."""
    reader = own.stream(**{"from": "2999-01-01"})
    first = reader.initialOffset()
    assert reader.latestOffset() == reader.latestOffset(first) == first
    assert reader.partitions(first, first) == []
    later = {"until": "2998-01-01T00:00:00Z"}
    assert own.stream(**{"from": "2024-01-01"}).latestOffset(later) == later


def test_a_stream_ends_at_until(own: Own) -> None:
    reader = own.stream(**{"from": "2024-01-01", "until": "2024-03-01T01:00:00+01:00"})
    end = reader.latestOffset(reader.initialOffset())
    assert end == {"until": "2024-03-01T00:00:00Z"}
    assert reader.latestOffset(end, None) == end


def test_a_row_that_is_late_is_in_the_batch_that_waited_for_it(
    tmp_path: Path, serve: Serve
) -> None:
    """What an API shows within `delay` seconds is not missed, and no row is in two batches."""
    rows = [THING]
    own = Own(tmp_path, serve, rows)
    reader = own.stream(**{"from": "2024-02-01"})
    offsets = ["2024-02-01", "2024-03-01T00:00:00Z", "2024-03-01T00:00:01Z"]

    def batch(start: str, end: str) -> list[str]:
        tasks = reader.partitions({"until": start}, {"until": end})
        return [
            row["id"] for task in tasks for part in reader.read(task) for row in part.to_pylist()
        ]

    assert batch(*offsets[:2]) == ["a"]
    rows += [{**THING, "id": "b", "created": "2024-03-01T00:00:00Z"}]
    assert batch(*offsets[1:]) == ["b"]
    assert batch(*offsets[:2]) == ["a"]
