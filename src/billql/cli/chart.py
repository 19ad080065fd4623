"""`billql chart`: draws the result of a SELECT, in the terminal or on a page."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from billql.cli import script, terminal
from billql.cli.options import add_session, open_session
from billql.cli.parser import EXIT_TEXT
from billql.errors import InterfaceError, NotSupportedError
from billql.output import Style, screen, stderr
from billql.output.chart import figure as figures

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.dbapi.connection import Connection
    from billql.output.chart.figure import Figure
    from billql.sql.statements import ParsedStatement

_EPILOG = f"""\
examples:
  billql chart "SELECT invoice_period, amount FROM digitalocean.billing.invoices"
  billql chart --sandbox --line -f spend.sql --title Spend --output spend.html

The first column holds the labels, each further column is a series of numbers; NULL is a gap. More
than 24 days or months are drawn as a line, everything else as bars.

{EXIT_TEXT}"""


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    add = command.add_argument
    script.add_script(command)
    kinds = command.add_mutually_exclusive_group()
    for kind, shape in (("bars", "bars"), ("line", "a line")):
        kinds.add_argument(
            f"--{kind}", dest="kind", action="store_const", const=kind, help=f"draw {shape}"
        )
    add("--title", metavar="TEXT", help="the title of the chart")
    add(
        "--output",
        metavar="FILE.html",
        help="write an HTML page; the file is replaced only on success",
    )
    add_session(command)


def run(options: Namespace) -> int:
    """Run the command."""
    statements = script.read(options)
    if options.output is None:
        _show(options, statements)
    else:
        _write(options, statements)
    return 0


def _show(options: Namespace, statements: list[ParsedStatement]) -> None:
    try:
        from billql.output.chart.terminal import render
    except ModuleNotFoundError as error:
        raise InterfaceError(
            f"Charts in the terminal need {error.name}, which is not installed",
            hint="Install it with: pip install 'billql[charts]', or write a page with --output.",
        ) from error
    figure = _figure(options, statements)
    if figures.is_empty(figure):
        stderr.write("There are no values to draw.\n")
        return
    buffer = terminal.BufferedStdout()
    style = Style(screen.width(sys.stdout), screen.has_color(sys.stdout))
    buffer.write(render(figure, style))
    buffer.end()


def _write(options: Namespace, statements: list[ParsedStatement]) -> None:
    from billql.output import file
    from billql.output.chart import page

    if not options.output.lower().endswith((".html", ".htm")):
        raise InterfaceError(
            f"A chart can only be written as HTML, not to {options.output}",
            hint="Use a file name that ends in .html, or omit --output.",
        )
    with file.open_text(options.output) as stream:
        page.write(_figure(options, statements), stream)


def _figure(options: Namespace, statements: list[ParsedStatement]) -> Figure:
    """Run the statements; raise InterfaceError or NotSupportedError unless exactly one has rows."""
    found: list[Figure] = []
    with closing(open_session(options)) as connection:
        for statement in statements:
            _execute(connection, statement, options, found)
    if not found:
        raise InterfaceError("No statement returns rows to draw", hint="Add a SELECT.")
    return found[0]


def _execute(
    connection: Connection, statement: ParsedStatement, options: Namespace, found: list[Figure]
) -> None:
    with connection.execute(statement, dict(options.parameters)) as cursor:
        if cursor.description is None:
            return
        if found:
            raise NotSupportedError(
                "A chart draws one result, but several statements return rows",
                hint="Draw each with its own command, or combine them with UNION ALL.",
            )
        found.append(
            figures.read(cursor.description, cursor, title=options.title, kind=options.kind)
        )
