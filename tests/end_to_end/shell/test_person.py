"""The shell as a person uses it: on a pseudo-terminal, with keys, reading the screen."""

from __future__ import annotations

import re
import shutil
import stat
from datetime import date
from pathlib import Path

import pytest

from billql.sandbox import Sandbox
from support.commands import account
from support.server import Serve
from support.terminal import CTRL_C, CTRL_D, ENTER, TAB, UP, Terminal

INVOICES = "digitalocean.billing.invoices"
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c;"


URN = "do:team:12345678-1234-1234-1234-123456789012"


def reached(environ: dict[str, str], url: str) -> dict[str, str]:
    return environ | {"BILLQL_DIGITALOCEAN_URL": url, "DIGITALOCEAN_TOKEN": "x"}


# Typing.


def test_a_private_sandbox_and_a_statement_over_several_lines(environ: dict[str, str]) -> None:
    with Terminal("shell", "--sandbox", environ=environ) as terminal:
        terminal.prompts("sandbox>")
        terminal.enter("SELECT count(*) AS invoices,")
        terminal.until(lambda: terminal.line == "    ...>", "a second line")
        terminal.enter("       max(amount) > 0 AS positive")
        terminal.until(lambda: terminal.line == "    ...>", "a third line")
        terminal.enter(f"FROM {INVOICES};")
        terminal.prompts("sandbox>")
        assert terminal.lines[1:7] == [
            "sandbox> SELECT count(*) AS invoices,",
            "    ...>        max(amount) > 0 AS positive",
            f"    ...> FROM {INVOICES};",
            "invoices  positive",
            "────────  ────────",
            "      24         1",
        ]
        terminal.press(CTRL_D)
        assert terminal.ends() == 0


def test_billql_alone_opens_it(billed: dict[str, str]) -> None:
    with Terminal(environ=billed) as terminal:
        terminal.prompts()
        terminal.enter(f"SELECT count(*) AS n FROM {INVOICES};")
        terminal.reads(" n\n──\n24")
        terminal.enter(".quit")
        assert terminal.ends() == 0


def test_completion(billed: dict[str, str]) -> None:
    with Terminal("shell", environ=billed) as terminal:
        terminal.prompts()
        terminal.press("SELECT * FROM digi" + TAB)
        terminal.until(lambda: terminal.line.endswith("FROM digitalocean."), "a provider")
        terminal.press("b" + TAB)
        terminal.until(lambda: terminal.line.endswith("digitalocean.billing."), "a service")
        terminal.press("invoice_i" + TAB)
        terminal.until(lambda: terminal.line.endswith("billing.invoice_items"), "a resource")
        terminal.press(" i WHERE i." + TAB)
        terminal.until(lambda: terminal.row == 1 and "connection" in terminal.text, "a menu")
        first, *others = terminal.lines[2:]
        assert re.match(r" invoice_uuid +required · text · ", first)
        assert others[0].startswith(" product ")
        assert not any("required" in line for line in others)
        terminal.press(TAB)
        terminal.until(lambda: "WHERE i.invoice_uuid" in terminal.line, "the first column")
        terminal.press(ENTER)
        terminal.until(lambda: terminal.line.endswith("i.invoice_uuid"), "no menu")
        terminal.until(lambda: "required" not in terminal.text, "no menu")
        terminal.press(CTRL_C)
        terminal.prompts()


def test_short_names_are_completed_after_use(billed: dict[str, str]) -> None:
    with Terminal("shell", environ=billed) as terminal:
        terminal.prompts()
        terminal.enter("USE digitalocean.billing;")
        terminal.prompts()
        terminal.press("SELECT count(*) AS n FROM invoice_s" + TAB)
        terminal.until(lambda: "invoice_summary" in terminal.text, "a short name")
        terminal.press(CTRL_C)
        terminal.prompts()
        terminal.press("DESCRIBE invoices.l" + TAB)
        terminal.until(lambda: terminal.line.endswith("invoices.list"), "a method")
        terminal.press(CTRL_C)
        terminal.prompts()
        terminal.enter("SELECT count(*) AS n FROM invoices;")
        terminal.reads(" n\n──\n24")


def test_an_error_is_reported_and_the_shell_continues(billed: dict[str, str]) -> None:
    with Terminal("shell", environ=billed) as terminal:
        terminal.prompts()
        terminal.enter("SELECT 1 AS a; SELEC 2;")
        terminal.prompts()
        assert terminal.lines[2:8] == [
            "a",
            "─",
            "1",
            'error: near "SELEC": syntax error',
            "  SELECT 1 AS a; SELEC 2;",
            " " * 17 + "^",
        ]
        terminal.enter(".tabels")
        terminal.reads("error: There is no command .tabels", "hint: Did you mean .tables?")
        terminal.enter(f"SELECT * FROM {INVOICES[:-1]};")
        terminal.reads("Did you mean")
        terminal.prompts()


# Ctrl-C and Ctrl-D.


def test_ctrl_c_stops_a_statement_that_waits_for_a_server(
    environ: dict[str, str], serve: Serve
) -> None:
    server = serve(lambda asked: asked.hang())
    with Terminal("shell", environ=reached(environ, server.url)) as terminal:
        terminal.prompts()
        terminal.enter(f"SELECT count(*) FROM {INVOICES};")
        server.until(lambda: len(server.asked) > 0)
        terminal.reads("digitalocean.billing.invoices", "1 request")
        terminal.press(CTRL_C)
        terminal.reads("The statement was interrupted.")
        terminal.prompts()
        assert "1 request" not in terminal.text
        terminal.enter("SELECT 'still' || ' here' AS a;")
        terminal.reads("still here")
        terminal.prompts()
        terminal.press(CTRL_D)
        assert terminal.ends() == 0


def test_ctrl_c_stops_sqlite(environ: dict[str, str]) -> None:
    with Terminal("shell", environ=environ) as terminal:
        terminal.prompts()
        terminal.enter(ENDLESS)
        terminal.reads("running for 1 s")
        terminal.press(CTRL_C)
        terminal.reads("The statement was interrupted.")
        terminal.prompts()


def test_ctrl_c_at_the_prompt_leaves_the_line(environ: dict[str, str]) -> None:
    with Terminal("shell", environ=environ) as terminal:
        terminal.prompts()
        terminal.enter("SELECT 'half")
        terminal.until(lambda: terminal.line.strip() == "...>", "a second line")
        terminal.press("of it" + CTRL_C)
        terminal.prompts()
        terminal.enter("SELECT 'whole' AS a;")
        terminal.reads("a\n─────\nwhole")


# The window.


def test_rows_are_vertical_in_a_narrow_window(billed: dict[str, str]) -> None:
    sql = f"SELECT * FROM {INVOICES} LIMIT 1;"
    with Terminal("shell", environ=billed) as terminal:
        terminal.prompts()
        terminal.enter(sql)
        terminal.reads("invoice_uuid", "────")
        terminal.prompts()
        terminal.resize(34)
        terminal.press(CTRL_C)
        terminal.prompts()
        terminal.press(f"SELECT * FROM {INVOICES} LIMIT 1;" + ENTER)
        terminal.reads("invoice_period = ", "  invoice_uuid = ", "…")
        terminal.prompts()
        assert all(len(line) <= 34 for line in terminal.lines)


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less")
def test_what_is_longer_than_the_window_goes_through_a_pager(billed: dict[str, str]) -> None:
    many = "WITH c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c LIMIT {}) SELECT x FROM c;"
    with Terminal("shell", environ=billed) as terminal:
        terminal.prompts()
        terminal.enter(many.format(50))
        terminal.until(lambda: terminal.lines[-1] == ":", "the pager's own prompt")
        assert terminal.lines[0].strip() == "x"
        terminal.press(" ")
        terminal.reads("50")
        terminal.press("q")
        terminal.prompts()
        terminal.enter(many.format(200_000))
        terminal.until(lambda: terminal.lines[-1] == ":", "the pager's own prompt")
        terminal.press("q")
        terminal.prompts()
        assert "error" not in terminal.text
        terminal.enter(".pager off")
        terminal.prompts()
        terminal.enter(many.format(50))
        terminal.prompts()
        assert "50" in terminal.text


# Progress.


def test_progress_is_seen_and_erased(environ: dict[str, str]) -> None:
    with (
        Sandbox(latency=1.0, until=date(2026, 3, 15)) as slow,
        Terminal("shell", environ=environ | account(slow)) as terminal,
    ):
        terminal.prompts()
        terminal.enter("SELECT count(*) > 0 AS n FROM digitalocean.billing.insights")
        terminal.until(lambda: terminal.line.strip() == "...>", "a second line")
        terminal.press(f"WHERE account_urn = '{URN}' AND start_date >= '2026-01-01';" + ENTER)
        terminal.reads("digitalocean.billing.insights  ", " pages", " rows", " requests")
        terminal.until(lambda: bool(re.search(r" [0-9]+ of [0-9]+ pages", terminal.text)))
        terminal.prompts()
        assert terminal.lines[4:8] == ["n", "─", "1", "billql>"]


# History.


def test_only_the_owner_can_read_the_history(environ: dict[str, str], tmp_path: Path) -> None:
    for number in range(2):
        with Terminal("shell", environ=environ) as terminal:
            terminal.prompts()
            if number:
                terminal.press(UP)
                terminal.until(lambda: terminal.line.endswith("SELECT 1 AS kept;"), "the last one")
                terminal.press(CTRL_C)
                terminal.prompts()
            else:
                terminal.enter("SELECT 1 AS kept;")
                terminal.prompts()
                terminal.enter(" SELECT 2 AS secret;")
                terminal.prompts()
            terminal.press(CTRL_D)
            assert terminal.ends() == 0
    path = tmp_path / ".local/state/billql/history"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "kept" in path.read_text()
    assert "secret" not in path.read_text()
