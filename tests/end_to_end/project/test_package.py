"""The package as people install it: a plain wheel, not the checkout, finds its definitions."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support.paths import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_definition(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "provider").rglob("*.yaml"):
        assert f"billql/_data/provider/{path.relative_to(ROOT / 'provider')}" in packed
    assert "billql/py.typed" in packed
    assert not any(name.startswith(("tests/", "bench/")) for name in packed)


def test_an_installed_wheel_answers(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site), "HOME": str(tmp_path)}
    code = "import billql; print(billql.__file__)"
    where = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert where.stdout.startswith(str(site))
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "billql", "query", "--sandbox", "--format", "csv"),
            "SELECT count(*) AS invoices FROM digitalocean.billing.invoices",
        ],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert answer.stdout == "invoices\n24\n"
