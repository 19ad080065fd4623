"""Every command and option is documented: in its help text, in the reference, in the README."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from html import unescape

import pytest

from billql.cli import parser
from support.paths import ROOT

PAGE = unescape((ROOT / "docs" / "reference" / "commands.md").read_text())
README = (ROOT / "README.md").read_text()


def commands(
    of: argparse.ArgumentParser, name: str = "billql"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield a command and its subcommands, with the names that call them."""
    yield name, of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subcommand, parser_below in action.choices.items():
                yield from commands(parser_below, f"{name} {subcommand}")


COMMANDS = dict(commands(parser.make()))
OPTIONS = [
    (name, action)
    for name, command in COMMANDS.items()
    for action in command._actions
    if not isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
    and action.help is not argparse.SUPPRESS
]


def heading(name: str) -> str:
    """Return what stands above a command on the page."""
    return "# Commands\n" if name == "billql" else f"# {name}\n"


def test_the_commands_are_found() -> None:
    assert {f"billql {name}" for name in parser.COMMANDS} <= set(COMMANDS)
    assert "billql registry pull" in COMMANDS
    assert len(OPTIONS) > 50


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented(name: str) -> None:
    assert COMMANDS[name].description
    assert heading(name) in PAGE
    if name.count(" ") == 1:
        assert f"`{name}" in README or f"    {name}" in README or f"\n{name}" in README


@pytest.mark.parametrize(
    ("name", "action"),
    OPTIONS,
    ids=[f"{name} {(action.option_strings or [action.dest])[-1]}" for name, action in OPTIONS],
)
def test_an_option_is_documented(name: str, action: argparse.Action) -> None:
    text = (action.help or "").strip()
    assert text, "it has no help text"
    assert not text.endswith(".")
    section = PAGE.partition(heading(name))[2].partition("\n#")[0]
    for option in action.option_strings or [str(action.metavar or action.dest)]:
        assert option in section, f"{option} is not on the page of the commands"
