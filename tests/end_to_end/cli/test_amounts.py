"""What amounts cost: the parser of SQL is loaded where people read expressions alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

PLAIN = "SELECT * FROM digitalocean.billing.invoices LIMIT 1"
SUM = "SELECT sum(amount) FROM digitalocean.billing.invoices"
PROGRAM = """
import sys
from billql.cli import main
code = main(sys.argv[1:])
sys.exit(code if code else 42 if "sqlglot" in sys.modules else 0)
"""


@pytest.mark.parametrize(
    ("sql", "name", "code"),
    [
        *((SUM, name, 0) for name in ("csv", "json", "jsonl", "parquet")),
        (PLAIN, "table", 0),
        (SUM, "table", 42),
        (SUM, "markdown", 42),
        ("SELECT count(*), 1.5 FROM sqlite_schema", "table", 0),
    ],
)
def test_the_parser_is_loaded_for_people(sql: str, name: str, code: int) -> None:
    arguments = ["query", "--sandbox", "--format", name, sql]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, check=False, timeout=120
    )
    assert ran.returncode == code, ran.stderr
