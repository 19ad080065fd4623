"""Columns of times: texts that are all days, all months or all instants, in the form of each."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

MomentKind = Literal["date", "month", "timestamp"]
"""YYYY-MM-DD, YYYY-MM, YYYY-MM-DDTHH:MM:SSZ."""

_REST: dict[str, tuple[int, str]] = {
    "date": (len("YYYY-MM-DD"), "T00:00:00Z"),
    "month": (len("YYYY-MM"), "-01T00:00:00Z"),
    "timestamp": (len("YYYY-MM-DDTHH:MM:SSZ"), ""),
}
"""For each kind the length of its text, and what makes an instant of it."""


def moment(kind: str, value: Any) -> datetime.datetime | None:
    """Return the moment in UTC at which a value of a kind begins; None if it is none."""
    length, rest = _REST.get(kind, (0, ""))
    if not length or not isinstance(value, str) or len(value) != length:
        return None
    try:
        found = datetime.datetime.fromisoformat(value + rest)
    except ValueError:
        return None
    # Python reads other forms too, such as weeks.
    shown = found.replace(tzinfo=None).isoformat()
    return found if f"{shown}Z" == value + rest else None


def kind_of(values: Sequence[Any]) -> MomentKind | None:
    """Return the kind of which all values but NULL are; None if there is none, or no value."""
    found = [value for value in values if value is not None]
    for kind in get_args(MomentKind):
        if found and all(moment(kind, value) is not None for value in found):
            return kind  # type: ignore[no-any-return]
    return None
