"""`billql history`: reads histories again, shows what is stored of them, and exports them."""

from __future__ import annotations

import datetime
import re
import signal
import sys
import threading
from argparse import ArgumentTypeError
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli.guard import run_guarded
from billql.cli.options import add_below, add_session, open_session
from billql.errors import Exit, Inaccessible
from billql.output import Style, stderr
from billql.output.progress import Progress
from billql.output.text_cells import visible
from billql.util.text import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from billql.dbapi.connection import Connection
    from billql.history.sync import Synced

_DATABASE = "bills.db"

_SYNC = """\
examples:
  billql history sync
  billql history sync --every 6h --db /var/lib/billql/bills.db
  billql history sync digitalocean.billing.invoice_items

Each line of the log has a time, a history and its outcome. A history that fails does not stop
the others; the exit code is that of the first error. Stopped at any moment, it goes on where it
stood when it is run again.
"""

_EXPORT = """\
examples:
  billql history export digitalocean_billing_invoice_items --output items/
  billql history export spend --as-of 2026-11-05 --output reported/
  billql history export spend --all --output spend/

Each scope is a file, FOLDER/scope=…/rows.parquet, which is replaced as a whole.
"""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_options(command: ArgumentParser) -> None:
    """Add the subcommands and their options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    sync = add_below(commands, "sync", "read again what may have changed, and store it", command)
    sync.epilog = _SYNC
    sync.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="a history, or a resource to keep one of (default: all that matters)",
    )
    sync.add_argument(
        "--every",
        metavar="TIME",
        type=_seconds,
        help="go on until a signal, and begin again after a time like 30m, 6h or 1d",
    )
    sync.add_argument(
        "-q", "--quiet", action="store_true", help="log errors, and closed scopes that have changed"
    )
    add_session(sync)
    sync.set_defaults(db=_DATABASE)
    sync.set_defaults(act=_sync)
    status = add_below(commands, "status", "show each history, and its last refresh", command)
    _add_database(status)
    status.set_defaults(act=_status)
    export = add_below(commands, "export", "write a history as Parquet, a file a scope", command)
    export.epilog = _EXPORT
    export.add_argument("name", metavar="NAME", help="the history")
    export.add_argument("--output", metavar="FOLDER", required=True, help="the folder")
    which = export.add_mutually_exclusive_group()
    which.add_argument(
        "--as-of", metavar="TIME", help="what held at a time, or after a refresh's number"
    )
    which.add_argument(
        "--all",
        action="store_true",
        help="every row that ever held, with the times from which and until which it did",
    )
    _add_database(export)
    export.set_defaults(act=_export)


def _add_database(command: ArgumentParser) -> None:
    command.add_argument(
        "--db", metavar="FILE", default=_DATABASE, help=f"the file (default: {_DATABASE})"
    )


def run(options: Namespace) -> int:
    """Run the subcommand."""
    act = options.act
    return run_guarded(lambda: act(options), debug=options.debug)


def _seconds(text: str) -> float:
    """Return the seconds of a time like 6h; raise ArgumentTypeError for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text, re.ASCII)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is not a time like 30m, 6h or 1d")
    return float(int(found[1]) * _UNITS[found[2]])


# Sync.


def _sync(options: Namespace) -> int:
    with closing(open_session(options)) as connection, _stop_by_signal(connection) as stop:
        while True:
            began = datetime.datetime.now(datetime.UTC)
            code = _sync_once(connection, options)
            if options.every is None:
                return code
            passed = (datetime.datetime.now(datetime.UTC) - began).total_seconds()
            if stop.wait(max(0.0, options.every - passed)):
                return Exit.OK


def _sync_once(connection: Connection, options: Namespace) -> int:
    """Read all histories once; return the exit code of the first error."""
    code, found, requests, restated = Exit.OK, 0, 0, 0
    note = _log if options.verbose else lambda text: None
    progress = Progress(sys.stderr, off=options.verbose)
    synced = connection.sync_history(options.names, note)
    while True:
        with progress.of(lambda: connection.scans):
            one = next(synced, None)
        if one is None:
            break
        found, requests, restated = found + 1, requests + one.requests, restated + one.restated
        _show(one, quiet=options.quiet)
        if one.error is not None:
            code = code or one.error.exit_code
    if not found:
        _log("there is nothing to read: no provider has a token, and no history is stored")
    elif not options.quiet:
        changed = f", {counted(restated, 'closed scope')} changed" if restated else ""
        histories = "1 history" if found == 1 else f"{found} histories"
        _log(f"{histories}, {counted(requests, 'request')}{changed}")
    return code


def _show(one: Synced, *, quiet: bool) -> None:
    if one.error is not None:
        _log(f"error: {one.line}")
        if one.error.hint is not None:
            _log(f"hint: {one.error.hint}")
    elif one.restated or not quiet:
        _log(one.line)


def _log(text: str) -> None:
    now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    stderr.line(f"{now} {visible(text)}")


@contextmanager
def _stop_by_signal(connection: Connection) -> Iterator[threading.Event]:
    """Let SIGTERM end what is under way, as Ctrl-C does; whoever waits is woken up."""
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        connection.interrupt()

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


# Status.

_STATUS = """
SELECT h.name AS history,
       (SELECT count(*) FROM billql_scopes s WHERE s.history = h.name) AS scopes,
       (SELECT count(*) FROM billql_scopes s WHERE s.history = h.name AND NOT closed) AS open,
       (SELECT sum(added - removed) FROM billql_refreshes r WHERE r.history = h.name) AS rows,
       (SELECT count(*) FROM billql_refreshes r WHERE r.history = h.name
        AND state IN ('restated', 'closed') AND added + removed > 0) AS restated,
       (SELECT max(finished) FROM billql_refreshes r WHERE r.history = h.name) AS last_refresh
FROM billql_histories h ORDER BY h.name
"""


def _status(options: Namespace) -> int:
    from billql.cli.terminal import BufferedStdout
    from billql.output import MoneyColumns, find, screen

    with closing(_existing(options)) as connection:
        cursor = connection.execute(_STATUS)
        assert cursor.description is not None, "a SELECT has columns"
        columns = MoneyColumns(cursor.description, cursor.amounts)
        out = sys.stdout
        style = Style(width=screen.width(out), color=screen.has_color(out), vertical=None)
        buffer = BufferedStdout(lambda: None)
        find("table" if out.isatty() else "csv").write(columns, cursor, buffer, style)
        buffer.end()
    return Exit.OK


def _existing(options: Namespace) -> Connection:
    """Open a file that has histories; raise Inaccessible if it has none, or is not there."""
    from billql.dbapi.connection import connect

    if not Path(options.db).exists():
        raise Inaccessible(
            f"There is no file {options.db}",
            hint="billql history sync makes one; --db names another.",
        )
    connection = connect(options.db, autocommit=True)
    tables = "SELECT 1 FROM main.sqlite_schema WHERE name = 'billql_histories'"
    if not connection.execute(tables).fetchall():
        connection.close()
        raise Inaccessible(
            f"{options.db} has no histories",
            hint="CREATE MATERIALIZED VIEW makes one, or billql history sync.",
        )
    return connection


# Export.


def _export(options: Namespace) -> int:
    with closing(_existing(options)) as connection:
        connection.decimals = True
        found = connection.export_history(
            options.name, options.output, options.as_of, every=options.all
        )
        files = list(found)
    stderr.write(f"{counted(len(files), 'file')} in {options.output}\n")
    return Exit.OK
