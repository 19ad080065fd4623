"""A workbook in LibreOffice, another reader than openpyxl: what it shows of amounts and times."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pypdf import PdfReader

from billql.output import MoneyColumns, Style, xlsx
from billql.sql.amounts import Amount

SECONDS = 120
COLUMNS = [
    *(("amount", "DECIMAL REAL"), ("currency", "TEXT"), ("at", "TIMESTAMP TEXT")),
    *(("day", "DATE TEXT"), ("month", "MONTH TEXT"), ("id", "TEXT"), ("n", "INTEGER")),
]
ROWS = [
    (1694.3, "USD", "2026-02-28T23:59:59Z", "2026-02-28", "2026-02", "007", 12),
    (-4408080, "JPY", "2026-01-01T00:00:00Z", "2026-01-01", "2026-01", "=1+1", -3),
    (1.05, "KWD", None, None, None, 'ä, "ö"', None),
    (148.05, None, "2026-03-01T12:30:00Z", "2026-03-01", "2026-03", "", 0),
]
BILLS = [
    "amount currency at day month id n",
    "USD 1,694.30 USD 2026-02-28T23:59:59Z 2026-02-28 2026-02 007 12",
    "-JPY 4,408,080 JPY 2026-01-01T00:00:00Z 2026-01-01 2026-01 =1+1 -3",
    'KWD 1.050 KWD ä, "ö"',
    "148.05 2026-03-01T12:30:00Z 2026-03-01 2026-03 0",
]


def test_libreoffice_shows_amounts_and_times(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("THE WORKBOOK WAS NOT OPENED: there is no LibreOffice")
    bills = MoneyColumns(COLUMNS, lambda: [Amount(place=1), *[None] * (len(COLUMNS) - 1)])
    with (tmp_path / "bills.xlsx").open("wb") as file, xlsx.document(file, Style()) as add:
        add(bills, iter(ROWS), "Bills")
        add([("x", "REAL")], iter([(2.5,)]), "More")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    done = subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "bills.xlsx"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = [page.extract_text().splitlines() for page in PdfReader(tmp_path / "bills.pdf").pages]
    assert pages == [BILLS, ["x", "2.5"]]
