"""What people type out of habit: the commands of psql and mysql, as input of this shell.

`exit`, `quit` and `help` alone on a line need no dot, and a line that starts with a backslash is a
command of psql's (https://www.postgresql.org/docs/current/app-psql.html).
"""

from __future__ import annotations

from typing import NamedTuple

from billql.errors import InterfaceError


class Habit(NamedTuple):
    """What one of psql's commands stands for here."""

    plain: str
    """The input that it stands for without an argument; empty if it needs one."""
    about: str = ""
    """The input with an argument, which follows; empty if it has none."""
    kind: str = ""
    """The kind of the argument, for completion; see `Command.kinds`."""
    summary: str = ""
    """What it does, for completion."""


_BARE = {"exit": ".quit", "quit": ".quit", "help": ".help"}
"""The commands that need neither a dot nor a backslash."""

_TABLES = Habit(".tables", ".tables", "table", "List tables, views and resources")

HABITS = {
    "?": Habit(".help", ".help", "command", "List the commands"),
    "conninfo": Habit(".connections", summary="List the connections"),
    "d": Habit(".tables", "DESCRIBE", "table", "List tables, or describe one"),
    "d+": Habit(".tables", "DESCRIBE EXTENDED", "table", "Describe a table at length"),
    "dn": Habit("SHOW SERVICES", "SHOW SERVICES IN", summary="List the services"),
    "dt": _TABLES,
    "dv": _TABLES,
    "h": Habit(".help", ".help", "command", "List the commands"),
    "i": Habit("", ".read", "file", "Run a script"),
    "l": Habit("SHOW PROVIDERS", summary="List the providers"),
    "o": Habit(".output", ".output", "file", "Write results to a file, or to the terminal again"),
    "q": Habit(".quit", summary="Exit the shell"),
    "timing": Habit(".timer on", ".timer", "on|off", "Show the time of each statement"),
    "x": Habit(".mode line", summary="Show a line for each value"),
}
"""The commands by their names, without the backslash."""


def is_habit(text: str) -> bool:
    """Return whether an input is one of these commands, all of which end with their line."""
    line = text.strip()
    return line.startswith("\\") or line.rstrip(" ;").lower() in _BARE


def translate(text: str) -> str:
    """Return the dot command or the statement that an input stands for; others as they are.

    Raise InterfaceError for a command that this shell does not have.
    """
    if not is_habit(text):
        return text
    line = text.strip().rstrip(" ;")
    if not line.startswith("\\"):
        return _BARE[line.lower()]
    name, _, argument = line[1:].partition(" ")
    habit = HABITS.get(name)
    if habit is None:
        raise InterfaceError(f"There is no command \\{name}", hint=".help lists the commands.")
    meant = f"{habit.about} {argument.strip()}" if argument and habit.about else habit.plain
    if not meant:
        raise InterfaceError(
            f"\\{name} needs an argument", hint=f"Usage: {habit.about} {habit.kind.upper()}"
        )
    return meant
