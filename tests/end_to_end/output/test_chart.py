"""Charts, as a person sees them: in a terminal, and on a page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from billql.errors import Exit
from billql.output.text_cells import width

BILLQL = [sys.executable, "-m", "billql"]


INVOICES = "SELECT invoice_period, amount FROM digitalocean.billing.invoices ORDER BY 1 LIMIT 12"


DAYS = (
    "WITH RECURSIVE day(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day WHERE n < 60) "
    "SELECT date('2026-01-01', n || ' days') AS day, "
    "CASE WHEN n BETWEEN 20 AND 25 THEN NULL ELSE n * n END AS usd FROM day"
)


SECONDS = 30


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "TERM": "xterm"}


def run(*arguments: str | Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BILLQL, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environ,
        timeout=SECONDS,
        check=False,
    )


def test_what_a_person_sees(environ: dict[str, str]) -> None:
    rows = json.loads(
        run("query", "--sandbox", "--format", "json", INVOICES, environ=environ).stdout
    )
    done = run("chart", "--sandbox", INVOICES, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    title, *bars, ticks = done.stdout.splitlines()
    assert title == "amount by invoice_period"
    assert len(bars) == len(rows) == 12
    highest = max(row["amount"] for row in rows)
    longest = max(bar.count("█") for bar in bars)
    for bar, row in zip(bars, rows, strict=True):
        label, amount, blocks = bar.split()
        assert (label, float(amount)) == (row["invoice_period"], row["amount"])
        assert abs(len(blocks) - row["amount"] / highest * longest) <= 1
    assert max(map(width, done.stdout.splitlines())) == 80
    assert ticks.split()[0] == "0"


def test_a_line_of_days(environ: dict[str, str]) -> None:
    done = run("chart", DAYS, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usd by day\n")
    assert done.stdout.splitlines()[-1].split() == ["2026-01-01", "2026-01-31", "2026-03-02"]
    assert "█" not in done.stdout
    assert "█" in run("chart", "--bars", DAYS, environ=environ).stdout


def test_parameters_files_and_titles(environ: dict[str, str], tmp_path: Path) -> None:
    sql = tmp_path / "a.sql"
    sql.write_text("CREATE TABLE t AS SELECT :a AS a; SELECT a, 2 AS n FROM t")
    done = run("chart", "--title", "Ours", "--param", "a=x", "-f", sql, environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    title, bar, _ = done.stdout.splitlines()
    assert title == "Ours"
    assert bar.split()[:2] == ["x", "2"]


@pytest.mark.parametrize(
    "sql", ["SELECT 1 AS a, 2 AS b WHERE FALSE", "SELECT 'a', NULL UNION ALL SELECT 'b', NULL"]
)
def test_nothing_to_draw(environ: dict[str, str], tmp_path: Path, sql: str) -> None:
    done = run("chart", sql, environ=environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "There are no values to draw.\n")
    assert run("chart", "--output", tmp_path / "a.html", sql, environ=environ).returncode == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<p>There are no values to draw.</p>" in text
    assert "<svg" not in text


MANY = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT {}, x FROM c"


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["SELECT 'a', 'Droplets'"], Exit.SQL, "has 'Droplets' in row 1", "FILTER (WHERE"),
        (["SELECT 'a', 1, x'00'"], Exit.SQL, "has b'\\x00' in row 1", "FILTER (WHERE"),
        (["SELECT 'a', 9e999"], Exit.SQL, "has inf in row 1", ""),
        (["SELECT 1"], Exit.SQL, "A chart needs at least two columns", "invoice_period, amount"),
        (["SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"], Exit.SQL, "There are 9 columns of numbers", ""),
        ([MANY.format("'a'")], Exit.SQL, "There are more than 200 bars to draw", "--line"),
        (["--line", MANY.format("x")], Exit.SQL, "There are more than 10000 rows", "GROUP BY"),
        (["SELECT 1, 2; SELECT 3, 4"], Exit.SQL, "draws one result, but several", "UNION"),
        (["CREATE TABLE t (a)"], Exit.USAGE, "No statement returns rows to draw", "SELECT"),
        (["--output", "a.png", "SELECT 1, 2"], Exit.USAGE, "not to a.png", "ends in .html"),
        (
            ["--output", "no/a.html", "SELECT 1, 2"],
            Exit.OUTPUT,
            "no/a.html cannot be written: ",
            "",
        ),
        (["--bars", "--line", "SELECT 1, 2"], Exit.USAGE, "--line", ""),
        (["SELECT 'a', SELEC"], Exit.SQL, "SELEC", ""),
    ],
)
def test_what_cannot_be_drawn(
    environ: dict[str, str], arguments: list[str], code: Exit, message: str, hint: str
) -> None:
    done = run("chart", *arguments, environ=environ)
    assert (done.returncode, done.stdout) == (code, "")
    first, _, rest = done.stderr.partition("\nhint: ")
    assert first.startswith("error: ")
    assert message in first
    assert hint in rest


def test_the_old_page_stays(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "a.html"
    path.write_text("old")
    assert run("chart", "--output", path, "SELECT 1, 'x'", environ=environ).returncode == Exit.SQL
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


WITHOUT = """
import sys
sys.modules["plotext"] = None
from billql.cli import main
sys.exit(main(["chart", *sys.argv[1:], "SELECT 'a', 1"]))
"""


def test_without_plotext(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: Charts in the terminal need plotext, which is not")
    assert "pip install 'billql[charts]'" in done.stderr
    assert run("--output", str(tmp_path / "a.html")).returncode == 0


def picture(path: Path) -> ET.Element:
    """Return the picture of a page, which is XML too."""
    (found,) = re.findall(r"<figure>\n(.*)</figure>", path.read_text(encoding="utf-8"), re.DOTALL)
    return ET.fromstring(found)


def table(path: Path) -> list[list[str]]:
    (found,) = re.findall(r"<tbody>.*</tbody>", path.read_text(encoding="utf-8"), re.DOTALL)
    return [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(found)]


def percent(element: ET.Element, name: str) -> float:
    return float(element.attrib[name].removesuffix("%"))


def test_bars_on_a_page_are_as_long_as_the_numbers(environ: dict[str, str], tmp_path: Path) -> None:
    rows = json.loads(
        run("query", "--sandbox", "--format", "json", INVOICES, environ=environ).stdout
    )
    path = tmp_path / "a.html"
    done = run("chart", "--sandbox", "--title", "R&D", "--output", path, INVOICES, environ=environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    root = picture(path)
    bars = list(root.iter("rect"))
    assert len(bars) == 12
    highest = max(row["amount"] for row in rows)
    for bar, row in zip(bars, rows, strict=True):
        period, amount = row["invoice_period"], row["amount"]
        assert bar.findtext("title") == f"{period}, amount: {amount}"
        assert percent(bar, "width") == pytest.approx(100 * amount / highest, abs=0.001)
        assert percent(bar, "x") == 0
    texts = [element.text for element in root.iter("text")]
    assert texts == [text for row in rows for text in (row["invoice_period"], str(row["amount"]))]
    assert table(path) == [[row["invoice_period"], str(row["amount"])] for row in rows]
    assert root.findtext("title") == "R&D"
    assert f"highest {highest}" in (root.findtext("desc") or "")


def test_points_on_a_page_are_as_high_as_the_numbers(
    environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "a.html"
    assert run("chart", "--output", path, DAYS, environ=environ).returncode == 0
    root = picture(path)
    lines = [float(line.attrib["y1"]) for line in root.iter("line")]
    ticks = [float(text.text or "") for text in root.iter("text") if text.attrib["x"] == "0"]
    assert ticks == [0, 1000, 2000, 3000]
    unit = (lines[0] - lines[3]) / 3000
    days = [n for n in range(61) if not 20 <= n <= 25]
    points = list(root.iter("circle"))
    for point, day in zip(points, days, strict=True):
        assert (lines[0] - float(point.attrib["cy"])) / unit == pytest.approx(day * day, abs=2)
        assert percent(point, "cx") == pytest.approx(100 * day / 60, abs=0.001)
    (path_of_line,) = (element.attrib["d"] for element in root.iter("path"))
    assert path_of_line.count("M") == 2  # NULL is a gap
    assert len(re.findall("[ML]", path_of_line)) == len(days)
    assert table(path)[20] == ["2026-01-21", "NULL"]
