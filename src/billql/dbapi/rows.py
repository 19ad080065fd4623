"""Rows by name: what `row_factory` may be, as in `sqlite3`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

if TYPE_CHECKING:
    from typing import Self

RowFactory = Callable[[Any, tuple[Any, ...]], Any]
"""Makes what a fetch returns of a cursor, whose `description` has the names, and a row."""


class HasNames(Protocol):
    """A cursor, as far as a row needs it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""


@dataclass(frozen=True)
class Names:
    """The names of a result's columns without a cursor."""

    names: tuple[str, ...]


class Row(tuple[Any, ...]):
    """A row whose values have names too: `row["amount"]`, in any case, beside `row[1]`.

        connection.row_factory = billql.Row

    It is a tuple, equal to one with the same values. `dict(row)` has the values by their names; of
    several columns of one name, the first counts.
    """

    _names: tuple[str, ...]

    def __new__(cls, cursor: HasNames, values: Sequence[Any]) -> Self:
        """Return a row of a cursor."""
        row = super().__new__(cls, values)
        row._names = cursor.names
        return row

    def __getitem__(self, key: SupportsIndex | slice | str) -> Any:
        """Return a value by its place or its name; raise IndexError, as `sqlite3.Row` does."""
        if not isinstance(key, str):
            return super().__getitem__(key)
        for names in (self._names, [name.lower() for name in self._names]):
            if key in names:
                return super().__getitem__(names.index(key))
            key = key.lower()
        raise IndexError(f"The row has no column {key}; its columns: {', '.join(self._names)}")

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._names)

    def __repr__(self) -> str:
        """Return it as its names and values."""
        pairs = zip(self._names, self, strict=True)
        return f"Row({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to copy or pickle it: with its names, and without its cursor."""
        return Row, (Names(self._names), tuple(self))
