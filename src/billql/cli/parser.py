"""The commands and their options.

Made with argparse, because the time in which other libraries load is felt: `billql query` starts
in the time that one of them takes.
"""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from billql._version import __version__
from billql.cli import terminal
from billql.errors import Exit
from billql.output import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

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

_EXIT_TEXT = "exit codes:\n" + "\n".join(f"  {code:<4} {text}" for code, text in EXITS.items())

_QUERY_TEXT = f"""\
examples:
  billql query "SELECT * FROM digitalocean.billing.balances"
  billql query --param since=2025-01 -f report.sql --format csv > report.csv
  billql query --sandbox "SELECT * FROM digitalocean.billing.invoices" | head

The beginning of an answer is held back until it is known to be complete or grows long, so that a
statement that fails soon prints nothing; one that fails later leaves a JSON array open. The exit
code tells in any case.

{_EXIT_TEXT}"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help texts in the terminal's width; argparse's own way to find it loads a good deal."""

    def __init__(self, prog: str, **settings: Any) -> None:
        settings["width"] = min((terminal.width(sys.stdout) or 80) - 2, 100)
        super().__init__(prog, **settings)


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong as every other error is told."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: {message}\nhint: {self.prog} --help tells what there is.\n")
        raise SystemExit(Exit.USAGE)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; raises SystemExit where it makes no sense or asks for help."""
    parser = _make()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help(sys.stderr)
        raise SystemExit(Exit.USAGE)
    return options


def run(options: argparse.Namespace) -> int:
    """Run the command that was asked for."""
    from importlib import import_module

    command: Any = import_module(f"billql.cli.{options.command}")
    return int(command.run(options))


def _make() -> _Parser:
    parser = _Parser(
        prog="billql",
        description="Ask billing APIs questions in SQL.",
        epilog=_EXIT_TEXT,
        formatter_class=_Help,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"billql {__version__}")
    parser.set_defaults(command=None, debug=False)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)
    for name, summary, add in (
        ("query", "run SQL and print what it gives", _add_query),
        ("sandbox", "serve pretended billing APIs on this machine, until Ctrl-C", _add_sandbox),
        ("schema", "print the JSON Schema of definitions, for editors", _add_schema),
    ):
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=_Help,
            allow_abbrev=False,
        )
        command.set_defaults(command=name)
        add(command)
        command.add_argument(
            "--debug", action="store_true", help="show the traceback of a fault; BILLQL_DEBUG=1 too"
        )
    return parser


def _add_query(command: argparse.ArgumentParser) -> None:
    command.epilog = _QUERY_TEXT
    add = command.add_argument
    add("sql", metavar="SQL", nargs="?", help="one or more statements; - reads them from stdin")
    add("-f", "--file", metavar="FILE", help="read the SQL from a file")
    add("--format", choices=FORMATS, help="default: table on a terminal, csv in a pipe")
    add("--db", metavar="FILE", default=":memory:", help="a SQLite file whose tables to use too")
    add(
        "--param",
        metavar="NAME=VALUE",
        dest="parameters",
        type=_parameter,
        action="append",
        default=[],
        help="the value of :NAME; what SQL would read as a number is one, all else is text",
    )
    add("--stats", action="store_true", help="end stderr with a JSON object that tells the costs")
    add(
        "--max-requests",
        metavar="N",
        type=_count,
        help="fail when a statement needs more requests than that",
    )
    add("--sandbox", action="store_true", help="ask a private sandbox instead of the APIs")
    add(
        "--keep",
        metavar="SECONDS",
        type=_seconds,
        default=300.0,
        help="how long an answer serves later statements (default: 300)",
    )
    add("--cache", metavar="DIR", help="a folder in which answers outlive the command")
    add(
        "--definitions",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder with more providers; may be given several times",
    )


def _add_sandbox(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--port", metavar="N", type=_count, default=0, help="default: one that is free")
    add("--latency", metavar="SECONDS", type=_seconds, default=0.0, help="delay every answer")
    add("--seed", metavar="N", type=int, default=1, help="another seed tells another story")
    add("--size", default="normal", help="small, normal (default), large, or a number up to 400")
    add("--until", metavar="DATE", help="the last day of the story (default: today)")
    add("--limits", action="store_true", help="enforce the APIs' rate limits")


def _add_schema(command: argparse.ArgumentParser) -> None:
    """Add nothing: it has no options."""


def _parameter(text: str) -> tuple[str, str | int | float]:
    name, equals, value = text.partition("=")
    name = name.removeprefix(":")
    if not equals or not re.fullmatch(r"\w+", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, number_or_text(value)


def number_or_text(text: str) -> str | int | float:
    """Give a number where its usual form was written, so that it compares as one.

    `007`, `+1` and `1e5` stay text: they may be the name of something. So does what has more
    digits than a number in SQL.
    """
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text) and len(text.strip("-0.")) <= 16:
        return float(text)
    return text


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)
