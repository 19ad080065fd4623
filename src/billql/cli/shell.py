"""`billql shell`, and `billql` without arguments on a terminal: the interactive shell."""

from __future__ import annotations

import io
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from billql.cli.options import add_session, open_session, thousands
from billql.errors import Exit, InterfaceError

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from billql.dbapi.connection import Connection
    from billql.shell.shell import Shell

_EPILOG = """\
examples:
  billql shell --sandbox
  billql shell --db mine.db < script.sql

On a terminal it has history, multi-line editing, highlighting and completion (Tab); .help lists the
dot commands. There it first runs the file startup.sql of the config folder, such as
~/.config/billql/startup.sql. Otherwise it runs the script on stdin and stops at the first error."""


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.epilog = _EPILOG
    command.add_argument(
        "--no-startup", action="store_true", help="do not run startup.sql of the config folder"
    )
    add_session(command)


def run(options: Namespace) -> int:
    """Run the command."""
    from billql.shell.shell import Shell

    def opened(database: str, *, sandbox: bool) -> Connection:
        return open_session(Namespace(**{**vars(options), "db": database, "sandbox": sandbox}))

    shell = Shell(
        opened,
        _run_command,
        options.db,
        sandbox=options.sandbox,
        verbose=options.verbose,
        debug=options.debug,
        thousands=lambda: thousands(options),
        shows_left_out=options.skip_failing_connections,
    )
    try:
        if sys.stdin.isatty() and sys.stdout.isatty():
            _interact(shell, options)
        else:
            _run_stdin(shell)
    finally:
        shell.close()
    return Exit.PARTIAL if shell.has_left_out else Exit.OK


def _run_command(shell: Shell, line: str) -> None:
    """Run a dot command; the commands are loaded by the first one."""
    from billql.shell import commands

    commands.run(shell, line)


def _interact(shell: Shell, options: Namespace) -> None:
    import os

    from billql.config import paths
    from billql.dbapi.connection import connect
    from billql.shell.prompt import interact

    def catalog() -> Connection:
        # The connection of the statements shows the warnings.
        return connect(
            profile=options.profile,
            config=options.config,
            definitions=options.definitions,
            warn=lambda message: None,
        )

    startup = None if options.no_startup else paths.startup_file(os.environ)
    if startup is not None:
        from billql.shell import script_file

        script_file.run_startup(shell, startup)
    folder = paths.state_folder(os.environ)
    interact(shell, catalog, None if folder is None else folder / "history")


def _run_stdin(shell: Shell) -> None:
    try:
        shell.run_all(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InterfaceError(f"stdin is not text in UTF-8: {error}") from error
