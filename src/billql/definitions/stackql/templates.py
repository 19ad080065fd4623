"""What the templates that reshape a response do, where that is plain enough to be done without
them.

A template is a program in the language of Go's text/template, and billql runs no programs of
documents. Three kinds that hundreds of methods have are recognized: one puts the whole response
under a name, one makes an object of each scalar in a list, and one brings the members of
`properties` up into their row, as Azure's documents want it; that one is always the same text,
known by its hash.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_LONGEST = 4096
"""How many characters a template may have."""

_UNDER_A_NAME = re.compile(
    r"""\{\{-?\s*(\$\w+)\s*:=\s*printf\s+"\{\\"(\w+)\\":\s*%s\}"\s+\.\s*-?\}\}\s*"""
    r"""\{\{-?\s*\1\s*-?\}\}"""
)
_NAMED_SCALARS = re.compile(
    r"""\{\{-?\s*(?P<list>\$\w+)\s*:=\s*index\s+\.\s+"(?P<at>\w+)"\s*-?\}\}"""
    r"""(?:\{\{-?\s*(?P<token>\$\w+)\s*:=\s*index\s+\.\s+"(?P<next>\w+)"\s*-?\}\})?"""
    r"""\{"(?P<rows>\w+)":\s*\[\{\{-?\s*if\s+eq\s+\(kindOf\s+(?P=list)\)\s+"slice"\s*-?\}\}"""
    r"""\{\{-?\s*range\s+\$(?P<i>\w+),\s*\$(?P<v>\w+)\s*:=\s*(?P=list)\s*-?\}\}"""
    r"""\{\{-?\s*if\s+\$(?P=i)\s*-?\}\},\{\{-?\s*end\s*-?\}\}"""
    r"""\{"(?P<name>\w+)":\s*\{\{-?\s*toJson\s+\$(?P=v)\s*-?\}\}\}"""
    r"""\{\{-?\s*end\s*-?\}\}\{\{-?\s*end\s*-?\}\}\]"""
    r"""(?:\{\{-?\s*if\s+(?P=token)\s*-?\}\},\s*"(?P=next)":\s*\{\{-?\s*toJson\s+(?P=token)\s*"""
    r"""-?\}\}\{\{-?\s*end\s*-?\}\})?\}"""
)


_FLATTENING = frozenset(
    (
        "464957e73234be04868156ad410af4aa7ce51484772911dd6c4f0f254f0a9e2f",
        "ff209e70a80672144071e6843e3ce1e336ebcf77dcb95d590d4399c5ff5055c4",
    )
)
"""SHA-256 of the templates' letters without spaces: for a list at `value`, and for one row."""


class UnderAName(NamedTuple):
    """The whole response stands under a name."""

    name: str


class NamedScalars(NamedTuple):
    """Each scalar of the list at a name becomes an object with one member."""

    at: str
    """Where the response has the list."""
    rows: str
    """Where the reshaped response would have it."""
    name: str
    """The member that holds the scalar."""


class Flattened(NamedTuple):
    """The members of each row's `properties` stand beside its own, which go before them."""


def recognize(body: str) -> UnderAName | NamedScalars | Flattened | None:
    """Return what a template does; None if that takes a program."""
    body = body.strip()
    if len(body) > _LONGEST:
        return None
    if hashlib.sha256("".join(body.split()).encode()).hexdigest() in _FLATTENING:
        return Flattened()
    if found := _UNDER_A_NAME.fullmatch(body):
        return UnderAName(found[2])
    if found := _NAMED_SCALARS.fullmatch(body):
        return NamedScalars(found["at"], found["rows"], found["name"])
    return None
