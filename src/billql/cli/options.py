"""Options that several commands have, what their values may be, and what they open."""

from __future__ import annotations

import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from billql.frontends.dbapi import Connection


Parser = TypeVar("Parser", bound=ArgumentParser)


def add_command(
    commands: _SubParsersAction[Parser], name: str, summary: str, formatter: Any
) -> Parser:
    """Add a command, or one below a command, with its help text."""
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
    """Add a command below another one; `--debug` may stand behind it too."""
    command = add_command(commands, name, summary, above.formatter_class)
    command.add_argument("--debug", action="store_true", default=SUPPRESS, help=SUPPRESS)
    return command


def add_session(command: ArgumentParser) -> None:
    """Add the options of a command that reads resources; see `open_session`."""
    add = command.add_argument
    add("--db", metavar="FILE", default=":memory:", help="a SQLite file whose tables to use too")
    add_config(command)
    add("-v", "--verbose", action="store_true", help="tell each request and answer on stderr")
    add("--sandbox", action="store_true", help="ask a private sandbox instead of the APIs")
    add(
        "--max-requests",
        metavar="N",
        type=count,
        help="fail when a statement needs more requests than that",
    )
    add(
        "--keep",
        metavar="SECONDS",
        type=seconds,
        help="how long an answer serves later statements (default: 300)",
    )
    add("--cache", metavar="DIR", help="a folder in which answers outlive the command")
    add_definitions(command)


def add_config(command: ArgumentParser) -> None:
    """Add the options that choose a config file, and a profile of it."""
    command.add_argument("--profile", metavar="NAME", help="a profile of the config file")
    command.add_argument("--config", metavar="FILE", help="a config file instead of the usual one")


def add_definitions(command: ArgumentParser) -> None:
    """Add `--definitions`, which names folders of providers."""
    command.add_argument(
        "--definitions",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder with more providers; may be given several times",
    )


def open_session(options: Namespace) -> Connection:
    """Open what the options of `add_session` say; statements are transactions of their own."""
    from billql.cli.report import note, warn
    from billql.frontends.dbapi import connect

    return connect(
        options.db,
        sandbox=options.sandbox,
        profile=options.profile,
        config=options.config,
        definitions=options.definitions,
        max_requests=options.max_requests,
        keep=options.keep,
        cache=options.cache,
        autocommit=True,
        warn=warn,
        log=note if options.verbose else None,
    )


def add_parameters(command: ArgumentParser) -> None:
    """Add `--param`, whose values are in `parameters`."""
    command.add_argument(
        "--param",
        metavar="NAME=VALUE",
        dest="parameters",
        type=_parameter,
        action="append",
        default=[],
        help="the value of :NAME; what SQL would read as a number is one, all else is text",
    )


def _parameter(text: str) -> tuple[str, str | int | float]:
    name, equals, value = text.partition("=")
    name = name.removeprefix(":")
    if not equals or not re.fullmatch(r"\w+", name):
        raise ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, number_or_text(value)


def number_or_text(text: str) -> str | int | float:
    """Give a number where its usual form was written, so that it compares as one.

    `007`, `+1` and `1e5` stay text: they may be the name of something. So does what has more
    digits than a number in SQL.
    """
    if re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text) and len(text.strip("-0.")) <= 16:
        return float(text)
    return text


def count(text: str) -> int:
    """Read a number of things."""
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def seconds(text: str) -> float:
    """Read a time."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        raise ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)
