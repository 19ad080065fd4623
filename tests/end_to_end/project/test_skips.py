"""Where CI=true, what is skipped fails, and what may be skipped is said."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import skips
from support.paths import TESTS

SKIPPED = {
    "mark": "@pytest.mark.skip(reason='no reason')\ndef test(): pass\n",
    "condition": "@pytest.mark.skipif(True, reason='no reason')\ndef test(): pass\n",
    "call": "def test(): pytest.skip('no reason')\n",
    "fixture": "@pytest.fixture\ndef a(): pytest.skip('no reason')\ndef test(a): pass\n",
    "import": "def test(): pytest.importorskip('nowhere', reason='no reason')\n",
    "module": "pytest.skip('no reason', allow_module_level=True)\n",
    "module_import": "pytest.importorskip('nowhere', reason='no reason')\n",
    "parameters": "@pytest.mark.parametrize('no_reason', [])\ndef test(no_reason): pass\n",
}
PASSES = "def test_passes(): pass\n"


def run(
    folder: Path, texts: dict[str, str], ci: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run tests in a folder of their own, under the gate alone."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    for name, text in texts.items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{text}")
    environ = {
        **os.environ,
        "CI": ci,
        "PYTHONPATH": str(TESTS),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    command = [sys.executable, "-m", "pytest", "-p", "support.skips", *arguments, "."]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)


def test_every_way_to_skip_fails_in_ci(tmp_path: Path) -> None:
    done = run(tmp_path, SKIPPED, "true", "--continue-on-collection-errors", "-rfE")
    assert done.returncode == 1, done
    failed = set(re.findall(r"^(?:FAILED|ERROR) test_(\w+)\.py", done.stdout, re.MULTILINE))
    assert failed == set(SKIPPED)
    assert done.stdout.count(f"{skips.FAULT}: ") >= len(SKIPPED)
    assert "Nothing was skipped." in done.stdout


def test_a_module_that_is_skipped_whole_ends_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, {"module": SKIPPED["module"], "it": PASSES}, "true")
    assert done.returncode != 0
    assert f"{skips.FAULT}: Skipped: no reason" in done.stdout


def test_a_skip_fails_in_several_processes(tmp_path: Path) -> None:
    done = run(tmp_path, {"it": SKIPPED["mark"] + PASSES}, "true", "-p", "xdist", "-n", "1")
    assert done.returncode == 1
    assert f"{skips.FAULT}: Skipped: no reason" in done.stdout
    assert "1 passed, 1 error" in done.stdout


@pytest.mark.parametrize("ci", ["", "false"])
def test_a_person_may_skip(tmp_path: Path, ci: str) -> None:
    done = run(tmp_path, {"it": SKIPPED["mark"] + PASSES}, ci)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed, 1 skipped" in done.stdout


def test_what_is_on_the_list_is_said(tmp_path: Path) -> None:
    listed = "from support import skips\nskips.ALLOWED['test_it.py::test'] = 'for this test'\n"
    (tmp_path / "conftest.py").write_text(listed)
    done = run(tmp_path, {"it": SKIPPED["call"]}, "true")
    assert done.returncode == 0, done
    assert re.search(r"= skipped =+\n+test_it\.py::test: Skipped: no reason\n", done.stdout)


def test_what_fails_as_expected_is_no_skip(tmp_path: Path) -> None:
    text = "@pytest.mark.xfail\ndef test(): assert False\n"
    done = run(tmp_path, {"it": text}, "true")
    assert (done.returncode, "Nothing was skipped." in done.stdout) == (0, True)


def test_the_list_is_short_and_says_why() -> None:
    assert len(skips.ALLOWED) <= 3
    assert all(skips.ALLOWED.values())
