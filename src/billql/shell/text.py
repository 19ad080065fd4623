"""The input: when it is complete, and how a script is split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from billql.shell.habits import is_habit
from billql.sql.statements import each_statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def is_command(text: str) -> bool:
    """Return whether a text is a command of the shell's, which ends with its line."""
    return text.lstrip().startswith(".") or is_habit(text)


def is_blank(text: str) -> bool:
    """Return whether a text contains no statement and no open comment."""
    return not any(each_statement(text)) and _ends(f"{text}\n;")


def is_complete(text: str) -> bool:
    """Return whether a text can be run: a statement is complete with its semicolon.

    SQLite decides, so a trigger is complete after its END.
    """
    # A comment that ends with the text ends with its line.
    return is_command(text) or is_blank(text) or _ends(f"{text}\n")


def _ends(text: str) -> bool:
    """Ask SQLite, which accepts no NUL; running the statement reports it."""
    return apsw.complete(text.replace("\0", "?"))


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """Yield the parts of a script that can be run: lines with statements, and dot commands.

    The text after the last semicolon is a part too.
    """
    return (piece for _, piece in numbered_pieces(lines))


def numbered_pieces(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the parts of a script, each after the number of its first line, from 1."""
    pending = ""
    first = 1
    for number, line in enumerate(lines, start=1):
        first = first if pending else number
        # Only these can end an open statement; checking all of it for each line is quadratic.
        goes_on = pending and ";" not in line and "*/" not in line
        pending += line
        if goes_on:
            continue
        if is_blank(pending):
            pending = ""
        elif is_complete(pending):
            yield first, pending
            pending = ""
    if pending:
        yield first, pending
