"""The dot commands: lines that begin with a dot and speak to the shell, not to SQLite.

A command goes by any beginning of its name that no other command has too.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from billql.errors import InterfaceError
from billql.shell.commands import catalogue, database, results
from billql.shell.commands.command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.shell.shell import Shell


def run(shell: Shell, line: str) -> None:
    """Run the dot command in a line; raises InterfaceError, or what goes wrong with it."""
    name, _, rest = line.removeprefix(".").partition(" ")
    command = find(name)
    command.run(shell, command.arguments(rest.strip()))


def find(name: str) -> Command:
    """Find a command by the beginning of its name; raises InterfaceError."""
    name = name.lower().removeprefix(".")
    if name in COMMANDS:
        return COMMANDS[name]
    found = [one for one in COMMANDS if name and one.startswith(name)]
    if len(found) == 1:
        return COMMANDS[found[0]]
    if found:
        raise InterfaceError(
            f".{name} may be one of several commands",
            hint=f"Write more of it: {', '.join(f'.{one}' for one in found)}.",
        )
    near = difflib.get_close_matches(name, COMMANDS, 1)
    raise InterfaceError(
        f"There is no command .{name}",
        hint=f"Did you mean .{near[0]}?" if near else ".help lists the commands.",
    )


def _help(shell: Shell, words: Sequence[str]) -> None:
    if words:
        command = find(words[0])
        more = f"\n{command.more}\n" if command.more else ""
        shell.printer.write(f"{command.line}\n{command.summary}.\n{more}")
        return
    width = max(len(command.line) for command in COMMANDS.values())
    lines = (f"{command.line:{width}}  {command.summary}\n" for command in COMMANDS.values())
    shell.printer.write("".join(lines))


def _quit(shell: Shell, words: Sequence[str]) -> None:
    shell.ended = True


COMMANDS = {
    command.name: command
    for command in sorted(
        (
            *catalogue.COMMANDS,
            *database.COMMANDS,
            *results.COMMANDS,
            Command("exit", "", "Leave the shell", _quit),
            Command("help", "[COMMAND]", "Tell what there is", _help, most=1, kinds=("command",)),
            Command("quit", "", "Leave the shell, as Ctrl-D does", _quit),
        ),
        key=lambda command: command.name,
    )
}
"""The commands by their names."""
