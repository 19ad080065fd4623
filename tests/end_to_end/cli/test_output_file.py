"""`billql query --output`: which format, what stands in the file, and what leaves it as it was."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from billql.errors import Exit
from billql.output import FORMATS
from billql.sandbox import Sandbox
from support.commands import account

BILLQL = [sys.executable, "-m", "billql", "query"]
FAILS_LATE = (
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
    "SELECT x, CASE x WHEN 30000 THEN abs(-9223372036854775808) END FROM c"
)
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"
SECONDS = 30


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def query(
    *arguments: str | Path, environ: dict[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*BILLQL, *map(str, arguments)],
        capture_output=True,
        env=environ,
        cwd=folder,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"parquet", "arrow", "xlsx", "raw"}))
def test_a_file_has_what_stdout_would(environ: dict[str, str], folder: Path, name: str) -> None:
    sql = "SELECT 1 AS a, 'ä' AS b, NULL AS c"
    shown = query("--format", name, sql, environ=environ)
    for ending in FORMATS[name] or (".dat",):
        file = folder / f"bill{ending.upper()}"
        chosen = () if FORMATS[name] else ("--format", name)
        done = query("--output", file, *chosen, sql, environ=environ)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert file.read_bytes() == shown.stdout
    assert shown.returncode == 0
    assert not list(folder.glob(".*"))


def test_typed_formats_have_the_types_of_columns(environ: dict[str, str], folder: Path) -> None:
    sql = (
        "SELECT substr(date, 1, 7) AS month, date, amount, money_sum(amount) OVER () AS total "
        "FROM digitalocean.billing.billing_history ORDER BY date"
    )
    done = query("--sandbox", "--format", "json", sql, environ=environ)
    expected = [tuple(row.values()) for row in json.loads(done.stdout, parse_float=Decimal)]
    for name in ("bill.parquet", "bill.arrow"):
        assert query("--sandbox", "--output", folder / name, sql, environ=environ).returncode == 0
    files = [
        pa.parquet.read_table(folder / "bill.parquet"),
        pa.ipc.open_file(pa.memory_map(str(folder / "bill.arrow"))).read_all(),
    ]
    for table in files:
        kinds = [str(field.type) for field in table.schema]
        assert kinds[0] == "string"
        assert kinds[1].startswith("timestamp[")
        assert kinds[2:] == ["decimal128(38, 18)"] * 2
        rows = [
            (month, f"{at:%Y-%m-%dT%H:%M:%SZ}", *amounts)
            for month, at, *amounts in (tuple(row.values()) for row in table.to_pylist())
        ]
        assert rows == expected


def test_bytes_in_a_pipe(environ: dict[str, str]) -> None:
    done = query("--format", "parquet", "SELECT 1 AS a", environ=environ)
    assert pa.parquet.read_table(io.BytesIO(done.stdout)).to_pylist() == [{"a": 1}]


@pytest.mark.parametrize("path", ["-", "/dev/stdout"])
def test_a_name_for_stdout(environ: dict[str, str], path: str) -> None:
    done = query("--output", path, "SELECT 1 AS a", environ=environ)
    assert (done.returncode, done.stdout) == (0, b"a\n1\n")


def test_several_results_follow_each_other(environ: dict[str, str], folder: Path) -> None:
    script = "CREATE TABLE t AS SELECT 1 AS a; SELECT a FROM t; SELECT 2 AS b"
    for name in ("bill.csv", "bill.txt", "bill.json"):
        done = query("--output", name, script, environ=environ, folder=folder)
        assert done.returncode == 0
    assert (folder / "bill.csv").read_bytes() == b"a\n1\nb\n2\n"
    assert (folder / "bill.txt").read_text() == "a\n─\n1\n\nb\n─\n2\n"
    assert (folder / "bill.json").read_bytes() == b'[\n[\n{"a":1}\n]\n,\n[\n{"b":2}\n]\n]\n'


def test_a_workbook_has_a_sheet_for_each_result(environ: dict[str, str], folder: Path) -> None:
    script = "CREATE TABLE t AS SELECT 1 AS a; SELECT a FROM t; -- Bills\nSELECT -2.5 AS b"
    assert query("--output", "b.xlsx", script, environ=environ, folder=folder).returncode == 0
    book = load_workbook(folder / "b.xlsx")
    found = {sheet.title: list(sheet.values) for sheet in book.worksheets}
    assert found == {"t": [("a",), (1,)], "Bills": [("b",), (-2.5,)]}
    piped = query("--format", "xlsx", script, environ=environ)
    assert load_workbook(io.BytesIO(piped.stdout)).sheetnames == ["t", "Bills"]


def test_a_workbook_of_a_bill(environ: dict[str, str], folder: Path) -> None:
    sql = (
        "SELECT date, amount, currency FROM digitalocean.billing.billing_history "
        "WHERE type = 'Payment' ORDER BY date"
    )
    done = query("--sandbox", "--format", "json", sql, environ=environ)
    expected = json.loads(done.stdout)
    query("--sandbox", "--output", "b.xlsx", sql, environ=environ, folder=folder)
    sheet = load_workbook(folder / "b.xlsx")["billing_history"]
    rows = [
        {"date": f"{date:%Y-%m-%dT%H:%M:%SZ}", "amount": amount, "currency": currency}
        for date, amount, currency in sheet.iter_rows(min_row=2, values_only=True)
        if isinstance(date, datetime)
    ]
    assert rows == expected
    assert {cell.number_format for cell in sheet["B"][1:]} == {
        "[$USD] #,##0.00;[Red]-[$USD] #,##0.00"
    }


def test_an_invoice_as_a_pdf(environ: dict[str, str], folder: Path) -> None:
    sql = (
        "SELECT bytes FROM digitalocean.billing.invoice_pdf WHERE invoice_uuid = "
        "(SELECT max(invoice_uuid) FROM digitalocean.billing.invoices)"
    )
    done = query("--sandbox", "--output", "b.pdf", sql, environ=environ, folder=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    hexadecimal = query("--sandbox", "--format", "csv", sql, environ=environ).stdout
    assert f"X'{(folder / 'b.pdf').read_bytes().hex().upper()}'" in hexadecimal.decode()
    assert "Total" in PdfReader(folder / "b.pdf").pages[0].extract_text()
    piped = query("--sandbox", "--format", "raw", sql, environ=environ)
    assert piped.stdout == (folder / "b.pdf").read_bytes()


def test_options_of_csv(environ: dict[str, str], folder: Path) -> None:
    sql = "SELECT '=1' AS a, -2.5 AS b"
    options = ["--separator", "tab", "--no-header", "--bom", "--safe"]
    done = query(*options, "--output", "a.csv", sql, environ=environ, folder=folder)
    assert done.returncode == 0
    assert (folder / "a.csv").read_bytes() == b"\xef\xbb\xbf'=1\t-2.5\n"
    assert query(*options, sql, environ=environ).stdout == (folder / "a.csv").read_bytes()
    for wrong, message in (
        (["--separator", "::"], "'::' is no separator of fields"),
        (["--bom", "--format", "json"], "are for CSV, and the format is json"),
        (["--safe", "--output", "a.md"], "are for CSV, and the format is markdown"),
    ):
        done = query(*wrong, sql, environ=environ, folder=folder)
        assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
        assert message in done.stderr.decode()


def test_an_old_file_keeps_its_mode(environ: dict[str, str], folder: Path) -> None:
    file = folder / "bill.csv"
    file.write_bytes(b"old")
    file.chmod(0o640)
    assert query("--output", file, "SELECT 1 AS a", environ=environ).returncode == 0
    assert file.read_bytes() == b"a\n1\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("name", "sql", "code", "message"),
    [
        ("bill.csv", FAILS_LATE, Exit.SQL, "error: "),
        ("bill.parquet", FAILS_LATE, Exit.SQL, "error: "),
        ("bill.xlsx", FAILS_LATE, Exit.SQL, "error: "),
        ("bill.csv", "SELECT 1; SELEC", Exit.SQL, "SELEC"),
        ("bill.json", "SELECT 1; SELEC", Exit.SQL, "SELEC"),
        ("bill.xlsx", "SELECT 1; SELEC", Exit.SQL, "SELEC"),
        ("bill.parquet", "SELECT 1; SELECT 2", Exit.SQL, "holds one result, but several"),
        ("bill.pdf", "SELECT x'00'; SELECT x'01'", Exit.SQL, "holds one result, but several"),
        ("bill.pdf", "SELECT x'00' UNION ALL SELECT x'01'", Exit.SQL, "has several rows"),
        ("bill.html", "SELECT 1; SELECT 2", Exit.SQL, "holds one result, but several"),
        (
            "bill.parquet",
            "SELECT 1 AS x UNION ALL SELECT 'a'",
            Exit.SQL,
            "The column x is written",
        ),
        ("bill.csv", "CREATE TABLE t (a)", Exit.USAGE, "so there is nothing to write to"),
        ("bill.arrow", "CREATE TABLE t (a)", Exit.USAGE, "so there is nothing to write to"),
    ],
)
def test_the_old_file_stays(
    environ: dict[str, str], folder: Path, name: str, sql: str, code: Exit, message: str
) -> None:
    file = folder / name
    file.write_bytes(b"old")
    done = query("--output", file, sql, environ=environ)
    assert (done.returncode, done.stdout) == (code, b"")
    assert message in done.stderr.decode()
    assert [path.name for path in folder.iterdir()] == [name]
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        (
            "bill",
            Exit.USAGE,
            "error: No format has the extension of bill\nhint: Use one of the extensions",
        ),
        (
            "bill.ods",
            Exit.USAGE,
            " .txt, .json, .jsonl, .ndjson, .csv, .md, .html, .htm, .parquet",
        ),
        (".", Exit.OUTPUT, "error: . cannot be written: "),
        ("no/bill.csv", Exit.OUTPUT, "error: no/bill.csv cannot be written: "),
    ],
)
def test_a_bad_place_costs_no_request(
    environ: dict[str, str], folder: Path, path: str, code: Exit, message: str
) -> None:
    with Sandbox(size="small", until=date(2026, 3, 15)) as sandbox:
        environ |= account(sandbox)
        arguments = ["--stats", "--output", path, *(["--format", "csv"] if path == "." else [])]
        sql = "SELECT * FROM digitalocean.billing.balances"
        done = query(*arguments, sql, environ=environ, folder=folder)
    assert (done.returncode, done.stdout) == (code, b"")
    *report, stats = done.stderr.decode().splitlines(keepends=True)
    assert message in "".join(report)
    assert json.loads(stats)["scans"] == []
    assert not list(folder.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_a_full_disk(environ: dict[str, str], name: str) -> None:
    done = query("--output", "/dev/full", "--format", name, "SELECT 1 AS a", environ=environ)
    assert done.returncode == Exit.OUTPUT
    assert done.stderr == b"error: /dev/full cannot be written: No space left on device\n"


@pytest.mark.parametrize("name", ["bill.csv", "bill.parquet"])
def test_ctrl_c_leaves_the_old_file(environ: dict[str, str], folder: Path, name: str) -> None:
    file = folder / name
    file.write_bytes(b"old")
    with subprocess.Popen(
        [*BILLQL, "--output", str(file), ENDLESS], stderr=subprocess.PIPE, env=environ
    ) as process:
        try:
            while not any(path.stat().st_size for path in folder.glob(".billql-*")):
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == Exit.INTERRUPTED
        finally:
            process.kill()
    assert [path.name for path in folder.iterdir()] == [name]
    assert file.read_bytes() == b"old"


def test_ctrl_c_in_a_report_leaves_the_old_file(environ: dict[str, str], folder: Path) -> None:
    file, template = folder / "close.html", folder.parent / "close.md"
    file.write_bytes(b"old")
    template.write_text(f"# Close\n\n```sql\n{ENDLESS} WHERE x < 0\n```\n")
    command = [*BILLQL[:-1], "report", "--template", str(template), "--output", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environ) as process:
        try:
            while not any(folder.glob(".billql-*")):
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (process.returncode, said) == (Exit.INTERRUPTED, b"")
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert file.read_bytes() == b"old"
