"""Chance that is the same in every run: what is drawn depends on a text alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws; of equal texts the same."""

    def __init__(self, text: str) -> None:
        self._random = random.Random(text)

    def one(self, *choices: T) -> T:
        """One of some values."""
        return self._random.choice(choices)

    def chance(self, percent: int) -> bool:
        """Whether something happens that does so in so many of a hundred cases."""
        return self._random.random() * 100 < percent

    def number(self, low: int, high: int) -> int:
        """A number between two ends, both included."""
        return self._random.randint(low, high)

    def several(self, values: Sequence[T], most: int, least: int = 0) -> list[T]:
        """Some of the values, each at most once, in any order."""
        return self._random.sample(values, self.number(least, min(most, len(values))))

    def octets(self, count: int) -> bytes:
        """So many bytes."""
        return self._random.randbytes(count)
