"""`billql docs build`: writes the documentation as a folder of pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli.options import add_below, add_definitions
from billql.errors import InterfaceError, OutputError
from billql.output import stdout

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

_PAGES = "docs"
"""The folder of the hand-written pages, as in billql's own repository."""


def add_options(command: ArgumentParser) -> None:
    """Add the subcommand and its options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    summary = "write a page for each table, from the definitions"
    build = add_below(commands, "build", summary, command)
    add = build.add_argument
    add(
        "--target",
        choices=("site", "docusaurus"),
        default="site",
        help="a static site (default), or MDX for Docusaurus",
    )
    add("--output", metavar="DIR", help="default: docs/site, or docs/docusaurus")
    add(
        "--pages",
        metavar="DIR",
        help=f"Markdown for the site, in the order of its contents.toml (default: {_PAGES}, "
        "if it has that file)",
    )
    add_definitions(build)


def run(options: Namespace) -> int:
    """Write the pages; pages of earlier runs that are no longer generated stay."""
    output = Path(options.output or f"docs/{options.target}")
    files = _made(options)
    _write(files, output)
    stdout.line(f"Wrote {len(files)} files to {output}.")
    return 0


def _made(options: Namespace) -> Mapping[str, str]:
    from billql.catalogue import Catalogue, built_in_root

    try:
        from billql.docs import docusaurus, facts, guide, site
    except ImportError as error:
        raise InterfaceError(
            f"The documentation needs {error.name}, which is not installed",
            hint="Install it with: pip install 'billql[docs]'",
        ) from None
    roots = [*(Path(folder) for folder in options.definitions), built_in_root()]
    providers = facts.gather(Catalogue(roots))
    if options.target == "docusaurus":
        return docusaurus.build(providers)
    from billql.cli import parser

    folder = Path(options.pages or _PAGES)
    written = options.pages is not None or (folder / guide.CONTENTS).exists()
    return site.build(providers, parser.make(), guide.read(folder) if written else guide.Guide())


def _write(files: Mapping[str, str], folder: Path) -> None:
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be written: {error.strerror}") from error
