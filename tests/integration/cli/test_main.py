"""The command line within this process: options, formats, parameters, and what goes wrong."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

import billql
from billql import errors
from billql.cli import guard, main, parameters, parser
from billql.errors import Exit
from billql.output import FORMATS
from billql.output.error_report import excerpt
from billql.sandbox import Sandbox
from billql.sandbox.api import Request, Response
from support.commands import Result, Run, account

UNTIL = date(2026, 3, 15)
BALANCES = "SELECT * FROM digitalocean.billing.balances"
INSIGHTS = (
    "SELECT * FROM digitalocean.billing.insights "
    "WHERE account_urn = 'do:team:12345678-1234-1234-1234-123456789012' AND start_date"
)
FAILS_LATE = "SELECT 1 AS a UNION ALL SELECT abs(-9223372036854775808)"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(size="small", until=UNTIL) as sandbox:
        yield sandbox


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Run:
    """Run the command line with the environment variables of the test alone."""

    def run(*arguments: str, stdin: str = "", **environ: str) -> Result:
        for name in ("DIGITALOCEAN_TOKEN", "BILLQL_DIGITALOCEAN_URL", "BILLQL_DEBUG"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = main(arguments)
        out, err = capsysbinary.readouterr()
        return Result(code, out.decode(), err.decode())

    return run


@pytest.fixture
def ask(run: Run, sandbox: Sandbox) -> Run:
    """Run `billql query` against the sandbox."""
    return lambda *arguments, **more: run("query", *arguments, **account(sandbox), **more)


# Queries, and the formats of their results.


def test_csv_is_the_format_in_a_pipe(run: Run) -> None:
    assert run("query", "SELECT 1 AS a, 0.1 + 0.2 AS b") == (0, "a,b\n1,0.3\n", "")


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("table", "a  b\n─  ────\n1  NULL\n"),
        ("json", '[\n{"a":1,"b":null}\n]\n'),
        ("jsonl", '{"a":1,"b":null}\n'),
        ("csv", "a,b\n1,\n"),
        ("markdown", "| a | b |\n| ---: | --- |\n| 1 | NULL |\n"),
        ("line", "a = 1\nb = NULL\n"),
    ],
)
def test_formats(run: Run, name: str, out: str) -> None:
    assert run("query", "--format", name, "SELECT 1 AS a, NULL AS b") == (0, out, "")


def test_a_result_from_an_api(ask: Run) -> None:
    code, out, err = ask(BALANCES, "--format", "json")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)
    assert row["currency"] == "USD"
    assert row["month_to_date_usage"] > 0


@pytest.mark.parametrize(
    ("name", "between"),
    [("csv", ""), ("table", "\n"), ("markdown", "\n"), ("jsonl", ""), ("line", "\n")],
)
def test_several_statements(run: Run, name: str, between: str) -> None:
    one, two = (run("query", "--format", name, f"SELECT {n} AS a").out for n in (1, 2))
    script = "CREATE TABLE t AS SELECT 1 AS a; SELECT * FROM t; -- and\nSELECT 2 AS a;"
    assert run("query", "--format", name, script) == (0, one + between + two, "")


def test_several_statements_in_json_are_one_document(run: Run) -> None:
    one, two = (run("query", "--format", "json", f"SELECT {n} AS a").out for n in (1, 2))
    code, out, err = run("query", "--format", "json", "SELECT 1 AS a; SELECT 2 AS a;")
    assert (code, err) == (0, "")
    assert json.loads(out) == [json.loads(one), json.loads(two)]
    # Where one statement returns rows, others do not change its form.
    assert run("query", "--format", "json", "CREATE TABLE t (a); SELECT 1 AS a") == (0, one, "")


def test_sql_from_a_file_or_stdin(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("\ufeffSELECT 'ä' AS a", encoding="utf-8")
    expected = (0, "a\nä\n", "")
    assert run("query", "-f", str(tmp_path / "a.sql")) == expected
    assert run("query", stdin="SELECT 'ä' AS a") == expected
    assert run("query", "-", stdin="SELECT 'ä' AS a") == expected
    assert run("query", "--file", "-", stdin="SELECT 'ä' AS a") == expected


def test_local_tables(run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "local.db")
    assert run("query", "--db", path, "CREATE TABLE t (a); INSERT INTO t VALUES (1)").code == 0
    assert run("query", "--db", path, "SELECT a FROM t").out == "a\n1\n"


def test_joins_with_a_local_file(ask: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "local.db")
    keep = "CREATE TABLE kept AS SELECT * FROM digitalocean.billing.invoices"
    assert ask("--db", path, keep) == (0, "", "")
    sql = (
        "SELECT count(*) AS n FROM kept JOIN digitalocean.billing.invoices i USING (invoice_uuid) "
        "WHERE kept.amount = i.amount"
    )
    assert ask("--db", path, sql).out == "n\n24\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("12.50", 12.5),
        ("-0.5", -0.5),
        ("1234567890.12", 1234567890.12),
        ("007", "007"),
        ("-0", 0),
        ("+5", "+5"),
        ("1e5", "1e5"),
        ("1.", "1."),
        (".5", ".5"),
        ("0x10", "0x10"),
        ("1 ", "1 "),
        ("", ""),
        ("null", "null"),
        ("2025-01", "2025-01"),
        ("12345678901234567890", "12345678901234567890"),
        ("0.12345678901234567890", "0.12345678901234567890"),
    ],
)
def test_what_reads_as_a_number_is_one(run: Run, text: str, value: object) -> None:
    seen = parameters.number_or_text(text)
    assert seen == value
    assert type(seen) is type(value)
    rows = json.loads(run("query", "--format", "json", "--param", f"a={text}", "SELECT :a").out)
    assert rows == [{":a": value}]


def test_a_parameter_compares_as_a_number(run: Run) -> None:
    sql = "SELECT max(column1) > :least AS more FROM (VALUES (9.5), (100.0))"
    assert run("query", "--param", "least=99.5", "--param", ":other=a=b", sql).out == "more\n1\n"


def test_a_private_sandbox(run: Run) -> None:
    code, out, err = run(
        "query", "--sandbox", "SELECT count(*) AS n FROM digitalocean.billing.invoices"
    )
    assert (code, out, err) == (0, "n\n24\n", "")


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"billql {billql.__version__}\n"
    for arguments in ([], ["query"], ["sandbox"], ["schema"]):
        code, out, err = run(*arguments, "--help")
        assert (code, err) == (0, "")
        assert out.startswith(" ".join(("usage: billql", *arguments, "[")))


def test_every_exit_code_is_documented(run: Run) -> None:
    assert set(parser.EXITS) == set(Exit)
    for arguments in (["--help"], ["query", "--help"]):
        shown = run(*arguments).out
        assert all(f"  {code:<4} {text}\n" in shown for code, text in parser.EXITS.items())


def test_the_schema_of_definitions(run: Run) -> None:
    schema = json.loads(run("schema").out)
    assert schema["title"] == "billql definition"


# Statistics.


def last_line(result: Result) -> dict[str, object]:
    stats = json.loads(result.err.splitlines()[-1])
    assert list(stats) == ["rows", "seconds", "scans"]
    assert isinstance(stats["seconds"], float)
    assert isinstance(stats, dict)
    return stats


def test_stats(ask: Run) -> None:
    result = ask("--stats", f"{BALANCES}; SELECT * FROM digitalocean.billing.invoices; SELECT 1")
    stats = last_line(result)
    assert stats["rows"] == 26
    costs = {"requests": 1, "pages": 1, "cache_hits": 0, "retries": 0, "waited": 0.0}
    assert stats["scans"] == [
        {"resource": "digitalocean.billing.balances", "rows": 1, **costs},
        {"resource": "digitalocean.billing.invoices", "rows": 24, **costs},
    ]
    assert len(result.err.splitlines()) == 1


def test_stats_of_a_failure(ask: Run) -> None:
    result = ask(
        "--stats", "--max-requests", "1", "--cache-ttl", "0", f"{BALANCES}; {BALANCES}; SELEC"
    )
    stats = last_line(result)
    assert (result.code, stats["rows"], len(result.err.splitlines())) == (3, 2, 4)
    result = ask("--stats", "--max-requests", "0", BALANCES)
    stats = last_line(result)
    assert (result.code, stats["rows"]) == (Exit.LIMIT, 0)
    assert isinstance(stats["scans"], list)
    assert [scan["requests"] for scan in stats["scans"]] == [0]
    assert result.err.startswith("error: The statement needs more than the 0 requests")


def test_stats_of_what_an_api_charges_for(run: Run) -> None:
    days = "SELECT day FROM aws.costs.totals WHERE day >= date('now', '-30 days')"
    for most, code, cost in (("0.02", Exit.OK, 0.02), ("0.01", Exit.LIMIT, 0.01)):
        result = run("query", "--sandbox", "--stats", "--max-cost", most, days)
        scans = last_line(result)["scans"]
        assert isinstance(scans, list)
        (scan,) = scans
        assert (result.code, scan["cost"], scan["currency"]) == (code, cost, "USD")
        assert scan["requests"] == cost * 100
    assert result.err.startswith("error: The statement needs another request for USD 0.01")


def test_a_cache_folder_serves_later_runs(ask: Run, tmp_path: Path) -> None:
    for requests in (1, 0):
        stats = last_line(ask("--stats", "--cache", str(tmp_path / "cache"), BALANCES))
        assert isinstance(stats["scans"], list)
        assert stats["scans"][0]["requests"] == requests


# Nothing on stdout that looks like a result.


@pytest.mark.parametrize("name", FORMATS)
def test_a_statement_that_fails_after_some_rows_prints_nothing(run: Run, name: str) -> None:
    code, out, err = run("query", "--format", name, FAILS_LATE)
    assert (code, out) == (Exit.SQL, "")
    assert re.fullmatch("error: .+\n", err)


def test_results_before_a_failure_stand(run: Run) -> None:
    code, out, _ = run("query", f"SELECT 1 AS a; {FAILS_LATE}")
    assert (code, out) == (Exit.SQL, "a\n1\n")


def test_a_long_json_array_stays_open_when_its_statement_fails(run: Run) -> None:
    sql = (
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
        "SELECT x, CASE x WHEN 30000 THEN abs(-9223372036854775808) END FROM c"
    )
    code, out, _ = run("query", "--format", "json", sql)
    assert code == Exit.SQL
    assert out.startswith("[\n{")
    assert not out.endswith("]\n")


class Bad(NamedTuple):
    """Invalid input, and the error that it causes."""

    arguments: list[str]
    code: Exit
    message: str
    hint: str = ""
    environ: dict[str, str] = {}  # noqa: RUF012 - nothing changes it
    config: str = ""


BAD = {
    "no token": Bad(
        ["query", BALANCES],
        Exit.CREDENTIAL,
        "There is no token for DigitalOcean: the environment variable DIGITALOCEAN_TOKEN is not",
        "https://cloud.digitalocean.com/account/api/tokens",
        {"DIGITALOCEAN_TOKEN": ""},
    ),
    "a wrong token": Bad(
        ["query", BALANCES],
        Exit.CREDENTIAL,
        "/v2/customers/my/balance answered 401: Unable to authenticate you",
        "The token in DIGITALOCEAN_TOKEN was refused.",
        {"DIGITALOCEAN_TOKEN": "wrong-and-secret"},
    ),
    "a key column without a value": Bad(
        ["query", "SELECT * FROM digitalocean.billing.invoice_items"],
        Exit.SQL,
        "digitalocean.billing.invoice_items cannot be read without a value for invoice_uuid",
        "Add a condition such as: WHERE invoice_uuid = '",
    ),
    "a key column without a bound": Bad(
        ["query", f"{INSIGHTS} <= '2026-01-01'"],
        Exit.SQL,
        "digitalocean.billing.insights cannot be read without a value for start_date",
        "Add a condition such as: WHERE start_date >= '2025-01-01'",
    ),
    "an unknown provider": Bad(
        ["query", "SELECT * FROM digitalocan.billing.balances"],
        Exit.SQL,
        "There is no provider digitalocan\n"
        "  SELECT * FROM digitalocan.billing.balances\n"
        "                ^\n",
        "Did you mean digitalocean?",
    ),
    "an unknown service": Bad(
        ["query", "SELECT * FROM digitalocean.biling.balances"],
        Exit.SQL,
        "There is no service digitalocean.biling\n",
        "Did you mean digitalocean.billing?",
    ),
    "an unknown resource": Bad(
        ["query", "SELECT * FROM digitalocean.billing.invoice"],
        Exit.SQL,
        "There is no resource digitalocean.billing.invoice\n",
        "Did you mean digitalocean.billing.invoices?",
    ),
    "an unknown column": Bad(
        ["query", "SELECT ammount FROM digitalocean.billing.invoices"],
        Exit.SQL,
        "no such column: ammount\n"
        "  SELECT ammount FROM digitalocean.billing.invoices\n"
        "         ^\n",
        "Did you mean amount?",
    ),
    "a resource without its provider": Bad(
        ["query", "SELECT * FROM balances"],
        Exit.SQL,
        "no such table: balances",
        "Did you mean digitalocean.billing.balances?",
    ),
    "a bad date": Bad(
        ["query", f"{INSIGHTS} >= '2026-02-30'"],
        Exit.SQL,
        "digitalocean.billing.insights: start_date is compared with '2026-02-30', which is no time",
        "Write a time as 2026-01-31T12:00:00Z",
    ),
    "a window over the limit": Bad(
        ["query", f"{INSIGHTS} BETWEEN '0001-01-01' AND '2026-01-01'"],
        Exit.SQL,
        "one for every 31 days",
        "Narrow it down: WHERE start_date BETWEEN",
    ),
    "a mistake in the syntax": Bad(
        ["query", "-- why\n\tSELECT '日本' WHERE x GROUP 1"],
        Exit.SQL,
        "\n  2 |     SELECT '日本' WHERE x GROUP 1\n                                      ^\n",
    ),
    "a parenthesis that nothing closes": Bad(
        ["query", "SELECT (1\n"], Exit.SQL, "\n  SELECT (1\n           ^\n"
    ),
    "a text that nothing closes": Bad(
        ["query", "SELECT 'open"],
        Exit.SQL,
        "\n  SELECT 'open\n         ^\n",
    ),
    "a parameter without a value": Bad(
        ["query", "--param", "b=1", "SELECT :a, :b"],
        Exit.SQL,
        "There is no value for the parameter :a",
        "--param a=",
    ),
    "a host that cannot be reached": Bad(
        ["query", BALANCES],
        Exit.NETWORK,
        "GET http://127.0.0.1:1/v2/customers/my/balance got no answer: ",
        "Check the network, and BILLQL_DIGITALOCEAN_URL.",
        {"BILLQL_DIGITALOCEAN_URL": "http://127.0.0.1:1"},
        "[settings]\nattempts = 2\n",
    ),
    "a token over plain http": Bad(
        ["query", BALANCES],
        Exit.USAGE,
        "BILLQL_DIGITALOCEAN_URL must be an https:// address, because a token is sent to it",
        "Plain http is for this machine alone",
        {"BILLQL_DIGITALOCEAN_URL": "http://example.com"},
    ),
    "a change of a resource": Bad(
        ["query", "DELETE FROM digitalocean.billing.balances"],
        Exit.SQL,
        "digitalocean.billing.balances",
    ),
    "no SQL": Bad(["query"], Exit.USAGE, "There is no SQL to run", "with -f FILE"),
    "SQL without a statement": Bad(["query", "-- x"], Exit.USAGE, "There is no SQL to run"),
    "SQL twice": Bad(["query", "-f", "a", "SELECT 1"], Exit.USAGE, "There are two sources of SQL"),
    "no such file": Bad(
        ["query", "-f", "/no/such/file"], Exit.USAGE, "/no/such/file cannot be read: "
    ),
    "no such option": Bad(
        ["query", "--fromat", "csv"],
        Exit.USAGE,
        "--fromat",
        "billql --help",
    ),
    "no such format": Bad(
        ["query", "--format", "xml", "SELECT 1"],
        Exit.USAGE,
        "'xml'",
        "billql query --help",
    ),
    "no such command": Bad(["qurey"], Exit.USAGE, "'qurey'", "billql --help"),
    "a parameter without a name": Bad(
        ["query", "--param", "5", "SELECT 1"], Exit.USAGE, "'5' is not of the form NAME=VALUE"
    ),
    "a limit that is no number": Bad(
        ["query", "--max-requests", "-1", "SELECT 1"], Exit.USAGE, "-1", "--help"
    ),
    "an amount that is none": Bad(
        ["query", "--max-cost", "5 cents", "SELECT 1"],
        Exit.USAGE,
        "'5 cents' is not an amount like 0.05",
        "--help",
    ),
    "seconds that are none": Bad(
        ["query", "--cache-ttl", "soon", "SELECT 1"],
        Exit.USAGE,
        "'soon' is not a number of seconds",
    ),
    "a folder that is no database": Bad(
        ["query", "--db", "/", "SELECT 1"], Exit.USAGE, "error: /: "
    ),
    "a sandbox of no size": Bad(
        ["sandbox", "--size", "huge"], Exit.USAGE, "'huge' is not a size", "small, normal, large"
    ),
    "a sandbox until no day": Bad(
        ["sandbox", "--until", "soon"], Exit.USAGE, "'soon' is not a date", "YYYY-MM-DD"
    ),
    "a sandbox on no port": Bad(["sandbox", "--port", "99999"], Exit.USAGE, "no port 99999"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(run: Run, sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    bad = BAD[name]
    environ = account(sandbox) | bad.environ
    if bad.config:
        (tmp_path / "config.toml").write_text(bad.config)
        environ["BILLQL_CONFIG"] = str(tmp_path / "config.toml")
    code, out, err = run(*bad.arguments, **environ)
    assert (code, out) == (bad.code, "")
    assert err.startswith("error: ")
    assert bad.message in err
    hints = [line for line in err.splitlines() if line.startswith("hint: ")]
    assert bad.hint in "".join(hints)
    assert bad.environ.get("DIGITALOCEAN_TOKEN") not in err.split()
    assert "Traceback" not in err


def test_a_definition_with_a_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "provider.yaml").write_text("billql: 1\ntitle: Mine\nurll: https://x.y\n")
    (tmp_path / "mine" / "things.yaml").write_text("")
    sql = "SELECT * FROM mine.things.all"
    code, out, err = run("query", "--definitions", str(tmp_path), sql)
    assert (code, out) == (Exit.DEFINITION, "")
    assert "mine/provider.yaml:3: urll: unknown key; did you mean url?" in err
    assert "hint: " in err


def test_a_page_of_html_where_json_was_expected(run: Run) -> None:
    def proxy(request: Request) -> Response:
        return Response(b"<html>Sign in</html>", content_type="text/html")

    with Sandbox(size="small", until=UNTIL, intercept=proxy) as sandbox:
        code, out, err = run("query", BALANCES, **account(sandbox))
    assert (code, out) == (Exit.API, "")
    assert "answered with something that is not JSON (text/html)" in err
    assert "hint: Instead of the API, this may be answering: BILLQL_DIGITALOCEAN_URL.\n" in err


def test_what_an_api_says_cannot_steer_the_terminal(run: Run) -> None:
    def rude(request: Request) -> Response:
        return Response.json({"id": "x", "message": "\x1b[2J\nerror: \u202egone"}, status=404)

    with Sandbox(size="small", until=UNTIL, intercept=rude) as sandbox:
        code, out, err = run("query", BALANCES, **account(sandbox))
    assert (code, out) == (Exit.API, "")
    assert "gone" in err
    assert "\x1b" not in err
    assert "\u202e" not in err
    assert "\nerror:" not in err


def test_a_file_that_is_not_text(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"SELECT '\xff'")
    code, out, err = run("query", "-f", str(tmp_path / "a.sql"))
    assert (code, out) == (Exit.USAGE, "")
    assert "a.sql is not text in UTF-8" in err


def test_no_command_shows_the_help_on_stderr(run: Run) -> None:
    code, out, err = run()
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith("usage: billql")


# Reports.


@pytest.mark.parametrize(
    ("sql", "offset", "lines"),
    [
        ("SELECT x", 7, ["  SELECT x", "         ^"]),
        ("SELECT x\n", 7, ["  SELECT x", "         ^"]),
        ("SELECT", 6, ["  SELECT", "        ^"]),
        ("", 0, ["  ", "  ^"]),
        ("a\r\nb\r\nc", 3, ["  2 | b", "      ^"]),
        ("a\nb", 1, ["  1 | a", "       ^"]),
        ("\tx", 1, ["      x", "      ^"]),
        ("'日本' x", 5, ["  '日本' x", "         ^"]),
        ("\x1b[0m x", 5, [r"  \x1b[0m x", "          ^"]),
        ("x" * 100, 90, ["  " + "x" * 100, " " * 92 + "^"]),
        ("x" * 101, 90, ["  …" + "x" * 71, " " * 63 + "^"]),
        ("x" * 200, 10, ["  " + "x" * 100 + "…", " " * 12 + "^"]),
        ("x" * 200, 100, ["  …" + "x" * 100 + "…", " " * 63 + "^"]),
    ],
)
def test_the_caret_stands_under_its_place(sql: str, offset: int, lines: list[str]) -> None:
    assert excerpt(sql, offset) == lines


def test_a_fault_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise ZeroDivisionError("by \x1b")

    monkeypatch.delenv("BILLQL_DEBUG", raising=False)
    assert guard.run_guarded(fail, debug=False) == Exit.INTERNAL
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        r"error: internal error in billql: ZeroDivisionError: by \x1b",
        "hint: Please report it, with the output of the same command with --debug.",
    ]
    assert guard.run_guarded(fail, debug=True) == Exit.INTERNAL
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("BILLQL_DEBUG", "1")
    assert guard.run_guarded(fail, debug=False) == Exit.INTERNAL
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), errors.Interrupted()])
def test_an_interruption_says_nothing(
    capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    def fail() -> int:
        raise error

    assert guard.run_guarded(fail, debug=False) == 130
    assert capsys.readouterr() == ("", "")


def test_a_message_of_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise errors.Error("One\ntwo")

    assert guard.run_guarded(fail, debug=False) == Exit.INTERNAL
    assert capsys.readouterr().err == "error: One\n  two\n"


def test_a_time_that_is_compared_as_a_text_is_warned_of(
    run: Run, ask: Run, sandbox: Sandbox
) -> None:
    own = "WITH own(month) AS (VALUES ('2026-01-01'))"
    invoices = "digitalocean.billing.invoices i"
    as_text = ask(f"{own} SELECT 1 FROM own JOIN {invoices} ON own.month = i.invoice_period")
    assert (as_text.code, as_text.out) == (0, "1\n")
    assert re.fullmatch(r"warning: .*invoice_period is compared as a text.*\n", as_text.err)
    drawn = run(
        "chart",
        f"{own} SELECT 'all', count(*) FROM own JOIN {invoices} ON own.month = i.invoice_period",
        **account(sandbox),
    )
    assert (drawn.code, drawn.err) == (0, as_text.err)
    as_time = ask(f"{own} SELECT 1 FROM own JOIN {invoices} ON i.invoice_period = own.month")
    assert as_time == (0, "1\n1\n", "")
