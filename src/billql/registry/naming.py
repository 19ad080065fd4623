"""What providers, versions and files are called; nothing else becomes the name of a file.

All names are lower case and flat, so none leads out of its folder and no two are one on a disk
that does not tell cases apart.
"""

from __future__ import annotations

import re

INDEX = "index.json"
"""The file of a registry that is signed."""

PROVIDER = r"[a-z][a-z0-9_]{0,63}"
VERSION = r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})"
FILE = r"[a-z][a-z0-9_]{0,63}\.yaml"


def is_provider(text: str) -> bool:
    """Return whether a provider can be called so."""
    return re.fullmatch(PROVIDER, text, re.ASCII) is not None


def is_version(text: str) -> bool:
    """Return whether this is a version: three numbers without idle zeros."""
    return re.fullmatch(VERSION, text, re.ASCII) is not None


def is_file(text: str) -> bool:
    """Return whether a file of a definition can be called so."""
    return re.fullmatch(FILE, text, re.ASCII) is not None


def order(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by: 0.10.0 comes after 0.9.0."""
    return tuple(map(int, version.split(".")))


def package_path(provider: str, version: str) -> str:
    """Return the place of a package in a registry."""
    return f"{provider}/{version}.tar"
