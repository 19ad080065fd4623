"""Links to the next page: in a Link header (RFC 8288), or in a list of links in a response; and the
request for the address of one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from billql.errors import BadResponse
from billql.messages import Request

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


def follow(request: Request, address: str) -> Request:
    """Return the request for an address of the next page; raises BadResponse for another server's.

    An API that is asked through a gateway may know the gateway's address, its own, or none.
    """
    here = urlsplit(request.url)
    base = request.home.url if request.home else f"{here.scheme}://{here.netloc}"
    public = request.home.public if request.home else base
    try:
        target = urlsplit(urljoin(request.url, address))
        origin = _origin(target)
        is_here, is_public = (origin == _origin(urlsplit(one)) for one in (base, public))
    except ValueError:
        raise BadResponse(
            f"{request.method} {request.url} returned an invalid address of its next page"
        ) from None
    if not (is_here or is_public):
        raise BadResponse(
            f"{request.method} {request.url} points to another server for its next page: "
            f"{target.scheme}://{target.hostname or ''}",
            hint="A token is only ever sent to its provider's own server.",
        )
    prefix = urlsplit(base).path
    asked = here.path.removeprefix(prefix)
    has_prefix = is_here and target.path.startswith(f"{prefix}/") and target.path != asked
    return replace(
        request,
        url=f"{base.removesuffix(prefix) if has_prefix else base}{target.path}",
        query=tuple(parse_qsl(target.query, keep_blank_values=True)),
    )


def _origin(address: SplitResult) -> tuple[str, str | None, int | None, bool]:
    """Return what makes two addresses lead to the same server
    (https://www.rfc-editor.org/rfc/rfc6454).
    """
    port = address.port or {"https": 443, "http": 80}.get(address.scheme)
    return address.scheme, address.hostname, port, "@" in address.netloc
