"""The config file beside a sandbox."""

from __future__ import annotations

from pathlib import Path

import billql
from support.config_file import FILE, written


def test_a_sandbox_knows_no_connections(tmp_path: Path) -> None:
    config = written(tmp_path / "config.toml", FILE)
    with billql.connect(config=config, sandbox=True) as connection:
        sql = "SELECT DISTINCT connection FROM stripe.core.balance"
        assert connection.execute(sql).fetchall() == [("stripe",)]
