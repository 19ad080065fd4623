"""What importing billql loads, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from billql.sandbox import Sandbox

A_REQUEST = """
import billql
from billql.sandbox import Sandbox
with Sandbox(size="small") as sandbox:
    url, token = sandbox.urls["digitalocean"], sandbox.tokens["digitalocean"]
    environ = {"BILLQL_DIGITALOCEAN_URL": url, "DIGITALOCEAN_TOKEN": token}
    with billql.connect(environ=environ) as connection:
        assert connection.execute("SELECT * FROM digitalocean.billing.balances").fetchall()
"""


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import billql", {"apsw", "typing", "re", "enum"}),
        ("import billql; billql.connect().execute('SELECT 1').fetchall()", {"httpx", "msgspec"}),
        (A_REQUEST, {"httpx", "rich", "click", "sqlglot", "cryptography"}),
        (
            "from billql.cli import main; main(['query', 'SELECT 1.5'])",
            {
                *("httpx", "msgspec", "yaml", "orjson", "rich", "click", "decimal", "datetime"),
                *("json", "dataclasses", "inspect", "pathlib", "ssl", "billql.config"),
                *("billql.sql.idle_nulls", "billql.sql.materialized_views", "billql.sql.show"),
            },
        ),
    ],
)
def test_what_is_not_needed_is_not_loaded(code: str, heavy: set[str]) -> None:
    code += "\nimport sys; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", _paths(code)], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert heavy.isdisjoint(done.stderr.decode().split())


COMMAND = """
import sys
from billql.cli import main
code = main(sys.argv[1:])
for name, module in list(sys.modules.items()):
    made = vars(module).values() if name.startswith("billql.") else ()
    here = [one.__name__ for one in made if getattr(one, "__module__", "") == name
            and "__dataclass_fields__" in getattr(one, "__dict__", {})]
    print(name, *here, file=sys.stderr)
sys.exit(code)
"""

LATER = {
    *("asyncio", "billql.definitions.rules", "billql.definitions.yaml_document", "billql.sandbox"),
    *("billql.history.refresh", "billql.sql.amount_lineage", "billql.sql.materialized_views"),
    *("click", "cryptography", "email", "http", "httpx", "pygments", "rich", "shlex", "sqlglot"),
    *("subprocess", "yaml"),
}
"""What a query of one request does without, once its definition is cached."""

DATACLASSES = {
    "billql.fetching.scan_stats": ["ScanStats"],
    "billql.http.credentials": ["ApiConnection"],
    "billql.messages": ["Request"],
    "billql.planning.plan": ["Computed", "Plan"],
}
"""What has fields that are not compared, or not shown, which structs of msgspec cannot state. Each
dataclass takes 0.4 ms to define."""


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return an environment in which a sandbox can be asked, with a home of its own."""
    home = str(tmp_path_factory.mktemp("home"))
    with Sandbox(size="small") as sandbox:
        url, token = sandbox.urls["digitalocean"], sandbox.tokens["digitalocean"]
        yield {"HOME": home, "BILLQL_DIGITALOCEAN_URL": url, "DIGITALOCEAN_TOKEN": token}


def test_a_query_of_one_request_loads_little(environ: dict[str, str]) -> None:
    sql = "SELECT * FROM digitalocean.billing.balances"
    command = [sys.executable, "-S", "-c", _paths(COMMAND), "query", sql]
    for _ in range(2):  # the first caches the definition
        done = subprocess.run(command, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    loaded = {name: classes for name, *classes in map(str.split, done.stderr.splitlines())}
    assert LATER.isdisjoint(loaded)
    assert {name: sorted(classes) for name, classes in loaded.items() if classes} == DATACLASSES


@pytest.mark.parametrize("function", ["main", "entry_point"])
def test_garbage_is_left_to_the_end_of_a_process_of_its_own(function: str) -> None:
    code = f"""
import gc, sys
from billql.cli import {function}
sys.argv = ["billql", "query", "SELECT 1"]
assert {function}() == 0
assert (gc.get_freeze_count() > 0) is {function == "entry_point"}
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def _paths(code: str) -> str:
    """Code for an interpreter without `site`, which may load anything."""
    return f"import sys; sys.path[:] = {sys.path!r}\n{code}"
