"""`billql focus export`: writes the bill in the columns of one version of FOCUS."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentTypeError
from contextlib import closing
from typing import TYPE_CHECKING

from billql.cli.options import add_below, add_session, open_session
from billql.cli.report import run_guarded, warn
from billql.errors import Exit
from billql.output import MoneyColumns, Style, find, left_out, stderr
from billql.output.progress import Progress
from billql.sql.tokenizer import quote
from billql.util.text import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.dbapi.connection import Connection

_EPILOG = """\
examples:
  billql focus export --since 2026-09 --until 2026-10 --output september.parquet
  billql focus export --version 1.2 --view revenue --output revenue.csv

The file is replaced only if all parts of the view can be read. Columns that begin with x_ are
billql's own and stand last. Which parts are read, billql.catalog.view_parts shows.
"""

VERSIONS = ("1.2", "1.3", "1.4")
"""The versions of FOCUS, the newest last."""

_SINCE = {
    "1.3": frozenset(
        (
            "AllocatedMethodDetails",
            "AllocatedMethodId",
            "AllocatedResourceId",
            "AllocatedResourceName",
            "AllocatedTags",
            "ContractApplied",
            "HostProviderName",
            "ServiceProviderName",
        )
    ),
    "1.4": frozenset(("CommitmentProgramEligibilityDetails", "InvoiceDetailId")),
}
"""The columns that a version has added."""

_UNTIL = {"1.4": frozenset(("ProviderName", "PublisherName"))}
"""The columns that a version has removed."""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def add_options(command: ArgumentParser) -> None:
    """Add the subcommand and its options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    summary = "write the bill in the columns of one version of FOCUS"
    export = add_below(commands, "export", summary, command)
    export.epilog = _EPILOG
    add = export.add_argument
    add(
        "--version",
        dest="focus_version",
        choices=VERSIONS,
        default=VERSIONS[-1],
        help=f"the version of FOCUS (default: {VERSIONS[-1]})",
    )
    add(
        "--view",
        choices=("cost_and_usage", "revenue"),
        default="cost_and_usage",
        help="what is paid, or what is invoiced to customers (default: cost_and_usage)",
    )
    add("--since", metavar="MONTH", type=_month, help="the first billing period, like 2026-01")
    add("--until", metavar="MONTH", type=_month, help="the first billing period to leave out")
    add(
        "--output",
        metavar="FILE",
        required=True,
        help="the file, such as bill.parquet or bill.csv; replaced only on success",
    )
    add_session(export)


def run(options: Namespace) -> int:
    """Run the subcommand."""
    return run_guarded(lambda: _export(options), debug=options.debug)


def _export(options: Namespace) -> int:
    from billql.output import file

    name = file.format_of(options.output)
    progress = Progress(sys.stderr, off=options.verbose)
    rows = 0
    with (
        file.open_results(options.output, name, Style(), several=False) as add_result,
        closing(open_session(options)) as connection,
    ):
        connection.decimals = find(name).typed
        cursor = connection.cursor()
        with progress.of(lambda: cursor.scans):
            cursor.execute(
                *select(options.view, _columns(connection, options), options.since, options.until)
            )
            assert cursor.description is not None, "a SELECT has columns"
            found = list(cursor)
            rows = len(found)
            add_result(MoneyColumns(cursor.description, cursor.amounts), iter(found), options.view)
    for text in left_out.warnings(cursor.scans):
        warn(text)
    stderr.write(f"{counted(rows, 'row')} of FOCUS {options.focus_version}\n")
    return Exit.PARTIAL if left_out.names(cursor.scans) else Exit.OK


def _columns(connection: Connection, options: Namespace) -> list[str]:
    listed = connection.execute(
        "SELECT column FROM billql.catalog.columns WHERE provider = 'billql' "
        "AND service = 'focus' AND resource = ? ORDER BY position",
        (options.view,),
    )
    return columns_of([name for (name,) in listed], options.focus_version)


def columns_of(names: list[str], version: str) -> list[str]:
    """Return the columns of a view that a version of FOCUS has, with billql's own at the end."""
    known = VERSIONS[: VERSIONS.index(version) + 1]
    later = {name for one, added in _SINCE.items() if one not in known for name in added}
    gone = {name for one, removed in _UNTIL.items() if one in known for name in removed}
    remaining = [name for name in names if name not in later | gone]
    return sorted(remaining, key=lambda name: name.startswith("x_"))


def select(
    view: str, columns: list[str], since: str | None, until: str | None
) -> tuple[str, list[str]]:
    """Return the SELECT of a view's columns in some billing periods, and its parameters."""
    bounds = [(">=", since), ("<", until)]
    conditions = [
        (f"BillingPeriodStart {operator} ?", month) for operator, month in bounds if month
    ]
    where = " AND ".join(["TRUE", *(text for text, _ in conditions)])
    listed = ", ".join(map(quote, columns))
    return f"SELECT {listed} FROM billql.focus.{view} WHERE {where}", [
        month for _, month in conditions
    ]


def _month(text: str) -> str:
    if _MONTH.fullmatch(text) is None:
        raise ArgumentTypeError(f"{text!r} is not a month like 2026-01")
    return text
