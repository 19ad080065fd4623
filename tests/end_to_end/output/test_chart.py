"""Charts, as a person sees them: in a terminal, and in a file."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

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
        assert (label, amount) == (row["invoice_period"], f"{row['amount']:,.2f}")
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
        (["SELECT 'a', 'Droplets'"], Exit.SQL, "has 'Droplets' in row 1", "may name the series"),
        (["SELECT 'a', 1, x'00'"], Exit.SQL, "has b'\\x00' in row 1", "may name the series"),
        (["SELECT 'a', 'b', 'c'"], Exit.SQL, "column 'c' has 'c' in row 1", "may name the series"),
        (["SELECT 'a', 9e999"], Exit.SQL, "has inf in row 1", ""),
        (["SELECT 1"], Exit.SQL, "A chart needs at least two columns", "invoice_period, amount"),
        (["SELECT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10"], Exit.SQL, "There are 9 columns of numbers", ""),
        ([MANY.format("'a'")], Exit.SQL, "There are more than 200 bars to draw", "--line"),
        (["--line", MANY.format("x")], Exit.SQL, "There are more than 10000 rows", "GROUP BY"),
        (["SELECT 1, 2; SELECT 3, 4"], Exit.SQL, "draws one result, but several", "UNION"),
        (["CREATE TABLE t (a)"], Exit.USAGE, "No statement returns rows to draw", "SELECT"),
        (["--output", "a.gif", "SELECT 1, 2"], Exit.USAGE, "written to a.gif", ".svg, .png, .html"),
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
sys.modules[sys.argv[1]] = None
from billql.cli import main
sys.exit(main(["chart", *sys.argv[2:], "SELECT 'a', 1"]))
"""


@pytest.mark.parametrize(
    ("package", "arguments", "what"),
    [
        ("plotext", [], "Charts in the terminal"),
        ("vl_convert", ["--output", "a.html"], "Charts in files"),
        ("vl_convert", ["--output", "a.svg"], "Charts in files"),
        ("vl_convert", ["--output", "a.png"], "Charts in files"),
    ],
)
def test_without_a_package(tmp_path: Path, package: str, arguments: list[str], what: str) -> None:
    command = [sys.executable, "-c", WITHOUT, package, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {what} need {package}, which is not installed\n"
        "hint: Install it with: pip install 'billql[charts]'\n"
    )
    assert not list(tmp_path.iterdir())


SPEND = (
    "SELECT i.invoice_period, it.product, money_sum(it.amount) AS usd "
    "FROM digitalocean.billing.invoices i "
    "JOIN digitalocean.billing.invoice_items it USING (invoice_uuid) "
    "WHERE i.invoice_period >= (SELECT max(invoice_period) FROM digitalocean.billing.invoices) "
    "GROUP BY 1, 2 ORDER BY usd DESC"
)


def test_the_first_query_of_the_readme_is_a_picture(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = run("query", "--sandbox", "--format", "json", SPEND, environ=environ)
    rows = json.loads(done.stdout)
    assert len(rows) > 8
    for name in ("a.svg", "a.png"):
        done = run("chart", "--sandbox", "--output", tmp_path / name, SPEND, environ=environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    root = ET.parse(tmp_path / "a.svg").getroot()
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert {row["product"] for row in rows[:4]} <= set(texts)
    assert f"{len(rows) - 7} others" in texts
    with Image.open(tmp_path / "a.png") as image:
        size = tuple(round(2 * float(root.attrib[name])) for name in ("width", "height"))
        assert (image.format, image.size) == ("PNG", size)


SVG = "{http://www.w3.org/2000/svg}"


def page(path: Path) -> tuple[ET.Element, ET.Element, list[list[str]]]:
    """Return the figure of a page, its picture, and the cells of its table."""
    text = path.read_text(encoding="utf-8")
    (figure,) = re.findall(r"<figure.*</figure>", text, re.DOTALL)
    (body,) = re.findall(r"<tbody>.*</tbody>", text, re.DOTALL)
    found = ET.fromstring(figure)
    return (
        found,
        found[0],
        [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(body)],
    )


def test_a_page_has_the_picture_and_its_values(environ: dict[str, str], tmp_path: Path) -> None:
    rows = json.loads(
        run("query", "--sandbox", "--format", "json", INVOICES, environ=environ).stdout
    )
    path = tmp_path / "a.html"
    done = run("chart", "--sandbox", "--title", "R&D", "--output", path, INVOICES, environ=environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    figure, picture, table = page(path)
    highest = max(row["amount"] for row in rows)
    assert f"highest {highest:,.2f}" in figure.attrib["aria-label"]
    bars = [bar for bar in picture.iter(f"{SVG}path") if bar.get("aria-roledescription") == "bar"]
    for bar, row in zip(bars, rows, strict=True):
        amount = f"{row['amount']:,.2f}"
        assert bar.attrib["aria-label"] == f"{row['invoice_period']}, amount: {amount}"
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert {f"{row['amount']:,.2f}" for row in rows} <= set(texts)
    assert [row[0] for row in table] == [row["invoice_period"] for row in rows]
    assert [row[1] for row in table] == [f"{row['amount']:,.2f}" for row in rows]
    assert "<h1>R&amp;D</h1>" in path.read_text()


def test_a_gap_is_in_the_table_too(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    assert run("chart", "--output", path, DAYS, environ=environ).returncode == 0
    assert page(path)[2][20] == ["2026-01-21", "NULL"]
