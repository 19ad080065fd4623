"""The queries of the hand-written pages: each runs, and gives what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.paths import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def check(*pages: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "docs" / "results.py"), "--check", *map(str, pages)],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_query_gives_what_its_page_says(page: Path) -> None:
    done = check(page)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_no_query_of_a_page_is_left_out() -> None:
    """Blocks of SQL are found by their fences; one that is indented or spelled otherwise is not."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"^[ >]+```|^```(?!sql\n)\s*(sql|sqlite)\b", text, re.MULTILINE), page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```sql\nSELECT 1 AS x\n```\n\n| x |\n| ---: |\n| 2 |\n", "page.md differs"),
        ("```sql\nSELECT 1 AS x\n```\n", "page.md differs"),
        ("```sql\nSELECT 1 AS x WHERE 0\n```\n\n| x |\n| --- |\n", "page.md differs"),
        ("```sql\nSELECT * FROM digitalocean.billing.nothing\n```\n", "no resource"),
    ],
)
def test_what_is_not_true_is_found(tmp_path: Path, text: str, message: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{text}\nMore text.\n")
    done = check(page)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr


def test_the_output_of_a_command_is_written_under_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    commands = (
        "$ billql query --format csv 'SELECT 1 AS a,\n    2 AS b'\n",
        "$ billql query 'SELECT 3'\n$ billql query 'SELEC'\n",
    )
    first, second = commands
    page.write_text(f"# Page\n\n```console\n{first}old\n\n{second}old\nolder\n```\n")
    assert check(page).returncode == 1
    subprocess.run([sys.executable, str(ROOT / "docs" / "results.py"), str(page)], check=True)
    error = 'error: near "SELEC": syntax error\n  SELEC\n  ^\n'
    assert page.read_text() == (f"# Page\n\n```console\n{first}a,b\n1,2\n\n{second}{error}```\n")
    assert check(page).returncode == 0


def test_an_answer_is_written_under_its_query(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```sql\nSELECT 1 AS x\n```\n\n| old |\n\nText.\n\n```sql\nSELECT 2\n```\n"
    )
    subprocess.run([sys.executable, str(ROOT / "docs" / "results.py"), str(page)], check=True)
    assert page.read_text() == (
        "# Page\n\n```sql\nSELECT 1 AS x\n```\n\n| x |\n| ---: |\n| 1 |\n\nText.\n\n"
        "```sql\nSELECT 2\n```\n\n| 2 |\n| ---: |\n| 2 |\n"
    )
    assert check(page).returncode == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```diff\n--- a/b.yaml\n-x: 2\n+x: 3\n```\n", "this does not stand once in a/b.yaml"),
        ("```console\n$ billql provider check a\nold\n```\n", "page.md differs"),
    ],
)
def test_the_files_of_a_page_are_what_its_commands_read(
    tmp_path: Path, text: str, message: str
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n```yaml\n# a/b.yaml\nx: 1\n```\n\n{text}\n")
    done = check(page)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr
