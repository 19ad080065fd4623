"""The shell understands what people type out of habit: on a pseudo-terminal, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.terminal import CTRL_C, TAB, Terminal


@pytest.mark.parametrize("text", ["exit", "quit;", r"\q"])
def test_ways_to_exit(environ: dict[str, str], text: str) -> None:
    with Terminal("shell", environ=environ) as terminal:
        terminal.prompts()
        terminal.press(f"{text}\r")
        assert terminal.ends() == 0
        assert "error" not in terminal.text


def test_commands_of_psql(environ: dict[str, str]) -> None:
    with Terminal("shell", environ=environ, lines=60) as terminal:
        terminal.prompts()
        terminal.enter("help")
        terminal.reads(".attach FILE NAME", ".timer on|off")
        terminal.prompts()
        terminal.enter("CREATE TABLE pocket (month TEXT, usd REAL);")
        terminal.enter(r"\dt pock%")
        terminal.reads("\npocket\n")
        terminal.enter(r"\d pocket")
        terminal.reads("month   TEXT", "usd     REAL")
        terminal.prompts()
        terminal.press(r"\d pock" + TAB)
        terminal.until(lambda: terminal.line.endswith(r"\d pocket"), "a table")
        terminal.press(CTRL_C)
        terminal.prompts()
        terminal.enter(r"\gset")
        terminal.reads(r"error: There is no command \gset", "hint: .help lists the commands.")
        terminal.prompts()


def test_connections_are_completed(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("""
        [connections.acme-live]
        provider = "stripe"
        token_env = "LIVE"
        [connections.acme-test]
        provider = "stripe"
        token_env = "TEST"
        [connections.cloud]
        provider = "digitalocean"
        token_env = "CLOUD"
    """)
    with Terminal("shell", "--config", f"{tmp_path}/config.toml", environ=environ) as terminal:
        terminal.prompts()
        terminal.press("SELECT * FROM stripe.core.events WHERE connection = " + TAB)
        terminal.reads("'acme-live'", "'acme-test'")
        assert "'cloud'" not in terminal.text
        terminal.press(CTRL_C)
        terminal.prompts()
        terminal.press("SELECT * FROM stripe.core.events WHERE connection = 'acme-t" + TAB)
        terminal.until(lambda: terminal.line.endswith("'acme-test'"), "a connection")


def test_show_describe_and_use(billed: dict[str, str]) -> None:
    with Terminal("shell", environ=billed, columns=120, lines=40) as terminal:
        terminal.prompts()
        terminal.enter("CREATE TABLE budget (month TEXT, usd REAL);")
        terminal.enter("SHOW TABLES LIKE 'b%dget';")
        terminal.reads("budget  table")
        terminal.enter("USE digitalocean;")
        terminal.enter("SELECT count(*) AS n FROM billing.invoices;")
        terminal.reads(" n\n──\n24")
        terminal.enter("DESCRIBE billing.invoice_items.list;")
        terminal.reads("parameter", "invoice_uuid", "path")
        terminal.enter("SHOW EXTENDED PROVIDERS WHERE provider = 'digitalocean';")
        terminal.reads("documentation", "https://docs.digit")
        terminal.enter("USE digitalocean.billing;")
        terminal.enter(".schema balances")
        terminal.reads("CREATE TABLE digitalocean.billing.balances (", "\n);\n")


# The start file.


def started(environ: dict[str, str], text: str) -> dict[str, str]:
    folder = Path(environ["HOME"]) / ".config/billql"
    folder.mkdir(parents=True)
    (folder / "startup.sql").write_text(text)
    return environ


def test_the_start_file_is_run(billed: dict[str, str]) -> None:
    environ = started(billed, "-- mine\n.timer on\nUSE digitalocean.billing;\n")
    with Terminal("shell", environ=environ) as terminal:
        terminal.prompts()
        terminal.enter("SELECT count(*) AS n FROM invoices;")
        terminal.reads(" n\n──\n24\nTime: ")


def test_a_fault_in_the_start_file_is_named_and_the_shell_goes_on(environ: dict[str, str]) -> None:
    text = "\n-- mine\n.tmer on\n\nSELECT 1 AS a,\n  b;\nCREATE TABLE mine (x);\n"
    environ = started(environ, text)
    path = Path(environ["HOME"]) / ".config/billql/startup.sql"
    with Terminal("shell", environ=environ, columns=200) as terminal:
        terminal.prompts()
        assert f"error: {path}, line 3: There is no command .tmer" in terminal.text
        assert f"error: {path}, line 6: no such column: b" in terminal.text
        terminal.enter(".tables min%")
        terminal.reads("\nmine\n")
        terminal.press("exit\r")
        assert terminal.ends() == 0


def test_the_start_file_can_be_left_out(environ: dict[str, str]) -> None:
    with Terminal("shell", "--no-startup", environ=started(environ, "SELEC;")) as terminal:
        terminal.prompts()
        assert "error" not in terminal.text


def test_a_start_file_that_cannot_be_read(environ: dict[str, str]) -> None:
    (Path(environ["HOME"]) / ".config/billql/startup.sql").mkdir(parents=True)
    with Terminal("shell", environ=environ, columns=200) as terminal:
        terminal.prompts()
        assert "startup.sql cannot be read: Is a directory" in terminal.text


# Hints, and what is required.


def test_hints_hint(environ: dict[str, str]) -> None:
    with Terminal("shell", environ=environ, lines=60) as terminal:
        terminal.prompts()
        for sql, hint in {
            "CREATE MATERIALIZED VIEW v AS SELECT 1;": "hint: Name a billing period",
            "SELECT getdate();": "hint: Write datetime('now').",
            "SELECT '5'::int;": "hint: Write CAST(… AS …).",
            "SHOW DATABASES;": "hint: SHOW PROVIDERS lists the APIs.",
            "SELECT TOP 5 * FROM t;": "hint: Write LIMIT and the number at the end.",
        }.items():
            terminal.enter(sql)
            terminal.reads(hint)
            terminal.prompts()


def test_one_of_several_key_columns_is_required(environ: dict[str, str]) -> None:
    with Terminal("shell", environ=environ) as terminal:
        terminal.prompts()
        terminal.enter("DESCRIBE stripe.billing.subscription_items WHERE required;")
        terminal.reads("id            text         1", "subscription  text         1")
        terminal.prompts()
        terminal.press("SELECT * FROM stripe.billing.subscription_items s WHERE s." + TAB)
        terminal.reads(" id ", "required · text")
