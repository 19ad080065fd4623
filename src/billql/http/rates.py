"""Rates that people set instead of the limits of a definition: `250/minute`, or `none`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from billql.definitions.model import Limit

_RATE = re.compile(r"([1-9][0-9]{0,8})/(second|minute|hour)", re.ASCII)
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}

FORM = "a number of requests in a second, minute or hour, such as 250/minute, or none"
"""What a rate is, in words."""


def limits_by(rate: str, defined: Sequence[Limit] = ()) -> tuple[Limit, ...]:
    """Return the limits that a rate sets; raise ValueError for what is no rate.

    It takes the place of the limits of all requests; those that a definition has of some paths
    alone stay, unless it is `none`.
    """
    if rate == "none":
        return ()
    found = _RATE.fullmatch(rate)
    if found is None:
        raise ValueError(f"{rate!r:.40} is not {FORM}")
    own = Limit(requests=int(found[1]), seconds=_SECONDS[found[2]])
    return (own, *(one for one in defined if one.path_ends))
