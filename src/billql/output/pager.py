"""The pager: the program of $PAGER, or less, which shows long results page by page."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from billql.errors import InterfaceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LESS = ["less", "-RSFX"]


def command(environ: Mapping[str, str]) -> list[str]:
    """Return the command of the pager, empty if there is none.

    Raise InterfaceError, which names PAGER, if it cannot be run.
    """
    path = environ.get("PATH")
    pager = environ.get("PAGER")
    if pager is None:
        return _LESS if shutil.which(_LESS[0], path=path) else []
    try:
        found = shlex.split(pager, posix=os.name == "posix")
    except ValueError:
        raise _unusable("has a quote that is not closed") from None
    if not found or found == ["cat"]:
        return []
    if shutil.which(found[0], path=path) is None:
        raise _unusable(f"is {found[0]}, which is not found in PATH")
    return found


def _unusable(why: str) -> InterfaceError:
    return InterfaceError(
        f"PAGER {why}, so no pager is used",
        hint="Correct PAGER, or set it to nothing to use no pager.",
    )
