"""Links to the next page: in a Link header (RFC 8288), or in a list of links in a response."""

from __future__ import annotations

import re
from typing import Any

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)

RELATIONS = ("rel", "relation")
"""What a link of a list may call its relation."""

ADDRESSES = ("href", "url", "uri")
"""What it may call its address."""


def next_link(header: str) -> str | None:
    """Find the address that a Link header calls next."""
    for address, attributes in _LINK.findall(header):
        relation = _RELATION.search(attributes)
        if relation and "next" in (relation[1] or relation[2] or "").lower().split():
            return str(address)
    return None


def is_next(link: Any) -> bool:
    """Return whether a link's relation is `next` (RFC 8288)."""
    if not isinstance(link, dict):
        return False
    relation = next((link[name] for name in RELATIONS if link.get(name)), None)
    relations = relation if isinstance(relation, list) else str(relation).split()
    return "next" in [str(one).lower() for one in relations]


def address_of(link: Any) -> Any:
    """Return the address of a link; None if it has none."""
    return next((link[name] for name in ADDRESSES if name in link), None)
