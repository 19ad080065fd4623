"""`billql docs build`: writes the documentation as a folder of pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from billql.errors import OutputError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping
