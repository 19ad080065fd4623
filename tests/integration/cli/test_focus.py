"""`billql focus export` over a sandbox: one file, of the parts that have a token."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest

from billql.cli import focus, main
from billql.definitions.catalog import Catalog
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


@pytest.mark.usefixtures("environment")
def test_a_folder_has_a_file_for_each_billing_period(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bills"
    command = ["focus", "export", "--output", f"{folder}/", "--since", "2026-01"]
    assert main(command) == Exit.OK
    files = {
        month: folder / f"billing_period={month}" / "cost_and_usage.parquet"
        for month in ("2026-01", "2026-02", "2026-03")
    }
    assert {path for path in folder.rglob("*") if path.is_file()} == set(files.values())
    count = 0
    schemas = set()
    for month, path in files.items():
        table = pyarrow.parquet.read_table(path, partitioning=None)
        starts = set(table["BillingPeriodStart"].to_pylist())
        assert {f"{start:%Y-%m}" for start in starts} == {month}
        schemas.add(str(table.schema))
        count += table.num_rows
    assert len(schemas) == 1
    assert capsys.readouterr().err.endswith(f"{count} rows of FOCUS 1.4\n")
    command = ["focus", "export", "--output", str(folder), "--until", "2025-01", "--format", "csv"]
    assert main(command) == Exit.OK
    assert all(path.suffix == ".csv" for path in folder.rglob("billing_period=2024-12/*"))


@pytest.mark.usefixtures("environment")
def test_a_part_that_fails_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", "another")
    assert main(["focus", "export", "--output", f"{tmp_path}/bills/"]) == Exit.CREDENTIAL
    assert not (tmp_path / "bills").exists()


COMMITMENTS = ["focus", "export", "--view", "contract_commitments"]


@pytest.mark.parametrize("providers", [("vercel",), ("vercel", "metronome")])
def test_a_part_without_what_a_version_requires_is_left_out_and_named(
    providers: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    catalog = Catalog()
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "commitments.csv"
    with Sandbox(size="small", catalog=catalog, providers=providers) as sandbox:
        for name in providers:
            monkeypatch.setenv(f"BILLQL_{name.upper()}_URL", sandbox.urls[name])
            monkeypatch.setenv(catalog.provider(name).auth.env_vars()[0], sandbox.tokens[name])
        assert main([*COMMITMENTS, "--version", "1.3", "--output", str(file)]) == Exit.OK
        rows = list(csv.DictReader(file.read_text().splitlines()))
        assert {row["x_Connection"] for row in rows} == set(providers)
        capsys.readouterr()
        code = main([*COMMITMENTS, "--output", str(file)])
    printed = capsys.readouterr().err
    if providers == ("vercel",):
        assert code == Exit.USAGE
        assert "What FOCUS 1.4 requires of contract_commitments, none of vercel.focus" in printed
        return
    assert code == Exit.OK
    assert "vercel.focus.contract_commitments is left out: FOCUS 1.4 requires" in printed
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert {row["x_Connection"] for row in rows} == {"metronome"}
    assert "PricingCurrency" not in rows[0]
    assert {Decimal(row["ContractCommitmentPaymentUpfrontPercentage"]) for row in rows} == {0, 1}


def test_numbers_of_csv_are_digits() -> None:
    row = (Decimal("1E-7"), Decimal("-1.50"), None, "1E-7", 3)
    assert focus._with_plain_numbers(row) == ["0.0000001", "-1.50", None, "1E-7", 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--view", "contract_commitments", "--output", "bills/"], "have no billing period"),
        (["--view", "billing_periods", "--version", "1.2", "--output", "a.csv"], "has no dataset"),
        (["--output", "bill.unknown"], "No format has the extension of bill.unknown"),
    ],
)
def test_what_cannot_be_written_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["focus", "export", *arguments]) == Exit.USAGE
    assert message in capsys.readouterr().err


def test_a_month_has_a_form(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["focus", "export", "--since", "2026-13", "--output", "bill.csv"])
    assert code == Exit.USAGE
    assert "'2026-13' is not a month like 2026-01" in capsys.readouterr().err
