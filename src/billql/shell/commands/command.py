"""What a dot command is, and how its arguments are parsed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billql.errors import InterfaceError
from billql.util.text import counted

if TYPE_CHECKING:
    from billql.shell.shell import Shell


@dataclass(frozen=True)
class Command:
    """One dot command.

    name        its name, without the dot
    usage       its arguments, as .help shows them
    summary     a sentence without a full stop
    run         the function that runs it
    least, most the smallest and largest number of arguments
    whole       whether the rest of the line is one argument, unparsed
    kinds       the kind of each argument, for completion: file, format, command, table, resource,
                or values between bars
    more        the rest of its help text
    """

    name: str
    usage: str
    summary: str
    run: Callable[[Shell, Sequence[str]], None]
    least: int = 0
    most: int = 0
    whole: bool = False
    kinds: tuple[str, ...] = ()
    more: str = ""

    def parse(self, rest: str) -> list[str]:
        """Return the arguments, which may be quoted; raise InterfaceError if they are invalid.

        A backslash has no special meaning, because paths of Windows contain it.
        """
        if self.whole:
            return [rest] if rest else []
        lexer = shlex.shlex(rest, posix=True, punctuation_chars=False)
        lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
        try:
            found = list(lexer)
        except ValueError as error:
            raise self.usage_error(f"A quote is not closed: {rest}") from error
        if not self.least <= len(found) <= self.most:
            raise self.usage_error(f".{self.name} does not take {counted(len(found), 'argument')}")
        return found

    def usage_error(self, why: str) -> InterfaceError:
        """Return the error for invalid arguments; `why` is its message."""
        return InterfaceError(why, hint=f"Usage: {self.synopsis}")

    @property
    def synopsis(self) -> str:
        """The command with its arguments, as .help shows it."""
        return f".{self.name} {self.usage}".rstrip()


def parse_switch(text: str) -> bool:
    """Return the value of `on` or `off`; raise InterfaceError for anything else."""
    values = {"on": True, "yes": True, "1": True, "off": False, "no": False, "0": False}
    if text.lower() not in values:
        raise InterfaceError(f"{text!r} is not on or off", hint="Use on or off.")
    return values[text.lower()]
