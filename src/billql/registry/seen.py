"""The newest index that each source has shown, so that none goes back to an older one unnoticed.

An old index is signed as well as a new one, and may hide that a version was put right. For each
source there is a folder with a file whose name is the number of its newest index. Making a file is
atomic and the highest number counts, so that several processes need not wait for each other.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from billql.errors import Inaccessible
from billql.registry import RegistryError


def advance(data: Path, source: str, issued: int) -> None:
    """Note the number of a source's index; raise RegistryError if it has shown a newer one."""
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
