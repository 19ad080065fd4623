"""`billql doctor`: checks the installation, configuration and connections, one line a check."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from billql.cli.options import add_config, add_definitions
from billql.output import stdout
from billql.output.screen import has_color
from billql.output.text_cells import visible

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from billql.doctor.finding import Finding

_COLORS = {"OK": "\x1b[32m", "NOTE": "\x1b[2m", "WARNING": "\x1b[33m", "ERROR": "\x1b[1;31m"}


def add_options(command: ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "--online", action="store_true", help="send one small request to the API of each connection"
    )
    add_config(command)
    add_definitions(command)


def run(options: Namespace) -> int:
    """Print each finding at once; return the exit code of the worst error."""
    from billql.doctor import examine, worst
    from billql.sqlite.options import ConnectOptions

    connect_options = ConnectOptions(
        profile=options.profile, config=options.config, definitions=options.definitions
    )
    findings = []
    for finding in examine(connect_options, online=options.online):
        findings.append(finding)
        _print(finding)
    return worst(findings)


def _print(finding: Finding) -> None:
    level = finding.level.name
    label = f"{level.lower():8}"
    if has_color(sys.stdout):
        label = f"{_COLORS[level]}{label}\x1b[0m"
    stdout.line(f"{label}{visible(finding.subject)}: {visible(finding.text)}")
    if finding.hint is not None:
        stdout.line(f"{'':8}{visible(finding.hint)}")
