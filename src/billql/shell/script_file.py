"""Files of statements and dot commands: those of `.read`, and the one that the shell starts with.

Errors in them name the file and the line.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from billql.config import paths
from billql.errors import Error, InterfaceError, SqlError
from billql.shell import importing
from billql.shell.text import numbered_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from billql.shell.shell import Shell

_DEEPEST = 20
"""How many scripts may be nested."""


def run(shell: Shell, path: str) -> None:
    """Run a script until its end, `.quit`, or the first error, which is raised."""
    if shell.depth >= _DEEPEST:
        raise InterfaceError(f"Scripts are nested more than {_DEEPEST} deep: {path}")
    shell.depth += 1
    try:
        for line, piece in numbered_pieces(_lines(paths.expanded(path))):
            with _located(path, line, piece):
                shell.run(piece)
            if shell.ended:
                return
    finally:
        shell.depth -= 1


def run_startup(shell: Shell, path: Path) -> None:
    """Run a script that need not exist; show its errors, and go on behind each."""

    def run_one(line: int, piece: str) -> None:
        with _located(str(path), line, piece):
            shell.run(piece)

    lines: list[str] = []
    shell.attempt_action(lambda: lines.extend(_lines(path) if path.exists() else ()))
    for line, piece in numbered_pieces(lines):
        shell.attempt_action(lambda line=line, piece=piece: run_one(line, piece))  # type: ignore[misc]
        if shell.ended:
            return


def _lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.readlines()
    except (OSError, UnicodeDecodeError) as error:
        raise importing.unreadable(str(path), error) from error


@contextmanager
def _located(path: str, line: int, piece: str) -> Iterator[None]:
    """Put the file and the line before the message of an error; `line` is the first of `piece`."""
    try:
        yield
    except Error as error:
        if isinstance(error, SqlError) and error.sql == piece and error.offset:
            line += error.sql.count("\n", 0, error.offset)
        error.locate(f"{path}, line {line}")
        raise
