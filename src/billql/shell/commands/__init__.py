"""The dot commands: lines that start with a dot, for the shell instead of SQLite.

A command can be abbreviated to any unique prefix of its name.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from billql.errors import InterfaceError
from billql.shell.commands import catalog, database, results
from billql.shell.commands.command import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.shell.shell import Shell


def run(shell: Shell, line: str) -> None:
    """Run the dot command in a line; raise InterfaceError, or the errors of the command."""
    name, _, rest = line.removeprefix(".").partition(" ")
    command = find(name)
    command.run(shell, command.parse(rest.strip()))


def find(name: str) -> Command:
    """Return the command with a name or unique prefix; raise InterfaceError."""
    name = name.lower().removeprefix(".")
    if name in COMMANDS:
        return COMMANDS[name]
    found = [one for one in COMMANDS if name and one.startswith(name)]
    if len(found) == 1:
        return COMMANDS[found[0]]
    if found:
        raise InterfaceError(
            f".{name} is ambiguous",
            hint=f"Use one of: {', '.join(f'.{one}' for one in found)}.",
        )
    near = difflib.get_close_matches(name, COMMANDS, 1)
    raise InterfaceError(
        f"There is no command .{name}",
        hint=f"Did you mean .{near[0]}?" if near else ".help lists the commands.",
    )


def _help(shell: Shell, arguments: Sequence[str]) -> None:
    if arguments:
        command = find(arguments[0])
        more = f"\n{command.more}\n" if command.more else ""
        shell.printer.write(f"{command.synopsis}\n{command.summary}.\n{more}")
        return
    width = max(len(command.synopsis) for command in COMMANDS.values())
    lines = (f"{command.synopsis:{width}}  {command.summary}\n" for command in COMMANDS.values())
    shell.printer.write("".join(lines))


def _quit(shell: Shell, arguments: Sequence[str]) -> None:
    shell.ended = True


COMMANDS = {
    command.name: command
    for command in sorted(
        (
            *catalog.COMMANDS,
            *database.COMMANDS,
            *results.COMMANDS,
            Command("exit", "", "Exit the shell", _quit),
            Command(
                "help",
                "[COMMAND]",
                "List the commands, or describe one",
                _help,
                most=1,
                kinds=("command",),
            ),
            Command("quit", "", "Exit the shell, as Ctrl-D does", _quit),
        ),
        key=lambda command: command.name,
    )
}
"""The commands by their names."""
