"""What is typed: when it is complete, and how a script is cut into pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from billql import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def is_command(text: str) -> bool:
    """Tell whether a text is a dot command, which ends with its line."""
    return text.lstrip().startswith(".")


def is_blank(text: str) -> bool:
    """Tell whether a text has nothing to run, and none of its comments goes on."""
    return not names.split(text) and _ends(f"{text}\n;")


def is_complete(text: str) -> bool:
    """Tell whether a text can be run as it is: a statement is complete with its semicolon.

    It is SQLite that decides, so a trigger is complete after its END.
    """
    # A comment that ends with the text ends with its line.
    return is_command(text) or is_blank(text) or _ends(f"{text}\n")


def _ends(text: str) -> bool:
    """Ask SQLite, which cannot be handed a NUL; running the statement will say so."""
    return apsw.complete(text.replace("\0", "?"))


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """Cut a script into what can be run piece by piece: lines with statements, and dot commands.

    What follows the last semicolon is a piece too.
    """
    begun = ""
    for line in lines:
        # Nothing else ends what was begun, and to look at all of it for each line would take long.
        goes_on = begun and ";" not in line and "*/" not in line
        begun += line
        if goes_on:
            continue
        if is_blank(begun):
            begun = ""
        elif is_complete(begun):
            yield begun
            begun = ""
    if begun:
        yield begun
