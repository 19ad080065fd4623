"""Output: one writer for each format.

A format is a module in this package, named as the format, and a word in `FORMATS`. It has a
function `write` and the text `between` that separates two results. What it writes goes to a stream
of text, row after row wherever the format allows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    class Stream(Protocol):
        """Where text goes."""

        def write(self, text: str, /) -> object:
            """Write a piece of it."""

    class Format(Protocol):
        """What a module of this package offers."""

        between: str

        @staticmethod
        def write(columns: Columns, rows: Rows, stream: Stream, style: Style) -> None:
            """Write one result."""

    Columns = Sequence[Sequence[Any]]
    """PEP 249's description: of each column, the name and the declared type come first."""
    Rows = Iterator[Sequence[Any]]

FORMATS = ("table", "json", "jsonl", "csv", "markdown")


class Style(NamedTuple):
    """What is known of the place where people read the output."""

    width: int | None = None
    """How many cells a line has, where there is an end to it."""
    color: bool = False


def find(name: str) -> Format:
    """Give a format by its name."""
    from importlib import import_module

    if name not in FORMATS:
        raise ValueError(f"no such format: {name}")
    found: Any = import_module(f"billql.output.{name}")
    return found  # type: ignore[no-any-return]
