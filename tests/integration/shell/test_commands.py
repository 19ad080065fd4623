"""Every dot command, as a script runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from pyarrow import parquet

from billql.dbapi.connection import Connection, connect
from billql.errors import DataError, Error, IntegrityError, InterfaceError, OutputError, SqlError
from billql.shell import commands
from billql.shell.commands import COMMANDS
from billql.shell.shell import Shell

from .conftest import Type

INVOICES = "digitalocean.billing.invoices"


# Which command is meant.


def test_every_command_is_in_the_help(typed: Type) -> None:
    lines = typed(".help").splitlines()
    assert [line.split()[0] for line in lines] == [f".{name}" for name in COMMANDS]
    for name, command in COMMANDS.items():
        assert typed(f".help {name}").startswith(f"{command.synopsis}\n{command.summary}.\n")


def test_a_beginning_will_do(shell: Shell, typed: Type) -> None:
    typed(".tim on")
    assert shell.timer
    typed(".q")
    assert shell.ended


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (
            ".e",
            ".e is ambiguous",
            "Use one of: .examples, .exit, .explain.",
        ),
        (".tabels", "There is no command .tabels", "Did you mean .tables?"),
        (".", "There is no command .", ".help lists the commands."),
        (".once", ".once does not take 0 arguments", "Usage: .once FILE"),
        (".mode 'csv", "A quote is not closed: 'csv", "Usage: .mode [FORMAT]"),
        (".timer maybe", "'maybe' is not on or off", "Use on or off."),
        (".cache full", "Unknown action of .cache: 'full'", "Usage: .cache [status|clear]"),
    ],
)
def test_what_makes_no_sense(typed: Type, line: str, message: str, hint: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        typed(line)
    assert (caught.value.message, caught.value.hint) == (message, hint)


# Results.


def test_mode(typed: Type) -> None:
    assert typed(".mode") == "auto\n"
    assert typed("SELECT 1 AS a;") == "a\n1\n"
    assert typed(".mode json", ".mode", "SELECT 1 AS a;") == 'json\n[\n{"a":1}\n]\n'
    assert typed(".mode tab", "SELECT 1 AS a, NULL AS b;") == "a  b\n─  ────\n1  NULL\n"
    with pytest.raises(InterfaceError, match="There is no mode xml"):
        typed(".mode xml")


def test_options_of_csv(typed: Type, tmp_path: Path) -> None:
    sql = "SELECT '=1' AS a, -2.5 AS b;"
    assert typed(".mode csv --separator tab --no-header --safe --bom", sql) == "'=1\t-2.5\n"
    assert typed(".mode") == "csv --separator tab --no-header --bom --safe\n"
    typed(f".once {tmp_path}/one.csv", sql)
    assert (tmp_path / "one.csv").read_bytes() == b"\xef\xbb\xbf'=1\t-2.5\n"
    typed(f".output {tmp_path}/all.csv", sql, ".mode csv --separator ; --bom", sql, ".output")
    assert (tmp_path / "all.csv").read_bytes() == b"\xef\xbb\xbf'=1\t-2.5\na;b\n=1;-2.5\n"
    assert typed(".mode csv", ".mode") == "csv\n"
    for line, message in (
        (".mode json --bom", "json has no options"),
        (".mode csv --what", "no option --what"),
        (".mode csv --separator", "'' is no separator"),
    ):
        with pytest.raises(InterfaceError, match=message):
            typed(line)


def test_once_writes_one_result_in_the_format_of_its_name(typed: Type, tmp_path: Path) -> None:
    path = tmp_path / "a file.json"
    assert typed(f".once '{path}'", "SELECT 1 AS a;", "SELECT 2 AS a;") == "a\n2\n"
    assert json.loads(path.read_text()) == [{"a": 1}]


def test_once_writes_the_whole_or_nothing(typed: Type, tmp_path: Path) -> None:
    path = tmp_path / "kept.csv"
    path.write_text("before")
    with pytest.raises(SqlError):
        typed(f".once {path}", "SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808));")
    assert path.read_text() == "before"
    assert typed("SELECT 1 AS a;") == "a\n1\n"


def test_once_writes_bytes_too(typed: Type, tmp_path: Path) -> None:
    typed(f".once {tmp_path}/a.parquet", "SELECT 1 AS a;")
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == [{"a": 1}]
    with pytest.raises(InterfaceError, match="parquet cannot be shown"):
        typed(".mode parquet", "SELECT 1 AS a;")


def test_chart(typed: Type, tmp_path: Path) -> None:
    sql = "SELECT column1 AS month, column2 AS usd FROM (VALUES ('2026-02', 5), ('2026-01', 10))"
    title, one, two, _ = typed(f".chart {sql}").splitlines()
    assert title == "usd by month"
    assert (one.split()[:2], two.split()[:2]) == (["2026-01", "10"], ["2026-02", "5"])
    assert "┤" in typed(f".chart LINE {sql}")
    assert typed(f".once {tmp_path}/a.svg", f".chart stacked {sql};") == ""
    assert ElementTree.parse(tmp_path / "a.svg").getroot().tag.endswith("}svg")
    typed(f".output {tmp_path}/a.txt", f".chart {sql}", ".output")
    assert (tmp_path / "a.txt").read_text().startswith("usd by month\n2026-01")
    assert typed(".chart SELECT 1, 2 WHERE FALSE") == "There are no values to draw.\n"
    for line in (".chart", ".chart line"):
        with pytest.raises(InterfaceError, match="There is no SELECT to draw"):
            typed(line)
    with pytest.raises(InterfaceError, match="cannot be written to"):
        typed(f".once {tmp_path}/a.csv", f".chart {sql}")


def test_output_takes_all_results_until_it_is_taken_back(typed: Type, tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    assert typed(f".output {path}", "SELECT 1 AS a;", "SELECT 2 AS b; SELECT 3 AS c;") == ""
    assert path.read_text() == "a\n─\n1\n\nb\n─\n2\n\nc\n─\n3\n"
    assert typed(".output", "SELECT 4 AS d;") == "d\n4\n"
    with pytest.raises(OutputError, match="cannot be written"):
        typed(f".output {tmp_path}/nowhere/a.csv")


def test_output_makes_one_document_of_all_results(typed: Type, tmp_path: Path) -> None:
    for path in (tmp_path / "all.json", tmp_path / "all.xlsx"):
        typed(f".output {path}", "SELECT 1 AS a;", "SELECT 2 AS b; SELECT 3 AS c;")
        assert typed(".mode") == "auto\n", "a document holds results alone"
        with pytest.raises(SqlError):
            typed("SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808));")
        with pytest.raises(InterfaceError, match="cannot take others as csv"):
            typed(".mode csv", "SELECT 4 AS d;")
        assert typed(".mode auto", ".output") == ""
    assert json.loads((tmp_path / "all.json").read_text()) == [[{"a": 1}], [{"b": 2}], [{"c": 3}]]
    book = load_workbook(tmp_path / "all.xlsx")
    assert book.sheetnames == ["Result", "Result 2", "Result 3", "incomplete Result 4"]


def test_stats(shell: Shell, typed: Type, capsys: pytest.CaptureFixture[str]) -> None:
    sql = f"SELECT count(*) FROM {INVOICES};"
    costs = (
        f"{INVOICES}: requests {{}}, pages 1, rows 24, cache hits {{}}, retries 0, waited 0.0 s\n"
    )
    for line in (sql, ".stats", ".stats on", "SELECT 1;", sql):
        shell.run(line)
    assert capsys.readouterr().err == costs.format(1, 0) + costs.format(0, 1)
    typed(".stats off", sql)
    assert capsys.readouterr().err == ""


def test_stats_of_what_an_api_charges_for(capsys: pytest.CaptureFixture[str]) -> None:
    def opened(database: str, *, sandbox: bool) -> Connection:
        return connect(database, environ={}, sandbox=True, autocommit=True)

    shell = Shell(opened, commands.run, ":memory:", sandbox=True)
    keys = "SELECT count(*) FROM aws.dimensions.tag_keys WHERE since = '2026-01-01';"
    for line in (".stats on", keys):
        shell.run(line)
    shell.close()
    assert capsys.readouterr().err == (
        "aws.dimensions.tag_keys: requests 1, pages 1, rows 3, cache hits 0, retries 0, "
        "cost USD 0.01, waited 0.0 s\n"
    )


def test_timer(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    for line in (".timer on", "SELECT 1;", ".timer off", "SELECT 1;"):
        shell.run(line)
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"Time: [0-9]+\.[0-9]{3} s", line)


def test_inputs_at_the_prompt_share_a_file(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "all.txt"
    for line in (f".output {path}", "SELECT 1 AS a;", "SELECT 2 AS a;"):
        shell.attempt(line)
    assert path.read_text() == "a\n─\n1\n\na\n─\n2\n"


def test_pager(shell: Shell, typed: Type) -> None:
    typed(".pager off")
    assert not shell.printer.pages


# The catalog.


def test_tables(typed: Type) -> None:
    typed("CREATE TABLE mine (a); CREATE VIEW yours AS SELECT 1 AS b;")
    lines = typed(".tables").splitlines()
    assert lines[:2] == ["mine", "yours"]
    assert any(line.startswith("digitalocean.billing: balances, ") for line in lines)
    assert typed(".tables %pdf").splitlines() == ["digitalocean.billing: invoice_pdf"]
    assert typed(".tables min_") == "mine\n"
    assert typed(".tables nothing") == ""


def test_schema(typed: Type) -> None:
    typed("CREATE TABLE mine (a INTEGER)", "CREATE INDEX mine_a ON mine (a)")
    made = "CREATE TABLE mine (a INTEGER);\nCREATE INDEX mine_a ON mine (a);\n"
    assert typed(".schema") == typed(".schema mine") == made
    lines = typed(".schema digitalocean.billing.invoice_items").splitlines()
    assert lines[0] == "CREATE TABLE digitalocean.billing.invoice_items ("
    assert any(
        line.startswith('  "invoice_uuid" TEXT,  ') and "-- Required. " in line for line in lines
    )
    with pytest.raises(InterfaceError, match="No table matches nothing"):
        typed(".schema nothing")


def test_connections(typed: Type) -> None:
    lines = typed(".connections").splitlines()
    assert lines[0] == "connection,provider,url,source,ready"
    assert any(line.split(",")[1] == "digitalocean" for line in lines)


def test_explain(typed: Type) -> None:
    assert typed(".explain") == "off\n"
    sql = f"SELECT invoice_uuid FROM {INVOICES} WHERE amount > 1;"
    plan = typed(f".explain {sql}")
    assert plan == (
        "QUERY PLAN\n└── SCAN invoices VIRTUAL TABLE INDEX 1:list; SQLite checks amount >; "
        "about 5 requests\n"
    )
    joined = typed(
        f".explain SELECT 1 FROM {INVOICES} JOIN digitalocean.billing.invoice_items "
        "USING (invoice_uuid) WHERE invoice_period = '2026-01'"
    )
    assert joined.endswith("about 1 request\nIN ALL: about 105 requests\n")
    typed(".explain on")
    assert typed("SELECT 1 AS a;") == "QUERY PLAN\n└── SCAN CONSTANT ROW\na\n1\n"
    assert typed("EXPLAIN SELECT 1;").startswith("addr,")
    assert typed("SHOW PROVIDERS;").startswith("provider,")


def test_examples(typed: Type) -> None:
    assert f"{INVOICES}\n  1. " in typed(".examples")
    shown = typed(f".examples {INVOICES}")
    assert "SELECT" in shown
    ran = typed(f".examples {INVOICES} 1")
    sql, _, rows = ran.partition("\n\n")
    assert sql.startswith("SELECT")
    assert rows.count("\n") > 1
    with pytest.raises(InterfaceError, match="There is no example 99"):
        typed(f".examples {INVOICES} 99")
    with pytest.raises(InterfaceError, match="no examples for nothing"):
        typed(".examples nothing")


# The database.


def test_open(shell: Shell, typed: Type, opened: list[tuple[str, bool]], tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    typed(f".open {path}", "CREATE TABLE a AS SELECT 1 AS b;", ".open")
    assert opened == [(":memory:", False), (path, False), (":memory:", False)]
    assert shell.database == ":memory:"
    with connect(path) as connection:
        assert connection.execute("SELECT b FROM a").fetchall() == [(1,)]
    with pytest.raises(Error, match=r"nowhere/a\.db"):
        typed(f".open {tmp_path}/nowhere/a.db")
    assert typed("SELECT 1 AS a;") == "a\n1\n"


def test_attach(typed: Type, tmp_path: Path) -> None:
    typed(f".attach {tmp_path}/b.db other", "CREATE TABLE other.b AS SELECT 5 AS c;")
    assert typed("SELECT c FROM other.b;") == "c\n5\n"
    assert typed(".tables other.%") == "other.b\n"


def test_sandbox(typed: Type, opened: list[tuple[str, bool]], tmp_path: Path) -> None:
    assert typed(".sandbox") == "off\n"
    assert typed(".sandbox on", ".sandbox") == "on\n"
    typed(".sandbox on")
    assert opened == [(":memory:", False), (":memory:", True)]
    typed("CREATE TABLE mine (a);")
    with pytest.raises(InterfaceError, match="The table mine is in memory and would be lost"):
        typed(".sandbox off")
    typed(f".open {tmp_path}/a.db", "CREATE TABLE mine (a);", f".attach {tmp_path}/b.db b")
    typed("CREATE TABLE b.its (a);", "USE digitalocean.billing;", ".sandbox off")
    assert opened[-1] == (f"{tmp_path}/a.db", False)
    assert typed("SELECT count(*) AS n FROM mine, b.its, invoices;") == "n\n0\n"


def test_read(typed: Type, tmp_path: Path) -> None:
    script = tmp_path / "a.sql"
    script.write_text(".mode jsonl\nSELECT 1\nAS a;\nSELECT 2 AS a")
    assert typed(f".read {script}") == '{"a":1}\n{"a":2}\n'
    script.write_text(f"SELECT 1 AS a;\n.read {script}\n")
    with pytest.raises(InterfaceError, match="nested more than 20 deep"):
        typed(f".read {script}")
    script.write_text("SELECT 1;\nSELEC;\nSELECT 2;\n")
    with pytest.raises(SqlError, match="SELEC"):
        typed(f".read {script}")
    with pytest.raises(InterfaceError, match=r"nothing\.sql cannot be read: "):
        typed(f".read {tmp_path}/nothing.sql")


def test_cache(typed: Type) -> None:
    sql = f"SELECT count(*) FROM {INVOICES};"
    typed(sql)
    assert typed(".cache").startswith("cached lists: 1, responses: 1, bytes: ")
    assert typed(".cache clear", ".cache status") == "cached lists: 0, responses: 0, bytes: 0\n"


# CSV files.


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def test_a_file_becomes_a_table_with_numbers_as_numbers(typed: Type, csv: Path) -> None:
    csv.write_text(
        "id,usd,name,zip,nothing,big\n"
        '1,1.50,"a, ""b""",007,,12345678901234567890\n'
        "-2,3,,1,,2\n"
        '3,,"two\nlines",2,,3\n',
        encoding="utf-8-sig",
    )
    assert typed(f".import {csv} new") == "3 rows\n"
    assert typed(".mode jsonl", "SELECT * FROM new;").splitlines() == [
        '{"id":1,"usd":1.5,"name":"a, \\"b\\"","zip":"007","nothing":"",'
        '"big":"12345678901234567890"}',
        '{"id":-2,"usd":3.0,"name":"","zip":"1","nothing":"","big":"2"}',
        '{"id":3,"usd":null,"name":"two\\nlines","zip":"2","nothing":"","big":"3"}',
    ]


def test_a_table_that_exists_takes_every_line(typed: Type, csv: Path) -> None:
    csv.write_text("about,this\na,b\n1,2\n3,4\n")
    typed("CREATE TABLE mine (a INTEGER, b TEXT);")
    assert typed(f".import --skip 2 {csv} mine") == "2 rows\n"
    assert typed("SELECT a, typeof(a), b, typeof(b) FROM mine LIMIT 1;").splitlines()[1] == (
        "1,integer,2,text"
    )
    assert typed(f".import {csv} fresh --skip 1") == "2 rows\n"
    assert typed("SELECT a + b AS c FROM fresh;") == "c\n3\n7\n"


def test_all_rows_or_none(typed: Type, csv: Path) -> None:
    csv.write_text("1\n2\n1\n")
    typed("CREATE TABLE keys (a INTEGER PRIMARY KEY);")
    with pytest.raises(IntegrityError):
        typed(f".import {csv} keys")
    assert typed("SELECT count(*) AS n FROM keys;") == "n\n0\n"
    typed("BEGIN;", "INSERT INTO keys VALUES (9);")
    with pytest.raises(IntegrityError):
        typed(f".import {csv} keys")
    assert typed("COMMIT;", "SELECT a FROM keys;") == "a\n9\n"
    csv.write_text("a,b\n1,2\n3\n")
    with pytest.raises(DataError, match="line 3: 1 fields instead of 2"):
        typed(f".import {csv} new")
    assert typed(".tables new") == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no header line"),
        (b'a\n"b\n', "cannot be read: "),
        (b"a\n\xff\n", "is not text in UTF-8"),
    ],
)
def test_files_that_are_no_csv(typed: Type, csv: Path, content: bytes, message: str) -> None:
    csv.write_bytes(content)
    with pytest.raises(Error, match=message):
        typed(f".import {csv} new")
    assert typed(".tables new") == ""


def test_import_is_misused(typed: Type, csv: Path) -> None:
    csv.write_text("a\n1\n")
    for line in (".import a b c", ".import --skip x a b", f".import {csv} a.b"):
        with pytest.raises(InterfaceError):
            typed(line)
