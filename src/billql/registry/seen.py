"""The newest index of each source, so that no source can go back to an older one (rollback).

An old index has a valid signature too, and may hide a fixed version. For each source there is a
folder with a file whose name is the number of its newest index. Creating a file is atomic and the
highest number counts, so processes need no lock.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from billql.errors import Inaccessible
from billql.registry import RegistryError


def advance(data: Path, source: str, issued: int) -> None:
    """Record the number of a source's index; raise RegistryError if a newer one was seen."""
    folder = data / "seen" / hashlib.sha256(source.encode()).hexdigest()[:32]
    newest = max(_numbers(folder), default=0)
    if issued < newest:
        raise RegistryError(
            f"The index has gone back from number {newest} to number {issued}",
            hint="It may be held back by somebody between. If the registry was begun anew, "
            f"delete {folder}.",
        )
    if issued == newest:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(issued)).write_text(f"{source}\n", encoding="utf-8")
        for number in _numbers(folder):
            if number < issued:
                (folder / str(number)).unlink(missing_ok=True)
    except OSError as error:
        raise Inaccessible(f"{folder} cannot be written: {error.strerror}") from error


def _numbers(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return [int(path.name) for path in folder.iterdir() if path.name.isdecimal()]
