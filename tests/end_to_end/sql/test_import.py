"""What importing the rewriter loads, seen from a process of its own."""

from __future__ import annotations

import subprocess
import sys


def test_importing_is_cheap() -> None:
    """It stands on the path of every statement: nothing heavy, and nothing of a higher floor."""
    code = "import sys, billql.sql.rewriter, billql.sql.statements; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not {"apsw", "sqlglot", "dataclasses", "httpx", "msgspec"} & loaded
    assert {name for name in loaded if name.startswith("billql.")} <= {
        "billql.sql",
        "billql.sql.rewriter",
        "billql.sql.source_map",
        "billql.sql.statements",
        "billql.sql.tokenizer",
        "billql._version",
    }
