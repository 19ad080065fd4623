"""Results in a folder: a file for each billing period, as tools find them by the folders' names.

    bills/billing_period=2026-09/cost_and_usage.parquet
    bills/billing_period=2026-10/cost_and_usage.parquet

Hive names folders this way, and what reads many files takes the column `billing_period` from them.
Files are written beside the old ones, and take their places when all rows have been read.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from billql.errors import DataError, OutputError
from billql.output import FORMATS, Style, file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from billql.output import AddResult, Columns, Rows

KEY = "billing_period"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


@contextmanager
def open_results(
    folder: str, name: str, format: str, *, by: str, is_replaced: Callable[[str], bool]
) -> Iterator[AddResult]:
    """Open a folder for a result, of which each month becomes a file `name`; see `file`.

    by           the column of times that has the month; the rows must come month by month
    is_replaced  returns whether a month is one of those that are written: if there is a file of
                 such a month and no row, it becomes a file without rows

    No file is replaced before all are written. Raise DataError for a row without a month, or that
    comes late; OutputError if a file cannot be written, which is tried with the folder at once;
    and the errors of the format.
    """
    root = Path(folder)
    file_name = f"{name}{FORMATS[format][0]}"
    made: list[Path] = []
    written: set[str] = set()
    with _removed_on_failure(made), ExitStack() as stack:

        def add(month: str, columns: Columns, rows: Rows) -> None:
            if month in written:
                raise DataError(f"The rows of {month} do not come one after the other")
            written.add(month)
            path = root / f"{KEY}={month}" / file_name
            _make_folder(path.parent, made)
            results = file.open_results(str(path), format, Style(), several=False)
            stack.enter_context(results)(columns, rows, None)

        def add_result(columns: Columns, rows: Rows, title: str | None) -> None:
            number = [column[0] for column in columns].index(by)
            for month, of_month in groupby(rows, lambda row: _month(by, row[number])):
                add(month, columns, of_month)
            for month in _months(root, file_name):
                if month not in written and is_replaced(month):
                    add(month, columns, iter(()))

        _make_folder(root, made)
        yield add_result


def _month(column: str, value: object) -> str:
    month = value[:7] if isinstance(value, str) else ""
    if _MONTH.fullmatch(month) is None:
        raise DataError(f"{column} has no month in a row: {value!r:.40}")
    return month


def _months(root: Path, file_name: str) -> Iterator[str]:
    """Yield the months of which there is a file."""
    for path in sorted(root.glob(f"{KEY}=*/{file_name}")):
        month = path.parent.name.removeprefix(f"{KEY}=")
        if _MONTH.fullmatch(month):
            yield month


def _make_folder(path: Path, made: list[Path]) -> None:
    """Make a folder and those that it lies in, and add each that is new to `made`."""
    missing = [one for one in (path, *path.parents) if not one.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be made: {error.strerror or error}") from error
    made += reversed(missing)


@contextmanager
def _removed_on_failure(made: list[Path]) -> Iterator[None]:
    """Remove the folders of a list when the block fails; one that has a file stays."""
    try:
        yield
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        raise
