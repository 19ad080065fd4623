"""Results in a file: the format that its name tells, and the file whole or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from billql import whole_file
from billql.errors import InterfaceError, OutputError
from billql.output import FORMATS, Results, Style, find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from billql.output import Columns, Rows, Stream

    Put = Callable[[Columns, Rows], None]
    """Takes the columns and the rows of one more result."""


def format_of(path: str) -> str:
    """Tell the format by the ending of a file's name; raises InterfaceError if it says nothing."""
    for name, endings in FORMATS.items():
        if path.lower().endswith(endings):
            return name
    known = ", ".join(ending for endings in FORMATS.values() for ending in endings)
    raise InterfaceError(
        f"The name {path} does not tell a format",
        hint=f"Give it an ending that does ({known}), or choose with --format.",
    )


@contextmanager
def opened(path: str, name: str) -> Iterator[Put]:
    """Open a file for results in the format `name`; it is written when the block has ended well.

    Raises OutputError if the file cannot be written, which is tried at once, InterfaceError if
    there is no result for it, and what the format raises.
    """
    results = Results(name, Style())
    with _replacing(path) as file:
        yield partial(results.write, stream=file if find(name).binary else _Text(file))
        if not results.count:
            raise InterfaceError(
                f"No statement gives rows, so there is nothing to write to {path}",
                hint="Add a SELECT, or leave --output out.",
            )


@contextmanager
def text(path: str) -> Iterator[Stream]:
    """Open a file for text; it is written when the block has ended well. Raises OutputError."""
    with _replacing(path) as file:
        yield _Text(file)


@contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    try:
        with whole_file.opened(path) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


class _Text:
    """Takes text for a file of bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode())
