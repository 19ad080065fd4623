"""The valid names of providers, versions and files; no other text becomes the name of a file.

All names are lower case and flat, so none leads out of its folder, and none are equal on a file
system that ignores case.
"""

from __future__ import annotations

import re

INDEX = "index.json"
"""The signed file of a registry; beside an installed package, its proof."""

UNSIGNED = "unsigned.json"
"""The proof of an installed package that shipped with billql: an index without a signature."""

SUFFIX = ".tar"
"""The end of a package's name."""

PROVIDER = r"[a-z][a-z0-9_]{0,63}"
VERSION = r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})"
FILE = r"[a-z][a-z0-9_]{0,63}\.yaml"


def is_provider(text: str) -> bool:
    """Return whether a text is a valid name of a provider."""
    return re.fullmatch(PROVIDER, text, re.ASCII) is not None


def is_version(text: str) -> bool:
    """Return whether a text is a version: three numbers without leading zeros."""
    return re.fullmatch(VERSION, text, re.ASCII) is not None


def is_file(text: str) -> bool:
    """Return whether a text is a valid name of a definition file."""
    return re.fullmatch(FILE, text, re.ASCII) is not None


def order(version: str) -> tuple[int, ...]:
    """Return the sort key of a version: 0.10.0 is after 0.9.0."""
    return tuple(map(int, version.split(".")))


def package_path(provider: str, version: str) -> str:
    """Return the path of a package in a registry."""
    return f"{provider}/{version}{SUFFIX}"
