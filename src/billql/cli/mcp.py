"""`billql mcp`: serves one agent over standard input and output, by the Model Context Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.cli.guard import warn
from billql.cli.options import add_session, count, open_session
from billql.errors import InterfaceError
from billql.output import stderr

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.config.serve import ServeConfig
    from billql.dbapi.connection import Connection

_EPILOG = """\
Agents start it themselves; it takes no other input. For Claude Desktop and others:

  {"mcpServers": {"billql": {"command": "billql", "args": ["mcp"]}}}

It is read-only, with limits of rows, time and requests: options raise them. For agents elsewhere,
billql serve --mcp HOST:PORT serves them over HTTP.
"""


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    add_audit(command)
    command.add_argument(
        "--statements", metavar="N", type=count, help="how many calls run at once (default: 8)"
    )
    add_session(command, read_only=True)


def add_audit(command: ArgumentParser) -> None:
    """Add the option of the audit log."""
    command.add_argument(
        "--audit-log",
        metavar="FILE",
        help="add a line of JSON for each call of an agent to a file that only you can read",
    )


def run(options: Namespace) -> int:
    """Serve until standard input ends."""
    from billql.serve.context import ServerContext, ignore
    from billql.serve.notes import Notes
    from billql.sqlite.options import ConnectOptions

    try:
        import anyio

        from billql.serve.mcp import audit
        from billql.serve.mcp.calls import Calls
        from billql.serve.mcp.server import make
    except ModuleNotFoundError as error:
        raise needs_package(error) from error
    connect_options = ConnectOptions(
        profile=options.profile, config=options.config, definitions=options.definitions
    )
    found = connect_options.load_config()
    apply_limits(options, found.serve)
    log = audit.nowhere if options.audit_log is None else audit.to_file(options.audit_log)
    notes = Notes(warn)
    with open_session(options, notes) as connection:

        def open_connection() -> Connection:
            return connection.another()

        catalog = connect_options.catalog(found)
        context = ServerContext(open_connection, catalog, notes, ignore, stderr.line)
        anyio.run(make(Calls(context, log, options.statements)).run_stdio_async)
    return 0


def needs_package(error: ModuleNotFoundError) -> InterfaceError:
    """Return the error for a package of the extra that is missing."""
    return InterfaceError(
        f"Serving agents needs {error.name}, which is not installed",
        hint="Install it with: pip install 'billql[mcp]'",
    )


def apply_limits(options: Namespace, config: ServeConfig) -> None:
    """Put the limits of the config file in the place of options that are not there."""
    for name in ("max_rows", "timeout", "max_requests", "statements"):
        if getattr(options, name) is None:
            setattr(options, name, getattr(config, name))
