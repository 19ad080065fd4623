"""Dot commands about the open database, scripts, and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billql.config import paths
from billql.errors import InterfaceError
from billql.shell import importing, script_file
from billql.shell.commands.command import Command, parse_switch
from billql.sql.tokenizer import quote
from billql.util.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from billql.shell.shell import Shell

MEMORY = ":memory:"


def _open(shell: Shell, arguments: Sequence[str]) -> None:
    path = str(paths.expanded(arguments[0])) if arguments else MEMORY
    shell.reopen(path, sandbox=shell.sandbox)


def _attach(shell: Shell, arguments: Sequence[str]) -> None:
    path, name = arguments
    shell.connection.execute(f"ATTACH DATABASE ? AS {quote(name)}", (str(paths.expanded(path)),))


def _sandbox(shell: Shell, arguments: Sequence[str]) -> None:
    if not arguments:
        shell.printer.write(f"{'on' if shell.sandbox else 'off'}\n")
        return
    enable = parse_switch(arguments[0])
    if enable == shell.sandbox:
        return
    query = "SELECT name, file FROM pragma_database_list"
    schemas: dict[str, str] = dict(shell.connection.execute(query))
    for schema, path in schemas.items():
        made = f"SELECT name FROM {quote(schema)}.sqlite_schema LIMIT 1"
        if not path and (found := shell.connection.execute(made).fetchone()):
            raise InterfaceError(
                f"The table {found[0]} is in memory and would be lost",
                hint="Use a database file (.open FILE), or drop the table.",
            )
    in_use = shell.connection.namespace
    shell.reopen(shell.database, sandbox=enable)
    for schema, path in schemas.items():
        if schema not in ("main", "temp"):
            _attach(shell, (path, schema))
    if in_use:
        shell.connection.execute(f"USE {in_use}")


def _read(shell: Shell, arguments: Sequence[str]) -> None:
    script_file.run(shell, arguments[0])


def _import(shell: Shell, arguments: Sequence[str]) -> None:
    left, skip = list(arguments), 0
    if "--skip" in left:
        at = left.index("--skip")
        number = left[at + 1] if at + 1 < len(left) else ""
        if not number.isdecimal():
            raise IMPORT.usage_error("--skip needs a number of lines")
        skip = int(number)
        del left[at : at + 2]
    if len(left) != 2:
        raise IMPORT.usage_error(".import needs a file and a table")
    path, table = left
    count = importing.read(shell.connection, str(paths.expanded(path)), table, skip)
    shell.printer.write(f"{counted(count, 'row')}\n")


def _cache(shell: Shell, arguments: Sequence[str]) -> None:
    match arguments:
        case [] | ["status"]:
            stats = shell.connection.cache_info()
            shell.printer.write(
                f"cached lists: {stats.lists}, responses: {stats.responses}, "
                f"bytes: {stats.bytes:,}\n"
            )
        case ["clear"]:
            shell.connection.clear_cache()
        case _:
            raise CACHE.usage_error(f"Unknown action of .cache: {arguments[0]!r}")


CACHE = Command(
    "cache",
    "[status|clear]",
    "Show the size of the response cache, or clear it",
    _cache,
    most=1,
    kinds=("status|clear",),
)

IMPORT = Command(
    "import",
    "[--skip N] FILE TABLE",
    "Import a CSV file into a table",
    _import,
    least=2,
    most=4,
    kinds=("file", "table"),
    more=(
        "A new table has the columns that the first line names; a column is numeric if all its\n"
        "values are. An existing table receives every line; --skip skips the first N. Either\n"
        "all rows are imported or none."
    ),
)

COMMANDS = (
    Command(
        "attach",
        "FILE NAME",
        "Attach another database under a name",
        _attach,
        least=2,
        most=2,
        kinds=("file", ""),
    ),
    CACHE,
    IMPORT,
    Command(
        "open",
        "[FILE]",
        "Close the database and open another; without FILE, one in memory",
        _open,
        most=1,
        kinds=("file",),
    ),
    Command("read", "FILE", "Run a script", _read, least=1, most=1, kinds=("file",)),
    Command(
        "sandbox",
        "[on|off]",
        "Use a private sandbox instead of the APIs, or the APIs again",
        _sandbox,
        most=1,
        kinds=("on|off",),
    ),
)
