"""What the documentation shows of the shell is what a person sees on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.paths import GOLDEN, ROOT
from support.terminal import CTRL_D, TAB, Terminal

SCRIPT = (
    "USE digitalocean.billing;",
    "SELECT i.invoice_period, it.product, money_sum(it.amount) AS usd",
    "FROM invoices i JOIN invoice_items it USING (invoice_uuid)",
    "WHERE i.invoice_period >= '2026-01'",
    "GROUP BY 1, 2 ORDER BY usd DESC LIMIT 5;",
    "SELECT * FROM invoice_items WHERE invoice_uuid = 'preview' LIMIT 1;",
    ".once payments.csv",
    "SELECT date, amount FROM billing_history WHERE type = 'Payment';",
    "SELECT amuont FROM invoices;",
    ".explain SELECT * FROM invoices WHERE invoice_period = '2026-01'",
)
"""What the person types, line by line."""


@pytest.fixture
def transcript(billed: dict[str, str], tmp_path: Path) -> str:
    """Type the script, and read the whole session from a high screen."""
    with Terminal(environ=billed, columns=100, lines=80, folder=tmp_path) as terminal:
        terminal.prompts()
        for line in SCRIPT:
            terminal.enter(line)
            terminal.until(
                lambda: terminal.line in ("billql>", "   ...>") and terminal.takes_keys, "a prompt"
            )
        terminal.press(CTRL_D)
        assert terminal.ends() == 0
        return f"$ billql\n{terminal.text.removesuffix('billql>')}".rstrip() + "\n"


@pytest.fixture
def menu(billed: dict[str, str]) -> str:
    """Ask for the columns of an alias, and read the menu."""
    with Terminal(environ=billed, columns=100, lines=24) as terminal:
        terminal.prompts()
        terminal.press("SELECT * FROM digitalocean.billing.invoice_items it WHERE it." + TAB)
        terminal.until(lambda: terminal.row == 1 and "connection" in terminal.text, "a menu")
        return "\n".join(terminal.lines[1:12]) + "\n"


def test_the_transcript(transcript: str) -> None:
    assert transcript == (GOLDEN / "shell.txt").read_text()


def test_the_menu(menu: str) -> None:
    assert menu == (GOLDEN / "shell-menu.txt").read_text()


@pytest.mark.parametrize(
    ("page", "golden"),
    [
        ("README.md", "shell.txt"),
        ("docs/shell.md", "shell.txt"),
        ("docs/shell.md", "shell-menu.txt"),
    ],
)
def test_the_documentation_shows_them(page: str, golden: str) -> None:
    shown = (GOLDEN / golden).read_text()
    assert f"```console\n{shown}```\n" in (ROOT / page).read_text()
