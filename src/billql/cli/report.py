"""`billql report`: writes a report of a month, from a template with blocks of SQL."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentTypeError
from contextlib import closing
from typing import TYPE_CHECKING

from billql.cli import terminal
from billql.cli.guard import run_guarded, warn
from billql.cli.options import add_from_history, add_session, open_session, thousands
from billql.errors import Exit, InterfaceError
from billql.output import Style, stdout
from billql.report import NAMES

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.report.document import Document
    from billql.report.template import Template

_EPILOG = """\
examples:
  billql report monthly-close --output close.html
  billql report spend --month 2026-08 --output spend.xlsx
  billql report monthly-close --print-template > mine.md
  billql report --template mine.md --output mine.html

The extension of the output file is .html, .pdf, .xlsx or .md; without --output the report is
printed as Markdown. It is written only if all statements succeed. Markdown is without charts.

A template is Markdown with blocks of SQL, each of which becomes a table. In them :month is a month
like 2026-08, :month_start and :month_end are its first and its last day, and :today is today.
"""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    add = command.add_argument
    add(
        "report",
        metavar="REPORT",
        nargs="?",
        choices=NAMES,
        help=f"which report: {', '.join(NAMES)}",
    )
    add("--template", metavar="FILE", help="a template of your own, instead of a report's name")
    add("--print-template", action="store_true", help="print the template, to be copied")
    add(
        "--month",
        metavar="MONTH",
        type=_month,
        help="the month, like 2026-08 (default: the last closed one)",
    )
    add("--output", metavar="FILE", help="write a file, replaced only on success; - is stdout")
    add_session(command)
    add_from_history(command)


def run(options: Namespace) -> int:
    """Run the command."""
    return run_guarded(lambda: _report(options), debug=options.debug)


def _report(options: Namespace) -> int:
    from billql.report import file, template

    if (options.report is None) == (options.template is None):
        raise InterfaceError(
            "A report needs its name or --template, not both",
            hint=f"Use one of {', '.join(NAMES)}, or --template FILE.",
        )
    name, text = template.read(options.report, options.template)
    if options.print_template:
        stdout.write([text])
        return Exit.OK
    parsed = template.parse(name, text)
    style = Style(thousands=lambda: thousands(options))
    made: list[Document] = []

    def make() -> Document:
        made.append(_document(options, parsed, style))
        return made[-1]

    if options.output in (None, *terminal.STDOUT):
        buffer = terminal.BufferedStdout()
        file.find("markdown").write(make(), buffer, style)
        buffer.end()
    else:
        file.write(options.output, make, style)
    return Exit.PARTIAL if made[-1].left_out else Exit.OK


def _document(options: Namespace, template: Template, style: Style) -> Document:
    from billql.output.progress import Progress
    from billql.report import document

    source = "the sandbox" if options.sandbox else "the APIs"
    if options.from_history or options.as_of is not None:
        source = f"the histories in {options.db}"
    progress = Progress(sys.stderr, off=options.verbose)
    noted: list[str] = []

    def note(text: str) -> None:
        warn(text)
        noted.append(text)

    with closing(open_session(options, note)) as connection, progress.of(lambda: connection.scans):
        made = document.make(template, connection, options.month, style.thousands, source)
    for text in made.warnings:
        warn(text)
    return made._replace(notes=list(dict.fromkeys([*made.notes, *noted])))


def _month(text: str) -> str:
    if _MONTH.fullmatch(text) is None:
        raise ArgumentTypeError(f"{text!r} is not a month like 2026-08")
    return text
