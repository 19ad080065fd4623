"""The SQL of a command: where it is given, and how its statements are run one after the other."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql import names
from billql.cli.options import add_parameters
from billql.errors import InterfaceError, SqlError

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
    """Give the SQL: the argument, a file, or what stdin has; raises InterfaceError."""
    if (options.sql is None) == (options.file is None):
        both = options.sql is not None
        raise InterfaceError(
            "The SQL is given twice" if both else "There is no SQL to run",
            hint="Give it as an argument, with -f FILE, or with - to read it from stdin.",
        )
    text = str(options.sql) if options.sql not in (None, "-") else _file(options.file)
    if not names.split(text):
        raise InterfaceError("There is no SQL to run", hint="Give it as an argument, or with -f.")
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
    """Execute each statement of a text; an error has its place in all of the text."""
    for statement in names.split(text):
        try:
            execute(statement.text)
        except SqlError as error:
            error.sql = text
            error.offset = None if error.offset is None else error.offset + statement.start
            raise
