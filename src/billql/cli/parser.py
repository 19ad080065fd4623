"""The commands, and the parsing of the command line.

It uses argparse, because other libraries take longer to import than `billql query` takes to start.
A command is a module of this package with two functions: `add_options` adds its options, and `run`
runs it. Only the module of the requested command is imported.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from billql._version import __version__
from billql.cli.options import add_command
from billql.errors import Exit
from billql.output import screen, stderr

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

COMMANDS = {
    "query": "run SQL and print the result",
    "chart": "run SQL and draw the result as bars or a line",
    "report": "write a report of a month, with tables and charts",
    "fx": "store exchange rates for convert()",
    "focus": "write the bill of all providers in the columns of FOCUS",
    "history": "store what bills are at each time, and what has changed",
    "shell": "run SQL interactively; the default command on a terminal",
    "doctor": "check the installation, the configuration and the connections",
    "completion": "print a completion script for a shell",
    "serve": "answer SQL of other programs until Ctrl-C",
    "mcp": "answer an agent over standard input and output",
    "sandbox": "serve mock billing APIs on this machine until Ctrl-C",
    "provider": "create, check and try definitions",
    "registry": "list, install, verify and build packages of definitions",
    "schema": "print the JSON Schema of definitions, for editors",
    "docs": "write the documentation from the definitions",
}
"""The commands with their summaries, in the order of the help text."""

EXITS = {
    Exit.OK: "success: the result is complete",
    Exit.INTERNAL: "internal error: a bug in billql",
    Exit.USAGE: "the command line or the configuration is invalid",
    Exit.SQL: "the SQL is invalid: syntax, a name, a missing key column, a value",
    Exit.CREDENTIAL: "a token is missing or was rejected",
    Exit.API: "the API returned an error, or an unexpected response",
    Exit.NETWORK: "the API could not be reached",
    Exit.LIMIT: "a limit was reached, such as --max-requests",
    Exit.DEFINITION: "a definition is invalid",
    Exit.OUTPUT: "the output could not be written",
    Exit.PARTIAL: "failing connections were left out, as --skip-failing-connections allows",
    Exit.INTERRUPTED: "interrupted with Ctrl-C",
    Exit.BROKEN_PIPE: "the reader closed the pipe",
}

EXIT_TEXT = "exit codes:\n" + "\n".join(f"  {code:<4} {text}" for code, text in EXITS.items())
"""The exit codes, as help texts show them."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help texts in the width of the terminal, which argparse would import shutil to find."""

    def __init__(self, prog: str, **settings: Any) -> None:
        settings["width"] = min((screen.width(sys.stdout) or 80) - 2, 100)
        super().__init__(prog, **settings)


class _Parser(argparse.ArgumentParser):
    """Reports errors in the form of all other errors."""

    def error(self, message: str) -> NoReturn:
        stderr.write(f"error: {message}\nhint: {self.prog} --help lists the options.\n")
        raise SystemExit(Exit.USAGE)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; raise SystemExit if it is invalid or asks for help."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments and sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        arguments = ["shell"]
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    # argparse takes 0.2 ms to add a command, and only help texts and errors name the others.
    is_first = command in COMMANDS and arguments[0] == command
    parser = make({command}, {command} if is_first else COMMANDS)
    options = parser.parse_args(arguments)
    if options.command is None:
        stderr.write(parser.format_help())
        raise SystemExit(Exit.USAGE)
    return options


def run(options: argparse.Namespace) -> int:
    """Run the requested command, and return its exit code."""
    return int(_module(options.command).run(options))


def make(
    complete: Collection[str] = tuple(COMMANDS), known: Collection[str] = tuple(COMMANDS)
) -> argparse.ArgumentParser:
    """Return the parser of the commands in `known`, with the options of those in `complete`."""
    parser = _Parser(
        prog="billql",
        description="Ask billing APIs questions in SQL.",
        epilog=EXIT_TEXT,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"billql {__version__}")
    parser.set_defaults(command=None, debug=False)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    for name in known:
        summary = COMMANDS[name]
        command = add_command(commands, name, summary, _Help)
        command.set_defaults(command=name)
        if name in complete:
            _module(name).add_options(command)
            command.add_argument(
                "--debug",
                action="store_true",
                help="show the traceback of an internal error; so does BILLQL_DEBUG=1",
            )
    return parser


def _module(command: str) -> Any:
    return import_module(f"billql.cli.{command}")
