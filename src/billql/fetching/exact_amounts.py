"""The amounts of the rows that statements have read, letter for letter as the API has sent them.

In SQL an amount is a REAL, which has 15 digits and no trailing zeros. What is stored to be compared
later is compared by the text. SQLite passes no text on beside a number, so the text of a value in
a result is found by the row that it comes from: by all columns of the result that come from the
same resource.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A column of a result, and the column of a resource that it comes from."""

    result: int
    resource: str
    column: str


class ExactAmounts:
    """Records the rows of some statements, with the texts of their amounts."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[tuple[Sequence[Any], dict[str, str | None]]]] = (
            defaultdict(list)
        )
        self._names: dict[str, tuple[str, ...]] = {}

    def record(
        self,
        resource: str,
        names: tuple[str, ...],
        rows: Sequence[Sequence[Any]],
        texts: Mapping[str, Sequence[str | None]],
    ) -> None:
        """Record rows of a resource; `texts` are their amounts, by column."""
        self._names[resource] = names
        columns = list(texts.values())
        found = zip(*columns, strict=True) if columns else iter([()] * len(rows))
        self._rows[resource] += [
            (row, dict(zip(texts, values, strict=True)))
            for row, values in zip(rows, found, strict=True)
        ]

    def clear(self) -> None:
        """Forget all rows."""
        self._rows.clear()

    def texts(
        self, rows: Sequence[Sequence[Any]], places: Sequence[Place], wanted: Sequence[Place]
    ) -> list[list[str | None]]:
        """Return for each row of a result the texts of its `wanted` amounts.

        `places` are all its columns that come from resources. None stands for a value that is the
        plain spelling of its number, or of which no text is known.
        """
        found: list[list[str | None]] = [[None] * len(wanted) for _ in rows]
        for resource in dict.fromkeys(place.resource for place in wanted):
            own = [place for place in places if place.resource == resource]
            amounts = [(at, one) for at, one in enumerate(wanted) if one.resource == resource]
            names = [one.column for _, one in amounts]
            for row, texts in self._assigned(rows, own, names):
                for (at, one), text in zip(amounts, texts, strict=True):
                    found[row][at] = None if text == plain(rows[row][one.result]) else text
        return found

    def _assigned(
        self, rows: Sequence[Sequence[Any]], own: Sequence[Place], names: Sequence[str]
    ) -> Iterator[tuple[int, Sequence[str | None]]]:
        """Yield the number of a row of the result, and the texts of the row that it comes from.

        Of rows that look alike, each text is one row's; which one's does not matter. If more or
        fewer of them were read than the result has, it has each as often, as far as that can be.
        """
        resource = own[0].resource
        positions = {name: at for at, name in enumerate(self._names.get(resource, ()))}
        known: defaultdict[tuple[Any, ...], list[tuple[str | None, ...]]] = defaultdict(list)
        for row, texts in self._rows.get(resource, ()):
            known[tuple(row[positions[one.column]] for one in own)].append(
                tuple(texts.get(name) for name in names)
            )
        alike: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            alike[tuple(row[one.result] for one in own)].append(number)
        for key, numbers in alike.items():
            texts_of = sorted(known.get(key, ()), key=repr)
            for place, number in enumerate(numbers):
                if texts_of:
                    yield number, texts_of[place * len(texts_of) // len(numbers)]


def plain(value: Any) -> str | None:
    """Return the plain spelling of a number: as few digits as 15 of them need."""
    if isinstance(value, float):
        return f"{value:.15g}"
    return None if value is None else str(value)
