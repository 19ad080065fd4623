"""`billql registry`: builds, signs, installs and verifies packages of definitions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli import terminal
from billql.cli.options import add_below
from billql.errors import Exit
from billql.output import Style, find, screen, stderr, stdout
from billql.util.text import counted

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from billql.registry.client import Registry

_FORMATS = ("table", "json", "jsonl", "csv", "markdown")


def add_options(command: ArgumentParser) -> None:
    """Add the subcommands and their options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    for name, (summary, add, run) in _COMMANDS.items():
        below = add_below(commands, name, summary, command)
        below.set_defaults(run=run)
        add(below)


def run(options: Namespace) -> int:
    """Run the subcommand."""
    return int(options.run(options))


# Installed and available versions.


def _list_options(command: ArgumentParser) -> None:
    command.add_argument(
        "provider", metavar="PROVIDER", nargs="?", help="only this provider (default: all)"
    )
    _add_format(command)
    _add_place(command)
    _add_data(command)


def _list(options: Namespace) -> int:
    from billql.registry.client import Listed

    with _connect(options) as registry:
        _print(Listed._fields, registry.versions(options.provider), options)
    return Exit.OK


def _pull_options(command: ArgumentParser) -> None:
    command.add_argument("provider", metavar="PROVIDER", help="the provider to install")
    command.add_argument(
        "version",
        metavar="VERSION",
        nargs="?",
        help="the version (default: the pinned one, or the newest)",
    )
    _add_place(command)
    _add_data(command)


def _pull(options: Namespace) -> int:
    with _connect(options) as registry:
        pulled = registry.pull(options.provider, options.version)
    done = "Installed" if pulled.new else "Already installed:"
    rest = "" if pulled.in_use else ", which is not the active version: see billql registry list"
    stderr.line(f"{done} {pulled.provider} {pulled.version}{rest}.")
    return Exit.OK


def _verify_options(command: ArgumentParser) -> None:
    command.add_argument(
        "provider", metavar="PROVIDER", nargs="?", help="only this provider (default: all)"
    )
    _add_format(command)
    _add_data(command)


def _verify(options: Namespace) -> int:
    from billql.registry.client import Verified

    with _connect(options) as registry:
        verified = registry.verify(options.provider)
    _print(Verified._fields, verified, options)
    return Exit.DEFINITION if any(one.problem for one in verified) else Exit.OK


def _remove_options(command: ArgumentParser) -> None:
    command.add_argument("provider", metavar="PROVIDER", help="the provider to remove")
    command.add_argument(
        "version", metavar="VERSION", nargs="?", help="only this version (default: all)"
    )
    _add_data(command)


def _remove(options: Namespace) -> int:
    with _connect(options) as registry:
        for version in registry.remove(options.provider, options.version):
            stderr.line(f"Removed {options.provider.lower()} {version}.")
    return Exit.OK


# Definitions of other projects.


def _add_stackql_options(command: ArgumentParser) -> None:
    command.add_argument(
        "path",
        metavar="PATH",
        type=Path,
        help="the folder of a provider in a copy of StackQL's registry",
    )
    command.add_argument(
        "--as", metavar="NAME", dest="name", help="the name of the provider in SQL"
    )
    _add_data(command)


def _add_stackql(options: Namespace) -> int:
    from billql.definitions.catalog import Catalog
    from billql.definitions.stackql import adding
    from billql.registry.store import Store

    data = _data(options)
    taken = [*Catalog().providers(), *Store(data).providers()]
    name, services = adding.add(options.path, data, options.name, taken)
    stderr.line(f"Added {name}, with {counted(services, 'service')}.")
    if lacking := adding.missing(name, data):
        files = ", ".join(f"{service} ({file})" for service, file in lacking.items())
        stderr.line(f"The documents of these services are missing: {files}.")
    return Exit.OK


# Building a registry.


def _build_options(command: ArgumentParser) -> None:
    add = command.add_argument
    add("--key", metavar="FILE", type=Path, required=True, help="the private key to sign with")
    add(
        "--provider",
        metavar="DIR",
        type=Path,
        default=Path("provider"),
        help="the folder of definitions (default: provider)",
    )
    add("--output", metavar="DIR", type=Path, required=True, help="the folder of the registry")
    add(
        "--expires",
        metavar="DAY",
        type=_day,
        help="the last day, in UTC, on which the index counts, like 2027-03-31; a newer one cannot "
        "be held back for longer (default: none)",
    )
    add(
        "--replace",
        action="store_true",
        help="rebuild versions that have changed since and that nobody has pulled yet",
    )


def _build(options: Namespace) -> int:
    from billql.registry import build, signing
    from billql.sqlite.options import ConnectOptions

    configured = ConnectOptions().load_config().registries.values()
    trusted = {key for one in configured for key in one.keys}
    key = signing.PrivateKey.read(options.key)
    built = build.build(
        options.provider,
        options.output,
        key,
        trusted,
        expires=options.expires,
        replace=options.replace,
    )
    for one in built:
        stderr.line(f"{one.provider} {one.version}{'' if one.new else ' exists already'}.")
    return Exit.OK


def _day(text: str) -> date:
    from argparse import ArgumentTypeError
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day like 2027-03-31") from None


def _key_options(command: ArgumentParser) -> None:
    command.add_argument(
        "action",
        metavar="ACTION",
        choices=("new", "show"),
        help="new creates a key, show reads one",
    )
    command.add_argument("file", metavar="FILE", type=Path, help="the file of the private key")


def _key(options: Namespace) -> int:
    """Print the public key, for `keys` in the config file."""
    from billql.registry.signing import PrivateKey

    make = PrivateKey.create if options.action == "new" else PrivateKey.read
    stdout.line(make(options.file).public)
    return Exit.OK


# Common to the subcommands.

_COMMANDS = {
    "list": ("list the available, installed and active versions", _list_options, _list),
    "pull": ("install a version of a provider", _pull_options, _pull),
    "verify": (
        "compare the installed files with those that were pulled or added",
        _verify_options,
        _verify,
    ),
    "remove": ("remove installed definitions", _remove_options, _remove),
    "add-stackql": (
        "add a provider from StackQL's registry",
        _add_stackql_options,
        _add_stackql,
    ),
    "build": ("build and sign packages of definitions", _build_options, _build),
    "key": ("create a private key, or print its public key", _key_options, _key),
}
"""Each subcommand: its summary, the function that adds its options, the one that runs it."""


def _add_format(command: ArgumentParser) -> None:
    command.add_argument(
        "--format",
        choices=_FORMATS,
        help="the format (default: table on a terminal, csv in a pipe)",
    )


def _add_place(command: ArgumentParser) -> None:
    command.add_argument(
        "--from",
        metavar="NAME|URL|DIR",
        dest="place",
        help="a registry: its name in the config file, its https:// URL or its folder (default: "
        "what ships with billql, then every configured one)",
    )


def _add_data(command: ArgumentParser) -> None:
    command.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        help="the folder of installed packages (default: BILLQL_DATA, or the user's data folder)",
    )


def _data(options: Namespace) -> Path:
    from billql.config import paths

    data = options.data or paths.data_folder(os.environ)
    if data is None:
        from billql.errors import InterfaceError

        raise InterfaceError(
            "There is no data folder, because there is no home folder",
            hint="Set one with --data DIR, or with BILLQL_DATA or HOME in the environment.",
        )
    return data


def _connect(options: Namespace) -> AbstractContextManager[Registry]:
    from billql.registry.client import connect
    from billql.sqlite.options import ConnectOptions

    found = ConnectOptions().load_config()
    place = getattr(options, "place", None)
    return connect(_data(options), place, registries=found.registries, pins=found.providers)


def _print(names: Sequence[str], rows: Iterable[Sequence[object]], options: Namespace) -> None:
    out = sys.stdout
    form = find(options.format or ("table" if out.isatty() else "csv"))
    buffer = terminal.BufferedStdout()
    style = Style(screen.width(out), screen.has_color(out))
    form.write([(name, None) for name in names], iter(rows), buffer, style)
    buffer.end()
