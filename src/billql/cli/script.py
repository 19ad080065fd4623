"""The SQL of a command: where it is read from, and its statements."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.cli import parameters
from billql.errors import InterfaceError
from billql.sql.statements import each_statement

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.sql.statements import ParsedStatement


def add_script(command: ArgumentParser) -> None:
    """Add the options of a command that runs SQL; see `read`."""
    add = command.add_argument
    add(
        "sql",
        metavar="SQL",
        nargs="?",
        help="one or more statements; without it, or with -, they are read from stdin",
    )
    add("-f", "--file", metavar="FILE", help="read the SQL from a file")
    add(
        "--param",
        metavar="NAME=VALUE",
        dest="parameters",
        type=parameters.parse,
        action="append",
        default=[],
        help="the value of :NAME, in the type of what it is compared with; "
        f"NAME:TYPE=VALUE names the type: {', '.join(parameters.TYPES)}",
    )


def read(options: Namespace) -> list[ParsedStatement]:
    """Return the statements of the argument, a file or stdin; raise InterfaceError for none.

    stdin is read if nothing else is named, unless it is a terminal.
    """
    if options.sql is not None and options.file is not None:
        raise InterfaceError("There are two sources of SQL: an argument and -f", hint=_SOURCES)
    if options.sql is None and options.file is None and sys.stdin.isatty():
        raise InterfaceError("There is no SQL to run", hint=_SOURCES)
    text = str(options.sql) if options.sql not in (None, "-") else _file(options.file)
    statements = list(each_statement(text))
    if not statements:
        raise InterfaceError("There is no SQL to run", hint=_SOURCES)
    return statements


_SOURCES = "Pass it as an argument, with -f FILE, or on stdin."


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
