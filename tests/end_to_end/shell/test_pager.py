"""Pagers that cannot be run, or that end early: the result is shown, with a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.terminal import CTRL_D, Terminal

MANY = "WITH c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c LIMIT {}) SELECT x FROM c;"


@pytest.mark.parametrize(
    ("named", "warning"),
    [
        ("less '", "warning: PAGER has a quote that is not closed"),
        ("no-such-pager -R", "warning: PAGER is no-such-pager, which is not found"),
        ("{}/nonsense", "nonsense cannot be run: "),
    ],
)
def test_a_pager_that_is_none(
    environ: dict[str, str], tmp_path: Path, named: str, warning: str
) -> None:
    nonsense = tmp_path / "nonsense"
    nonsense.write_bytes(b"\x00\x01")
    nonsense.chmod(0o755)
    pager = named.replace("{}", str(tmp_path))
    with Terminal("shell", environ={**environ, "PAGER": pager}, columns=200) as terminal:
        terminal.prompts()
        terminal.enter(MANY.format(100))
        terminal.prompts()
        terminal.reads(warning, "99", "100")
        terminal.press(CTRL_D)
        assert terminal.ends() == 0


def test_a_problem_is_reported_once(environ: dict[str, str]) -> None:
    with Terminal("shell", environ={**environ, "PAGER": "'"}, columns=200) as terminal:
        terminal.prompts()
        for _ in range(3):
            terminal.enter("SELECT 1;")
            terminal.prompts()
        assert terminal.text.count("warning") == 1


@pytest.mark.parametrize(
    ("named", "warning"),
    [
        ("false", "warning: The pager false ended with code 1; the result may be incomplete"),
        ("sh -c 'kill -9 $$'", "warning: The pager sh ended by signal 9"),
        ("sh -c 'head -n 3; kill -PIPE $$'", "warning: The pager sh ended by signal 13"),
    ],
)
@pytest.mark.parametrize("count", [100, 200_000])
def test_a_pager_that_ends_before_its_time(
    environ: dict[str, str], named: str, warning: str, count: int
) -> None:
    with Terminal("shell", environ={**environ, "PAGER": named}, columns=200) as terminal:
        terminal.prompts()
        terminal.enter(MANY.format(count))
        terminal.reads(warning)
        terminal.prompts()
        terminal.enter("SELECT 7 * 6;")
        terminal.reads("42")


@pytest.mark.parametrize("named", ["", "cat", " ", "head -n 200"])
def test_a_pager_that_shows_everything(environ: dict[str, str], named: str) -> None:
    with Terminal("shell", environ={**environ, "PAGER": named}) as terminal:
        terminal.prompts()
        terminal.enter(MANY.format(50))
        terminal.prompts()
        assert "50" in terminal.text
        assert "warning" not in terminal.text


@pytest.mark.parametrize(
    "change",
    [
        {"TERM": ""},
        {"TERM": "nonsense"},
        {"TERM": "dumb"},
        {"COLUMNS": "\u00b2", "LINES": "9" * 5000},
        {"COLUMNS": "-3", "LINES": "0"},
        {"PROMPT_TOOLKIT_COLOR_DEPTH": "nonsense"},
        {"PYTHONIOENCODING": "latin-1", "LC_ALL": "xx_YY.UTF-8"},
        {"LANG": "C", "PYTHONUTF8": "0"},
    ],
)
def test_a_terminal_that_says_odd_things_of_itself(
    environ: dict[str, str], change: dict[str, str]
) -> None:
    with Terminal("shell", environ={**environ, **change, "PAGER": ""}) as terminal:

        def is_at_prompt() -> bool:
            return terminal.line.startswith("billql>") and terminal.takes_keys

        terminal.until(is_at_prompt, "a prompt")
        terminal.press("SELECT 6 * 7 AS answer, char(8364) AS sign;\r")
        terminal.until(lambda: "42" in terminal.text and is_at_prompt(), "a prompt")
        terminal.press(CTRL_D)
        assert terminal.ends() == 0
        assert "Traceback" not in terminal.text
        assert "internal error in billql" not in terminal.text


def test_a_history_that_cannot_be_written(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "billql" / "history").mkdir(parents=True)
    with Terminal("shell", environ={**environ, "XDG_STATE_HOME": str(tmp_path)}) as terminal:
        terminal.prompts()
        terminal.enter("SELECT 6 * 7;")
        terminal.prompts()
        assert "42" in terminal.text
        terminal.press(CTRL_D)
        assert terminal.ends() == 0
