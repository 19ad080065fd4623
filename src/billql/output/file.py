"""Results in a file: its format by its extension, and its replacement only on success."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from billql.errors import InterfaceError, OutputError
from billql.output import FORMATS, Style, find, results
from billql.util import atomic_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from billql.output import AddResult, Columns, Rows


def format_of(path: str) -> str:
    """Return the format of a file's extension; raise InterfaceError if there is none."""
    for name, endings in FORMATS.items():
        if path.lower().endswith(endings):
            return name
    known = ", ".join(ending for endings in FORMATS.values() for ending in endings)
    raise InterfaceError(
        f"No format has the extension of {path}",
        hint=f"Use one of the extensions {known}, or --format.",
    )


@contextmanager
def open_results(path: str, name: str, style: Style, *, several: bool) -> Iterator[AddResult]:
    """Open a file for a result, or `several`, in the format `name`; see `output.results`.

    It is replaced when the block succeeds. Raise OutputError if the file cannot be written, which
    is tried at once, InterfaceError if there is no result, and the errors of the format.
    """
    count = 0
    with open_bytes(path) as file:
        stream = file if find(name).binary else TextFile(file)
        with results(name, stream, style, several=several) as add:

            def add_result(columns: Columns, rows: Rows, title: str | None) -> None:
                nonlocal count
                count += 1
                add(columns, rows, title)

            yield add_result
            if not count:
                raise InterfaceError(
                    f"No statement returns rows, so there is nothing to write to {path}",
                    hint="Add a SELECT, or omit --output.",
                )


@contextmanager
def open_bytes(path: str) -> Iterator[BinaryIO]:
    """Open a file for bytes; it is replaced when the block succeeds. Raise OutputError."""
    try:
        with atomic_file.atomic_write(path) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error


class TextFile:
    """Encodes text for a binary file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write text."""
        self._file.write(text.encode())
