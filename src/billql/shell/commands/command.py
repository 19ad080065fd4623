"""What a dot command is, and how its arguments are read."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from billql.errors import InterfaceError

if TYPE_CHECKING:
    from billql.shell.shell import Shell


@dataclass(frozen=True)
class Command:
    """One dot command.

    name        without its dot
    usage       its arguments, as help shows them
    summary     what it does, in a sentence without a full stop
    run         does it, given its arguments
    least, most how many arguments it takes
    whole       whether its argument is all that follows, as it was typed
    kinds       what each argument is, for suggestions: file, format, command, table, resource, or
                words between bars
    more        what else help tells
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

    def arguments(self, rest: str) -> list[str]:
        """Read the arguments: words, or texts in quotes; raises InterfaceError.

        A backslash is a letter like any other, for that is what it is in paths of Windows.
        """
        if self.whole:
            return [rest] if rest else []
        words = shlex.shlex(rest, posix=True, punctuation_chars=False)
        words.whitespace_split, words.commenters, words.escape = True, "", ""
        try:
            found = list(words)
        except ValueError as error:
            raise self.misused(f"A quote is never closed in: {rest}") from error
        if not self.least <= len(found) <= self.most:
            count = f"{len(found)} argument{'' if len(found) == 1 else 's'}"
            raise self.misused(f".{self.name} does not take {count}")
        return found

    def misused(self, why: str) -> InterfaceError:
        """Make the error for arguments that make no sense."""
        return InterfaceError(why, hint=f"Write it as: {self.line}")

    @property
    def line(self) -> str:
        """How it is written."""
        return f".{self.name} {self.usage}".rstrip()


def switched(word: str) -> bool:
    """Read `on` or `off`; raises InterfaceError."""
    values = {"on": True, "yes": True, "1": True, "off": False, "no": False, "0": False}
    if word.lower() not in values:
        raise InterfaceError(f"{word!r} is neither on nor off", hint="Write on or off.")
    return values[word.lower()]
