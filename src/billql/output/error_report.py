"""Error reports for people: the message, the position in the SQL, a hint."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from billql.errors import Error, SqlError
from billql.output import stderr
from billql.output.screen import has_color

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

_LONGEST, _BEFORE = 100, 60
"""How many characters of a line are shown, and how many of them before the position."""

_COLORS = (("error:", "\x1b[1;31m"), ("warning:", "\x1b[33m"), ("hint:", "\x1b[36m"))


def report(error: Exception, stream: TextIO, *, debug: bool) -> None:
    """Write the report of an error.

    An error that is not billql's own has its traceback too, if `debug` or BILLQL_DEBUG is set.
    """
    if isinstance(error, Error):
        write(format_error(error), stream)
        return
    if debug or os.environ.get("BILLQL_DEBUG"):
        _print_traceback(error, stream)
    if isinstance(error, OSError):
        write(_format_os_error(error), stream)
    else:
        write(_format_internal_error(error), stream)


def write(lines: Iterable[str], stream: TextIO) -> None:
    """Write the lines of a report, with colour on a terminal."""
    text = "".join(f"{line}\n" for line in lines)
    if has_color(stream):
        for label, color in _COLORS:
            text = f"\n{text}".replace(f"\n{label}", f"\n{color}{label}\x1b[0m")[1:]
    stderr.write(text, stream)


def format_error(error: Error) -> Iterator[str]:
    """Yield the lines of the report of an error."""
    from billql.output.text_cells import visible

    first, *others = error.message.splitlines() or [type(error).__name__]
    yield f"error: {visible(first)}"
    yield from (f"  {visible(line)}" for line in others)
    if isinstance(error, SqlError) and error.sql is not None and error.offset is not None:
        yield from excerpt(error.sql, error.offset)
    if error.hint:
        yield f"hint: {visible(error.hint)}"


def warn(message: str) -> None:
    """Show a warning on stderr."""
    from billql.output.text_cells import visible

    write([f"warning: {visible(message)}"], sys.stderr)


def _format_os_error(error: OSError) -> Iterator[str]:
    """Yield the lines for an error of the operating system that nothing else explains."""
    from billql.output.text_cells import visible

    name = "" if error.filename is None else f"{visible(os.fsdecode(error.filename))}: "
    yield f"error: {name}{visible(error.strerror or str(error))}"
    yield "hint: billql doctor checks the environment."


def _format_internal_error(error: Exception) -> Iterator[str]:
    from billql.output.text_cells import visible

    yield f"error: internal error in billql: {type(error).__name__}: {visible(str(error))}"
    yield "hint: Please report it, with the output of the same command with --debug."


def _print_traceback(error: Exception, stream: TextIO) -> None:
    import traceback

    traceback.print_exception(error, file=stream)


def excerpt(sql: str, offset: int) -> list[str]:
    """Return the line of a text that contains an offset, and a line with a caret under it."""
    from billql.output.text_cells import width

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
    from billql.output.text_cells import visible

    return visible(text.replace("\t", "    "))
