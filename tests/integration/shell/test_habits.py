"""What people type out of habit from psql and mysql, and `.schema` as they expect it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from billql.errors import InterfaceError, SqlError
from billql.shell.shell import Shell

from .conftest import Type


@pytest.mark.parametrize("text", ["exit", "EXIT;", " quit ; ", "Quit", r"\q", r"\q;", ".exit"])
def test_ways_to_exit(shell: Shell, typed: Type, text: str) -> None:
    typed(text)
    assert shell.ended


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("help", ".help"),
        ("HELP;", ".help"),
        (r"\?", ".help"),
        (r"\h mode", ".help mode"),
        (r"\d", ".tables"),
        (r"\dt", ".tables"),
        (r"\dt inv%", ".tables inv%"),
        (r"\d digitalocean.billing.balances", "DESCRIBE digitalocean.billing.balances"),
        (r"\d  digitalocean.billing.balances;", "DESCRIBE digitalocean.billing.balances"),
        (r"\d+ stripe.core.events", "DESCRIBE EXTENDED stripe.core.events"),
        (r"\l", "SHOW PROVIDERS"),
        (r"\dn", "SHOW SERVICES"),
        (r"\dn stripe", "SHOW SERVICES IN stripe"),
        (r"\conninfo", ".connections"),
    ],
)
def test_what_a_habit_stands_for(typed: Type, text: str, meant: str) -> None:
    assert typed(text) == typed(meant) != ""


def test_habits_that_set_something(shell: Shell, typed: Type) -> None:
    typed(r"\timing", r"\x")
    assert (shell.timer, shell.printer.mode) == (True, "line")
    typed(r"\timing off")
    assert not shell.timer


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (r"\foo bar", r"There is no command \foo", ".help lists the commands."),
        ("\\", "There is no command \\", ".help lists the commands."),
        (r"\i", r"\i needs an argument", "Usage: .read FILE"),
    ],
)
def test_what_it_does_not_have(typed: Type, text: str, message: str, hint: str) -> None:
    with pytest.raises(InterfaceError) as caught:
        typed(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


# .schema


@pytest.mark.parametrize(
    ("use", "pattern"),
    [
        ("NONE", "digitalocean.billing.balances"),
        ("NONE", "balances"),
        ("digitalocean.billing", "balances"),
        ("digitalocean.billing", "digitalocean.billing.balances"),
        ("stripe.core", "digitalocean.billing.balances"),
    ],
)
def test_schema_knows_short_names(typed: Type, use: str, pattern: str) -> None:
    shown = typed(f"USE {use};", f".schema {pattern}")
    assert shown.startswith("CREATE TABLE digitalocean.billing.balances (\n")


def test_schema_after_use_means_the_service(typed: Type) -> None:
    shown = typed("USE digitalocean.billing;", ".schema invoices")
    assert shown.count("CREATE TABLE") == 1
    everything = typed("CREATE TABLE own (a);", ".schema")
    assert everything.startswith("CREATE TABLE own (a);\nCREATE TABLE digitalocean.billing.")
    assert everything.count("CREATE TABLE digitalocean.billing.") == typed(
        "SHOW RESOURCES IN digitalocean.billing;"
    ).count("digitalocean.billing.")
    assert "stripe" not in everything


def test_what_schema_shows_is_sql(typed: Type) -> None:
    shown = typed(".schema digitalocean.%")
    count = shown.count("CREATE TABLE ")
    assert count > 20
    with sqlite3.connect(":memory:") as database:
        for statement in shown.split("CREATE TABLE ")[1:]:
            name, _, rest = statement.partition(" (")
            database.execute(f'CREATE TABLE "{name}" ({rest}')
        made = database.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
        assert made.fetchone() == (count,)
    database.close()


# Scripts.


def test_an_error_of_a_script_names_its_line(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "inner.sql").write_text("SELECT 1;\n.mode csv\nSELECT\n  nope;\n")
    (tmp_path / "outer.sql").write_text(f"\n.read {tmp_path}/inner.sql\n")
    with pytest.raises(SqlError) as caught:
        typed(f".read {tmp_path}/outer.sql")
    assert caught.value.message == (
        f"{tmp_path}/outer.sql, line 2: {tmp_path}/inner.sql, line 4: no such column: nope"
    )
