"""Several clients at once for a moment; `make load` runs more of them for minutes."""

from __future__ import annotations

from pathlib import Path

from load.run import run


def test_no_row_is_lost_or_crossed(tmp_path: Path) -> None:
    report = run(6, 1.0, tmp_path)
    found = report.findings
    assert found.faults == []
    assert found.busy == 0
    assert found.responses >= 6
