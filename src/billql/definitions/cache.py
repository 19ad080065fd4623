"""The cache of definitions: one file for each document, with what was last made of it.

A file begins with the fingerprint of all that it was made of. Where a document, billql's rules or
its version are other ones, what is made of it then takes the file's place, so that nothing that is
out of date stays. Two processes whose rules differ replace each other's files, and neither reads
what the other has made.
"""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from pathlib import Path

_FINGERPRINT = hashlib.sha256().digest_size
_SUM = 4
"""The bytes of a checksum: some of what is read is only looked into later on."""


def digest(*parts: str) -> str:
    """Return a name for a file, which no other parts have."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def load(path: Path, fingerprint: bytes) -> memoryview | None:
    """Return what a file has; None if there is none, it is damaged, or made of something else."""
    try:
        content = memoryview(path.read_bytes())
    except OSError:
        return None
    made_of, checksum = content[:_FINGERPRINT], content[_FINGERPRINT : _FINGERPRINT + _SUM]
    found = content[_FINGERPRINT + _SUM :]
    return found if made_of == fingerprint and checksum == _checksum(found) else None


def is_current(path: Path, fingerprint: bytes) -> bool:
    """Return whether a file is made of this."""
    try:
        with path.open("rb") as file:
            return file.read(_FINGERPRINT) == fingerprint
    except OSError:
        return False


def store(path: Path, fingerprint: bytes, content: bytes) -> None:
    """Write a file, unless its folder cannot be written."""
    from billql.util import atomic_file

    with contextlib.suppress(OSError):
        _make(path.parent)
        made = fingerprint + _checksum(content) + content
        atomic_file.replace(path, made, private=True, durable=False)


def _make(folder: Path) -> None:
    """Make a folder, and those around it, for their owner alone."""
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _checksum(content: bytes | memoryview) -> bytes:
    return zlib.crc32(content).to_bytes(_SUM, "big")
