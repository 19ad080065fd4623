"""Ids that follow from a key alone."""

from __future__ import annotations

from billql.sandbox.chance import Chance


def ident(prefix: str, *key: int | str) -> str:
    """Return an id such as 'in_' and 24 letters and digits."""
    return f"{prefix}{Chance(prefix, *key).word(24)}"
