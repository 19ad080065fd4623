"""`billql focus export`: writes a dataset of FOCUS, as a file or as one for each billing period."""

from __future__ import annotations

import os
import re
import sys
from argparse import ArgumentTypeError
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from billql.cli.focus_datasets import DATASETS, PERIOD, VERSIONS, Dataset, check, select
from billql.cli.guard import run_guarded, warn
from billql.cli.options import add_below, add_from_history, add_session, open_session
from billql.errors import Exit, InterfaceError
from billql.output import MoneyColumns, Style, find, left_out, stderr
from billql.output.progress import Progress
from billql.util.text import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from billql.dbapi.connection import Connection
    from billql.output import AddResult, Rows

_EPILOG = """\
examples:
  billql focus export --since 2026-09 --until 2026-10 --output september.parquet
  billql focus export --version 1.2 --view revenue --output revenue.csv
  billql focus export --output bills/

A folder gets a file for each billing period, billing_period=2026-09/cost_and_usage.parquet.
Files are replaced only if all parts of the view can be read. Columns that begin with x_ are
billql's own and stand last. Which parts are read, billql.catalog.view_parts shows.
"""

_FORMATS = ("parquet", "csv", "arrow", "json", "jsonl", "xlsx")
"""The formats that programs and spreadsheets read."""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


def add_options(command: ArgumentParser) -> None:
    """Add the subcommand and its options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    summary = "write a dataset in the columns of one version of FOCUS"
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
        choices=tuple(DATASETS),
        default="cost_and_usage",
        help="the view of the service focus that is written (default: cost_and_usage)",
    )
    add("--since", metavar="MONTH", type=_month, help="the first billing period, like 2026-01")
    add("--until", metavar="MONTH", type=_month, help="the first billing period to leave out")
    add(
        "--output",
        metavar="PATH",
        required=True,
        help="the file, such as bill.parquet or bill.csv, or a folder, such as bills/",
    )
    add(
        "--format",
        choices=_FORMATS,
        help="the format (default: that of the file's extension; in a folder parquet)",
    )
    add_session(export)
    add_from_history(export)


def run(options: Namespace) -> int:
    """Run the subcommand."""
    return run_guarded(lambda: _export(options), debug=options.debug)


def _export(options: Namespace) -> int:
    from billql.output import file

    to_folder = options.output.endswith(("/", os.sep)) or Path(options.output).is_dir()
    months = {">=": options.since, "<": options.until}
    by_period = to_folder or any(months.values())
    dataset = check(options.view, options.focus_version, by_period=by_period)
    name = options.format or ("parquet" if to_folder else file.format_of(options.output))
    find(name)  # whose package may be missing
    progress = Progress(sys.stderr, off=options.verbose)
    with (
        _open_results(options, name, to_folder=to_folder) as add_result,
        closing(open_session(options)) as connection,
    ):
        connection.decimals = True
        parts = _parts(connection, options.view)
        columns = _columns(connection, options, dataset, parts)
        required = _required(options, dataset, parts)
        sql, parameters = select(
            options.view, columns, dataset.conditional, months, required, in_order=to_folder
        )
        cursor = connection.cursor()
        with progress.of(lambda: cursor.scans):
            cursor.execute(sql, parameters)
            assert cursor.description is not None, "a SELECT has columns"
            found = cursor.rows_for(name)
            rows = _Counted(found if find(name).typed else map(_with_plain_numbers, found))
            add_result(MoneyColumns(cursor.description, cursor.amounts), rows, options.view)
        scans = cursor.scans
    for text in left_out.warnings(scans):
        warn(text)
    stderr.write(f"{counted(rows.count, 'row')} of FOCUS {options.focus_version}\n")
    return Exit.PARTIAL if left_out.names(scans) else Exit.OK


def _open_results(
    options: Namespace, name: str, *, to_folder: bool
) -> AbstractContextManager[AddResult]:
    """Return what writes the result, to a file or to the folder."""
    from billql.output import file, partitions

    if not to_folder:
        return file.open_results(options.output, name, Style(), several=False)
    since, until = options.since, options.until
    return partitions.open_results(
        options.output,
        options.view,
        name,
        by=PERIOD,
        is_replaced=lambda month: (since or month) <= month and (not until or month < until),
    )


class _Counted:
    """Rows that are counted as they are read."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> Sequence[Any]:
        row = next(self._rows)
        self.count += 1
        return row


def _parts(connection: Connection, view: str) -> dict[str, frozenset[str]]:
    """Return the parts of a view that are read, and the columns that each states."""
    found = connection.execute(
        "SELECT part, columns FROM billql.catalog.view_parts WHERE provider = 'billql' "
        "AND service = 'focus' AND resource = ? AND is_read",
        (view,),
    )
    return {part: frozenset(columns.split(", ")) for part, columns in found}


def _required(
    options: Namespace, dataset: Dataset, parts: Mapping[str, frozenset[str]]
) -> list[str]:
    """Return the columns that rows without a value are left out by, and name their parts.

    Raise InterfaceError if that leaves no part.
    """
    unstated = {
        part: missing
        for part, stated in parts.items()
        if (missing := dataset.unstated(options.focus_version, stated))
    }
    if parts and len(unstated) == len(parts):
        raise InterfaceError(
            f"What FOCUS {options.focus_version} requires of {options.view}, none of "
            f"{', '.join(parts)} states",
            hint=f"Use an earlier version: --version {dataset.since}.",
        )
    for part, missing in unstated.items():
        warn(
            f"{part} is left out: FOCUS {options.focus_version} requires {missing[0]} and "
            f"{counted(len(missing) - 1, 'more column')} that it does not state"
        )
    return sorted({name for missing in unstated.values() for name in missing})


def _columns(
    connection: Connection,
    options: Namespace,
    dataset: Dataset,
    parts: Mapping[str, frozenset[str]],
) -> dict[str, str]:
    """Return the columns of the file, with the type of each."""
    listed = connection.execute(
        "SELECT column, type FROM billql.catalog.columns WHERE provider = 'billql' "
        "AND service = 'focus' AND resource = ? ORDER BY position",
        (options.view,),
    )
    types: dict[str, str] = dict(listed.fetchall())
    written = [
        stated for stated in parts.values() if not dataset.unstated(options.focus_version, stated)
    ]
    names = dataset.columns(list(types), options.focus_version)
    return {name: types[name] for name in dataset.stated(names, written)}


def _with_plain_numbers(row: Sequence[Any]) -> list[Any]:
    """Return a row with decimals as digits alone: FOCUS allows no `1e-07`."""
    from decimal import Decimal

    return [f"{value:f}" if isinstance(value, Decimal) else value for value in row]


def _month(text: str) -> str:
    if _MONTH.fullmatch(text) is None:
        raise ArgumentTypeError(f"{text!r} is not a month like 2026-01")
    return text
