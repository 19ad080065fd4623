"""A session of Spark, and a sandbox whose requests are counted.

Tasks run in processes of their own, which reach the sandbox by a config file and tokens in the
environment. The session has two threads, or what BILLQL_SPARK_MASTER names: on a cluster the
executors alone have the tokens.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from billql.sandbox import Sandbox
from billql.sandbox.api import Request, Response
from spark.prepare import why_no_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrameReader, SparkSession

TOKENS = {"digitalocean": "BILLQL_TEST_DIGITALOCEAN", "stripe": "BILLQL_TEST_STRIPE"}
"""The environment variables in which the tasks find their tokens."""

_CONNECTION = """\
[connections.{name}]
provider = "{provider}"
url = "{url}"
token_env = "{variable}"
"""


MASTER = "BILLQL_SPARK_MASTER"
"""The environment variable that names another master than two threads."""

_REDACTED = "(?i)secret|password|token|access[.]?key|executorEnv"
"""Spark's own pattern of settings that no log shows, and the environment of executors."""

_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData"
"""What lets Java start quickly, which counts for more here than how quickly it runs."""


class Place(NamedTuple):
    """What tests read by Spark, and what it leaves behind."""

    session: SparkSession
    sandbox: Sandbox
    config: Path
    events: Path
    """The folder of Spark's event logs."""
    answers: list[Callable[[Request], Response | None]]
    """Functions that are called for each request, and may answer in the sandbox's place."""

    def reader(self, table: str, **options: str) -> DataFrameReader:
        """Return a reader of a table."""
        reader = self.session.read.format("billql").options(config=str(self.config), **options)
        return reader.option("table", table)

    def tokens(self) -> list[str]:
        """Return the tokens that tasks find in their environment."""
        return [self.sandbox.tokens[name] for name in TOKENS]

    @contextmanager
    def answering(self, answer: Callable[[Request], Response | None]) -> Iterator[None]:
        """Call a function for each request, which may answer it."""
        self.answers.append(answer)
        try:
            yield
        finally:
            self.answers.remove(answer)

    def targets(self) -> list[str]:
        """Return what was requested since the last call, in order."""
        found = sorted(entry.target for entry in self.sandbox.requests)
        self.sandbox.requests.clear()
        return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of Spark before the others.

    Processes that share tests take each other's last ones, and each would start a Java.
    """
    items.sort(key=lambda item: not item.path.is_relative_to(Path(__file__).parent))


@pytest.fixture(scope="package", autouse=True)
def _spark_is_here() -> None:
    """Skip the tests where there is no Spark, and say why."""
    if (reason := why_no_spark()) is not None:
        pytest.skip(f"SPARK WAS NOT RUN: {reason}")


@pytest.fixture
def hands_filters_over(_spark_is_here: None) -> None:
    """Skip what Spark 4.0 cannot do; `make spark-lowest` alone has it."""
    from pyspark.sql.datasource import DataSourceReader

    if not hasattr(DataSourceReader, "pushFilters"):
        pytest.skip("Spark 4.0 hands no filters over")


@pytest.fixture(scope="package")
def place(_spark_is_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Start Spark and a sandbox, once for all tests."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    events = folder / "events"
    events.mkdir()
    (folder / "home").mkdir()
    answers: list[Callable[[Request], Response | None]] = []

    def intercept(request: Request) -> Response | None:
        return next(filter(None, (answer(request) for answer in answers)), None)

    until = datetime.date(2024, 9, 15)
    with Sandbox(size="small", until=until, intercept=intercept) as sandbox:
        connections = [
            ("digitalocean", "digitalocean"),
            ("acme", "stripe"),
            ("beta", "stripe"),
        ]
        config = folder / "billql.toml"
        config.write_text(
            "\n".join(
                _CONNECTION.format(
                    name=name,
                    provider=provider,
                    url=sandbox.urls[provider],
                    variable=TOKENS[provider],
                )
                for name, provider in connections
            )
        )
        tokens = {TOKENS[name]: sandbox.tokens[name] for name in TOKENS}
        environ = {"PYSPARK_PYTHON": sys.executable, "SPARK_LAUNCHER_OPTS": _JAVA}
        master = os.environ.get(MASTER, "local[2]")
        is_local = master.startswith("local[")
        for_executors = {} if is_local else {**tokens, "HOME": str(folder / "home")}
        os.environ.update(environ | (tokens if is_local else {}))
        session = (
            SparkSession.builder.master(master)
            .config(
                map={f"spark.executorEnv.{name}": for_executors[name] for name in for_executors}
            )
            .config("spark.redaction.regex", _REDACTED)
            .config("spark.executor.extraJavaOptions", _JAVA)
            .config("spark.ui.enabled", "false")
            .config("spark.driver.extraJavaOptions", _JAVA)
            .config("spark.sql.codegen.wholeStage", "false")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.sql.session.timeZone", "America/New_York")
            .config("spark.sql.python.filterPushdown.enabled", "true")
            .config("spark.eventLog.enabled", "true")
            .config("spark.eventLog.compress", "false")
            .config("spark.eventLog.dir", events.as_uri())
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .getOrCreate()
        )
        from billql.integrations import spark

        spark.register(session)
        os.environ.update(tokens)  # for statements without Spark, whose Java has its own by now
        yield Place(session, sandbox, config, events, answers)
        session.stop()
        for name in environ | tokens:
            del os.environ[name]
