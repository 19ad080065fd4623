"""`billql docs build`: writes the reference as a folder of pages in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from billql.cli.options import add_below, add_definitions
from billql.errors import OutputError
from billql.output import stdout

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

_OUTPUT = "docs/reference"


def add_options(command: ArgumentParser) -> None:
    """Add the subcommand and its options."""
    commands = command.add_subparsers(metavar="COMMAND", required=True)
    summary = "write a page of Markdown for each table, from the definitions"
    build = add_below(commands, "build", summary, command)
    build.add_argument(
        "--output",
        metavar="DIR",
        default=_OUTPUT,
        help=f"the folder of the pages (default: {_OUTPUT})",
    )
    add_definitions(build)


def run(options: Namespace) -> int:
    """Write the pages; pages of earlier runs that are no longer generated stay."""
    output = Path(options.output)
    _write({}, output)  # whether it can be written is known before minutes of work
    files = _pages(options)
    _write(files, output)
    stdout.line(f"Wrote {len(files)} files to {output}.")
    return 0


def _pages(options: Namespace) -> Mapping[str, str]:
    from contextlib import closing

    from billql.cli import parser
    from billql.definitions.catalog import Catalog
    from billql.definitions.shared import built_in_root
    from billql.docs import facts, pages
    from billql.docs.samples import SandboxSamples

    places = [*(Path(folder) for folder in options.definitions), built_in_root()]
    with closing(SandboxSamples(places)) as samples:
        catalog = Catalog(places)
        providers, shared = facts.gather(catalog, samples), facts.shared(catalog, samples)
    return pages.build(providers, parser.make(), shared)


def _write(files: Mapping[str, str], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be written: {error.strerror}") from error
