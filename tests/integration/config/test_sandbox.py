"""The config file beside a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

import billql

FILE = """\
profile = "work"

[connections.acme]
provider = "stripe"
token_env = "ACME"

[connections.beta-2]
provider = "stripe"
token_command = "op read op://Finance/beta/key"
url = "https://proxy.example.com"

[profiles.work]
connections = ["acme"]
definitions = ["~/providers"]
max_requests = 500
cache_ttl = 60
cache = "~/answers"

[profiles.all]

[settings]
read_timeout = 5
attempts = 2
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_a_sandbox_knows_no_connections(path: Path) -> None:
    with billql.connect(config=written(path, FILE), sandbox=True) as connection:
        sql = "SELECT DISTINCT connection FROM stripe.core.balance"
        assert connection.execute(sql).fetchall() == [("stripe",)]
