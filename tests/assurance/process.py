"""billql as people run it: a process of its own, in a home of its own, within bounds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .case import Broken

SECONDS = 180.0
"""After that long a process counts as hanging."""

_BOUNDED = """\
import resource, sys
seconds, megabytes = int(sys.argv.pop(1)), int(sys.argv.pop(1)) << 20
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (megabytes, megabytes))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from billql.cli import main
sys.exit(main())
"""


class Done(NamedTuple):
    """What a process said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What it said, whichever way."""
        return f"{self.out}\n{self.err}"


class Home:
    """A user's home, in which nothing is set up yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }

    def write(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        """Write a file below it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def billql(self, *arguments: str, input: str = "", **environ: str) -> Done:
        """Run billql to its end."""
        return self._run([sys.executable, "-m", "billql", *arguments], input, environ)

    def bounded(self, *arguments: str, seconds: int, megabytes: int) -> Done:
        """Run billql with so much time of a processor and so much address space at most."""
        bounds = [str(seconds), str(megabytes)]
        return self._run([sys.executable, "-c", _BOUNDED, *bounds, *arguments], "", {})

    def python(self, code: str, input: str = "") -> Done:
        """Run a program that uses billql's Python API."""
        return self._run([sys.executable, "-c", code], input, {})

    def _run(self, command: list[str], input: str, environ: dict[str, str]) -> Done:
        try:
            done = subprocess.run(
                command,
                input=input.encode(),
                capture_output=True,
                env={**self.environ, **environ},
                cwd=self.folder,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Broken(f"it did not end within {SECONDS:.0f} seconds") from None
        texts = (one.decode("utf-8", "replace") for one in (done.stdout, done.stderr))
        return Done(done.returncode, *texts)


@contextmanager
def at_home() -> Iterator[Home]:
    """Give a new home for a while."""
    with tempfile.TemporaryDirectory() as folder:
        yield Home(Path(folder))
