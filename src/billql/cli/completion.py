"""`billql completion`: prints the completion script of a shell."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from billql.output import stdout

if TYPE_CHECKING:
    from argparse import Action, Namespace
    from collections.abc import Iterator

SHELLS = ("bash", "zsh", "fish")

_EPILOG = """\
examples:
  billql completion bash >> ~/.bash_completion
  billql completion zsh > "${fpath[1]}/_billql"
  billql completion fish > ~/.config/fish/completions/billql.fish
"""


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    command.add_argument(
        "shell", metavar="SHELL", choices=SHELLS, help=f"the shell: {', '.join(SHELLS)}"
    )


def run(options: Namespace) -> int:
    """Print the script."""
    import shtab

    from billql.cli import parser

    root = parser.make()
    places = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
    for action in _actions(root):
        if action.metavar in places:
            action.complete = places[action.metavar]  # type: ignore[attr-defined]
    stdout.line(shtab.complete(root, options.shell).rstrip("\n"))
    return 0


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    """Yield every option and argument of a parser and of its commands."""
    for action in parser._actions:
        yield action
        for command in action.choices.values() if isinstance(action.choices, dict) else ():
            if isinstance(command, ArgumentParser):
                yield from _actions(command)
