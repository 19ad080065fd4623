"""Packages: the files of one provider's version as a canonical archive.

A package is a plain POSIX tar (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html,
"ustar") of YAML files in the order of their names, all with the same times, modes and owners. It is
not compressed: so the same files make the same bytes with any zlib, and nothing unpacks to more
than was fetched. An archive is accepted only if packing its files makes the same bytes again, which
excludes links, devices, duplicates, hidden data, and anything that is not checked here.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

from billql.definitions.yaml_file import MAX_BYTES
from billql.registry import RegistryError, naming

PACKAGE_LIMIT = 16 * 1024 * 1024
"""The largest package, in bytes."""

FILE_LIMIT = MAX_BYTES
"""The largest file in a package, in bytes."""

MOST_FILES = 1000
"""The most files in a package."""

_BLOCK = tarfile.BLOCKSIZE
_END = bytes(_BLOCK)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the package of files by name; raise RegistryError if they do not fit one."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            _check(member)
            tar.addfile(member, io.BytesIO(files[name]))
    data = archive.getvalue()
    if len(files) > MOST_FILES or len(data) > PACKAGE_LIMIT:
        raise RegistryError(
            f"These are too many or too large files for a package: {len(files)} with "
            f"{len(data)} bytes",
            hint=f"It holds {MOST_FILES} files and {PACKAGE_LIMIT} bytes at most.",
        )
    return data


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the files of a package by name; raise RegistryError if it is not valid."""
    if len(data) > PACKAGE_LIMIT:
        raise RegistryError(f"The package is larger than {PACKAGE_LIMIT} bytes")
    files: dict[str, bytes] = {}
    position = 0
    while (block := data[position : position + _BLOCK]) and block != _END:
        member = _member(block)
        if member.name in files:
            raise RegistryError(f"The package holds {member.name} twice")
        if len(files) == MOST_FILES:
            raise RegistryError(f"The package holds more than {MOST_FILES} files")
        start = position + _BLOCK
        files[member.name] = data[start : start + member.size]
        if len(files[member.name]) < member.size:
            raise RegistryError(f"The package ends in the middle of {member.name}")
        position = start - (-member.size // _BLOCK) * _BLOCK
    if pack(files) != data:
        raise RegistryError("The package is not laid out as packages are")
    return files


def _member(block: bytes) -> tarfile.TarInfo:
    try:
        member = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        raise RegistryError("The package is not a plain tar") from None
    _check(member)
    return member


def _check(member: tarfile.TarInfo) -> None:
    """Raise RegistryError for a member that is not a plain file with a valid name."""
    if member.type != tarfile.REGTYPE:
        raise RegistryError(f"The package holds {member.name!r}, which is not a plain file")
    if not naming.is_file(member.name):
        raise RegistryError(
            f"The package holds {member.name!r}, which is not the name of a definition",
            hint="Names are of lower-case letters, digits and underscores, and end in .yaml.",
        )
    if not 0 <= member.size <= FILE_LIMIT:
        raise RegistryError(
            f"The package holds {member.name} with {member.size} bytes; a definition has "
            f"{FILE_LIMIT} at most"
        )
