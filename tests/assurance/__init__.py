"""The promises of `docs/assurance.md`, attacked one case at a time.

`make assurance` runs every case and prints a table; `make test` runs a quick part of them.

case        what a case is, and how its outcome is judged
hostile     an API that misbehaves in every way that HTTP and JSON allow; `faults` are the ways
moving      lists that change while they are read
tls         certificates that do not hold
"""

from __future__ import annotations

from functools import cache

from .case import Case


@cache
def everything() -> tuple[Case, ...]:
    """Give every case, in an order that is always the same."""
    from . import faults, moving, tls

    return (*faults.cases(), *moving.cases(), *tls.cases())
