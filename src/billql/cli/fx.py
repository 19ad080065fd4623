"""`billql fx import`: stores exchange rates, by which `convert()` converts amounts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli.guard import run_guarded
from billql.cli.options import add_below
from billql.errors import BadValue, Exit, Inaccessible, InterfaceError
from billql.output import stderr
from billql.util.text import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.sqlite.rates_file import Rate

_EPILOG = """\
examples:
  billql fx import eurofxref-hist.csv
  billql fx import --db bills.db own-rates.csv

The file is one of the European Central Bank's, from the page of its euro foreign exchange reference
rates, or one with the columns currency, day, per_eur and perhaps source. A rate that is stored for
the same currency and day is replaced. A database that has a table fx uses no other rates.
"""


def add_options(command: ArgumentParser) -> None:
    """Add the subcommand and its options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    below = add_below(commands, "import", "store the exchange rates of a CSV file", command)
    below.epilog = _EPILOG
    below.add_argument("file", metavar="FILE", help="the CSV file")
    below.add_argument(
        "--db",
        metavar="FILE",
        help="a SQLite database to store them in, in its table fx (default: one of your own, which "
        "billql uses where a database has no such table)",
    )
    below.add_argument(
        "--source",
        metavar="NAME",
        help="where the rates come from, if the file does not state it (default: its name)",
    )


def run(options: Namespace) -> int:
    """Run the subcommand."""
    return run_guarded(lambda: _import(options), debug=options.debug)


def _import(options: Namespace) -> int:
    from billql.sqlite.exchange_rates import store_file

    source = options.source or os.path.basename(options.file)  # noqa: PTH119 - it may be no path
    rates = _read(options.file, source)
    path = _own_file() if options.db is None else Path(options.db)
    stored = store_file(path, rates)
    days = sorted({one.day for one in rates})
    currencies = len({one.currency for one in rates})
    stderr.write(
        f"{counted(len(rates), 'rate')} of {currencies} "
        f"{'currency' if currencies == 1 else 'currencies'}, {days[0]} to {days[-1]}, in {path}: "
        f"{stored.added} added, {stored.changed} changed\n"
    )
    return Exit.OK


def _read(path: str, source: str) -> list[Rate]:
    from billql.sqlite.rates_file import read

    try:
        with open(path, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123
            return read(file, source)
    except BadValue as error:
        raise BadValue(f"{path}: {error.message}", hint=error.hint) from None
    except UnicodeDecodeError:
        raise BadValue(
            f"{path}: it is no text in UTF-8", hint="A file in an archive must be unpacked before."
        ) from None
    except OSError as error:
        raise Inaccessible(f"{path}: {error.strerror}") from None


def _own_file() -> Path:
    """Return the path of the user's rates, in a folder that is made."""
    from billql.config import paths

    path = paths.rates_file(os.environ)
    if path is None:
        raise InterfaceError(
            "There is no folder for the rates",
            hint="Name a database: --db FILE, or set BILLQL_DATA.",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Inaccessible(f"{path.parent}: {error.strerror}") from None
    return path
