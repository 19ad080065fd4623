"""What importing billql loads, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
            {"httpx", "msgspec", "yaml", "orjson", "rich", "click", "decimal", "datetime", "json"},
        ),
    ],
)
def test_what_is_not_needed_is_not_loaded(code: str, heavy: set[str]) -> None:
    code += "\nimport sys; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", _paths(code)], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert heavy.isdisjoint(done.stderr.decode().split())


def _paths(code: str) -> str:
    """Code for an interpreter without `site`, which may load anything."""
    return f"import sys; sys.path[:] = {sys.path!r}\n{code}"
