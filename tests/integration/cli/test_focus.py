"""`billql focus export` over a sandbox: one file, of the parts that have a token."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from billql.cli import main
from billql.errors import Exit
from billql.sandbox import Sandbox
from support.commands import account


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with Sandbox(size="small", until=date(2026, 3, 15)) as sandbox:
        for name, value in account(sandbox).items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("environment")
def test_the_rows_of_some_billing_periods_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bill.csv"
    periods = "--since", "2026-01", "--until", "2026-03"
    code = main(["focus", "export", "--version", "1.2", *periods, "--output", str(file)])
    assert code == Exit.OK
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert {row["BillingPeriodStart"] for row in rows} == {
        "2026-01-01T00:00:00Z",
        "2026-02-01T00:00:00Z",
    }
    assert {row["ProviderName"] for row in rows} == {"DigitalOcean"}
    assert "ServiceProviderName" not in rows[0]
    assert list(rows[0])[-1] == "x_Connection"
    assert capsys.readouterr().err.endswith(f"{len(rows)} rows of FOCUS 1.2\n")


def test_a_month_has_a_form(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["focus", "export", "--since", "2026-13", "--output", "bill.csv"])
    assert code == Exit.USAGE
    assert "'2026-13' is not a month like 2026-01" in capsys.readouterr().err
