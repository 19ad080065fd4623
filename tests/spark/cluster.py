"""Executors in processes of their own, which alone have the tokens: `make spark-cluster`.

It takes longer than `make test` has for it.
"""

from __future__ import annotations

import os
import signal
import stat
import threading
import time
from pathlib import Path

import pytest

from billql.sandbox.api import Request, Response
from spark.conftest import TOKENS, Place
from spark.test_reading import INVOICES, collected, plain

EXECUTOR = "org.apache.spark.executor.CoarseGrainedExecutorBackend"


def executors() -> set[int]:
    """Return the processes of the executors that this process' Java has started."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    assert gateway is not None
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0")
            parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it has ended
        if EXECUTOR in words and parent == gateway.proc.pid:
            found.add(int(process.name))
    return found


def test_the_executors_alone_have_the_tokens(place: Place) -> None:
    """Those of the driver's Java would be inherited by its executors here, and nowhere else."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    assert gateway is not None
    for process in (gateway.proc.pid, *executors()):
        environ = Path(f"/proc/{process}/environ").read_text()
        assert any(f"{name}=" in environ for name in TOKENS.values()) is (process in executors())
    assert len(executors()) == 2


def test_a_token_that_the_driver_alone_has_is_an_error_that_says_where_it_must_be(
    place: Place, tmp_path: Path
) -> None:
    variable = "BILLQL_TEST_DRIVER"
    config = tmp_path / "billql.toml"
    config.write_text(place.config.read_text().replace(TOKENS["stripe"], variable))
    os.environ[variable] = place.sandbox.tokens["stripe"]
    try:
        with pytest.raises(Exception, match="no token for the connection acme") as raised:
            place.reader(INVOICES, connections="acme").option(
                "config", str(config)
            ).load().collect()
    finally:
        del os.environ[variable]
    text = str(raised.value)
    assert f"hint: Put it there: export {variable}=…" in text
    assert "of the executor, not of the driver" in text
    assert not any(token in text for token in place.tokens())


def test_the_task_of_an_executor_that_dies_is_run_again_and_no_row_is_doubled(
    place: Place,
) -> None:
    killed: list[int] = []

    def kill(request: Request) -> Response | None:
        """Kill an executor in the middle of a list, and let nobody wait for an answer."""
        if "starting_after" in request.query and not killed:
            killed.append(min(executors()))
            os.kill(killed[0], signal.SIGKILL)
        return None

    before = executors()
    with place.answering(kill):
        found = collected(place.reader(INVOICES).load().drop("connection"))
    assert killed
    assert killed[0] in before
    assert found == plain(place, f"SELECT * FROM {INVOICES}")


def test_a_connection_is_read_by_as_many_tasks_at_once_as_the_option_allows(place: Place) -> None:
    """Each page is requested after the one before it, so those at once are of several tasks."""
    lock = threading.Lock()
    under_way, most = 0, 0

    def count(request: Request) -> Response | None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        return None

    window = {"window": "created", "from": "2024-01-01", "until": "2024-09-01"}
    peaks = []
    for partitions in ("1", "2"):
        most = 0
        reader = place.reader("stripe.core.charges", connections="acme", **window)
        frame = reader.option("partitions", partitions).schema("id string").load()
        with place.answering(count):
            assert frame.count() > 0
        peaks.append(most)
    assert peaks[0] == 1
    assert peaks[1] <= 2


def test_what_executors_leave_behind_is_for_its_owner_alone(place: Place) -> None:
    files = [path for path in (place.config.parent / "home").rglob("*") if path.is_file()]
    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
