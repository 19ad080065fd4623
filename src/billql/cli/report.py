"""What goes wrong, as people read it on stderr: the error, the place in their SQL, a hint."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from billql.errors import Error, Exit, Interrupted, SqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST, _BEFORE = 100, 60
"""How many characters of a line are shown, and how many of them lie before the place."""


def guarded(action: Callable[[], int], *, debug: bool) -> int:
    """Do something and give its exit code; whatever goes wrong is told, and has one too."""
    try:
        return action()
    except (KeyboardInterrupt, Interrupted):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        from billql.cli.terminal import abandon_stdout

        abandon_stdout()
        return Exit.BROKEN_PIPE
    except Error as error:
        _show(_lines(error))
        return error.exit
    except Exception as error:
        return _own_fault(error, debug=debug)


def _lines(error: Error) -> Iterator[str]:
    from billql.output.cells import visible

    first, *others = error.message.splitlines() or [type(error).__name__]
    yield f"error: {visible(first)}"
    yield from (f"  {visible(line)}" for line in others)
    if isinstance(error, SqlError) and error.sql is not None and error.offset is not None:
        yield from excerpt(error.sql, error.offset)
    if error.hint:
        yield f"hint: {visible(error.hint)}"


def excerpt(sql: str, offset: int) -> list[str]:
    """Show the line of a text that has a character, with a caret under it."""
    from billql.output.cells import width

    start = sql.rfind("\n", 0, offset) + 1
    end = sql.find("\n", offset)
    line = sql[start : end if end >= 0 else len(sql)].rstrip("\r")
    column = min(offset - start, len(line))
    left = max(0, column - _BEFORE) if len(line) > _LONGEST else 0
    right = left + _LONGEST
    before = ("…" if left else "") + _flat(line[left:column])
    after = _flat(line[column:right]) + ("…" if right < len(line) else "")
    gutter = f"{sql.count(chr(10), 0, start) + 1} | " if "\n" in sql.strip() else ""
    return [f"  {gutter}{before}{after}", " " * (2 + len(gutter) + width(before)) + "^"]


def _flat(text: str) -> str:
    from billql.output.cells import visible

    return visible(text.replace("\t", "    "))


def _own_fault(error: Exception, *, debug: bool) -> int:
    from billql.output.cells import visible

    if debug or os.environ.get("BILLQL_DEBUG"):
        import traceback

        traceback.print_exception(error)
    _show(
        [
            f"error: billql has failed, by a fault of its own: "
            f"{type(error).__name__}: {visible(str(error))}",
            "hint: Please report it, with what the same command prints with --debug.",
        ]
    )
    return Exit.INTERNAL


def _show(lines: Iterator[str] | list[str]) -> None:
    from billql.cli.terminal import has_color

    text = "".join(f"{line}\n" for line in lines)
    if has_color(sys.stderr):
        for word, color in (("error:", "\x1b[1;31m"), ("hint:", "\x1b[36m")):
            text = f"\n{text}".replace(f"\n{word}", f"\n{color}{word}\x1b[0m")[1:]
    sys.stderr.write(text)
    sys.stderr.flush()
