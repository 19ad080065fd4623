"""Untidy forms of what a mock sends: valid, of the same meaning, and hard to read.

A share of the responses has each form, which depends on the seed and the request alone.
"""

from __future__ import annotations

from typing import Any, Final

from billql.sandbox.rng import Rng

_ONE_IN: Final = 3
"""One response or row of so many has a form."""
_DEBUG: Final = {"trace": 184467440737095516, "cost": 0.10, "shard": None}


class UntidyForms:
    """Decides which parts of one response are untidy."""

    def __init__(self, seed: int, provider: str, request: str, *, enabled: bool) -> None:
        self._key = (seed, "untidy", provider, request)
        self._enabled = enabled

    def strikes(self, what: str) -> bool:
        """Return whether a form is used in this response."""
        return self._enabled and Rng(*self._key, what).below(_ONE_IN) == 0

    def text(self, value: Any) -> Any:
        """Return an id of digits as a number."""
        is_id = isinstance(value, str) and value.isdecimal() and value[0] != "0" and len(value) < 16
        return int(value) if is_id and self.strikes("ids") else value

    def instant(self, value: Any, column: str, row: str) -> Any:
        """Return a time with a fraction of its second; a row has the same in all responses."""
        rng = Rng(column, row)
        if not self._enabled or not isinstance(value, str) or rng.below(_ONE_IN) > 0:
            return value
        zone = "Z" if value.endswith("Z") else ""
        return f"{value.removesuffix('Z')}.{rng.below(1000):03}{zone}"

    def present(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item without the members that are null."""
        if not self.strikes("missing"):
            return item
        return {name: value for name, value in item.items() if value is not None} or item

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item with one more member."""
        return {"x_debug": _DEBUG, **item} if self.strikes("members") else item

    def empty(self, many: Any) -> Any:
        """Return null for an empty list."""
        return None if not many and self.strikes("empty") else many
