"""`billql chart`: draws the result of a SELECT, in the terminal or in a file."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from billql.cli import script, terminal
from billql.cli.guard import warn
from billql.cli.options import add_session, open_session, thousands
from billql.cli.parameters import bind
from billql.cli.parser import EXIT_TEXT
from billql.errors import Exit, InterfaceError, NotSupportedError
from billql.output import MoneyColumns, Style, left_out, screen, stderr
from billql.output.chart import figure as figures
from billql.output.chart import terminal_renderer

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

    from billql.dbapi.connection import Connection
    from billql.fetching.scan_stats import ScanStats
    from billql.output.chart.figure import Figure
    from billql.sql.statements import ParsedStatement

_EPILOG = f"""\
examples:
  billql chart "SELECT invoice_period, amount FROM digitalocean.billing.invoices"
  billql chart --sandbox -f spend.sql --title Spend --output spend.svg

The first column holds the labels, each further column is a series of numbers; NULL is a gap. Of
three columns, the second may name the series, as in month, product, amount: they are stacked, the
largest first, and if there are more than eight, those after the seventh as one. Times are in their
order; more than 24 days or months are drawn as lines. A column named currency is not drawn.

The extension of the output file is .svg, .png or .html: a page with the picture and its values.

{EXIT_TEXT}"""

_KINDS = {
    "bars": "draw bars side by side",
    "stacked": "draw bars on one another",
    "line": "draw lines",
}


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    add = command.add_argument
    script.add_script(command)
    kinds = command.add_mutually_exclusive_group()
    for kind, summary in _KINDS.items():
        kinds.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind, help=summary)
    add("--title", metavar="TEXT", help="the title of the chart")
    add("--output", metavar="FILE", help="write a file, replaced only on success")
    add_session(command)


def run(options: Namespace) -> int:
    """Run the command."""
    statements, left = script.read(options), list[str]()
    if options.output is None:
        _show(options, statements, left)
    else:
        from billql.output.chart import file

        file.write(options.output, lambda: _figure(options, statements, left))
    return Exit.PARTIAL if left else Exit.OK


def _show(options: Namespace, statements: list[ParsedStatement], left: list[str]) -> None:
    render = terminal_renderer()
    figure = _figure(options, statements, left)
    if figures.is_empty(figure):
        stderr.write("There are no values to draw.\n")
        return
    buffer = terminal.BufferedStdout()
    style = Style(screen.width(sys.stdout), screen.has_color(sys.stdout))
    buffer.write(render(figure, style))
    buffer.end()


def _figure(options: Namespace, statements: list[ParsedStatement], left: list[str]) -> Figure:
    """Run the statements; raise InterfaceError or NotSupportedError unless exactly one has rows.

    Add to `left` the connections that are left out.
    """
    found: list[Figure] = []
    with closing(open_session(options)) as connection:
        for statement in statements:
            scans = _execute(connection, statement, options, found)
            left += left_out.names(scans)
            for text in left_out.warnings(scans):
                warn(text)
    if not found:
        raise InterfaceError("No statement returns rows to draw", hint="Add a SELECT.")
    return found[0]


def _execute(
    connection: Connection, statement: ParsedStatement, options: Namespace, found: list[Figure]
) -> Sequence[ScanStats]:
    """Run a statement, add its figure if it has rows, and return the statistics of its scans."""
    with connection.execute(statement, bind(options.parameters, statement, connection)) as cursor:
        if cursor.description is None:
            return cursor.scans
        if found:
            raise NotSupportedError(
                "A chart draws one result, but several statements return rows",
                hint="Draw each with its own command, or combine them with UNION ALL.",
            )
        found.append(
            figures.read(
                MoneyColumns(cursor.description, cursor.amounts),
                cursor,
                title=options.title,
                kind=options.kind,
                thousands=lambda: thousands(options),
            )
        )
        return cursor.scans
