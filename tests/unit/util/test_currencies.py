"""The digits of currencies, against the list of ISO 4217."""

from __future__ import annotations

import subprocess
import sys

import iso4217
import pytest

from billql.util.currencies import digits_of
from support.paths import ROOT


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("USD", 2),
        ("usd", 2),
        ("JPY", 0),
        ("KWD", 3),
        ("CLF", 4),
        ("UYW", 4),
        ("UYI", 0),
        ("ISK", 0),
        ("MGA", 2),
        ("XAU", None),
        ("XXX", None),
        ("BGN", 2),  # until 2025
        ("usdc", None),
        ("", None),
    ],
)
def test_digits(currency: str, digits: int | None) -> None:
    assert digits_of(currency) == digits


def test_all_of_the_list() -> None:
    for code, entry in iso4217.raw_table.items():
        if code is not None:
            units = str(entry["CcyMnrUnts"])
            assert digits_of(code) == (int(units) if units.isdigit() else None), code


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
