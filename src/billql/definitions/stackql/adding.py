"""Adding a provider: its documents are copied to where the catalog finds them.

Nothing but `provider.yaml` is understood, so a provider of several hundred services is there within
seconds. The copy takes its place in one step: an addition that fails leaves what was there before.
Beside the documents lie their checksums, because nobody signs them.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Collection
from pathlib import Path

from billql.definitions.sources import PROVIDER_FILE
from billql.definitions.stackql import ADDED, SERVICES
from billql.definitions.stackql.folder import StackqlFolder
from billql.definitions.stackql.values import MAX_BYTES
from billql.errors import DefinitionError, InterfaceError

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_VERSION = re.compile(r"v([0-9]+)\.([0-9]+)\.([0-9]+)", re.ASCII)
_SUMS = "checksums.json"
"""The file that has the SHA-256 of each document as it was added."""
_MOST_FILES = 5000
"""How many files the documents of a provider may be."""
_MOST_BYTES = 2 * 1024 * 1024 * 1024
"""How many bytes they may have together."""


def add(
    path: Path, data_folder: Path, name: str | None = None, taken: Collection[str] = ()
) -> tuple[str, int]:
    """Add the provider whose documents lie in a folder; return its name and how many services there
    are whose documents are there: `missing` names the others.

    The folder is a provider's of a checkout of StackQL's registry, or one version in it. `name` is
    what the provider shall be called, if not as its documents call it; `taken` are the names that
    others have. A provider that was added before is replaced. Raises InterfaceError.
    """
    source = _version(path)
    _check(source)
    found = StackqlFolder(source, None)
    called = found.title.lower() if name is None else name
    if not _NAME.fullmatch(called):
        raise InterfaceError(
            f"{called!r:.80} cannot be the name of a provider",
            hint="Choose a name with --as NAME: a letter, then letters, digits and underscores.",
        )
    root = data_folder / ADDED
    target = root / called
    if called in taken and not target.is_dir():
        raise InterfaceError(
            f"There is a provider called {called} already",
            hint="Give this one another name: --as NAME.",
        )
    services = found.services()
    if not services:
        raise InterfaceError(f"{source} names no service whose document is there")
    try:
        _place(source, target)
    except OSError as error:
        raise InterfaceError(f"{target} cannot be written: {error.strerror}") from error
    return called, len(services)


def remove(name: str, data_folder: Path) -> bool:
    """Remove a provider that was added, and return whether there was one; raise OSError."""
    if name not in added(data_folder):
        return False
    shutil.rmtree(data_folder / ADDED / name)
    return True


def added(data_folder: Path) -> list[str]:
    """Return the names of the providers that were added."""
    found = (data_folder / ADDED).glob(f"*/{PROVIDER_FILE}")
    return sorted(path.parent.name for path in found if _NAME.fullmatch(path.parent.name))


def version(name: str, data_folder: Path) -> str:
    """Return the version of a provider that was added; 0.0.0 if its document cannot be read."""
    try:
        return StackqlFolder(data_folder / ADDED / name, None).version
    except DefinitionError:
        return "0.0.0"


def missing(name: str, data_folder: Path) -> dict[str, str]:
    """Return the services of which a provider that was added has no documents, and the files of
    these; raises DefinitionError.
    """
    return StackqlFolder(data_folder / ADDED / name, None).missing()


def problem(name: str, data_folder: Path) -> str | None:
    """Return what is wrong with a provider that was added; None if its files are intact."""
    folder = data_folder / ADDED / name
    try:
        known = json.loads((folder / _SUMS).read_bytes())
        sums = _sums(folder)
        if changed := sorted(one for one in known.keys() | sums if known.get(one) != sums.get(one)):
            return f"Not what was added: {', '.join(changed)}"
        lacking = missing(name, data_folder)
    except (OSError, ValueError, AttributeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not JSON"
        return f"{folder / _SUMS} cannot be read: {why}"
    except DefinitionError as error:
        return error.message
    return f"Missing when it was added: {', '.join(lacking.values())}" if lacking else None


def _sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of a provider's documents."""
    files = (folder / PROVIDER_FILE, *_documents(folder))
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def _version(path: Path) -> Path:
    """Find the folder that has `provider.yaml`: the one that was named, or its newest version."""
    if (path / PROVIDER_FILE).is_file():
        return path
    found = [
        (tuple(map(int, match.groups())), one.parent)
        for one in path.glob(f"*/{PROVIDER_FILE}")
        if (match := _VERSION.fullmatch(one.parent.name))
    ]
    if not found:
        raise InterfaceError(
            f"{path} holds no provider of StackQL's registry",
            hint="Pass a folder like providers/src/github, which holds v00.00.00000/provider.yaml.",
        )
    return max(found)[1]


def _check(source: Path) -> None:
    """Refuse what no provider's documents are, before anything is copied."""
    files = [source / PROVIDER_FILE, *_documents(source)]
    sizes = [file.stat().st_size for file in files]
    if len(files) > _MOST_FILES or sum(sizes) > _MOST_BYTES:
        raise InterfaceError(f"{source} has more documents than any provider has")
    for file, size in zip(files, sizes, strict=True):
        if size > MAX_BYTES:
            raise InterfaceError(f"{file} is larger than {MAX_BYTES} bytes")


def _documents(source: Path) -> list[Path]:
    """Return the documents of the services; links may lead anywhere, so they are left out."""
    found = sorted((source / SERVICES).glob("*.yaml"))
    return [file for file in found if file.is_file() and not file.is_symlink()]


def _place(source: Path, target: Path) -> None:
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    (new / SERVICES).mkdir(parents=True)
    try:
        for file in (source / PROVIDER_FILE, *_documents(source)):
            shutil.copyfile(file, new / file.relative_to(source), follow_symlinks=False)
        (new / _SUMS).write_text(json.dumps(_sums(new), indent=1))
        old = target.with_name(f"{new.name}.old")
        if target.is_dir():
            target.rename(old)
        new.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        raise
