"""The pager: the program that shows long results page by page, as PAGER names it."""

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
    """Give the pager's command, empty where none is wanted or there.

    Raises InterfaceError, which names PAGER, for one that cannot be run.
    """
    path = environ.get("PATH")
    named = environ.get("PAGER")
    if named is None:
        return _LESS if shutil.which(_LESS[0], path=path) else []
    try:
        words = shlex.split(named, posix=os.name == "posix")
    except ValueError:
        raise _unusable("has a quote that is never closed") from None
    if not words or words == ["cat"]:
        return []
    if shutil.which(words[0], path=path) is None:
        raise _unusable(f"names {words[0]}, which is no program that is there")
    return words


def _unusable(why: str) -> InterfaceError:
    return InterfaceError(
        f"PAGER {why}, so results are not shown page by page",
        hint="Correct PAGER, or set it to nothing: then no pager is used.",
    )
