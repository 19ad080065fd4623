"""The commands, and how a command line is read.

Made with argparse, because the time in which other libraries load is felt: `billql query` starts
in the time that one of them takes. A command is a module of this package, which says what options
it has (`add_options`) and does its work (`run`); only the module of the command that was given is
loaded.
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
    "query": "run SQL and print what it gives",
    "chart": "run SQL and draw what it gives, as bars or a line",
    "shell": "type SQL and read what it gives; what billql alone does on a terminal",
    "doctor": "tell whether billql can do its work here",
    "completion": "print what makes a shell complete billql's words",
    "sandbox": "serve pretended billing APIs on this machine, until Ctrl-C",
    "provider": "write, check and try definitions",
    "registry": "list, install, verify and make packages of definitions",
    "schema": "print the JSON Schema of definitions, for editors",
    "docs": "write the documentation, made of the definitions",
}
"""The commands with their summaries, in the order of the help text."""

EXITS = {
    Exit.OK: "the answer is complete",
    Exit.INTERNAL: "a fault of billql's own",
    Exit.USAGE: "the command line or the configuration makes no sense",
    Exit.SQL: "the SQL does not hold: syntax, a name, a missing key column, a value",
    Exit.CREDENTIAL: "a token is missing or was refused",
    Exit.API: "the API answered with an error, or not as it is documented",
    Exit.NETWORK: "the API could not be reached",
    Exit.LIMIT: "a limit that was set was reached, such as --max-requests",
    Exit.DEFINITION: "a definition has a mistake",
    Exit.OUTPUT: "the answer could not be written",
    Exit.INTERRUPTED: "Ctrl-C",
    Exit.BROKEN_PIPE: "who read the output left before its end",
}

EXIT_TEXT = "exit codes:\n" + "\n".join(f"  {code:<4} {text}" for code, text in EXITS.items())
"""The exit codes, as help texts show them."""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help texts in the terminal's width; argparse's own way to find it loads a good deal."""

    def __init__(self, prog: str, **settings: Any) -> None:
        settings["width"] = min((screen.width(sys.stdout) or 80) - 2, 100)
        super().__init__(prog, **settings)


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong as every other error is told."""

    def error(self, message: str) -> NoReturn:
        stderr.write(f"error: {message}\nhint: {self.prog} --help tells what there is.\n")
        raise SystemExit(Exit.USAGE)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; raises SystemExit where it makes no sense or asks for help."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given and sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty():
        given = ["shell"]
    parser = make({next((word for word in given if not word.startswith("-")), "")})
    options = parser.parse_args(given)
    if options.command is None:
        stderr.write(parser.format_help())
        raise SystemExit(Exit.USAGE)
    return options


def run(options: argparse.Namespace) -> int:
    """Run the command that was asked for."""
    return int(_module(options.command).run(options))


def make(complete: Collection[str] = tuple(COMMANDS)) -> argparse.ArgumentParser:
    """Make the parser, in which these commands have their options; the others have none."""
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
    for name, summary in COMMANDS.items():
        command = add_command(commands, name, summary, _Help)
        command.set_defaults(command=name)
        if name in complete:
            _module(name).add_options(command)
            command.add_argument(
                "--debug",
                action="store_true",
                help="show the traceback of a fault; BILLQL_DEBUG=1 too",
            )
    return parser


def _module(command: str) -> Any:
    return import_module(f"billql.cli.{command}")
