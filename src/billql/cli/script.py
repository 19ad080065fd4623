"""The SQL of a command: where it is read from, and the execution of its statements in order."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.cli.options import add_parameters
from billql.errors import InterfaceError, SqlError
from billql.sql import rewriter

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable


def add_script(command: ArgumentParser) -> None:
    """Add the options of a command that runs SQL; see `read`."""
    add = command.add_argument
    add("sql", metavar="SQL", nargs="?", help="one or more statements; - reads them from stdin")
    add("-f", "--file", metavar="FILE", help="read the SQL from a file")
    add_parameters(command)


def read(options: Namespace) -> str:
    """Return the SQL of the argument, a file or stdin; raise InterfaceError if there is none."""
    if (options.sql is None) == (options.file is None):
        both = options.sql is not None
        raise InterfaceError(
            "There are two sources of SQL: an argument and -f"
            if both
            else "There is no SQL to run",
            hint="Pass it as an argument, with -f FILE, or with - to read it from stdin.",
        )
    text = str(options.sql) if options.sql not in (None, "-") else _file(options.file)
    if not rewriter.split(text):
        raise InterfaceError("There is no SQL to run", hint="Pass it as an argument, or with -f.")
    return text


def _file(path: str | None) -> str:
    name = "stdin" if path in (None, "-") else path
    try:
        if path is None or path == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes longer to load than to run
            return file.read().decode("utf-8-sig")
    except OSError as error:
        raise InterfaceError(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InterfaceError(f"{name} is not text in UTF-8: {error}") from error


def run(text: str, execute: Callable[[str], None]) -> None:
    """Execute each statement of a text; the offset of an error is one in the whole text."""
    for statement in rewriter.split(text):
        try:
            execute(statement.text)
        except SqlError as error:
            error.sql = text
            error.offset = None if error.offset is None else error.offset + statement.start
            raise
