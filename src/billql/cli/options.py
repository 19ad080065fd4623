"""Options that several commands share: their values, and the connection that they open."""

from __future__ import annotations

import re
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Callable

    from billql.dbapi.connection import Connection


_Parser = TypeVar("_Parser", bound=ArgumentParser)


def add_command(
    commands: _SubParsersAction[_Parser], name: str, summary: str, formatter: Any
) -> _Parser:
    """Add a command or subcommand with its help text."""
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        formatter_class=formatter,
        allow_abbrev=False,
    )


def add_below(
    commands: _SubParsersAction[ArgumentParser], name: str, summary: str, above: ArgumentParser
) -> ArgumentParser:
    """Add a subcommand of `above`; it accepts `--debug` too."""
    command = add_command(commands, name, summary, above.formatter_class)
    command.add_argument("--debug", action="store_true", default=SUPPRESS, help=SUPPRESS)
    return command


def add_session(command: ArgumentParser, *, read_only: bool = False) -> None:
    """Add the options of a command that reads resources; see `open_session`.

    `read_only` means that it can be nothing else.
    """
    add = command.add_argument
    add(
        "--db",
        metavar="FILE",
        default=":memory:",
        help="a SQLite database whose tables can be used too",
    )
    add_config(command)
    add(
        "-v",
        "--verbose",
        action="store_true",
        help="log each statement, request and response to stderr, with times",
    )
    add("--log-file", metavar="FILE", help="add that log to a file that only you can read")
    add("--sandbox", action="store_true", help="use a private sandbox instead of the APIs")
    if read_only:
        command.set_defaults(read_only=True)
    else:
        add(
            "--read-only",
            action="store_true",
            help="refuse every statement that writes, reaches a file or pulls definitions",
        )
    add(
        "--max-requests",
        metavar="N",
        type=count,
        help="fail if a statement needs more than N requests",
    )
    add(
        "--max-cost",
        metavar="AMOUNT",
        type=amount,
        help="fail before a statement's requests cost more, where an API charges for them",
    )
    add(
        "--max-rows",
        metavar="N",
        type=count,
        help="fail if a statement reads more than N rows from APIs, or returns more",
    )
    add(
        "--rate",
        metavar="PROVIDER=N/UNIT",
        action="append",
        type=rate,
        help="send a provider N requests a second, minute or hour, or as many as it takes (none), "
        "instead of what billql knows of its limits; may be repeated",
    )
    add(
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="fail if a statement takes longer",
    )
    add(
        "--cache-ttl",
        metavar="SECONDS",
        type=seconds,
        help="how long responses are cached for later statements (default: 300)",
    )
    add(
        "--skip-failing-connections",
        action="store_true",
        help="go on without connections whose token is missing or refused, or whose API cannot be "
        "reached; stderr, the column left_out and the exit code 10 show it",
    )
    add("--cache", metavar="DIR", help="a folder that keeps cached responses between commands")
    add_definitions(command)


def add_from_history(command: ArgumentParser) -> None:
    """Add the options by which views read histories."""
    command.add_argument(
        "--from-history",
        action="store_true",
        help="let views such as focus.cost_and_usage read the histories in --db, not the APIs",
    )
    command.add_argument(
        "--as-of",
        metavar="TIME",
        help="the same, as they were at a time, or after a refresh's number",
    )


def add_config(command: ArgumentParser) -> None:
    """Add the options that choose a config file and one of its profiles."""
    command.add_argument("--profile", metavar="NAME", help="a profile of the config file")
    command.add_argument(
        "--config", metavar="FILE", help="a config file to use instead of the default one"
    )


def add_definitions(command: ArgumentParser) -> None:
    """Add `--definitions`: folders of providers."""
    command.add_argument(
        "--definitions",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder with more providers; can be repeated",
    )


def open_session(options: Namespace, note: Callable[[str], object] | None = None) -> Connection:
    """Open a connection, in autocommit mode, from the options of `add_session`.

    `note` is called with what people should know that is no error; it is printed by default.
    """
    from billql.cli.guard import warn
    from billql.dbapi.connection import connect

    return connect(
        options.db,
        sandbox=options.sandbox,
        profile=options.profile,
        config=options.config,
        definitions=options.definitions,
        max_requests=options.max_requests,
        max_cost=options.max_cost,
        read_only=options.read_only,
        from_history=_from_history(options),
        max_rows=options.max_rows,
        limits=dict(options.rate or ()),
        timeout=options.timeout,
        cache_ttl=options.cache_ttl,
        cache=options.cache,
        autocommit=True,
        skip_failing_connections=options.skip_failing_connections,
        interactive=sys.stderr.isatty(),
        warn=note or warn,
        log=_log(options),
    )


def _from_history(options: Namespace) -> bool | str:
    as_of: str | None = getattr(options, "as_of", None)
    return bool(getattr(options, "from_history", False)) if as_of is None else as_of


def _log(options: Namespace) -> Callable[[str], None] | None:
    if not options.verbose and options.log_file is None:
        return None
    from billql.cli import run_log

    return run_log.of(verbose=options.verbose, path=options.log_file)


def thousands(options: Namespace) -> bool:
    """Return whether the config file wants separators of thousands in the amounts of people."""
    from billql.sqlite.options import ConnectOptions

    found = ConnectOptions(profile=options.profile, config=options.config).load_config()
    return found.output.thousands


def count(text: str) -> int:
    """Return a count; raise ArgumentTypeError unless it is a whole number of up to nine digits."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def amount(text: str) -> float:
    """Return an amount of money; raise ArgumentTypeError unless it is one."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ArgumentTypeError(f"{text!r} is not an amount like 0.05")
    return float(text)


def rate(text: str) -> tuple[str, str]:
    """Return a provider and its rate; raise ArgumentTypeError unless it is one."""
    from billql.http.rates import FORM, limits_by

    provider, _, wanted = text.partition("=")
    try:
        limits_by(wanted)
    except ValueError:
        message = f"{text!r} is not PROVIDER= and {FORM}"
        raise ArgumentTypeError(message) from None
    return provider, wanted


def seconds(text: str) -> float:
    """Return a number of seconds; raise ArgumentTypeError unless it is one."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)
