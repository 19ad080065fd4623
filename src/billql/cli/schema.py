"""`billql schema`: prints the JSON Schema of definitions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from billql.definitions.json_schema import json_schema
from billql.output import stdout

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_options(command: ArgumentParser) -> None:
    """Add nothing: the command has no options."""


def run(options: Namespace) -> int:
    """Print the schema; the same file is in `docs/`."""
    stdout.line(json.dumps(json_schema(), indent=2))
    return 0
