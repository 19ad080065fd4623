"""Pseudo-random numbers that depend on a key alone.

The data need no state and no order: the numbers of ('droplet', 3) are the same in every process,
whatever was drawn before.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for second in _LETTERS for first in _LETTERS]


class Rng:
    """512 bits of a key's hash, used up draw by draw: enough for dozens of small numbers."""

    __slots__ = ("_pool",)

    def __init__(self, *key: int | str) -> None:
        self._pool = int.from_bytes(blake2b("/".join(map(str, key)).encode()).digest(), "big")

    def below(self, count: int) -> int:
        """Return a number from 0 to count - 1."""
        self._pool, roll = divmod(self._pool, count)
        return roll

    def between(self, low: int, high: int) -> int:
        """Return a number from low to high, both included."""
        return low + self.below(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def hex(self, digits: int) -> str:
        """Return hexadecimal digits."""
        return f"{self.below(16**digits):0{digits}x}"

    def alphanumeric(self, length: int) -> str:
        """Return letters and digits, as ids have them; 24 use a quarter of the bits."""
        roll = self.below(len(_LETTERS) ** length)
        text = []
        for _ in range((length + 1) // 2):
            roll, place = divmod(roll, len(_PAIRS))
            text.append(_PAIRS[place])
        return "".join(text)[:length]

    def uuid(self) -> str:
        """Return a version 4 UUID."""
        digits = self.hex(30)
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[12:15]}-"
            f"{self.pick('89ab')}{digits[15:18]}-{digits[18:]}"
        )
