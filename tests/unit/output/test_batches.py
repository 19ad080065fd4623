"""Rows some at a time: as many as arrive quickly, and all before an error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from billql.output.batches import LARGEST, batches

Row = tuple[Any, ...]


class Arriving:
    """Rows that each take some seconds, by a clock of their own."""

    def __init__(self, *seconds: float) -> None:
        self._seconds = seconds
        self.now = 0.0

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def rows(self) -> Iterator[Row]:
        """Yield the rows."""
        for number, seconds in enumerate(self._seconds):
            self.now += seconds
            yield (number,)

    def sizes(self) -> list[int]:
        """Return how many rows each batch has."""
        return [len(batch) for batch in batches(self.rows(), self.clock)]


def test_rows_that_arrive_quickly_are_more_and_more() -> None:
    assert Arriving(*[0.0] * 20).sizes() == [1, 2, 4, 8, 5]
    assert max(Arriving(*[0.0] * 5 * LARGEST).sizes()) == LARGEST


def test_rows_that_arrive_slowly_are_passed_on_one_by_one() -> None:
    assert Arriving(*[1.0] * 5).sizes() == [1] * 5


def test_a_wait_makes_the_next_batch_small() -> None:
    assert Arriving(*[0.0] * 6, 60.0, *[0.0] * 4).sizes() == [1, 2, 4, 1, 2, 1]


def test_no_rows_are_no_batch() -> None:
    assert Arriving().sizes() == []


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()])
def test_the_rows_before_an_error_come_first(error: BaseException) -> None:
    def rows() -> Iterator[Row]:
        for number in range(5):
            yield (number,)
        raise error

    found: list[Any] = []
    with pytest.raises(type(error)) as raised:
        found.extend(chain.from_iterable(batches(rows(), lambda: 0.0)))
    assert found == [(number,) for number in range(5)]
    assert raised.value is error


def test_a_reader_may_stop() -> None:
    reading = batches(Arriving(*[0.0] * 9).rows(), lambda: 0.0)
    assert list(next(reading)) == [(0,)]
    reading.close()  # type: ignore[attr-defined]  # it is a generator
