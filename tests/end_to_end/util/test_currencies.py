"""The table of currencies is the one that its program writes."""

from __future__ import annotations

import subprocess
import sys

from support.paths import ROOT


def test_the_table_is_the_one_that_make_writes() -> None:
    written = subprocess.run(
        [sys.executable, ROOT / "requirements" / "write_currencies.py"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    committed: dict[str, object] = {}
    made: dict[str, object] = {}
    exec((ROOT / "src/billql/util/iso_4217.py").read_text(encoding="utf-8"), committed)
    exec(written, made)
    assert committed["PUBLISHED"] == made["PUBLISHED"]
    assert committed["BY_DIGITS"] == made["BY_DIGITS"]
