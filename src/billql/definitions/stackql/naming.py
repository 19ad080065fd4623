"""What columns are called: as documents have it, or in snake_case where a provider wants that."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

Rename = Callable[[str], str]
"""Gives a column's name for a member's or a parameter's."""

# The steps of botocore's xform_name, whose names the documents' users know: VPCId is vpc_id.
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s$")
_STEPS = (
    re.compile(r"(.)([A-Z][a-z]+)"),
    re.compile(r"([a-z])([0-9]+)"),
    re.compile(r"([a-z0-9])([A-Z])"),
)
_UNUSUAL = re.compile(r"[^\w.@$ /:#-]")
"""What a column's name in a CREATE TABLE shall not have; a quote would end it."""


def as_written(name: str) -> str:
    """Return a name as it is, without what no column can be called."""
    if name.isidentifier():
        return name
    return _UNUSUAL.sub("_", name) or "_"


@lru_cache(maxsize=10_000)
def snake_case(name: str) -> str:
    """Return a name of several parts in snake_case."""
    if "_" not in name:
        if found := _PLURAL_ACRONYM.search(name):
            name = f"{name[: found.start()]}_{found[0].lower()}"
        for step in _STEPS:
            name = step.sub(r"\1_\2", name)
        name = name.lower().replace("-", "_").replace("__", "_").lstrip("_") or name
    return as_written(name)


def free(name: str, taken: set[str]) -> str:
    """Return a name that nothing else has, and take it: SQLite knows no small letters from
    large.
    """
    found = name
    number = 2
    while found.lower() in taken:
        found = f"{name}_{number}"
        number += 1
    taken.add(found.lower())
    return found
