"""Other processes compile what a long list comes to last, so that it takes all cores and no more.

A list of all tables reads the services one after the other, and compiles those that the cache does
not have. Other processes begin at its end meanwhile, and whoever comes to a service that is
compiled already reads its file. They do nothing but write to the cache: the list waits for none of
them, and is the same without them.

`python -m billql.definitions.stackql.ahead CACHE` is such a process; its standard input names a
folder and a service on each line, as JSON.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from billql.definitions.stackql.folder import StackqlFolder
from billql.errors import DefinitionError

if TYPE_CHECKING:
    import subprocess

_LEAST = 16 * 1024 * 1024
"""The bytes of documents that are worth another process, which takes a tenth of a second to start:
a second and a half of work."""
_SAMPLES = 16
"""How many services are looked at to see if the cache has them."""
_BROKEN = 1
"""How many of these it may lack although nothing is left to do: what is broken is never cached."""


@contextlib.contextmanager
def ahead(
    services: Sequence[tuple[StackqlFolder, str]],
    cache: Path,
    least: int = _LEAST,
    cores: int | None = None,
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Let other processes compile services that a list is about to read in this order, if they are
    large and the cache seems not to have them. Yield these processes; they end with the block.

    So many bytes of documents are large; `cores` are those that this process may use.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        if _is_worth_it(services, least):
            helpers = (cores or _cores()) - 1
            with contextlib.suppress(OSError):  # there may be no room for another process
                for start in range(helpers):
                    processes.append(_started(services[::-1][start::helpers], cache))
        yield processes
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def _is_worth_it(services: Sequence[tuple[StackqlFolder, str]], least: int) -> bool:
    # What runs this need not be Python: a program may have it inside.
    if "python" not in Path(sys.executable or "").name:
        return False
    sampled = services[:: len(services) // _SAMPLES + 1]
    with contextlib.suppress(OSError, DefinitionError):
        size = sum(folder.document(service).stat().st_size for folder, service in services)
        missing = (not folder.is_compiled(service) for folder, service in sampled)
        return size >= least and sum(missing) > _BROKEN
    return False


def _cores() -> int:
    """Return how many cores this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if allowed is None else len(allowed(0))


def _started(services: Iterable[tuple[StackqlFolder, str]], cache: Path) -> subprocess.Popen[bytes]:
    # Imported here, because most lists need no other process.
    import subprocess
    import tempfile

    import orjson

    lines = [orjson.dumps([str(folder.path), service]) for folder, service in services]
    with tempfile.TemporaryFile() as file:  # a pipe would have to be read before it is full
        file.write(b"\n".join(lines))
        file.seek(0)
        return subprocess.Popen(
            # -P: what lies in the folder that somebody works in is no part of billql.
            [sys.executable, "-P", "-m", __spec__.name, str(cache)],
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def compile_all(lines: Iterable[bytes], cache: Path) -> None:
    """Compile the service of each line that the cache does not have; leave out broken ones."""
    import orjson

    folders: dict[str, StackqlFolder] = {}
    for line in lines:
        path, service = orjson.loads(line)
        folder = folders.setdefault(path, StackqlFolder(Path(path), cache))
        with contextlib.suppress(DefinitionError):
            folder.compile(service)


if __name__ == "__main__":
    compile_all(sys.stdin.buffer, Path(sys.argv[1]))
